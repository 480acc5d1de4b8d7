// The one model of the document that is being edited: every face reads it and writes to it.
import { above, last, steps } from "./pointer.js";

const KEPT = 200; // states that undo goes back over

export const equal = (one, other) => {
  if (one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || !one || !other || Array.isArray(one) !== Array.isArray(other)) return false;
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => name in other && equal(one[name], other[name]));
};

export const copied = (value) => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));

// The value with one place of it changed; what is not on the way there stays the same object.
function changed(value, path, change) {
  if (!path.length) return change(value);
  const [step, ...rest] = path;
  const made = Array.isArray(value) ? [...value] : { ...(value ?? {}) };
  const next = changed(made[step], rest, change);
  if (next === undefined && !Array.isArray(made)) delete made[step];
  else made[step] = next;
  return made;
}

export class DocumentModel {
  #body;
  #saved;
  #past = [];
  #future = [];
  #typing = "";
  #listeners = new Map();

  // about: {kind, schema, names, base, ...} as the server gives it
  constructor(body, about = {}) {
    this.#body = body;
    this.#saved = body;
    this.about = about;
    this.faults = [];
    this.plan = null;
  }

  get body() {
    return this.#body;
  }

  get dirty() {
    return !equal(this.#body, this.#saved);
  }

  get(pointer = "") {
    return steps(pointer).reduce((value, step) => (value === null || value === undefined ? undefined : value[step]), this.#body);
  }

  set(pointer, value, from = null) {
    if (value === undefined) return this.remove(pointer, from);
    if (equal(this.get(pointer), value)) return undefined;
    return this.#become(changed(this.#body, steps(pointer), () => value), pointer, from, pointer);
  }

  remove(pointer, from = null) {
    if (this.get(pointer) === undefined) return;
    const [holder, name] = [above(pointer), last(pointer)];
    const without = (value) => (Array.isArray(value) ? value.filter((_, at) => at !== Number(name)) : Object.fromEntries(Object.entries(value).filter(([key]) => key !== name)));
    this.#become(changed(this.#body, steps(holder), without), holder, from);
  }

  insert(list, index, value, from = null) {
    this.#become(changed(this.#body, steps(list), (items = []) => [...items.slice(0, index), value, ...items.slice(index)]), list, from);
  }

  move(list, at, to, from = null) {
    const items = [...this.get(list)];
    if (at === to || to < 0 || to >= items.length) return;
    items.splice(to, 0, ...items.splice(at, 1));
    this.#become(changed(this.#body, steps(list), () => items), list, from);
  }

  // The whole document anew, as the YAML says it.
  replace(body, from = null) {
    if (!equal(body, this.#body)) this.#become(body, "", from, from ? "*" : "");
  }

  undo() {
    this.#step(this.#past, this.#future);
  }

  redo() {
    this.#step(this.#future, this.#past);
  }

  get undoable() {
    return this.#past.length > 0;
  }

  get redoable() {
    return this.#future.length > 0;
  }

  saved(body = this.#body) {
    this.#saved = body;
    this.#emit("saved", {});
  }

  on(event, run) {
    if (!this.#listeners.has(event)) this.#listeners.set(event, new Set());
    this.#listeners.get(event).add(run);
    return () => this.#listeners.get(event).delete(run);
  }

  tell(faults, plan, more = {}) {
    this.faults = faults;
    this.plan = plan;
    this.#emit("faults", { faults });
    this.#emit("plan", { plan, ...more });
  }

  faultsAt(pointer) {
    return this.faults.filter((fault) => fault.pointer === pointer);
  }

  faultsBelow(pointer) {
    return this.faults.filter((fault) => fault.pointer === pointer || fault.pointer.startsWith(`${pointer}/`));
  }

  #become(body, pointer, from, typing = "") {
    // What is typed into one place is one step back.
    if (!typing || typing !== this.#typing || !this.#past.length) this.#past.push(this.#body);
    if (this.#past.length > KEPT) this.#past.shift();
    this.#typing = typing;
    this.#future = [];
    this.#body = body;
    this.#emit("change", { pointer, from });
  }

  // What is typed from here on is a step of its own.
  pause() {
    this.#typing = "";
  }

  #step(back, forth) {
    if (!back.length) return;
    forth.push(this.#body);
    this.#body = back.pop();
    this.#typing = "";
    this.#emit("change", { pointer: "", from: null });
  }

  #emit(event, detail) {
    for (const run of [...(this.#listeners.get(event) ?? [])]) run(detail);
  }
}
