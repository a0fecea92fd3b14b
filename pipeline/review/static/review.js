// The review page: choose a tile, decide, see what changed. The server draws, this file only asks.
"use strict";

const find = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];

const grid = find("#grid");
const panel = find("#panel");
const about = find("#about");
const memory = `current ${location.pathname}${location.search}`;

// Each window takes back its own decisions, also after a reload. A duplicated tab begins with a
// copy of this storage while the first one is still open, which therefore has not left its mark.
if (!sessionStorage.left) {
  sessionStorage.window = crypto.randomUUID();
  sessionStorage.decision = ""; // the last one of this window, which undo names
}
const arrive = () => sessionStorage.removeItem("left");
window.addEventListener("pageshow", arrive); // also when the browser kept the page
window.addEventListener("pagehide", () => (sessionStorage.left = "true"));
arrive();

let current = null; // the chosen tile
let queue = Promise.resolve(); // decisions reach the server in the order made
let waiting = 0; // of them, without an answer yet

function later(task) {
  waiting += 1;
  queue = queue.then(task).finally(() => {
    waiting -= 1;
  });
}

// Quick fingers: the browser asks before it leaves the page and drops what is still on its way.
window.addEventListener("beforeunload", (event) => {
  if (waiting) event.preventDefault();
});

// --- choosing -------------------------------------------------------------------------------

const tiles = () => all(".tile", grid);
const face = (tile) => find(".face", tile);

function choose(tile, { focus = true } = {}) {
  if (!tile) return;
  for (const other of all(".tile.current", grid)) {
    other.classList.remove("current");
    face(other).tabIndex = -1;
    face(other).removeAttribute("aria-current");
  }
  current = tile;
  tile.classList.add("current");
  face(tile).tabIndex = 0;
  face(tile).setAttribute("aria-current", "true");
  sessionStorage[memory] = tile.dataset.key;
  if (focus && !isLarge()) face(tile).focus({ preventScroll: true });
  tile.scrollIntoView({ block: "nearest" });
  for (const tool of all(".copies")) tool.disabled = !hasCopies(tile);
  tell();
}

const isLarge = () => document.body.classList.contains("large");
const hasCopies = (tile) => Number(tile.dataset.group) > 1 || tile.dataset.rival !== "";

function step(by) {
  const order = tiles();
  const next = order[order.indexOf(current) + by];
  if (next) choose(next);
  else turnPage(by > 0 ? "next" : "prev");
}

function turnPage(direction) {
  const link = find(`.pages [rel=${direction}]`);
  if (link) queue.then(() => location.assign(link.href)); // once all is saved
}

// The tile above or below: on the nearest other line, the one closest across.
function stepLine(by) {
  const here = current.getBoundingClientRect();
  const boxes = tiles().map((tile) => [tile, tile.getBoundingClientRect()]);
  const beyond = boxes.filter(([, box]) => by * (box.top - here.top) > here.height / 2);
  if (!beyond.length) return;
  const line = Math.min(...beyond.map(([, box]) => by * box.top));
  const across = ([, box]) => Math.abs(box.left - here.left);
  const onLine = beyond.filter(([, box]) => by * box.top < line + here.height / 2);
  choose(onLine.reduce((best, each) => (across(each) < across(best) ? each : best))[0]);
}

// --- what is known about the chosen picture -------------------------------------------------

let asked = 0;

async function tell() {
  const { sha256, character } = current.dataset;
  const mine = (asked += 1);
  const answer = await fetch(`/characters/${character}/panel/${sha256}`).catch(() => null);
  if (mine !== asked) return; // another picture was chosen meanwhile
  if (!answer?.ok) return complain(answer ? "No details of this picture." : gone);
  about.innerHTML = await answer.text(); // drawn by the server, which escapes
  sharpen();
}

function sharpen() {
  const whole = find(".whole", about);
  if (whole && isLarge()) whole.src = whole.dataset.large;
}

function enlarge(wanted) {
  document.body.classList.toggle("large", wanted);
  sharpen();
  if (wanted) find("#close").focus();
  else if (current) choose(current);
}

// --- deciding -------------------------------------------------------------------------------

const gone = "The server does not answer: nothing more is saved. Start disney review again.";

function say(text) {
  find("#problem").textContent = "";
  find("#said").textContent = text;
}

function complain(text) {
  find("#said").textContent = "";
  find("#problem").textContent = text;
}

// An answer of the page is JSON; a refusal before it may be a line of text.
async function read(answer) {
  const text = await answer.text();
  try {
    return JSON.parse(text);
  } catch {
    return { error: text };
  }
}

async function post(address, body) {
  const answer = await fetch(address, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ ...body, window: sessionStorage.window }),
  }).catch(() => null);
  if (!answer) return complain(gone);
  const found = await read(answer);
  if (answer.ok) apply(found);
  else complain(`Not saved: ${found.error}`);
}

function send(address, body) {
  later(() => post(address, body));
}

// Undo leads back to the picture it was about.
function undo() {
  later(async () => {
    before = null;
    await post("/undo", { decision: sessionStorage.decision });
    if (before) choose(before);
  });
}

let before = null; // the first tile that the last answer changed

function apply(found) {
  sessionStorage.decision = found.decision;
  for (const [key, html] of Object.entries(found.tiles)) {
    for (const old of all(`.tile[data-key="${CSS.escape(key)}"]`, grid)) before = redraw(old, html);
  }
  for (const [slug, { left, total }] of Object.entries(found.tallies)) {
    find(`[data-tally="${slug}"]`).textContent = `${total - left}/${total}`;
    find(`[data-progress="${slug}"]`).value = total - left;
    if (slug === document.body.dataset.character) find("#left").textContent = left;
  }
  say(`${found.said} ${find("#left").textContent} left.`);
}

function redraw(old, html) {
  const template = document.createElement("template");
  template.innerHTML = html; // drawn by the server, which escapes
  const tile = find(".tile", template.content);
  const hasFocus = old.contains(document.activeElement);
  old.replaceWith(tile);
  if (old === current) choose(tile, { focus: hasFocus });
  return tile;
}

function decide(verdict, more = {}) {
  if (!current) return;
  const { sha256 } = current.dataset;
  send("/decisions", { sha256, verdict, ...more });
}

function decideAndGoOn(verdict, more) {
  decide(verdict, more);
  step(1);
}

function distinct() {
  const other = current?.dataset.rival;
  if (other) decide("distinct", { other_sha256: other });
  else complain("Several copies: choose the one that differs, or use the buttons beside it.");
}

// --- menus: a list of buttons, the digits press them ----------------------------------------

function openMenu(id) {
  if (!current) return;
  const menu = find(id);
  for (const button of all("[data-character]", menu)) {
    button.disabled = button.dataset.character === current.dataset.character;
  }
  menu.showModal();
}

function pressDigit(menu, digit) {
  const button = all(".menu button", menu)[Number(digit) - 1];
  if (button && !button.disabled) button.click();
}

find("#reasons .menu").addEventListener("click", (event) => {
  const note = event.target.closest("button")?.dataset.note;
  if (note === undefined) return;
  find("#reasons").close();
  decideAndGoOn("reject", { note });
});

find("#targets .menu").addEventListener("click", (event) => {
  const character = event.target.closest("button")?.dataset.character;
  if (!character) return;
  find("#targets").close();
  decideAndGoOn("relabel", { character });
});

// --- adding pictures ------------------------------------------------------------------------

const uploads = find("#uploads");

function addFiles(files) {
  if (!uploads.open) uploads.showModal();
  for (const file of files) later(() => upload(file));
}

async function upload(file) {
  const line = find(".uploaded").appendChild(document.createElement("li"));
  line.textContent = `${file.name}: looking at it`;
  const { is_added, said } = await judge(file);
  line.classList.add(is_added ? "good" : "bad");
  line.textContent = `${file.name}: ${said}`; // as text: a file may be called <script>
  if (is_added) uploads.dataset.added = "true";
}

async function judge(file) {
  const { character, maxBytes } = document.body.dataset;
  if (file.size > Number(maxBytes)) return { said: `too many bytes: at most ${maxBytes}` };
  const name = encodeURIComponent(file.name);
  const answer = await fetch(`/characters/${character}/uploads?name=${name}`, {
    method: "POST",
    body: file,
  }).catch(() => null);
  if (!answer) return { said: gone };
  const found = await read(answer);
  return answer.ok ? found : { said: found.error };
}

find("#files").addEventListener("change", ({ target }) => {
  addFiles([...target.files]);
  target.value = "";
});

// New pictures are shown once the list of results was read.
uploads.addEventListener("close", () => uploads.dataset.added && location.reload());

document.addEventListener("dragover", (event) => event.preventDefault());
document.addEventListener("drop", (event) => {
  event.preventDefault(); // or the browser would leave the page for the picture
  if (event.dataTransfer.files.length) addFiles([...event.dataTransfer.files]);
});

// --- keys, and a button for each ------------------------------------------------------------

const keys = {
  ArrowLeft: () => step(-1),
  ArrowRight: () => step(1),
  ArrowUp: () => stepLine(-1),
  ArrowDown: () => stepLine(1),
  Home: () => choose(tiles()[0]),
  End: () => choose(tiles().at(-1)),
  k: () => decideAndGoOn("keep", { character: current.dataset.character }), // settles a conflict
  r: () => openMenu("#reasons"),
  m: () => openMenu("#targets"),
  p: () => hasCopies(current) && decide("keeper"),
  d: () => hasCopies(current) && distinct(),
  u: undo,
  a: () => uploads.showModal(),
  z: () => enlarge(!isLarge()),
  "?": () => find("#help").showModal(),
  Escape: () => enlarge(false),
};

// A Korean keyboard sends ㅏ for k: go by the place of the key, but never on a Latin one, where
// another letter at that place means what it says.
const placeOf = ({ key, code }) => (/^[\x20-\x7e]/.test(key) ? "" : code.replace("Key", "").toLowerCase());

const free = new Set(["u", "a", "?"]); // keys that need no picture

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const menu = find("dialog[open]");
  if (menu) {
    if (/^[1-9]$/.test(event.key)) pressDigit(menu, event.key);
    return;
  }
  if (event.target.closest("input, select, textarea")) return;
  if (event.target.closest("summary") && ["Enter", " "].includes(event.key)) return; // it opens
  const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const action = keys[name] ?? keys[placeOf(event)];
  if (!action || (!current && !free.has(name))) return;
  event.preventDefault();
  action();
});

find(".tools").addEventListener("click", (event) => {
  const name = event.target.closest("button")?.dataset.key;
  if (name && (current || free.has(name))) keys[name]();
});

grid.addEventListener("click", (event) => {
  const tile = event.target.closest(".tile");
  if (!tile) return;
  if (tile === current) enlarge(true); // Enter on the chosen tile comes here, too
  else choose(tile);
});

about.addEventListener("click", (event) => {
  const { verdict, sha256, other } = event.target.closest("button")?.dataset ?? {};
  if (verdict) send("/decisions", { sha256, verdict, other_sha256: other ?? "" });
});

find("#close").addEventListener("click", () => enlarge(false));
find(".filter form").addEventListener("change", (event) => event.currentTarget.submit());

// A picture that is not pulled, or broken, says so. Errors of images do not bubble.
document.addEventListener(
  "error",
  (event) => event.target.closest?.(".tile")?.classList.add("missing"),
  true,
);

choose(find(`.tile[data-key="${CSS.escape(sessionStorage[memory] ?? "")}"]`) ?? tiles()[0]);
