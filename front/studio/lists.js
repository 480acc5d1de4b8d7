// Lists: things with names as rows that fold, plain values as lines; added, copied, moved, taken out.
import { icon, make, speak } from "../dom.js";
import { copied } from "./document.js";
import { put, wordOf } from "./inputs.js";
import { below } from "./pointer.js";
import { picksOf } from "./pickers.js";
import { humanise, labelText, nameOf, typesOf } from "./schema.js";
import { build } from "./widgets.js";

const isThing = (form, items) => Boolean(items.properties || items.allOf) && !typesOf(items).includes("string");

export function list(form, at, schema) {
  const items = form.schemas.resolved(schema.items);
  const box = make("ol", { class: "things" });
  const foot = make("div", { class: "row" });
  const node = make("div", { class: "stack tight list" }, box, foot);
  const rows = [];
  const value = () => form.model.get(at()) ?? [];
  const own = { form, at, schema, items, value, box, rows, thing: isThing(form, items), picks: picksOf(form, at, items) };

  const add = adder(own);
  foot.append(add.node);
  sortable(own);
  const sync = () => {
    box.dataset.list = at();
    arrange(own);
    box.hidden = !rows.length;
    add.sync();
    for (const row of rows) row.sync();
  };
  own.sync = sync;
  return { node, sync, group: true };
}

// Rows go with their items: one that was not changed is the same object as before.
function arrange(own) {
  const { box, rows } = own;
  const items = own.value();
  const old = [...rows];
  const next = items.map((item, index) => {
    const same = typeof item === "object" ? old.find((row) => row.item === item) : old[index];
    if (same) old.splice(old.indexOf(same), typeof item === "object" ? 1 : 0);
    return same;
  });
  const left = rows.filter((row) => !next.includes(row));
  items.forEach((item, index) => {
    const there = left.includes(rows[index]) ? rows[index] : null;
    next[index] ??= there ?? (own.thing ? thing(own) : line(own));
    if (there === next[index]) left.splice(left.indexOf(there), 1);
  });
  rows.splice(0, rows.length, ...new Set(next));
  for (const row of [...box.children]) if (!rows.some((one) => one.node === row)) row.remove();
  const focused = document.activeElement;
  rows.forEach((row, index) => {
    row.index = index;
    row.item = items[index];
    if (box.children[index] !== row.node) box.insertBefore(row.node, box.children[index] ?? null);
  });
  if (focused !== document.activeElement && focused?.isConnected) focused.focus();
}

function move(own, row, to) {
  if (to < 0 || to >= own.rows.length) return;
  own.form.model.move(own.at(), row.index, to);
  own.rows[to]?.grip.focus();
  speak(`${row.title()} is at place ${to + 1} of ${own.rows.length}`);
}

function grip(own, row) {
  const node = make("button", { class: "btn quiet slim icon grip", type: "button", title: "Drag, or press the arrow keys" }, icon("grip-vertical"));
  node.addEventListener("keydown", (event) => {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    move(own, row, row.index + step);
  });
  return node;
}

function takeOut(own, row) {
  const { form, at } = own;
  const index = row.index;
  if (own.rows.length === 1 && !form.required(at())) put(form, at, undefined, null);
  else form.model.remove(below(at(), index));
  const next = own.rows[Math.min(index, own.rows.length - 1)];
  (next?.grip ?? own.addButton)?.focus();
}

const button = (name, label, run, more = {}) => make("button", { class: "btn quiet slim icon", type: "button", "aria-label": label, title: label, onclick: run, ...more }, icon(name));

function thing(own) {
  const { form, at } = own;
  const row = { index: 0, item: null };
  const here = () => below(at(), row.index);
  row.title = () => summary(form, own.items, form.model.get(here()), row.index)[0];
  const title = make("b", { class: "clip" });
  const note = make("span", { class: "small faint clip" });
  const faults = make("span", { class: "chip bad", hidden: true });
  const body = make("div", { class: "thing-body" });
  const fold = make("details", { class: "thing-fold grow" }, make("summary", {}, icon("chevron-right", "turn"), title, note, faults), body);
  row.grip = grip(own, row);
  const copy = button("copy", "", () => copyOf(own, row));
  const gone = button("trash", "", () => takeOut(own, row));
  row.node = make("li", { class: "thing" }, row.grip, fold, make("span", { class: "row thing-acts" }, copy, gone));
  let widget = null;
  const open = () => {
    if (widget || !fold.open) return;
    widget = build(form, here, own.items, {});
    body.append(widget.node);
    widget.sync();
  };
  fold.addEventListener("toggle", open);
  row.open = () => {
    fold.open = true;
    open();
    body.querySelector("input, select, textarea")?.focus();
  };
  row.sync = () => {
    const [name, about] = summary(form, own.items, form.model.get(here()), row.index);
    title.textContent = name;
    note.textContent = about;
    const wrong = form.model.faultsBelow(here()).length;
    faults.hidden = !wrong;
    faults.textContent = wrong === 1 ? "1 fault" : `${wrong} faults`;
    row.node.dataset.thing = fold.dataset.fold = here();
    row.grip.setAttribute("aria-label", `Move ${name}`);
    copy.setAttribute("aria-label", `Copy ${name}`);
    gone.setAttribute("aria-label", `Delete ${name}`);
    if (widget) widget.sync();
  };
  return row;
}

// What a thing is called, and in a few words what it is.
export function summary(form, schema, item, index) {
  if (item === null || typeof item !== "object") return [String(item ?? ""), ""];
  const whole = form.schemas.of(schema, item);
  const hint = form.schemas.hint(schema);
  const options = hint.alternatives?.options ?? hint.alternatives ?? [];
  const chosen = options.find((option) => option.by?.some((name) => item[name] !== undefined));
  const plain = Object.values(item).find((value) => typeof value === "string");
  const named = labelText(item.label) || (item.name && humanise(item.name));
  const told = (hint.summary ?? []).map((name) => item[name]).find((value) => typeof value === "string");
  const title = named || (told && humanise(told)) || chosen?.title || (plain ? humanise(plain) : `${index + 1}`);
  const kind = whole.properties?.kind?.enum ? wordOf(form, whole.properties.kind, item.kind ?? "") : "";
  return [title, kind || (chosen && chosen.title !== title ? chosen.title : "")];
}

function copyOf(own, row) {
  const { form, at } = own;
  const made = copied(form.model.get(below(at(), row.index)));
  if (made.name) made.name = nameOf(`${made.name}`, own.value().map((item) => item.name));
  if (made.label) made.label = typeof made.label === "string" ? `${made.label} (copy)` : made.label;
  form.model.insert(at(), row.index + 1, made);
  own.rows[row.index + 1]?.open();
}

function line(own) {
  const { form, at, picks } = own;
  const row = { index: 0, item: null };
  const here = () => below(at(), row.index);
  row.title = () => (picks ? picks.label(form.model.get(here())) : String(form.model.get(here()) ?? ""));
  row.grip = grip(own, row);
  const gone = button("x", "", () => takeOut(own, row));
  const widget = picks ? picks.shown(here) : build(form, here, own.items, {});
  const says = make("span", { class: "err small bad", hidden: true });
  row.node = make("li", { class: "thing line" }, row.grip, make("div", { class: "grow" }, widget.node, says), gone);
  row.open = () => (widget.control ?? row.node.querySelector("input, select, textarea") ?? row.grip).focus();
  row.sync = () => {
    widget.sync();
    row.node.dataset.thing = here();
    const control = widget.control ?? widget.node;
    if (control.matches?.("input, select, textarea")) control.setAttribute("aria-label", `${row.index + 1}`);
    row.grip.setAttribute("aria-label", `Move ${row.title()}`);
    gone.setAttribute("aria-label", `Take out ${row.title()}`);
    const text = form.model.faultsAt(here()).map((fault) => fault.message).join(" ");
    says.hidden = !text;
    says.textContent = text;
  };
  return row;
}

const EMPTY = { array: () => [], object: () => ({}), boolean: () => true, integer: () => 0, number: () => 0 };

// The way to one more: a picker where the values are known, else a button.
function adder(own) {
  const { form, at, items, picks } = own;
  if (picks) {
    const chosen = picks.adding(at, (value) => {
      form.model.insert(at(), own.value().length, value, null);
      own.addButton.focus();
    }, own.value);
    own.addButton = chosen.control ?? chosen.node;
    return chosen;
  }
  const label = form.schemas.hint(items).one ?? form.schemas.hint(own.schema).one;
  own.addButton = make("button", { class: "btn slim", type: "button", onclick: () => {
    const type = typesOf(items)[0] ?? (own.thing ? "object" : "string");
    const made = own.thing ? fresh(own) : EMPTY[type]?.() ?? "";
    form.model.insert(at(), own.value().length, made, null);
    own.rows.at(-1)?.open();
  } }, icon("plus"), label ? `Add ${label}` : "Add");
  return { node: own.addButton, sync: () => (own.addButton.dataset.add = at()) };
}

// A new thing has a name where things here have names.
function fresh(own) {
  const needed = own.items.required ?? [];
  const named = own.items.properties?.name && needed.includes("name");
  const kinds = own.items.properties?.kind?.enum;
  const taken = own.value().map((item) => item?.name);
  const word = form => form.schemas.hint(own.items).one ?? "item";
  return { ...(named ? { name: nameOf(word(own.form), taken) } : {}), ...(kinds && needed.includes("kind") ? { kind: kinds.includes("text") ? "text" : kinds[0] } : {}) };
}

async function sortable(own) {
  const { default: Sortable } = await import("sortablejs");
  Sortable.create(own.box, {
    handle: ".grip",
    animation: 120,
    onEnd: ({ oldIndex, newIndex }) => {
      if (oldIndex !== newIndex) own.form.model.move(own.at(), oldIndex, newIndex);
    },
  });
}
