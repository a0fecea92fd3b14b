// Tables with class "sortable": a click or Enter on a heading sorts by that column.
for (const table of document.querySelectorAll("table.sortable")) {
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => {
    const keyOf = (row) => {
      const { dataset, textContent } = row.cells[column];
      return "value" in dataset ? Number(dataset.value) : textContent.trim();
    };
    const compare = (a, b) => (typeof a === "number" ? a - b || 0 : a.localeCompare(b));
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    heading.setAttribute("aria-sort", "none");
    button.addEventListener("click", () => {
      const isAscending = heading.getAttribute("aria-sort") === "descending";
      headings.forEach((each) => each.setAttribute("aria-sort", "none"));
      heading.setAttribute("aria-sort", isAscending ? "ascending" : "descending");
      const sign = isAscending ? 1 : -1;
      const rows = [...table.tBodies[0].rows];
      rows.sort((a, b) => sign * compare(keyOf(a), keyOf(b)));
      table.tBodies[0].append(...rows);
    });
  });
}
