// Defaults that follow what is typed, in fields that nobody has touched. The server says what the browser cannot.
import { localTime, writtenDay } from "./calendar.js";
import { plain } from "./decimal.js";
import { all, make, one } from "./dom.js";
import { ASK, run } from "./expressions.js";
import { inMarks } from "./numbers.js";

function digits(number) {
  const text = plain(number);
  const missing = number.scale - (text.split(".")[1]?.length ?? 0);
  return missing > 0 ? `${text}${text.includes(".") ? "" : "."}${"0".repeat(missing)}` : text;
}

function clock(seconds, day) {
  const all = Number(seconds);
  const two = (value) => String(Math.floor(value)).padStart(2, "0");
  if (!day) return `${Math.floor(all / 3600)}:${two((all % 3600) / 60)}`;
  const rest = all % day;
  const parts = [[Math.floor(all / day), "d"], [Math.floor(rest / 3600), "h"], [Math.floor((rest % 3600) / 60), "m"]];
  return parts.filter(([count]) => count).map(([count, unit]) => `${count}${unit}`).join(" ") || "0m";
}

// A value of the evaluator as a widget holds it.
const WRITE = {
  plain: (value) => value,
  option: (value) => value,
  digits: (value) => inMarks(digits(value)),
  amount: (value) => inMarks(digits(value.amount)),
  tick: String,
  day: writtenDay,
  moment: (value, field) => localTime(value, one("input", field).dataset.zone || "UTC").slice(0, 16),
  length: (value, field) => clock(value, Number(one("input", field).dataset.day || 0)),
};

function written(value, field) {
  if (value === null) return { value: "" };
  return { value: WRITE[field.dataset.holds](value, field), currency: value.currency };
}

function pick(select, items) {
  const control = select.tomselect;
  if (!control) return select.replaceChildren(...items.map((item) => make("option", { value: item.value, selected: true }, item.label)));
  control.clear(true);
  for (const item of items) {
    control.addOption(item);
    control.addItem(item.value, true);
  }
  return undefined;
}

function put(field, { value, currency, selected, object }) {
  const select = one("select[data-lookup]", field);
  const any = one("select[data-any]", field);
  if (any && object) any.value = object;
  if (select) return pick(select, selected ?? []);
  const boxes = all("input[type=radio], input[type=checkbox]", field);
  if (boxes.length) {
    const held = [value].flat();
    for (const box of boxes) box.checked = held.includes(box.value);
    return undefined;
  }
  one("input:not([type=hidden]), textarea, select:not(.affix)", field).value = value;
  const chooser = one("select.affix", field);
  if (chooser && currency) chooser.value = currency;
  return undefined;
}

export function followers(form, rules) {
  const names = Object.keys(rules.defaults ?? {});
  const touched = new Set();
  const last = new Map();
  let filling = false;
  const touch = (event) => {
    const name = event.target.closest("[data-field]")?.dataset.field;
    if (name && !filling) touched.add(name);
  };
  form.addEventListener("input", touch, true);
  form.addEventListener("change", touch, true);
  const open = () => names.filter((name) => !touched.has(name) && one(`[data-field="${name}"]`, form));
  const fill = (name, content) => {
    const told = JSON.stringify(content);
    if (last.get(name) === told) return;
    last.set(name, told);
    const field = one(`[data-field="${name}"]`, form);
    put(field, content);
    filling = true; // others may follow it, and nobody typed it
    one("input:not([type=hidden]), textarea, select", field)?.dispatchEvent(new Event("change", { bubbles: true }));
    filling = false;
  };
  return {
    open,
    // Fills what the browser can say; whether some have to be asked for.
    run(env) {
      let asked = false;
      for (const name of open()) {
        const field = one(`[data-field="${name}"]`, form);
        try {
          fill(name, written(run(rules.defaults[name], env), field));
        } catch (reason) {
          if (reason !== ASK) throw reason;
          asked = true;
        }
      }
      return asked;
    },
    take(found = {}) {
      for (const name of open()) if (name in found) fill(name, found[name]);
    },
  };
}
