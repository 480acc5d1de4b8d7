// Any of a few words, each with a box.
import { make } from "../dom.js";
import { put, wordOf } from "./inputs.js";

export function checks(form, at, schema) {
  const items = form.schemas.resolved(schema.items);
  const boxes = items.enum.map((one) => [one, make("input", { type: "checkbox", value: one })]);
  const node = make("div", { class: "choices flow" }, ...boxes.map(([one, box]) => make("label", {}, box, wordOf(form, items, one))));
  const value = () => {
    const said = form.model.get(at());
    return Array.isArray(said) ? said : said === undefined ? [] : [said];
  };
  for (const [one, box] of boxes) {
    box.addEventListener("change", () => {
      const next = box.checked ? [...value(), one] : value().filter((other) => other !== one);
      put(form, at, next.length || form.required(at()) ? next : undefined, box);
    });
  }
  const sync = () => {
    node.dataset.checks = at();
    for (const [one, box] of boxes) {
      box.checked = value().includes(one);
      box.dataset.check = `${at()}/${one}`;
    }
  };
  return { node, sync, group: true };
}
