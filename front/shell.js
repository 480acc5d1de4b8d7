// The shell: theme, drawer, tabs, copying, and the buttons that are marked with data-do.
import { all, one, speak } from "./dom.js";
import { send } from "./http.js";
import { toast } from "./toasts.js";

const YEAR = 31536000;

function theme() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  document.cookie = `theme=${root.dataset.theme}; path=/; max-age=${YEAR}; samesite=lax`;
  speak(dark ? "Light" : "Dark");
}

function drawer(open) {
  const rail = one("#rail");
  const burger = one("[data-do=drawer]");
  if (!rail || !burger || rail.classList.contains("open") === open) return;
  rail.classList.toggle("open", open);
  burger.setAttribute("aria-expanded", String(open));
  (open ? one("a", rail) : burger).focus();
}

function tab(button) {
  for (const other of all("[role=tab]", button.closest("[data-tabs]"))) {
    const on = other === button;
    other.setAttribute("aria-selected", String(on));
    other.tabIndex = on ? 0 : -1;
    one(`#${other.getAttribute("aria-controls")}`).hidden = !on;
  }
}

async function copy(button) {
  const from = button.dataset.copy ? one(button.dataset.copy) : one("input", button.parentElement);
  await navigator.clipboard?.writeText(from.value);
  toast("Copied");
}

let told = Promise.resolve(); // one after the other: each adds to what is kept

// A group of the navigation is folded by its summary, without any script; that it was is remembered.
function fold(group) {
  const body = new FormData();
  body.set("group", group.dataset.fold);
  body.set("state", group.open ? "folded" : "open");
  if ("rest" in group.dataset) body.set("rest", "1");
  told = told.then(() => send("POST", "/navigation", body));
}

export const actions = {
  theme,
  drawer: () => drawer(true),
  "why-not": (button) => toast(button.title, { tone: "bad" }),
  "close-dialog": (button) => button.closest("dialog").close(),
  "new-object": (link, event) => {
    event.preventDefault();
    one("#new-object").showModal();
  },
};

export function start() {
  one("#rail [aria-current]")?.scrollIntoView({ block: "nearest" });
  // Sideways only: tabs further down must not move the page.
  for (const here of all(".tabs [aria-current]")) {
    const bar = here.closest(".tabs");
    bar.scrollLeft += Math.max(0, here.getBoundingClientRect().right + 16 - bar.getBoundingClientRect().right);
  }
  addEventListener("click", (event) => {
    const button = event.target.closest("[data-do]");
    if (button && actions[button.dataset.do]) actions[button.dataset.do](button, event);
    else if (!event.target.closest("#rail")) drawer(false);
    const found = event.target.closest("[data-tabs] [role=tab]");
    if (found) tab(found);
    const folder = event.target.closest("[data-fold] > summary");
    if (folder) fold(folder.parentElement);
    const copier = event.target.closest("[data-copy]");
    if (copier) copy(copier);
  });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape") drawer(false);
    if (!event.target.matches?.("[role=tab]") || !["ArrowLeft", "ArrowRight"].includes(event.key)) return;
    const tabs = all("[role=tab]", event.target.closest("[data-tabs]"));
    const next = tabs[(tabs.indexOf(event.target) + (event.key === "ArrowRight" ? 1 : -1) + tabs.length) % tabs.length];
    tab(next);
    next.focus();
  });
}
