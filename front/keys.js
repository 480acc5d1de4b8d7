// The keyboard: one letter for what is done often, `?` shows them all.
import { all, make, one, typing } from "./dom.js";
import { dialog } from "./dialog.js";
import { actions } from "./shell.js";
import { open as palette } from "./palette.js";

const KEYS = {
  "Everywhere": [["Search", "Ctrl K"], ["New record", "c"], ["Edit", "e"], ["Go to the home page", "g h"], ["Go to the list", "g t"], ["Go to the board", "g b"], ["This page’s menu", "."], ["All shortcuts", "?"]],
  "Lists": [["Next row", "j"], ["Previous row", "k"], ["Open the row", "Enter"], ["Select the row", "Space"], ["To the cells of a row", "→"], ["Edit a cell", "Enter"], ["Select all", "x"]],
  "Boards and home": [["Go from card to card", "↑ ↓ ← →"], ["Open the card", "Enter"], ["Pick up, and drop", "Space"], ["Put back", "Esc"]],
  "Forms": [["Send a comment, answer a dialog", "Ctrl Enter"], ["Take what was found, go on", "Tab"], ["Close without saving", "Esc"]],
  "Studio": [["Save", "Ctrl S"], ["Undo", "Ctrl Z"], ["Redo", "Ctrl Shift Z"], ["Move in a list", "Alt ↑ ↓"]],
};

function shortcuts() {
  const line = ([text, keys]) => make("div", {}, make("span", {}, text), make("span", { class: "nowrap" }, ...keys.split(" ").flatMap((key) => [make("kbd", {}, key), " "])));
  const groups = Object.entries(KEYS).map(([title, lines]) => make("section", {}, make("h3", {}, title), ...lines.map(line)));
  dialog("Shortcuts", make("div", { class: "keys" }, ...groups), [{ label: "Close" }], "wide").scrollTop = 0;
}

actions.shortcuts = shortcuts;
actions.palette = (button, event) => {
  event.preventDefault();
  palette();
};

actions.first = (link, event) => {
  const first = one("#rows > tr .title a, #board .tile");
  if (!first) return;
  event.preventDefault();
  first.focus();
};

const go = (name) => {
  const address = document.body.dataset[`key${name[0].toUpperCase()}${name.slice(1)}`];
  if (address) location.assign(address);
};

function walk(step) {
  const rows = all("#rows > tr[data-id]");
  if (!rows.length) return;
  const at = rows.findIndex((row) => row.classList.contains("at"));
  const next = rows[Math.max(0, Math.min(rows.length - 1, at + step))];
  rows[at]?.classList.remove("at");
  next.classList.add("at");
  one(".title a", next)?.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

// The page's own menu, not what stands before it, such as another day.
function menu() {
  const opener = all(".topbar details.host > summary.icon").at(-1);
  if (!opener) return;
  opener.click();
  opener.focus();
}

let waiting = null;

function press(event) {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    return palette();
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || typing(event) || one("dialog[open]")) return;
  if (waiting) {
    clearTimeout(waiting);
    waiting = null;
    return go({ h: "home", t: "list", b: "board" }[event.key] ?? "none");
  }
  if (event.key === "g") waiting = setTimeout(() => (waiting = null), 1200);
  else if (event.key === "?") shortcuts();
  else if (event.key === "c") go("new");
  else if (event.key === "e") go("edit");
  else if (event.key === "j") walk(1);
  else if (event.key === "k") walk(-1);
  else if (event.key === ".") menu();
}

export const start = () => addEventListener("keydown", press);
