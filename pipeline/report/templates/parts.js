// A link to a part that is closed opens it; printed, a page has no closed parts.
function reveal() {
  const part = document.getElementById(location.hash.slice(1));
  if (part instanceof HTMLDetailsElement) part.open = true;
}
addEventListener("hashchange", reveal);
reveal();
addEventListener("beforeprint", () => {
  for (const part of document.querySelectorAll("details")) part.open = true;
});
