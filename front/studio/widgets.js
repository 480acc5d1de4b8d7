// Which control a place of a document gets: by the hint in its schema, else by its shape.
// A widget is {node, sync(), group}: `sync` makes it show what the model says; a group frames itself.
import { checks } from "./checks.js";
import { anything, number, pick, text, tick } from "./inputs.js";
import { labelInput } from "./label_input.js";
import { list } from "./lists.js";
import { map } from "./maps.js";
import { formula, grouping, measure } from "./measure_pickers.js";
import { object } from "./objects.js";
import * as pickers from "./pickers.js";
import { isOf, typesOf } from "./schema.js";
import { union } from "./unions.js";

// By `x-editor`: what a text is, where its schema says more than that it is one.
const HINTS = {
  label: labelInput,
  expression: pickers.expression,
  template: (form, at, schema) => text(form, at, schema, { rows: 2 }),
  text: (form, at, schema) => text(form, at, schema, { rows: form.schemas.hint(schema).rows ?? 5 }),
  object: pickers.names,
  field: pickers.names,
  path: pickers.names,
  option: pickers.names,
  collection: pickers.names,
  role: pickers.names,
  document: pickers.names,
  kind: pickers.names,
  icon: pickers.icons,
  colour: pickers.colours,
  choices: checks,
  grouping,
  measure,
  formula,
};

export function build(form, at, schema, more = {}) {
  const whole = form.schemas.resolved(schema);
  const hint = form.schemas.hint(whole);
  const made = HINTS[hint.is];
  const types = typesOf(whole).filter((type) => type !== "null");
  const plain = types.every((type) => ["string", "number", "integer", "boolean"].includes(type));
  if (hint.is === "expression" && plain && !hint.words) return made(form, at, whole, more);
  if (made && (types.length < 2 || hint.is === "label" || hint.is === "choices")) return made(form, at, whole, more);
  if (whole.enum) return pick(form, at, whole, more);
  if (whole.anyOf || whole.oneOf || types.length > 1) return union(form, at, whole, more);
  const type = types[0] ?? (whole.properties || whole.additionalProperties || whole.propertyNames ? "object" : whole.items ? "array" : "");
  if (type === "object") return whole.properties || whole.allOf ? object(form, at, whole, more) : map(form, at, whole, more);
  if (type === "array") return form.schemas.resolved(whole.items).enum ? checks(form, at, whole, more) : list(form, at, whole, more);
  if (type === "boolean") return tick(form, at, whole, more);
  if (isOf("number", 0) && (type === "number" || type === "integer")) return number(form, at, whole, more);
  if (type === "string") return text(form, at, whole, more);
  return anything(form, at, whole, more);
}
