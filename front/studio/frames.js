// What stands around controls: labels, help, faults at their place.
import { icon, make } from "../dom.js";
import { coded } from "./coded.js";
import { equal } from "./document.js";
import { last } from "./pointer.js";
import { labelText, humanise } from "./schema.js";

let count = 0;
export const nextId = () => `e${(count += 1)}`;

export const titleOf = (name, schema) => schema.title ?? humanise(name);

// The help of a place: its hint's, else the description of the schema.
export const helpOf = (form, schema) => String(labelText(form.schemas.hint(schema).help ?? schema.description) ?? "");

// Makes a control say what is wrong at its place.
export function faulty(form, at, node, says) {
  const found = form.model.faultsAt(at());
  const text = found.map((fault) => fault.message).join(" ");
  if (says.dataset.text === text) return;
  says.dataset.text = text;
  says.replaceChildren(...(text ? [icon("alert-triangle"), text] : []));
  says.hidden = !text;
  for (const control of [node].flat()) {
    if (text) control.setAttribute("aria-invalid", "true");
    else control.removeAttribute("aria-invalid");
  }
}

// Says that the site differs from the package at a member of the document, and goes back to it.
function changedHere(form, at) {
  const { base } = form.model.about;
  if (!base || at().lastIndexOf("/") !== 0) return null;
  const name = last(at());
  const back = () => form.model.set(at(), base[name]);
  const node = make("button", { class: "changed-here", type: "button", hidden: true, onclick: back }, "Changed here · use the package’s");
  return { node, sync: () => (node.hidden = equal(form.model.get(at()), base[name])) };
}

// A label above, help below, faults at the end.
export function framed(form, at, schema, { name, required, missing, label, help }, widget) {
  const control = widget.control ?? widget.node;
  control.id ||= nextId();
  const says = make("span", { class: "err", id: nextId(), hidden: true });
  const helpText = help ?? helpOf(form, schema);
  const note = helpText ? make("span", { class: "help", id: nextId() }, ...coded(helpText)) : null;
  control.setAttribute("aria-describedby", [note?.id, says.id].filter(Boolean).join(" "));
  if (required) control.setAttribute("aria-required", "true");
  const title = label ?? titleOf(name, schema);
  const head = make("label", { for: control.id }, title, required ? make("span", { class: "opt" }, " (required)") : null);
  const changed = changedHere(form, at);
  const node = make("div", { class: `field ${widget.wide ? "wide" : ""}`, "data-member": name }, head, widget.node, note, changed?.node, says);
  const sync = () => {
    changed?.sync();
    widget.sync();
    faulty(form, at, control, says);
  };
  return { node, sync, control, name, missing };
}

// A group of controls under one heading.
export function grouped(form, at, schema, { name, required, label, help }, widget) {
  const says = make("span", { class: "err", hidden: true });
  const helpText = help ?? helpOf(form, schema);
  const title = label ?? titleOf(name, schema);
  const legend = make("legend", {}, title, required ? make("span", { class: "opt" }, " (required)") : null);
  const changed = changedHere(form, at);
  const node = make("fieldset", { class: "field wide group", "data-member": name }, legend, helpText ? make("span", { class: "help" }, ...coded(helpText)) : null, changed?.node, widget.node, says);
  const sync = () => {
    changed?.sync();
    widget.sync();
    faulty(form, at, node, says);
  };
  return { node, sync, control: node, name };
}
