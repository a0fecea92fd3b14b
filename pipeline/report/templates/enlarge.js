// Pictures and drawings inside ".enlarge" become buttons that show them as large as the window.
const large = document.querySelector("#large");
for (const drawing of document.querySelectorAll(".enlarge > :is(img, svg)")) {
  const words = drawing.getAttribute("alt") || drawing.getAttribute("aria-label") || "figure";
  const button = document.createElement("button");
  button.type = "button";
  button.className = "enlarge-button";
  button.setAttribute("aria-label", `Enlarge: ${words}`);
  drawing.replaceWith(button);
  button.append(drawing);
  button.addEventListener("click", () => {
    large.querySelector("figure").replaceChildren(drawing.cloneNode(true));
    large.showModal();
  });
}
large.addEventListener("click", (event) => {
  if (event.target === large) large.close();
});
