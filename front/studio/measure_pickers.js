// What reports group by and measure: fields in words, or an expression that somebody writes.
import { make } from "../dom.js";
import { fill, put, text } from "./inputs.js";
import { humanise, labelText } from "./schema.js";

const UNITS = ["day", "week", "month", "quarter", "year"];
const FUNCTIONS = { sum: "Sum of", avg: "Average of", min: "Least of", max: "Greatest of" };
const OWN = "(own)"; // no name has parentheses at both its ends
const COUNT = "count()";
const PLAIN = /[^a-z0-9]+/g;

// What calculations call a measure that has no name: `sum(amount)` is sum_amount.
const nameOf = (text) => text.toLowerCase().replace(PLAIN, "_").replace(/^_+|_+$/g, "").slice(0, 40).replace(/_+$/, "");

// A choice in words with a way to write what no field says; text that is none of the options is shown as written.
function written(form, at, schema, options, asks) {
  const control = make("select", { class: "input" });
  const own = text(form, at, schema, { mono: true });
  own.node.setAttribute("aria-label", asks);
  const node = make("div", { class: "stack tight" }, control, own.node);
  let writing = false;
  const now = () => String(form.model.get(at()) ?? "");
  const sync = () => {
    control.dataset.at = at();
    const value = now();
    const known = options();
    const said = value === "" || known.some(([one]) => one === value); // the fields are known a moment after the page
    fill(control, [["", "Choose"], ...known, [OWN, "An expression"]], writing || !said ? OWN : value);
    own.node.hidden = !writing && said;
    own.sync();
  };
  control.addEventListener("change", () => {
    writing = control.value === OWN;
    if (!writing) put(form, at, control.value === "" ? undefined : control.value, control);
    sync();
    if (writing) own.node.focus();
  });
  return { node, control, sync };
}

const through = (form, own) => own.filter((one) => one.to && typeof one.to === "string" && !one.system).flatMap((one) => form.membersOf(one.to).filter((inner) => !inner.collection && !inner.system).map((inner) => [one, inner]));

const grouped = (one, path, label, group) => (one.timed ? UNITS.map((unit) => [`${unit}(${path})`, `${label} by ${unit}`, group]) : one.groups ? [[path, label, group]] : []);

// The field at the end of a path; nothing while it is not known.
function fieldOf(form, object, path) {
  let name = object;
  let found;
  for (const step of String(path).split(".")) {
    found = form.membersOf(name).find((one) => one.name === step);
    name = found?.to ?? "";
  }
  return found;
}

// What rows of several objects share, and what stands for it in the first of them.
function dimensions(form, parts) {
  const [first] = parts;
  return Object.entries(first?.dimensions ?? {}).flatMap(([name, path]) => {
    const field = fieldOf(form, first.object, path);
    return field ? grouped({ ...field, groups: true }, name, humanise(name), "") : [[name, humanise(name)]];
  });
}

function groupsAt(form, at, hint) {
  const parts = hint.dimensions ? form.model.get(hint.dimensions) : null;
  if (parts?.length) return dimensions(form, parts);
  const own = form.members(at(), hint).filter((one) => !one.collection);
  const direct = own.flatMap((one) => grouped(one, one.name, one.label, ""));
  return [...direct, ...through(form, own).flatMap(([one, inner]) => grouped(inner, `${one.name}.${inner.name}`, `${one.label} › ${inner.label}`, one.label))];
}

export function grouping(form, at, schema) {
  return written(form, at, schema, () => groupsAt(form, at, form.schemas.hint(schema)), "Grouped by the expression");
}

function measuresAt(form, at, hint) {
  const own = form.members(at(), hint).filter((one) => !one.collection);
  const of = (one, path, label) => (one.measures ?? []).map((name) => [`${name}(${path})`, `${FUNCTIONS[name]} ${label}`, label]);
  const direct = own.flatMap((one) => of(one, one.name, one.label));
  return [[COUNT, "Number of records"], ...direct, ...through(form, own).flatMap(([one, inner]) => of(inner, `${one.name}.${inner.name}`, `${one.label} › ${inner.label}`))];
}

export function measure(form, at, schema) {
  return written(form, at, schema, () => measuresAt(form, at, form.schemas.hint(schema)), "Measured by the expression");
}

// The measures that the document has, by the names that the rest of it calls them.
export function measured(form) {
  const { model } = form;
  const parts = model.get("/union") ?? [{ measures: model.get("/measures") ?? [COUNT] }];
  const said = parts.flatMap((part) => part?.measures ?? []).filter(Boolean).map((one) => (typeof one === "string" ? { measure: one } : one));
  const named = said.map((one) => [one.name ?? nameOf(String(one.measure ?? "")), labelText(one.label) || String(one.name ? humanise(one.name) : one.measure)]);
  const made = (model.get("/calculate") ?? []).filter((one) => one?.name).map((one) => [one.name, labelText(one.label) || humanise(one.name)]);
  return [...named, ...made].filter(([name]) => name);
}

// A formula over the names of measures: a press writes one.
export function formula(form, at, schema) {
  const typed = text(form, at, schema, { mono: true });
  const names = make("div", { class: "row wrap small dim" });
  const node = make("div", { class: "stack tight" }, typed.node, names);
  let told = "";
  const insert = (name) => {
    const control = typed.node;
    control.setRangeText(name, control.selectionStart, control.selectionEnd, "end");
    control.dispatchEvent(new Event("input", { bubbles: true }));
    control.focus();
  };
  const sync = () => {
    typed.sync();
    const known = measured(form);
    const now = JSON.stringify(known);
    if (now === told) return;
    told = now;
    names.replaceChildren(...known.map(([name, label]) => make("button", { class: "btn quiet slim mono", type: "button", title: label, onclick: () => insert(name) }, name)));
  };
  return { node, control: typed.node, sync, wide: true };
}
