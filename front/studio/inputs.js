// Controls for one plain value.
import { make } from "../dom.js";
import { nextId } from "./frames.js";
import { humanise, typeOf } from "./schema.js";

// Puts a value into the document, or takes it out with what then holds nothing more.
export function put(form, at, value, from) {
  const pointer = at();
  if (value !== undefined) return form.model.set(pointer, value, from);
  if (form.stays(pointer)) return form.model.set(pointer, "", from);
  return form.model.remove(form.prunable(pointer), from);
}

const show = (control, value) => {
  if (control.value !== value) control.value = value;
};

export function text(form, at, schema, { rows = 0, ...more } = {}) {
  const long = rows || (schema.maxLength ?? 0) > 400;
  const control = make(long ? "textarea" : "input", { class: `input ${more.mono ? "mono" : ""}`, rows: long ? rows || 3 : null, spellcheck: more.mono ? "false" : null, autocomplete: "off", maxlength: schema.maxLength ?? null, placeholder: schema.default ?? form.schemas.hint(schema).placeholder ?? null });
  control.addEventListener("input", () => put(form, at, control.value === "" ? undefined : control.value, control));
  control.addEventListener("blur", () => form.model.pause());
  const sync = () => {
    control.dataset.at = at();
    const value = form.model.get(at());
    show(control, value === undefined || value === null ? "" : String(value));
  };
  return { node: control, sync, wide: Boolean(long) || more.wide };
}

export function number(form, at, schema) {
  const control = make("input", { class: "input", inputmode: schema.type === "integer" ? "numeric" : "decimal", autocomplete: "off", placeholder: schema.default ?? null });
  control.addEventListener("input", () => {
    const typed = control.value.trim();
    const value = typed === "" ? undefined : /^[-+]?\d+(\.\d+)?$/.test(typed) ? Number(typed) : typed;
    put(form, at, value, control);
  });
  control.addEventListener("blur", () => form.model.pause());
  const sync = () => {
    control.dataset.at = at();
    const value = form.model.get(at());
    if (document.activeElement !== control || Number(control.value) !== value) show(control, value === undefined ? "" : String(value));
  };
  return { node: control, sync };
}

// Yes or no; what nobody has said is the default, which can be gone back to.
export function tick(form, at, schema, { name, label } = {}) {
  const control = make("input", { type: "checkbox", class: "switch", id: nextId() });
  const note = make("span", { class: "small faint" });
  const back = make("button", { class: "btn quiet slim", type: "button", hidden: true, onclick: () => (put(form, at, undefined, null), control.focus()) }, "Use the default");
  control.addEventListener("change", () => form.model.set(at(), control.checked, control));
  const node = make("div", { class: "switchline" }, control, note, back);
  const sync = () => {
    control.dataset.at = back.dataset.reset = at();
    const value = form.model.get(at());
    control.checked = value ?? schema.default ?? false;
    note.textContent = `${control.checked ? "Yes" : "No"}${value === undefined ? ", by default" : ""}`;
    back.hidden = value === undefined || form.required(at());
    back.setAttribute("aria-label", `Use the default of ${label ?? schema.title ?? humanise(name ?? "")}`);
  };
  return { node, control, sync };
}

export const wordOf = (form, schema, value) => form.schemas.hint(schema).words?.[value] ?? humanise(value);

// One of a few words.
export function pick(form, at, schema) {
  const control = make("select", { class: "input" });
  control.addEventListener("change", () => put(form, at, control.value === "" ? undefined : schema.enum.find((one) => String(one) === control.value), control));
  const sync = () => {
    const value = form.model.get(at());
    control.dataset.at = at();
    fill(control, [...(form.required(at()) && value !== undefined ? [] : [["", schema.default === undefined ? "" : `${wordOf(form, schema, schema.default)} (default)`]]), ...schema.enum.map((one) => [String(one), wordOf(form, schema, one)])], value === undefined ? "" : String(value));
  };
  return { node: control, sync };
}

// Fills a select; a value that is none of the options stays, and says so.
export function fill(control, options, value) {
  const entries = options.map(([one, label, group]) => [one, label, group ?? ""]);
  if (!entries.some(([one]) => one === value)) entries.push([value, value ? `${value} (unknown)` : "", ""]);
  const key = JSON.stringify(entries);
  if (control.dataset.options !== key) {
    control.dataset.options = key;
    const nodes = [];
    let group = null;
    for (const [one, label, named] of entries) {
      const option = make("option", { value: one }, label);
      if (!named) nodes.push(option);
      else {
        if (group?.label !== named) nodes.push((group = make("optgroup", { label: named })));
        group.append(option);
      }
    }
    control.replaceChildren(...nodes);
  }
  if (control.value !== value) control.value = value;
}

// A value of any type: which type it is of, is chosen first.
const TYPES = { string: "Text or expression", number: "Number", boolean: "Yes or no", array: "List of texts", object: "Values as JSON" };
const READ = {
  string: (typed) => typed,
  number: (typed) => (Number.isFinite(Number(typed)) ? Number(typed) : typed),
  boolean: (typed) => ["true", "yes"].includes(typed.toLowerCase()),
  array: (typed) => typed.split(",").map((one) => one.trim()).filter(Boolean),
  object: (typed) => {
    try {
      return JSON.parse(typed);
    } catch {
      return typed;
    }
  },
};
const EMPTY = { string: "", number: 0, boolean: true, array: [], object: {} };

export function anything(form, at, schema) {
  const choice = make("select", { class: "input slim-in", "aria-label": "Type of the value" }, ...Object.entries(TYPES).map(([value, label]) => make("option", { value }, label)));
  const control = make("input", { class: "input", autocomplete: "off" });
  const node = make("div", { class: "pairline" }, choice, control);
  const typeNow = (value) => (value === undefined || value === null ? choice.dataset.asked || "string" : typeOf(value).replace("integer", "number"));
  const written = (value) => (value === undefined || value === null ? "" : Array.isArray(value) && value.every((one) => typeof one === "string") ? value.join(", ") : typeof value === "object" ? JSON.stringify(value) : String(value));
  choice.addEventListener("change", () => {
    choice.dataset.asked = choice.value;
    if (form.model.get(at()) !== undefined) form.model.set(at(), EMPTY[choice.value], choice);
    sync();
  });
  control.addEventListener("change", () => put(form, at, control.value === "" ? undefined : READ[choice.value](control.value), control));
  const sync = () => {
    const value = form.model.get(at());
    choice.dataset.choice = control.dataset.at = at();
    choice.value = typeNow(value);
    if (document.activeElement !== control) show(control, written(value));
  };
  return { node, control, sync };
}
