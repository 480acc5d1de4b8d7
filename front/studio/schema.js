// JSON Schema as the form reads it: references followed, branches chosen, words found.
const WORDS = { url: "Web address", id: "ID", api: "API" };

export function humanise(name) {
  const text = String(name).replaceAll("_", " ").replaceAll("-", " ").trim();
  return WORDS[name] ?? text.charAt(0).toUpperCase() + text.slice(1);
}

const hintOf = (schema) => {
  const hint = schema["x-editor"] ?? {};
  return typeof hint === "string" ? { is: hint } : hint;
};

export class Schemas {
  #resolved = new WeakMap();
  #chosen = new WeakMap();

  constructor(root) {
    this.root = root;
  }

  // The schema itself, with what it refers to; the same object whenever it is asked.
  resolved(schema) {
    if (typeof schema !== "object" || schema === null) return {};
    if (!this.#resolved.has(schema)) this.#resolved.set(schema, this.#follow(schema));
    return this.#resolved.get(schema);
  }

  #follow(schema) {
    let found = schema;
    while (typeof found === "object" && found.$ref) {
      const { $ref, ...own } = found;
      const named = this.root.$defs?.[$ref.split("/").at(-1)] ?? {};
      // What a definition says of itself helps where the place says nothing.
      const hint = { ...hintOf(named), ...(own.description ? { help: own.description } : {}), ...hintOf(own) };
      found = { ...named, ...own, ...(Object.keys(hint).length ? { "x-editor": hint } : {}), "x-def": $ref.split("/").at(-1) };
    }
    return found;
  }

  hint(schema) {
    return hintOf(schema);
  }

  // The branch of `allOf: [{if: {properties: {kind: {const}}}, then}]` that a value chooses.
  of(schema, value) {
    const whole = this.resolved(schema);
    if (!whole.allOf) return whole;
    const branches = whole.allOf.filter((branch) => branch.if && matches(branch.if, value));
    if (!this.#chosen.has(whole)) this.#chosen.set(whole, new Map());
    const known = this.#chosen.get(whole);
    const key = branches.map((branch) => whole.allOf.indexOf(branch)).join();
    if (!known.has(key)) known.set(key, this.#merged(whole, branches));
    return known.get(key);
  }

  #merged(whole, branches) {
    const merged = { ...whole, allOf: undefined, properties: { ...whole.properties }, required: [...(whole.required ?? [])] };
    for (const branch of branches) {
      const one = this.resolved(branch.then);
      const { title, description, properties, required, ...more } = one;
      // What decides keeps its own schema: the branch may know it by less.
      for (const [name, schema] of Object.entries(properties ?? {})) merged.properties[name] ??= schema;
      merged.required.push(...(required ?? []).filter((name) => !merged.required.includes(name)));
      Object.assign(merged, more);
    }
    return merged;
  }

  // The schema of a member of an object.
  member(schema, name) {
    const known = schema.properties?.[name];
    if (known !== undefined) return this.resolved(known);
    return typeof schema.additionalProperties === "object" ? this.resolved(schema.additionalProperties) : {};
  }

  // The schema of a place of a document.
  at(path, value) {
    let schema = this.of(this.root, value);
    let here = value;
    for (const step of path) {
      here = here?.[step];
      schema = this.of(Array.isArray(schema.items) || schema.items ? this.resolved(schema.items) : this.member(schema, step), here);
    }
    return schema;
  }
}

function matches(condition, value) {
  const asked = Object.entries(condition.properties ?? {});
  return asked.every(([name, { const: wanted, enum: some }]) => (some ? some.includes(value?.[name]) : value?.[name] === wanted));
}

export const typesOf = (schema) => (Array.isArray(schema.type) ? schema.type : schema.type ? [schema.type] : []);

export function typeOf(value) {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (Number.isInteger(value)) return "integer";
  return typeof value;
}

// Whether a value is of a type; whole numbers are numbers, too.
export const isOf = (type, value) => type === typeOf(value) || (type === "number" && typeOf(value) === "integer");

export const labelText = (value) => (value && typeof value === "object" ? value.en ?? Object.values(value)[0] ?? "" : value ?? "");

// A technical name of a label, free among those that are taken.
export function nameOf(label, taken = [], fallback = "item") {
  const plain = label.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase().replace(/ß/g, "ss").replace(/[^a-z0-9]+/g, "_").replace(/^[_0-9]+|_+$/g, "").slice(0, 36) || fallback;
  let name = plain;
  for (let number = 2; taken.includes(name); number += 1) name = `${plain}_${number}`;
  return name;
}
