// What a kind of field asks for, from the JSON Schema of its options, and what was answered.
import { all, data, make, one } from "../dom.js";
import { attach } from "./expression_box.js";

// [{name, label, help, type, choices, more, awaited, over, expects}]
export const optionsOf = (kind) => data("kind-options")[kind] ?? [];

function select(name, id, choices, several, chosen) {
  return make("select", { class: "input", id, name, multiple: several || null }, ...choices.map(({ value, label }) => make("option", { value, selected: value === chosen }, label)));
}

function input({ name, label, help, type, choices, over, expects }, given) {
  const id = `option-${name}`;
  const chosen = given[name] ?? "";
  if (type === "tick" || type === "not") return make("label", { class: "row mid", title: help || null }, make("input", { type: "checkbox", name, id }), label);
  let control = make("input", { class: "input", id, name, autocomplete: "off", title: help || null, value: chosen, inputmode: type === "number" ? "decimal" : null });
  if (type === "select" || type === "several") control = select(name, id, choices, type === "several", chosen);
  if (type === "object" || type === "objects") control = select(name, id, data("targets"), type === "objects", chosen);
  const wide = ["options", "words", "wide"].includes(type);
  if (type === "wide") Object.assign(control.dataset, { over, expects, written: "true" });
  return make("div", { class: `field ${wide ? "wide" : ""}` }, make("label", { for: id }, label), control);
}

// The options of a kind in a box; `given` are answers that are known, such as a format that the label names.
export function showOptions(box, kind, given = {}) {
  const options = optionsOf(kind);
  const rest = options.filter((option) => option.more).map((option) => input(option, given));
  const more = rest.length ? [make("details", { class: "field wide" }, make("summary", { class: "mid dim" }, "More options"), make("div", { class: "addopts" }, ...rest))] : [];
  box.replaceChildren(...options.filter((option) => !option.more).map((option) => input(option, given)), ...more);
}

// Expressions get their box once they are seen: over the object itself, or over what another option names.
export function writeExpressions(box, object, kind) {
  for (const source of all("[data-written]", box)) {
    const over = source.dataset.over ? one(`[name=${source.dataset.over}]`, box)?.value : object;
    if (!over || (source.dataset.object === over && source.dataset.expression === "on")) continue;
    if (source.nextElementSibling?.matches(".xbox")) source.nextElementSibling.remove();
    Object.assign(source.dataset, { object: over, purpose: "document", outer: source.dataset.over ? object : "", face: source.dataset.expects ? "" : "text" });
    const own = () => ({ kind, ...answers(box, kind, [source.name]) });
    attach(source, { expects: source.dataset.expects || own });
  }
}

// A result of another kind is another thing to expect.
export const checkExpressions = (box) => all(".xbox", box).forEach((written) => written.check());

const listed = (text) => text.split(",").map((word) => word.trim()).filter(Boolean);

// The value of an option as the document writes it, or nothing.
function answer({ type }, control) {
  const text = control.value.trim();
  if (type === "tick") return control.checked || undefined;
  if (type === "not") return control.checked ? false : undefined;
  if (type === "several" || type === "objects") {
    const chosen = [...control.selectedOptions].map((option) => option.value);
    return chosen.length ? chosen : undefined;
  }
  if (!text) return undefined;
  if (type === "number") return Number.isNaN(Number(text)) ? text : Number(text);
  return type === "words" ? listed(text) : text;
}

// What is answered, without the options of a choice, which the server names.
export function answers(box, kind, without = []) {
  const made = {};
  for (const option of optionsOf(kind)) {
    const control = without.includes(option.name) ? null : one(`[name=${option.name}]`, box);
    const value = control && answer(option, control);
    if (value !== undefined && value !== null && value !== "") made[option.name] = value;
  }
  return made;
}

// Whether nothing is missing without which the field cannot be told.
export const isReady = (made) => Boolean(made.name) && optionsOf(made.kind).every(({ name, awaited }) => !awaited || (name in made && made[name].length !== 0));

export const missing = (made) => optionsOf(made.kind).find(({ name, awaited }) => awaited && !(name in made && made[name].length !== 0));
