// Small controls of a sentence: choices that look like words, chips, and what opens beside them.
import { icon, make, one } from "../../dom.js";
import { place, release } from "../../float.js";

// A choice: options are [value, label, group?].
export function choice(key, label, options, value, run, { none = null, classes = "" } = {}) {
  const control = make("select", { class: `choose ${classes}`, "data-key": key, "aria-label": label });
  const groups = new Map();
  for (const [name, text, group] of [...(none === null ? [] : [["", none]]), ...options]) {
    const option = make("option", { value: name, selected: name === (value ?? "") }, text);
    if (!group) control.append(option);
    else {
      if (!groups.has(group)) {
        groups.set(group, make("optgroup", { label: group }));
        control.append(groups.get(group));
      }
      groups.get(group).append(option);
    }
  }
  if (value && !options.some(([name]) => name === value)) control.append(make("option", { value, selected: true }, value));
  control.addEventListener("change", () => run(control.value));
  return control;
}

let lists = 0;

// A list that is searched while one types: options are [value, label, group?]; taken with Enter or a press.
function searched(label, options, run) {
  const id = `list-${(lists += 1)}`;
  const find = make("input", { class: "input slim", type: "search", role: "combobox", "aria-expanded": "true", "aria-controls": id, "aria-label": label, placeholder: "Type to find", autocomplete: "off" });
  const list = make("ul", { id, role: "listbox", "aria-label": label, class: "foundlist" });
  const none = make("p", { class: "small faint", hidden: true }, "Nothing has these words.");
  let group = "";
  for (const [at, [value, text, of]] of options.entries()) {
    if (of && of !== group) list.append(make("li", { class: "lab", role: "presentation" }, of));
    group = of ?? "";
    list.append(make("li", { role: "option", id: `${id}-${at}`, "aria-selected": "false", "data-value": value, onclick: () => run(value) }, text));
  }
  const items = () => [...list.querySelectorAll("[role=option]")].filter((item) => !item.hidden);
  const mark = (item) => {
    for (const other of list.querySelectorAll("[role=option]")) other.setAttribute("aria-selected", String(other === item));
    if (!item) return find.removeAttribute("aria-activedescendant");
    find.setAttribute("aria-activedescendant", item.id);
    return item.scrollIntoView({ block: "nearest" });
  };
  const narrow = () => {
    const words = find.value.trim().toLowerCase();
    for (const item of list.querySelectorAll("[role=option]")) item.hidden = !item.textContent.toLowerCase().includes(words);
    for (const head of list.querySelectorAll(".lab")) head.hidden = Boolean(words);
    none.hidden = items().length > 0;
    mark(items()[0]);
  };
  find.addEventListener("input", narrow);
  find.addEventListener("keydown", (event) => {
    const shown = items();
    const at = shown.findIndex((item) => item.getAttribute("aria-selected") === "true");
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) mark(shown[(at + step + shown.length) % shown.length]);
    else if (event.key === "Enter" && shown[at]) run(shown[at].dataset.value);
    else return;
    event.preventDefault();
  });
  narrow();
  return make("div", { class: "found" }, find, list, none);
}

// A button that adds one of a list.
export function adding(key, label, options, run, words) {
  const button = make("button", { class: "choose add", type: "button", "data-key": key, "aria-haspopup": "listbox", "aria-expanded": "false" }, words, make("span", { class: "hidden" }, ` (${label})`));
  button.addEventListener("click", () => open(button, label, (close) => searched(label, options, (value) => (close(), run(value, button)))));
  return make("span", { class: "host" }, button);
}

export function typed(key, label, value, run, { type = "text", placeholder = "", wide = false, list = null, min = null } = {}) {
  const control = make("input", { class: `input slim ${wide ? "wide" : ""}`, "data-key": key, type, "aria-label": label, placeholder, value: value ?? "", min, autocomplete: "off" });
  if (list) control.setAttribute("list", list);
  control.addEventListener("input", () => run(control.value));
  return control;
}

// Several of a few: each is pressed or not.
export function toggles(key, label, options, chosen, run) {
  const box = make("div", { class: "toggles", role: "group", "aria-label": label });
  for (const [name, text] of options) {
    const on = chosen.includes(name);
    const button = make("button", { class: "term", type: "button", "data-key": `${key}/${name}`, "aria-pressed": String(on), onclick: () => run(on ? chosen.filter((one_) => one_ !== name) : options.map(([one_]) => one_).filter((one_) => one_ === name || chosen.includes(one_))) }, text);
    box.append(button);
  }
  return box;
}

export function chip(key, label, remove, { sign = null, plain = false } = {}) {
  const cross = make("button", { class: "chipx", type: "button", "data-key": `${key}/x`, "aria-label": `Remove ${label}`, onclick: remove }, icon("x"));
  return make("span", { class: `term given ${plain ? "warn" : ""}` }, sign ? icon(sign) : null, make("span", { class: "clip" }, label), cross);
}

export function press(key, label, run, { sign = null, classes = "", title = null } = {}) {
  return make("button", { class: `btn slim ${classes}`, type: "button", "data-key": key, title, onclick: run }, sign ? icon(sign) : null, label);
}

export function bare(key, label, sign, run) {
  return make("button", { class: "btn quiet slim icon", type: "button", "data-key": key, "aria-label": label, onclick: run }, icon(sign));
}

export const note = (text, tone = "warn", more = []) => make("div", { class: `note ${tone}` }, icon(tone === "good" ? "check" : "alert-triangle"), make("div", { class: "grow" }, text), ...more);

let closing = null;
let after = [];

// What is open beside a button: {key, list, words} of it; null where nothing is.
export const opened = () => closing && { key: closing.button.dataset.key, list: Boolean(one(".found", closing.pop)), words: one(".found input", closing.pop)?.value ?? "" };
export const shut = () => closing?.(false);
export const whenClosed = (run) => after.push(run);

// What opens beside a button until something is picked, Esc is pressed, or one goes elsewhere.
export function open(button, label, content) {
  const again = closing?.button === button;
  closing?.();
  if (again) return;
  const inside = content(() => close(true));
  const pop = make("div", { class: "menu xpop", role: "dialog", "aria-label": label }, inside);
  const away = (event) => !pop.contains(event.target) && !button.contains(event.target) && event.target.isConnected && close(false);
  const close = (back) => {
    closing = null;
    removeEventListener("click", away);
    release(pop);
    pop.remove();
    button.setAttribute("aria-expanded", "false");
    if (back && button.isConnected) button.focus();
    const waiting = after;
    after = [];
    for (const run_ of waiting) run_();
  };
  Object.assign(close, { button, pop });
  closing = close;
  pop.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    event.preventDefault();
    close(true);
  });
  button.after(pop);
  button.setAttribute("aria-expanded", "true");
  place(button, pop);
  setTimeout(() => addEventListener("click", away), 0);
  (inside.matches?.("input, select, button, .modelbox") ? inside : one("input, select, button", inside) ?? inside).focus();
}
