// A value of one of several shapes: which one is a choice in words.
import { make } from "../dom.js";
import { nextId } from "./frames.js";
import { fill, put } from "./inputs.js";
import { isOf, typesOf } from "./schema.js";
import { build } from "./widgets.js";

const WORDS = { string: "Text", number: "Number", integer: "Number", boolean: "Yes or no", array: "A list", object: "Several values", null: "Nothing" };
const DEFINED = { expression: "Under a condition" };
const EMPTY = { array: () => [], object: () => ({}), boolean: () => true, null: () => null };

function alternatives(form, schema) {
  const words = form.schemas.hint(schema).words ?? {};
  const titled = (one, type) => words[type] ?? words[one["x-def"]] ?? one.title ?? DEFINED[one["x-def"]] ?? WORDS[type] ?? "Other";
  const parts = schema.anyOf ?? schema.oneOf;
  if (parts) {
    return parts.map((part) => {
      const one = form.schemas.resolved(part);
      const types = typesOf(one).length ? typesOf(one) : one.properties ? ["object"] : ["string"];
      return { schema: one, types, title: titled(one, types[0]) };
    });
  }
  const hint = form.schemas.hint(schema);
  return typesOf(schema).map((type) => {
    const one = { ...schema, type };
    if (type !== "string") one["x-editor"] = { ...hint, is: undefined };
    if (type !== "object") for (const name of ["properties", "required", "additionalProperties", "propertyNames"]) delete one[name];
    if (type !== "array") delete one.items;
    if (type !== "string") delete one.enum;
    return { schema: one, types: [type], title: titled(one, type) };
  });
}

export function union(form, at, schema, more = {}) {
  const options = alternatives(form, schema);
  const choice = make("select", { class: "input slim-in", id: nextId(), "aria-label": `${more.label ?? schema.title ?? more.name ?? "Value"}: kind of value` });
  const holder = make("div", { class: "grow" });
  const node = make("div", { class: "stack tight union" }, choice, holder);
  let asked = null;
  let shown = null;
  const of = (value) => options.findIndex((option) => option.types.some((type) => isOf(type, value)));
  choice.addEventListener("change", () => {
    asked = Number(choice.value);
    const type = options[asked].types[0];
    put(form, at, EMPTY[type]?.() ?? (form.stays(at()) ? "" : undefined), null);
    sync();
  });
  const sync = () => {
    const value = form.model.get(at());
    const found = value === undefined ? asked ?? 0 : Math.max(of(value), 0);
    if (value !== undefined && found !== asked) asked = null;
    choice.dataset.choice = at();
    fill(choice, options.map((option, index) => [String(index), option.title]), String(found));
    if (shown?.option !== found) {
      const widget = build(form, at, options[found].schema, { ...more, label: more.label ?? schema.title });
      shown = { option: found, widget };
      holder.replaceChildren(widget.node);
      const control = widget.control ?? widget.node;
      if (!widget.group && control.matches?.("input, select, textarea")) control.setAttribute("aria-label", more.label ?? schema.title ?? more.name ?? "Value");
    }
    shown.widget.sync();
  };
  return { node, sync, group: true };
}
