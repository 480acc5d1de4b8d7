// What a form asks: fields picked from the object, in steps, in an order; each with its own words and conditions.
import { all, icon, make, one, speak } from "../../dom.js";
import { expressionBox } from "../expression_box.js";
import { humanise, labelText, nameOf } from "../schema.js";
import { iconButton, labelled, section, words } from "./parts.js";

const NEED = [["", "As the field has it"], ["true", "Always"], ["false", "Never"], ["when", "Only if …"]];

class Questions {
  constructor(model, context, preview) {
    Object.assign(this, { model, context, preview });
    this.open = new Set(); // fields whose settings are shown
    this.parts = []; // inputs that follow the model without being made anew
    this.box = make("div", { class: "dsteps" });
    this.pool = make("div", { class: "dpool" });
    this.node = section("Questions", "Press a field to ask for it. Drag questions to order them, or press the arrow keys on their handle.", this.box, make("div", { class: "row" }, make("button", { class: "btn slim", type: "button", onclick: () => this.addStep() }, icon("plus"), " Add a step")), make("h3", {}, "Fields that are not asked"), this.pool);
    this.draw();
  }

  get steps() {
    return this.model.get("/steps") ?? [];
  }

  field(name) {
    return this.context.fields.find((one) => one.name === name) ?? { name, label: humanise(name), icon: "alert-triangle" };
  }

  key() {
    return JSON.stringify(this.steps.map((step) => [step.name, (step.fields ?? []).map((entry) => [entry.field, typeof entry.required])]));
  }

  sync(from) {
    if (this.key() !== this.drawn || from === null) this.draw();
    else this.parts.forEach((part) => part.sync());
  }

  faults() {
    for (const chip of all("[data-faults-of]", this.box)) {
      const found = this.model.faultsBelow(chip.dataset.faultsOf);
      chip.hidden = !found.length;
      chip.textContent = found.map((fault) => fault.message).join(" ");
    }
  }

  draw() {
    const focused = this.node.contains(document.activeElement) ? document.activeElement.dataset.focus : null;
    this.drawn = this.key();
    this.parts = [];
    this.box.replaceChildren(...this.steps.map((step, at) => this.step(step, at)));
    this.drawPool();
    this.faults();
    if (focused) one(`[data-focus="${CSS.escape(focused)}"]`, this.node)?.focus();
    for (const list of all("ol", this.box)) this.sortable(list);
  }

  step(step, at) {
    const title = words(this.model, `/steps/${at}/label`, { label: this.steps.length > 1 ? `Step ${at + 1}` : "Heading", placeholder: humanise(step.name ?? "") });
    title.control.dataset.focus = `step-${step.name}`;
    title.control.addEventListener("focus", () => this.preview.step(at));
    const gone = iconButton("trash", `Delete the step ${labelText(step.label) || humanise(step.name)}`, () => this.dropStep(at), { hidden: this.steps.length < 2 });
    this.parts.push(title);
    const list = make("ol", { class: "dquestions", "data-step": at }, ...(step.fields ?? []).map((entry, i) => this.question(entry, at, i)));
    const empty = (step.fields ?? []).length ? null : make("p", { class: "small dim" }, "Nothing is asked here yet. Press a field below.");
    return make("div", { class: "dstep", "data-step-box": at }, make("div", { class: "row bottom" }, make("div", { class: "grow" }, title.node), gone), list, empty);
  }

  question(entry, at, i) {
    const pointer = `/steps/${at}/fields/${i}`;
    const field = this.field(entry.field);
    const label = () => labelText(this.model.get(`${pointer}/label`)) || field.label;
    const grip = iconButton("grip-vertical", `Move ${label()}`, null, { class: "btn quiet slim icon grip", "data-focus": `grip-${entry.field}`, title: "Drag, or press the arrow keys" });
    grip.addEventListener("keydown", (event) => this.moveBy(event, at, i));
    const settings = make("div", { class: "dsettings", hidden: !this.open.has(entry.field) });
    const title = make("b", { class: "clip" }, label());
    const note = make("span", { class: "small faint clip" });
    const toggle = iconButton("adjustments-horizontal", `Settings of ${label()}`, () => this.toggle(entry.field, settings, toggle, () => this.settings(pointer, entry, field)), { "data-focus": `set-${entry.field}`, "aria-expanded": String(this.open.has(entry.field)) });
    const gone = iconButton("x", `Do not ask for ${label()}`, () => this.drop(at, i), { "data-focus": `drop-${entry.field}` });
    const sync = () => {
      title.textContent = label();
      const said = this.model.get(pointer) ?? {};
      const need = said.required === true || (said.required === undefined && field.required);
      note.textContent = [need ? "required" : typeof said.required === "string" ? "required at times" : "", said.visible ? "at times" : ""].filter(Boolean).join(", ");
    };
    this.parts.push({ sync });
    sync();
    if (this.open.has(entry.field)) settings.append(this.settings(pointer, entry, field));
    const faults = make("p", { class: "small bad", "data-faults-of": pointer, hidden: true });
    return make("li", { class: "dquestion", "data-field": entry.field }, make("div", { class: "row" }, grip, icon(field.icon ?? "forms"), make("span", { class: "grow clip" }, title, " ", note), toggle, gone), faults, settings);
  }

  toggle(name, settings, button, made) {
    const open = !this.open.has(name);
    if (open) this.open.add(name);
    else this.open.delete(name);
    button.setAttribute("aria-expanded", String(open));
    settings.hidden = !open;
    settings.replaceChildren(...(open ? [made()] : []));
    if (open) one("input", settings)?.focus();
  }

  settings(pointer, entry, field) {
    const label = words(this.model, `${pointer}/label`, { label: "Words of the question", placeholder: field.label });
    const help = words(this.model, `${pointer}/help`, { label: "Help below it", placeholder: field.help ?? "" });
    this.parts.push(label, help);
    return make("div", { class: "form-grid one" }, label.node, help.node, this.needed(pointer, entry, field), this.shown(pointer, entry, field));
  }

  needed(pointer, entry, field) {
    const place = `${pointer}/required`;
    const value = entry.required;
    const now = typeof value === "string" ? "when" : value === undefined ? "" : String(value);
    const choice = make("select", { class: "input slim-in", "data-focus": `need-${entry.field}` }, ...NEED.filter(([key]) => !(field.required && key === "false")).map(([key, text]) => make("option", { value: key, selected: key === now }, key === "" ? `${text}: ${field.required ? "yes" : "no"}` : text)));
    choice.addEventListener("change", () => {
      if (choice.value === "") this.model.remove(place);
      else this.model.set(place, choice.value === "when" ? `${this.context.fields[0].name} != null` : choice.value === "true");
    });
    const node = labelled("Required", choice);
    if (now !== "when") return node;
    return make("div", { class: "stack tight" }, node, this.condition(place, value, `When ${field.label} is required`, "Required if", "Never"));
  }

  shown(pointer, entry, field) {
    const place = `${pointer}/visible`;
    return make("div", { class: "stack tight" }, make("span", { class: "label" }, "Asked"), this.condition(place, entry.visible ?? "", `When ${field.label} is asked`, "Asked if", "Always"));
  }

  condition(place, value, label, start, none) {
    return expressionBox({
      value: value ?? "", object: this.context.object, expects: "condition", label, start, none,
      onChange: (text) => (text.trim() ? this.model.set(place, text, place) : this.model.remove(place, place)),
    });
  }

  drawPool() {
    const asked = new Set([...this.steps.flatMap((step) => (step.fields ?? []).map((entry) => entry.field)), ...Object.keys(this.model.get("/fixed") ?? {})]);
    const left = this.context.fields.filter((field) => !asked.has(field.name));
    const open = left.filter((field) => !field.why);
    const closed = left.filter((field) => field.why);
    const press = (field) => make("button", { class: "btn slim", type: "button", "data-add-field": field.name, "data-focus": `add-${field.name}`, onclick: () => this.add(field.name) }, icon("plus"), " ", field.label, field.required ? make("span", { class: "faint" }, " required") : null);
    const lost = closed.length ? make("details", { class: "small dim" }, make("summary", {}, `${closed.length} that nobody can be asked for`), make("ul", { class: "plain" }, ...closed.map((field) => make("li", {}, make("b", {}, field.label), ": ", field.why)))) : null;
    this.pool.replaceChildren(make("div", { class: "row wrap" }, ...(open.length ? open.map(press) : [make("span", { class: "small dim" }, "All of them are on the form.")])), ...(lost ? [lost] : []));
  }

  active() {
    const box = document.activeElement?.closest?.("[data-step-box]");
    return box ? Number(box.dataset.stepBox) : this.chosen ?? this.steps.length - 1;
  }

  add(name) {
    const at = Math.min(this.active(), this.steps.length - 1);
    const next = this.context.fields.filter((field) => !field.why).map((field) => field.name);
    const after = next[next.indexOf(name) + 1];
    if (at < 0) this.model.set("/steps", [{ name: "answers", fields: [{ field: name }] }]);
    else this.model.insert(`/steps/${at}/fields`, this.steps[at].fields?.length ?? 0, { field: name });
    this.preview.step(Math.max(at, 0));
    speak(`${this.field(name).label} is asked now`);
    (one(`[data-focus="add-${after}"]`, this.node) ?? one("[data-add-field]", this.pool) ?? one(`[data-focus="grip-${name}"]`, this.node))?.focus();
  }

  drop(at, i) {
    const { field } = this.steps[at].fields[i];
    this.open.delete(field);
    this.model.remove(`/steps/${at}/fields/${i}`);
    speak(`${this.field(field).label} is no longer asked`);
    const rows = all(".dquestion", this.box);
    (one(`[data-step="${at}"] > :nth-child(${Math.max(1, Math.min(i + 1, this.steps[at]?.fields.length ?? 1))}) [data-focus^=drop]`, this.box) ?? (rows.length ? one("[data-focus^=drop]", rows[0]) : one("[data-add-field]", this.pool)))?.focus();
  }

  addStep() {
    const name = nameOf("step", this.steps.map((step) => step.name));
    this.model.insert("/steps", this.steps.length, { name, label: `Step ${this.steps.length + 1}`, fields: [] });
    this.chosen = this.steps.length - 1;
    one(`[data-focus="step-${name}"]`, this.box)?.select();
    one(`[data-focus="step-${name}"]`, this.box)?.focus();
  }

  // Its questions go to the step before it, or behind it.
  dropStep(at) {
    const to = at > 0 ? at - 1 : 1;
    const left = this.steps.map((step, i) => (i === to ? { ...step, fields: at > 0 ? [...step.fields, ...this.steps[at].fields] : [...this.steps[at].fields, ...step.fields] } : step)).filter((_, i) => i !== at);
    this.chosen = undefined;
    this.model.set("/steps", left);
    one("[data-focus^=step]", this.box)?.focus();
  }

  moveBy(event, at, i) {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const fields = this.steps[at].fields;
    const inside = i + by >= 0 && i + by < fields.length;
    const [toStep, to] = inside ? [at, i + by] : [at + by, by < 0 ? this.steps[at + by]?.fields.length : 0];
    if (!this.steps[toStep]) return;
    this.place(at, i, toStep, to);
    speak(`${this.field(fields[i].field).label}: place ${to + 1} of ${labelText(this.steps[toStep].label) || humanise(this.steps[toStep].name)}`);
  }

  place(at, i, toStep, to) {
    const entry = this.steps[at].fields[i];
    const next = this.steps.map((step) => ({ ...step, fields: [...(step.fields ?? [])] }));
    next[at].fields.splice(i, 1);
    next[toStep].fields.splice(to, 0, entry);
    this.model.set("/steps", next);
    one(`[data-focus="grip-${entry.field}"]`, this.node)?.focus();
  }

  async sortable(list) {
    const { default: Sortable } = await import("sortablejs");
    Sortable.create(list, {
      group: "questions",
      handle: ".grip",
      animation: 120,
      onEnd: ({ from, to, oldIndex, newIndex }) => {
        if (from === to && oldIndex === newIndex) return;
        this.place(Number(from.dataset.step), oldIndex, Number(to.dataset.step), newIndex);
        this.draw();
      },
    });
  }
}

export const questionsSection = (model, context, preview) => new Questions(model, context, preview);
