// Names of things that are there: objects, fields, documents, icons, colours. Each is a choice in words.
import { make } from "../dom.js";
import { fill, put, text } from "./inputs.js";
import { expressionBox } from "./expression_box.js";
import { measured } from "./measure_pickers.js";
import { humanise, typesOf } from "./schema.js";

const COLOURS = ["green", "amber", "red", "blue", "plum", "grey"];

// What applies where nothing is said.
const byDefault = (schema, known) => (schema.default === undefined ? "" : `${known.find(([one]) => one === schema.default)?.[1] ?? humanise(schema.default)} (default)`);

// One of options that are asked for whenever they are shown: [[value, label, group]].
export function chosen(form, at, schema, options) {
  const control = make("select", { class: "input" });
  control.addEventListener("change", () => put(form, at, control.value === "" ? undefined : control.value, control));
  const sync = () => {
    control.dataset.at = at();
    const value = form.model.get(at());
    const known = options();
    fill(control, [["", form.required(at()) ? "Choose" : byDefault(schema, known)], ...known], value === undefined ? "" : String(value));
  };
  return { node: control, sync };
}

// What the names of a place may be, by its hint: () => [[value, label, group]].
const SOURCES = {
  object: (form, at, hint) => () => [...(hint.all ? [["*", "All objects"]] : []), ...form.names.objects.map((one) => [one.name, one.label])],
  field: (form, at, hint) => () => form.members(at(), hint).filter((one) => !one.collection && fits(one, hint)).map((one) => [one.name, one.label]),
  path: (form, at, hint) => () => pathsOf(form, at(), hint),
  sort: (form, at, hint) => () => pathsOf(form, at(), hint),
  collection: (form, at, hint) => () => form.members(at(), hint).filter((one) => one.collection).map((one) => [one.name, one.label]),
  option: (form, at, hint) => () => (form.fieldAt(at(), hint)?.options ?? []).map((one) => [one.name, one.label]),
  role: (form) => () => documentsOf(form, "role"),
  document: (form, at, hint) => () => documentsOf(form, hint.kind),
  measured: (form) => () => measured(form),
  kind: (form) => () => Object.entries(form.names.kinds).map(([name, label]) => [name, label]),
};

const fits = (one, hint) => (!hint.groups || one.groups) && (!hint.own || !one.system) && (!hint.logged || one.logged) && (!hint.timed || one.timed);
const documentsOf = (form, kind) => (form.names.documents[kind] ?? []).map((one) => [one.name, one.label]);

function pathsOf(form, pointer, hint) {
  const own = form.members(pointer, hint).filter((one) => !one.collection);
  const direct = own.filter((one) => fits(one, hint)).map((one) => [one.name, one.label]);
  const through = own.filter((one) => one.to && one.to !== "").flatMap((one) => form.membersOf(one.to, true).filter((inner) => !inner.collection && !inner.system && fits(inner, hint)).map((inner) => [`${one.name}.${inner.name}`, `${one.label} › ${inner.label}`, one.label]));
  return [...direct, ...through];
}

// The words that a place takes beside such names stand before them: {words: {business: "Working time"}}.
function source(form, at, hint) {
  const known = SOURCES[hint.is]?.(form, at, hint);
  const words = Object.entries(hint.words ?? {});
  return known && words.length ? () => [...words, ...known()] : known;
}

export const names = (form, at, schema) => chosen(form, at, schema, source(form, at, form.schemas.hint(schema)));

// The picker of a list's items; null where these are not names of known things.
export function picksOf(form, at, items) {
  const hint = form.schemas.hint(items);
  const known = source(form, at, hint);
  if (!known) return null;
  const sorted = ["sort", "measured"].includes(hint.is);
  const plain = (value) => (sorted ? String(value).replace(/^-/, "") : String(value));
  const label = (value) => known().find(([one]) => one === plain(value))?.[1] ?? plain(value).split(".").map(humanise).join(" › ");
  const shown = (here) => {
    const title = make("span", { class: "clip" });
    const turn = make("button", { class: "btn quiet slim", type: "button", hidden: !sorted });
    const node = make("div", { class: "row" }, title, turn);
    const backward = () => String(form.model.get(here()) ?? "").startsWith("-");
    turn.addEventListener("click", () => {
      form.model.set(here(), backward() ? plain(form.model.get(here())) : `-${form.model.get(here())}`);
      turn.focus();
    });
    const sync = () => {
      title.textContent = label(form.model.get(here()) ?? "");
      node.dataset.picked = turn.dataset.turn = here();
      turn.textContent = backward() ? "Highest first" : "Lowest first";
    };
    return { node, sync };
  };
  const adding = (list, run, taken) => {
    const control = make("select", { class: "input slim-in", "aria-label": `Add ${hint.one ?? "one"}` });
    control.addEventListener("change", () => {
      const value = control.value;
      control.value = "";
      if (value) run(value);
    });
    const sync = () => {
      control.dataset.add = list();
      const there = taken().map(plain);
      fill(control, [["", `Add ${hint.one ?? "…"}`], ...known().filter(([one]) => !there.includes(one))], "");
    };
    return { node: control, sync };
  };
  return { label, shown, adding };
}

// The names that a map may have; null where they are free.
export function keysOf(form, at, schema) {
  const hint = form.schemas.hint(schema).keys;
  const known = hint && source(form, at, hint);
  if (!known) return null;
  return { options: known, label: (key) => known().find(([one]) => one === key)?.[1] ?? humanise(key) };
}

export function icons(form, at, schema) {
  return chosen(form, at, schema, () => form.names.icons.map((name) => [name, humanise(name)]));
}

export function colours(form, at, schema) {
  return chosen(form, at, schema, () => COLOURS.map((name) => [name, humanise(name)]));
}

// What a text is as a value, where a place takes numbers and yes or no as well as expressions.
function literal(schema, text) {
  const types = typesOf(schema);
  if (types.includes("number") && /^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  if (types.includes("boolean") && ["true", "false"].includes(text)) return text === "true";
  return text;
}

// What came from outside, where there is no record yet: its members are text, and no fields.
const NO_RECORD = ["body", "mail"];

// An expression over the object of its place: a sentence, or text that helps.
export function expression(form, at, schema, { name, label } = {}) {
  const hint = form.schemas.hint(schema);
  const node = make("div", { class: "grow" });
  const words = label ?? schema.title ?? humanise(name ?? "expression");
  const plain = text(form, at, schema, { mono: true, rows: 1 });
  let box = null;
  let about = null;
  const shown = () => {
    const value = form.model.get(at());
    return value === undefined || value === null ? "" : String(value);
  };
  const say = (typed) => put(form, at, typed === "" ? undefined : literal(schema, typed), box);
  const make_ = (object) => {
    about = object;
    const outer = hint.names?.includes("record") ? form.stored(form.objectAt(at(), {})) : "";
    box = object ? expressionBox({ value: shown(), object, outer, expects: hint.expects ?? "", label: words, change: Boolean(hint.change), names: hint.names?.includes("answer") ? { answer: "answer" } : {}, besides: hint.around, onChange: say }) : null;
    node.replaceChildren(box ?? plain.node);
  };
  const sync = () => {
    const object = hint.names?.some((one) => NO_RECORD.includes(one)) ? "" : form.stored(form.objectAt(at(), hint));
    if (object !== about) make_(object);
    if (!box) {
      plain.node.setAttribute("aria-label", words);
      return plain.sync();
    }
    box.dataset.at = at();
    if (box.value !== shown()) box.value = shown();
    return undefined;
  };
  return { node, sync, wide: true, group: true };
}
