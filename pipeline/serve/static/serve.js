"use strict";
// One picture at a time: chosen, dropped or pasted, sent, answered. The latest one wins.

const names = JSON.parse(document.body.dataset.names);
const maxBytes = Number(document.body.dataset.maxBytes);
const hasHeat = "heat" in document.body.dataset;
const part = (id) => document.getElementById(id);
let latest = 0;

function percent(probability) {
  if (probability > 0.995 && probability < 1) return "> 99 %";
  if (probability < 0.005) return "< 1 %";
  return `${Math.round(100 * probability)} %`;
}

function nameOf(slug) {
  return names[slug] ?? slug;
}

async function ask(file) {
  const turn = ++latest;
  say({ problem: "", busy: "Looking …" });
  if (file.size > maxBytes) {
    fail(`${file.name}: too large, at most ${maxBytes / 1e6} MB.`);
    return;
  }
  const query = new URLSearchParams({ name: file.name, heat: hasHeat ? "1" : "0" });
  try {
    const response = await fetch(`/predict?${query}`, { method: "POST", body: file });
    const found = await response.json();
    if (turn !== latest) return;
    if (response.ok) show(file, found);
    else fail(`${file.name}: ${found.error}.`);
  } catch {
    if (turn === latest) fail("No answer: has the server stopped?");
  }
}

function say({ problem, busy }) {
  part("problem").textContent = problem;
  part("busy").textContent = busy;
}

function fail(problem) {
  part("answer").hidden = true;
  say({ problem, busy: "" });
}

function show(file, found) {
  const [best, probability] = found.top[0];
  const isNamed = found.character !== null;
  part("who").textContent = isNamed ? nameOf(best) : "None of these";
  part("sure").textContent = isNamed
    ? `${percent(probability)} sure.`
    : `The likeliest would be ${nameOf(best)}, but that is too unsure to be said.`;
  part("top").replaceChildren(...found.top.map(line));
  showPicture(file);
  if (found.heat) {
    part("heat").src = found.heat;
    part("heat").alt = `Heat map of your picture: where the network sees ${nameOf(best)}`;
    part("heat-says").textContent = `Light: what speaks for ${nameOf(best)}`;
  }
  say({ problem: "", busy: "" });
  part("answer").hidden = false;
  part("answer").focus(); // a screen reader begins to read here
}

function line([slug, probability]) {
  const item = part("line").content.cloneNode(true);
  item.querySelector(".name").textContent = nameOf(slug);
  item.querySelector(".percent").textContent = percent(probability);
  item.querySelector("meter").value = probability;
  return item;
}

function showPicture(file) {
  const picture = part("picture");
  URL.revokeObjectURL(picture.src);
  picture.src = URL.createObjectURL(file);
  part("file-name").textContent = file.name;
}

function askFirst(files) {
  const file = [...files].find((each) => each.type.startsWith("image/")) ?? files[0];
  if (file) ask(file);
}

part("address").textContent = `${location.origin}/`;
part("file").addEventListener("change", (event) => {
  askFirst(event.target.files);
  event.target.value = ""; // the same file may be chosen again
});
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  document.body.classList.add("dragging");
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) document.body.classList.remove("dragging");
});
document.addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("dragging");
  askFirst(event.dataTransfer.files);
});
document.addEventListener("paste", (event) => askFirst(event.clipboardData.files));
