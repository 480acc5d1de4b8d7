// One member of a document as the generated form shows it, with its label, help and faults, for designers made by hand.
import { framed, grouped } from "./frames.js";
import { last, steps } from "./pointer.js";
import { formOf } from "./schema_form.js";
import { build } from "./widgets.js";

export function memberPart(model, pointer, words = {}) {
  const form = formOf(model);
  const at = () => pointer;
  const schema = form.schemas.at(steps(pointer), model.body);
  const widget = build(form, at, schema, { name: last(pointer), label: words.label });
  const frame = (widget.group ? grouped : framed)(form, at, schema, { name: last(pointer), required: form.required(pointer), ...words }, widget);
  const held = { sync: frame.sync };
  form.parts.add(held);
  const off = [model.on("change", held.sync), model.on("faults", held.sync)];
  frame.node.release = () => (off.forEach((end) => end()), form.parts.delete(held));
  frame.sync();
  return frame.node;
}
