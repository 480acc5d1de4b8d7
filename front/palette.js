// The command palette: places at once, records as one types.
import { all, icon, later, make, one } from "./dom.js";

let box = null;

function places(words) {
  const links = all("#rail a[href]:not(.brand)").map((link) => ({ title: one(".clip", link)?.textContent ?? link.textContent.trim(), href: link.href, glyph: one("use", link)?.getAttribute("href").split("#")[1] ?? "arrow-right" }));
  const primary = one(".topbar .btn.primary[href]");
  if (primary) links.push({ title: primary.textContent.trim(), href: primary.href, glyph: "plus" });
  return links.filter((link) => link.title.toLowerCase().includes(words.toLowerCase()));
}

const line = (item, hint) => make("a", { href: item.href, role: "option", id: `found-${Math.random().toString(36).slice(2)}`, "aria-selected": "false" }, icon(item.glyph ?? "file-text"), make("span", { class: "grow clip" }, item.title), hint ? make("span", { class: "small faint" }, hint) : null);

function show(found, words, records) {
  const near = places(words).slice(0, words ? 5 : 12);
  found.replaceChildren();
  if (records.length) found.append(make("p", { class: "mh" }, "Records"), ...records.map((item) => line(item, item.label ?? item.object)));
  if (near.length) found.append(make("p", { class: "mh" }, "Go to"), ...near.map((item) => line(item)));
  if (!found.children.length) found.append(make("p", { class: "mh" }, `Nothing found for “${words}”`));
  choose(found, 0);
}

function choose(found, index) {
  const options = all("[role=option]", found);
  if (!options.length) return;
  const at = (index + options.length) % options.length;
  options.forEach((option, place) => option.setAttribute("aria-selected", String(place === at)));
  options[at].scrollIntoView({ block: "nearest" });
  one("input", box)?.setAttribute("aria-activedescendant", options[at].id);
}

export function open() {
  if (box) return;
  const back = document.activeElement;
  const found = make("div", { class: "found", role: "listbox", id: "found", "aria-label": "Search results" });
  const input = make("input", { type: "text", placeholder: "Search, or go to…", "aria-label": "Search everything", role: "combobox", "aria-expanded": "true", "aria-controls": "found", autocomplete: "off", spellcheck: "false" });
  let asked = 0;
  const ask = later(async () => {
    const words = input.value.trim();
    const mine = (asked += 1);
    if (words.length < 2) return;
    const address = `${document.body.dataset.search}?q=${encodeURIComponent(words)}`;
    const answer = await fetch(address, { headers: { Accept: "application/json" } }).then((got) => (got.ok ? got.json() : { results: [] })).catch(() => ({ results: [] }));
    if (mine === asked && box) show(found, words, answer.results ?? []);
  }, 120);
  input.addEventListener("input", () => (show(found, input.value.trim(), []), ask()));
  input.addEventListener("keydown", (event) => {
    const options = all("[role=option]", found);
    const at = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      choose(found, at + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (options[at]) location.assign(options[at].href);
    }
  });
  box = make("dialog", { class: "dialog palette", "aria-label": "Search" }, make("div", { class: "ask" }, icon("search"), input), found,
    make("footer", {}, make("span", {}, make("kbd", {}, "↑↓"), " choose"), make("span", {}, make("kbd", {}, "Enter"), " open"), make("span", {}, make("kbd", {}, "Esc"), " close")));
  box.addEventListener("close", () => {
    box.remove();
    box = null;
    back?.focus?.();
  });
  box.addEventListener("click", (event) => event.target === box && box.close());
  document.body.append(box);
  box.showModal();
  show(found, "", []);
  input.focus();
}
