// A form for any place of a document, from its schema: part(model, pointer, schema) is an element that follows the model.
import { object } from "./objects.js";
import { above, beside, below, last, steps } from "./pointer.js";
import { labelText, humanise, Schemas } from "./schema.js";
import { membersOf } from "./members.js";
import { build } from "./widgets.js";

const ABOUT = ["/object", "/for", "/on/object"]; // where documents name the object that they are about

class Form {
  constructor(model) {
    this.model = model;
    this.schemas = model.schemas ??= new Schemas(model.about.schema);
    this.names = model.about.names;
    this.parts = new Set();
  }

  sync() {
    for (const part of this.parts) part.sync();
  }

  // Whether a place cannot be taken out of what holds it.
  required(pointer) {
    if (!pointer) return true;
    const holder = this.model.get(above(pointer));
    if (Array.isArray(holder)) return true;
    return (this.schemas.at(steps(above(pointer)), this.model.body).required ?? []).includes(last(pointer));
  }

  // Whether it is an item of a list or of a map: it stays, though empty, until it is taken out.
  stays(pointer) {
    const holder = this.schemas.at(steps(above(pointer)), this.model.body);
    return Array.isArray(this.model.get(above(pointer))) || !(last(pointer) in (holder.properties ?? {}));
  }

  // The place to take out with a value: what holds nothing else goes with it.
  prunable(pointer) {
    let at = pointer;
    if (this.model.get(pointer) === undefined) return pointer;
    while (above(at) && !this.required(above(at))) {
      const holder = this.model.get(above(at));
      if (Array.isArray(holder) || Object.keys(holder ?? {}).length > 1) break;
      at = above(at);
    }
    return at;
  }

  // The object type that a place is about: named elsewhere in the document, or the document itself.
  objectAt(pointer, hint = {}) {
    const roots = this.schemas.hint(this.model.about.schema).about ?? ABOUT;
    for (const address of [hint.of ?? roots].flat()) {
      if (address === "self") return "self";
      if (address.startsWith("key:")) {
        const place = steps(address.slice(4));
        const way = steps(pointer);
        if (place.every((step, at) => way[at] === step) && way[place.length]) return this.through(way[place.length], pointer, hint);
        continue;
      }
      if (address.startsWith("document:")) {
        const [, kind, place] = address.split(":");
        const named = (this.names.documents[kind] ?? []).find((one) => one.name === this.model.get(beside(pointer, place)));
        if (named?.object) return this.through(named.object, pointer, hint);
        continue;
      }
      const name = this.model.get(beside(pointer, address));
      if (typeof name === "string" && name) return this.through(name, pointer, hint);
    }
    return hint.of ? "" : this.model.about.schema.properties?.fields && !this.model.about.schema.properties.object ? "self" : "";
  }

  // The object at the end of a path that is named elsewhere: {via: "../each"}, or at the first of several places that names one.
  through(object, pointer, { via } = {}) {
    const path = [via ?? []].flat().map((place) => this.model.get(beside(pointer, place))).find(Boolean);
    let name = object;
    for (const step of path ? String(path).split(".") : []) name = this.membersOf(name).find((one) => one.name === step)?.to ?? "";
    return name;
  }

  // Of the document itself what the server knows: nothing while it is new.
  stored(object) {
    return object === "self" ? this.model.about.name : object;
  }

  members(pointer, hint) {
    const name = this.objectAt(pointer, hint);
    return name ? this.membersOf(name) : [];
  }

  membersOf(name) {
    if (name !== "self") return membersOf(name, () => this.sync());
    const own = (this.model.get("/fields") ?? []).filter((field) => field?.name).map((field) => ({ ...field, label: labelText(field.label) || humanise(field.name), to: field.to, groups: true, options: (field.options ?? []).map((one) => ({ name: one.name, label: labelText(one.label) || humanise(one.name) })) }));
    const stored = this.model.about.name ? membersOf(this.model.about.name, () => this.sync()) : [];
    return [...own, ...stored.filter((one) => (one.system || one.collection) && !own.some((field) => field.name === one.name))];
  }

  // The field that is named at another place: {field: "../field"}.
  fieldAt(pointer, hint) {
    const name = this.model.get(beside(pointer, hint.field ?? ""));
    return this.members(pointer, hint).find((one) => one.name === name);
  }
}

export const formOf = (model) => (model.form ??= new Form(model));

export function part(model, pointer = "", schema = undefined) {
  const form = formOf(model);
  const at = () => pointer;
  const whole = schema ? form.schemas.resolved(schema) : form.schemas.at(steps(pointer), model.body);
  const widget = pointer ? build(form, at, whole, { name: last(pointer) }) : object(form, at, whole, { top: true });
  const held = { sync: () => widget.sync() };
  form.parts.add(held);
  const off = [model.on("change", held.sync), model.on("faults", held.sync)];
  widget.node.release = () => (off.forEach((end) => end()), form.parts.delete(held));
  widget.sync();
  return widget.node;
}

export { below };
