// Live updates: one stream for open lists and boards and for the bell; nothing breaks where it is absent.
import { all, later, make, one } from "./dom.js";
import { page } from "./http.js";
import { toast } from "./toasts.js";

function bell(unread) {
  const badge = one("[data-unread]");
  if (!badge) return;
  badge.textContent = unread;
  badge.hidden = !unread;
}

// Rows that changed are shown changed; that others came or went is said, and shown on a press.
async function list() {
  const fresh = await page(location.href).catch(() => null);
  if (!fresh) return;
  const rows = all("#rows > tr[data-id]");
  const next = new Map(all("#rows > tr[data-id]", fresh).map((row) => [row.dataset.id, row]));
  for (const row of rows) {
    const now = next.get(row.dataset.id);
    if (!now || now.dataset.rev === row.dataset.rev || row.contains(document.activeElement) || one(".in-edit", row)) continue;
    const box = one("[data-pick]", row);
    now.setAttribute("aria-selected", String(Boolean(box?.checked)));
    if (box?.checked) one("[data-pick]", now).checked = true;
    row.replaceWith(now);
  }
  const known = new Set(rows.map((row) => row.dataset.id));
  const news = [...next.keys()].filter((id) => !known.has(id)).length;
  one("#news")?.remove();
  if (news) one("#count")?.after(make("a", { class: "chip accent", id: "news", href: location.href }, `${news} new, show`));
}

async function board() {
  const { heads, occupied } = await import("./board.js");
  if (occupied()) return;
  const fresh = await page(location.href).catch(() => null);
  if (!fresh || occupied()) return;
  for (const column of all("[data-column]", fresh)) {
    const mine = one(`#board [data-column="${CSS.escape(column.dataset.column)}"]`);
    if (!mine) continue;
    const cells = all("[data-cell]", column);
    all("[data-cell]", mine).forEach((cell, at) => settle(cell, cells[at]));
  }
  await heads();
}

function settle(cell, fresh) {
  const focused = cell.contains(document.activeElement) ? document.activeElement.id : "";
  if (!fresh || one(".quick", cell)) return;
  for (const card of all(".tile", fresh)) {
    const mine = one(`#${CSS.escape(card.id)}`);
    if (!mine || mine.dataset.rev !== card.dataset.rev || mine.parentElement !== cell) card.classList.add("fresh");
    mine?.remove();
  }
  cell.replaceChildren(...fresh.children);
  if (focused) one(`#${CSS.escape(focused)}`)?.focus();
}

// Without a connection the page says so, and that what it shows may be old.
function connection() {
  const said = () => {
    one("#offline")?.remove();
    if (!navigator.onLine) one(".topbar")?.after(make("div", { class: "offline", id: "offline", role: "status" }, "No connection. This page may be out of date, and nothing can be saved until the connection is back."));
  };
  addEventListener("offline", said);
  addEventListener("online", said);
  said();
}

export function start() {
  connection();
  const { stream, topics } = document.body.dataset;
  if (!stream || !("EventSource" in window)) return;
  const source = new EventSource(topics ? `${stream}?topics=${encodeURIComponent(topics)}` : stream);
  const changed = later(() => {
    if (one("#board")) board();
    else if (one("[data-list]")) list();
    else if (one("[data-record]")) import("./record.js").then((module) => module.refresh());
  }, 350);
  source.addEventListener("change", (event) => {
    const record = one("[data-record]");
    if (record && JSON.parse(event.data).id !== record.dataset.id) return;
    changed();
  });
  source.addEventListener("notification", (event) => {
    const news = JSON.parse(event.data);
    bell(news.unread ?? Number(one("[data-unread]")?.textContent || 0) + 1);
    if (news.title) toast(news.title, { tone: "info", action: news.href ? { label: "Open", href: news.href } : null });
  });
  addEventListener("pagehide", () => source.close());
}
