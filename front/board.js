// A board: cards move by mouse and touch, or by keyboard with spoken words; a forbidden move springs back and says why.
import Sortable from "sortablejs";
import { all, make, one } from "./dom.js";
import { page, reason, send } from "./http.js";
import { toast, toastNext } from "./toasts.js";

const board = () => one("#board");
const movable = () => Boolean(board().dataset.move); // a board of another day only shows
const columnOf = (node) => node.closest("[data-column]");
const cards = (cell) => all(":scope > .tile", cell);
let lifted = null;
let busy = 0;

export const occupied = () => Boolean(lifted) || busy > 0 || Boolean(one(".sortable-drag, .sortable-chosen"));

function spoken(words, hints = []) {
  const bar = one("#spoken");
  bar.replaceChildren(...words);
  for (const [key, text] of hints) bar.append(make("span", { class: "row not-s" }, make("kbd", {}, key), text));
}

function limit(column, card, from) {
  const bound = Number(column.dataset.limit);
  const there = all(".tile", column).length;
  if (!bound || there <= bound || columnOf(from) === column) return "";
  return ` This column is over its limit of ${bound}.`;
}

const where = (card) => {
  const cell = card.closest("[data-cell]");
  const list = cards(cell);
  const lane = cell.dataset.laneLabel ? `, ${cell.dataset.laneLabel}` : "";
  return `${columnOf(card).dataset.label}${lane}, ${list.indexOf(card) + 1} of ${list.length}.`;
};

function putBack(card, home) {
  if (home.next?.isConnected && home.next.parentElement === home.cell) home.next.before(card);
  else home.cell.append(card);
}

export async function heads() {
  const fresh = await page(location.href).catch(() => null);
  if (!fresh) return;
  for (const column of all("[data-column]", fresh)) {
    const old = one(`[data-column="${CSS.escape(column.dataset.column)}"] > .bcol`);
    if (old) old.replaceWith(one(".bcol", column));
  }
  const [old, next] = [one("[data-summary]"), one("[data-summary]", fresh)];
  if (old && next) old.replaceWith(next);
  for (const card of all(".tile[data-id]", fresh)) {
    const mine = one(`#${CSS.escape(card.id)}`);
    if (mine && mine.dataset.rev !== card.dataset.rev) {
      const focused = mine === document.activeElement;
      mine.replaceWith(card);
      if (focused) card.focus();
    }
  }
}

// A column may ask for something first, and a refusal may name fields: both become a dialog. Null: it was cancelled.
async function carry(card, order, home) {
  const post = (values) => send("POST", board().dataset.move, values ? { ...order, values } : order);
  const [to, from] = [columnOf(card), columnOf(home.cell)];
  const about = `${one("a", card).getAttribute("href").split("?")[0]}/ask?to=${encodeURIComponent(order.column)}`;
  if (to !== from && to.hasAttribute("data-asks")) {
    const { ask } = await import("./asking.js");
    const asked = await ask(about, post);
    if (asked !== undefined) return asked;
  }
  const result = await post();
  const { ask, lacking } = result.ok ? {} : await import("./asking.js");
  const also = result.ok ? "" : lacking(result);
  const asked = also ? await ask(`${about}&also=${encodeURIComponent(also)}`, post) : undefined;
  return asked === undefined ? result : asked;
}

async function move(card, home) {
  const cell = card.closest("[data-cell]");
  if (cell === home.cell && card.nextElementSibling === home.next) return spoken([]);
  const lane = cell.dataset.lane;
  const order = { id: card.dataset.id, column: columnOf(card).dataset.column, before: card.nextElementSibling?.dataset.id ?? null };
  if (lane) order.lane = lane;
  card.classList.add("saving");
  busy += 1;
  const result = await carry(card, order, home);
  busy -= 1;
  card.classList.remove("saving");
  if (!result) {
    putBack(card, home);
    card.focus();
    return spoken(["Move cancelled."]);
  }
  if (result.ok) {
    spoken([`Moved to ${where(card)}`]);
    setTimeout(() => !lifted && spoken([]), 2500);
    return heads();
  }
  putBack(card, home);
  card.classList.add("back");
  setTimeout(() => card.classList.remove("back"), 500);
  card.focus();
  const why = reason(result);
  spoken([make("b", {}, "Not moved."), ` ${why}`]);
  setTimeout(() => !lifted && spoken([]), 8000);
  return toast(`Not moved: ${why}`, { tone: "bad", action: { label: "Open the card", href: one("a", card).href } });
}

// mouse and touch
function draggable() {
  if (!movable()) return;
  for (const cell of all("[data-cell]", board())) {
    let home = null;
    Sortable.create(cell, {
      group: "board", animation: 140, draggable: ".tile", forceFallback: true, fallbackTolerance: 5, delay: 160, delayOnTouchOnly: true, touchStartThreshold: 6, scroll: true, bubbleScroll: true,
      ghostClass: "sortable-ghost", dragClass: "sortable-drag", filter: "input, button", preventOnFilter: false,
      onStart: ({ item }) => (home = { cell: item.parentElement, next: item.nextElementSibling }),
      onChange: ({ to }) => all(".cell.target").concat(to).forEach((node) => node.classList.toggle("target", node === to)),
      onEnd: ({ item }) => {
        all(".cell.target").forEach((node) => node.classList.remove("target"));
        move(item, home);
      },
    });
  }
}

// keyboard
function lift(card) {
  lifted = { card, home: { cell: card.parentElement, next: card.nextElementSibling } };
  card.classList.add("lifted");
  card.setAttribute("aria-grabbed", "true");
  say("Picked up");
}

const HINTS = [["Space", "drop"], ["↑↓←→", "move"], ["Esc", "put back"]];

function say(verb) {
  const { card, home } = lifted;
  spoken([make("span", {}, `${verb} `, make("b", {}, card.dataset.title), `. Over ${where(card)}${limit(columnOf(card), card, home.cell)}`)], HINTS);
}

function step(card, key) {
  const cell = card.closest("[data-cell]");
  const list = cards(cell);
  const at = list.indexOf(card);
  const columns = all("[data-column]", board());
  const cells = all("[data-cell]", columnOf(card));
  if (key === "ArrowUp" && at > 0) list[at - 1].before(card);
  else if (key === "ArrowDown" && at < list.length - 1) list[at + 1].after(card);
  else if (key === "ArrowUp" || key === "ArrowDown") {
    const next = cells[cells.indexOf(cell) + (key === "ArrowDown" ? 1 : -1)];
    if (!next) return;
    if (key === "ArrowDown") next.prepend(card);
    else next.append(card);
  } else {
    const column = columns[columns.indexOf(columnOf(card)) + (key === "ArrowRight" ? 1 : -1)];
    if (!column) return;
    const target = all("[data-cell]", column)[cells.indexOf(cell)];
    const before = cards(target)[at];
    if (before) before.before(card);
    else target.append(card);
  }
  card.focus();
  card.scrollIntoView({ block: "nearest", inline: "nearest" });
  say("Moving");
}

function drop(back) {
  const { card, home } = lifted;
  lifted = null;
  card.classList.remove("lifted");
  card.removeAttribute("aria-grabbed");
  if (!back) return move(card, home);
  putBack(card, home);
  card.focus();
  spoken(["Move cancelled."]);
  return setTimeout(() => !lifted && spoken([]), 1500);
}

// without a lifted card the arrows go from card to card
function walk(card, key) {
  const cell = card.closest("[data-cell]");
  const columns = all("[data-column]", board());
  if (key === "ArrowDown" || key === "ArrowUp") {
    const list = all(".tile", columnOf(card));
    return list[list.indexOf(card) + (key === "ArrowDown" ? 1 : -1)]?.focus();
  }
  const way = key === "ArrowRight" ? 1 : -1;
  for (let at = columns.indexOf(columnOf(card)) + way; columns[at]; at += way) {
    const list = all(".tile", columns[at]);
    if (list.length) return list[Math.min(cards(cell).indexOf(card), list.length - 1)].focus();
  }
  return undefined;
}

function keys(event) {
  const card = event.target;
  if (!card.matches?.(".tile")) return;
  const arrow = event.key.startsWith("Arrow");
  if (event.key === " " && movable()) lifted ? drop(false) : lift(card);
  else if (event.key === "Escape" && lifted) drop(true);
  else if (event.key === "Enter" && !lifted) one("a", card).click();
  else if (arrow && lifted) step(card, event.key);
  else if (arrow) walk(card, event.key);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

// quick add in a column
function quick(link) {
  const cell = one("[data-cell]", columnOf(link));
  const about = JSON.parse(link.dataset.quick);
  const input = make("input", { "aria-label": link.getAttribute("aria-label"), placeholder: "Title, then Enter", autocomplete: "off" });
  const fault = make("p", { class: "small bad", role: "alert" });
  const form = make("form", { class: "quick" }, input, fault);
  const close = () => (form.remove(), link.focus());
  form.addEventListener("keydown", (event) => event.key === "Escape" && close());
  input.addEventListener("blur", () => setTimeout(() => !input.value && form.remove(), 150));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!input.value.trim()) return close();
    const values = { ...about.values, [about.field]: input.value.trim() };
    if (cell.dataset.lane && about.lane) values[about.lane] = cell.dataset.lane;
    const result = await send("POST", about.api, values);
    if (result.ok) {
      toastNext(`${input.value.trim()} was added`);
      return location.reload();
    }
    fault.replaceChildren(reason(result), " ", make("a", { class: "link", href: link.href }, "Fill in the form"));
    return undefined;
  });
  cell.prepend(form);
  input.focus();
}

export function start() {
  draggable();
  board().addEventListener("keydown", keys);
  board().addEventListener("click", (event) => {
    const link = event.target.closest("[data-quick]");
    if (!link) return;
    event.preventDefault();
    quick(link);
  });
  document.body.addEventListener("htmx:afterSwap", draggable);
}
