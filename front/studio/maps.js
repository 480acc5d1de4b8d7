// Values by name: each a row, with the names that fit to choose from where they are known.
import { icon, make } from "../dom.js";
import { fill, put } from "./inputs.js";
import { chosen, keysOf } from "./pickers.js";
import { below } from "./pointer.js";
import { humanise, typesOf } from "./schema.js";
import { build } from "./widgets.js";

const EMPTY = { array: () => [], object: () => ({}), boolean: () => true };

export function map(form, at, schema, more = {}) {
  const values = typeof schema.additionalProperties === "object" ? form.schemas.resolved(schema.additionalProperties) : {};
  const keys = keysOf(form, at, schema);
  const box = make("div", { class: "maprows" });
  const node = make("div", { class: "stack tight map" }, box);
  const rows = new Map();
  const value = () => form.model.get(at()) ?? {};
  const adding = keys ? chosenKey() : typedKey();
  node.append(adding.node);

  function add(key) {
    if (!key || key in value()) return;
    const type = typesOf(values)[0] ?? (values.properties || values.oneOf ? "string" : "string");
    const [option] = optionsOf(key);
    form.model.set(at(), { ...value(), [key]: option?.[0] ?? EMPTY[type]?.() ?? "" }, null);
    const row = rows.get(key);
    row?.node.querySelector("[data-value] :is(input, select, textarea, button)")?.focus();
  }

  function chosenKey() {
    const control = make("select", { class: "input slim-in", "aria-label": `Add to ${more.label ?? schema.title ?? humanise(more.name ?? "values")}` });
    control.addEventListener("change", () => {
      const key = control.value;
      control.value = "";
      add(key);
    });
    const sync = () => {
      control.dataset.add = at();
      fill(control, [["", "Add …"], ...keys.options().filter(([key]) => !(key in value()))], "");
    };
    return { node: control, sync };
  }

  function typedKey() {
    const input = make("input", { class: "input", autocomplete: "off", "aria-label": `New name in ${more.label ?? schema.title ?? humanise(more.name ?? "values")}`, placeholder: form.schemas.hint(schema).key ?? "Name" });
    const go = () => {
      const key = input.value.trim();
      input.value = "";
      add(key);
    };
    const press = make("button", { class: "btn slim", type: "button", onclick: go }, icon("plus"), "Add");
    input.addEventListener("keydown", (event) => event.key === "Enter" && !event.ctrlKey && !event.metaKey && (event.preventDefault(), go()));
    return { node: make("div", { class: "pairline" }, input, press), sync: () => ((input.dataset.key = at()), (press.dataset.add = at())) };
  }

  // The options of the field that a name stands for, where its value may be anything.
  function optionsOf(key) {
    const hint = form.schemas.hint(schema).keys;
    if (hint?.is !== "field" || typesOf(values).length) return [];
    const field = form.members(at(), hint).find((one) => one.name === key);
    return field?.groups ? (field.options ?? []).map((one) => [one.name, one.label]) : [];
  }

  function rowOf(key) {
    const here = () => below(at(), key);
    const label = keys?.label(key) ?? key;
    const picks = optionsOf(key).length > 0;
    const widget = picks ? chosen(form, here, values, () => optionsOf(key)) : build(form, here, values, { name: key, label });
    const gone = make("button", { class: "btn quiet slim icon", type: "button", "aria-label": `Take out ${label}`, onclick: () => {
      const others = Object.keys(value()).length > 1 || form.required(at());
      if (others) form.model.remove(here());
      else put(form, at, undefined, null);
      (adding.node.matches("select, input") ? adding.node : adding.node.querySelector("input"))?.focus();
    } }, icon("x"));
    const head = make("span", { class: "mapkey clip", title: key }, label);
    const says = make("span", { class: "err", hidden: true });
    const holder = make("div", { class: "grow", "data-value": key }, widget.node, says);
    const control = widget.control ?? widget.node;
    return { node: make("div", { class: "maprow" }, head, holder, gone), picks, widget, head, says, control, here };
  }

  const sync = () => {
    const said = Object.keys(value());
    for (const [key, row] of rows) {
      // The fields are known a moment after the page.
      if (said.includes(key) && (row.picks || !optionsOf(key).length)) continue;
      row.node.remove();
      rows.delete(key);
    }
    said.forEach((key, index) => {
      if (!rows.has(key)) rows.set(key, rowOf(key));
      const row = rows.get(key);
      if (box.children[index] !== row.node) box.insertBefore(row.node, box.children[index] ?? null);
      row.widget.sync();
      row.head.textContent = keys?.label(key) ?? key;
      if (row.control.matches?.("input, select, textarea")) row.control.setAttribute("aria-label", row.head.textContent);
      const text = form.model.faultsAt(row.here()).map((fault) => fault.message).join(" ");
      row.says.hidden = !text;
      row.says.textContent = text;
    });
    box.hidden = !said.length;
    adding.sync();
  };
  return { node, sync, group: true };
}
