// An expression as a sentence and as text, with its value for a sample record and its faults at their places.
import { all, icon, later, make, one } from "../dom.js";
import { place, release } from "../float.js";
import { reason, send } from "../http.js";
import { expression } from "../sentences.js";
import { coded } from "./coded.js";
import { CompletionList } from "./completion_list.js";
import { callsAround } from "./completion.js";
import { sheet } from "./data_model.js";
import { findFunction, functionsHelp } from "./functions_help.js";
import { navigator, sampleChooser } from "./navigator.js";
import { sentenceView } from "./sentence_view.js";

const CONDITIONS = ["condition", "yes/no", "boolean"];
const WHOLE = new Set(["number", "money", "duration"]);

// Where a fault is, unless its words name that.
const at = (fault) => (fault.at && !fault.message.includes(fault.at) ? ["At ", make("code", {}, fault.at), ": "] : []);

// What a pick in the data model writes: a path, or a function over a collection.
function writtenPick({ path, member, collection, inner }) {
  if (member.collection) return `count(${path})`;
  if (!collection) return path;
  const made = WHOLE.has(member.type) ? "sum" : member.type === "yes/no" ? "exists" : ["date", "date and time"].includes(member.type) ? "max" : "list";
  return `${made}(${collection}, ${inner})`;
}

// What expressions of a document name beside fields, such as what a rule has made, is known to the whole of it only.
export const besides = { named: () => false };
const NAMED = { faults: [], sentence: null, value: null, why_not: "It names what the rule has made or gathered. It is checked with the whole rule." };
const AROUND = { ...NAMED, why_not: "It names what is around it. It is checked with the whole document." };

// Where the style sheet cannot say that a text area is as high as its text: all of them at once,
// as asking one for its height after another was changed lays out the whole page again.
const growing = new Set();
function growAll() {
  for (const area of growing) area.style.height = "auto";
  const heights = [...growing].map((area) => [area, area.scrollHeight]);
  for (const [area, height] of heights) if (height) area.style.height = `${height + 2}px`;
  growing.clear();
}

class Box {
  constructor(options) {
    Object.assign(this, { names: {}, purpose: "", record: "", outer: "", change: false, value: "" }, options);
    this.isCondition = this.shape !== "text" && typeof this.expects === "string" && CONDITIONS.includes(this.expects);
    this.sample = this.record || "newest";
    this.make();
    this.set(this.value, false);
  }

  make() {
    this.area = make("textarea", { class: "input xarea", rows: 1, spellcheck: "false", autocomplete: "off", autocapitalize: "off", "aria-label": this.label ?? "Expression", placeholder: this.placeholder ?? (this.isCondition ? "due < today()" : "price * 1.19") });
    this.marks = make("div", { class: "xmarks", "aria-hidden": "true" });
    this.said = make("div", { class: "xsaid small", role: "status" });
    this.usage = make("p", { class: "xusage small dim", hidden: true });
    this.offer = new CompletionList(this.area, () => this.context(), () => this.typed());
    const tools = make("div", { class: "row xtools" }, this.opener("Fields", "sitemap", () => this.fields()), this.opener("Functions", "math-function", () => this.functions()));
    this.text = make("div", { class: "xtext" }, make("div", { class: "xfield" }, this.marks, this.area, this.offer.box), this.usage, tools);
    this.sentence = sentenceView({ object: this.object, purpose: this.purpose, start: this.start ?? "If", none: this.none ?? "Always", onChange: (sentence) => this.set(expression(sentence), true) });
    this.tabs = this.isCondition ? make("div", { class: "group xfaces", role: "group", "aria-label": "Shown as" }, this.face("Sentence", "sentence"), this.face("Expression", "text")) : null;
    this.root = make("div", { class: "xbox", role: "group", "aria-label": this.label ?? "Expression" }, this.tabs, this.isCondition ? this.sentence : null, this.text, this.said);
    this.area.addEventListener("input", () => this.typed());
    for (const name of ["keyup", "click", "focus"]) this.area.addEventListener(name, () => this.help());
    this.area.addEventListener("scroll", () => (this.marks.scrollTop = this.area.scrollTop));
    this.root.addEventListener("focusout", (event) => this.root.contains(event.relatedTarget) || this.root.dispatchEvent(new CustomEvent("done", { detail: this.area.value })));
    this.check = later(() => this.ask(), 180);
  }

  face(label, name) {
    return make("button", { class: "btn slim", type: "button", "aria-pressed": "false", "data-way": name, onclick: () => this.turn(name, true) }, label);
  }

  opener(label, sign, run) {
    return make("span", { class: "host" }, make("button", { class: "btn slim quiet", type: "button", "aria-haspopup": "dialog", "aria-expanded": "false", onclick: (event) => this.open(event.currentTarget, run) }, icon(sign), ` ${label}`));
  }

  context() {
    return { object: this.object, names: this.names, purpose: this.purpose, outer: this.outer, change: this.change, record: this.sample === "newest" ? "" : this.sample };
  }

  // Shown as a sentence, or as text; what no sentence can say is shown as text.
  turn(name, asked = false) {
    const text = name === "text" || !this.isCondition || this.unsaid;
    this.chosen = asked ? name : this.chosen;
    this.text.hidden = !text;
    this.sentence.hidden = text;
    for (const button of all("[data-way]", this.root)) button.setAttribute("aria-pressed", String(text === (button.dataset.way === "text")));
    if (text) this.grow();
    if (asked && text) this.area.focus();
    if (asked && !text) one(".term", this.sentence)?.focus();
    if (asked && name === "sentence" && this.unsaid) this.tell();
  }

  set(text, told) {
    this.area.value = text;
    this.value = text;
    this.grow();
    if (told) this.onChange?.(text);
    this.ask();
  }

  typed() {
    if (this.area.value === this.value) return;
    this.value = this.area.value;
    this.marks.replaceChildren();
    this.grow();
    this.onChange?.(this.value);
    this.check();
    this.help();
  }

  grow() {
    if (!CSS.supports("field-sizing", "content")) growing.add(this.area);
    if (growing.size === 1) requestAnimationFrame(growAll);
  }

  // Whether it names what only the whole document knows, such as the part that a ledger writes down.
  around(text) {
    const words = this.besides ?? [];
    return words.length > 0 && new RegExp(`(?<![\\w.'"])(?:${words.join("|")})(?![\\w'"(])`).test(text.replace(/'[^']*'|"[^"]*"/g, "''"));
  }

  async ask() {
    const text = this.value;
    const { object, names, purpose, outer, change } = this;
    const expects = typeof this.expects === "function" ? this.expects() : this.expects;
    const beside = besides.named(text) ? NAMED : this.around(text) ? AROUND : null;
    const result = beside ? { ok: true, data: { ...beside } } : await send("POST", "/studio/expressions", { object, text, names, expects: expects ?? "", purpose, outer, change, record: this.sample });
    if (text !== this.value) return;
    this.answer = result.ok ? result.data : { faults: [{ message: reason(result), from: 0, to: 0 }], sentence: null };
    const { faults, sentence } = this.answer;
    this.unsaid = !sentence;
    if (sentence && this.isCondition) this.sentence.show(sentence);
    this.mark(faults);
    this.area.setAttribute("aria-invalid", faults.length ? "true" : "false");
    const focused = document.activeElement === this.area;
    if (!focused) this.turn(this.chosen ?? (this.isCondition && sentence ? "sentence" : "text"));
    this.tell();
    this.root.dispatchEvent(new CustomEvent("checked", { detail: this.answer }));
    this.onCheck?.(this.answer);
  }

  mark(faults) {
    const [fault] = faults;
    if (!fault || fault.from === fault.to) return void this.marks.replaceChildren();
    const text = this.value;
    this.marks.replaceChildren(text.slice(0, fault.from), make("mark", {}, text.slice(fault.from, fault.to)), text.slice(fault.to));
  }

  tell() {
    const { faults, value, record, why_not: whyNot, kind_label: kind } = this.answer;
    const lines = faults.map((fault) => make("p", { class: "bad row" }, icon("alert-triangle"), make("span", {}, ...at(fault), ...coded(fault.message))));
    if (!faults.length && this.value.trim()) {
      const shown = value === null || value === undefined ? null : make("strong", {}, value);
      const result = shown ? [shown, " for ", this.chooser(record)] : [whyNot || `Gives ${kind}.`];
      lines.push(make("p", { class: "row dim" }, icon("check", "good"), make("span", {}, ...result)));
    }
    if (this.isCondition && this.unsaid && !faults.length) lines.push(make("p", { class: "row dim" }, icon("info-circle"), make("span", {}, "This says more than a sentence can, so it is shown as an expression.")));
    if (!this.value.trim() && this.answer.expects && !this.isCondition) lines.push(make("p", { class: "dim" }, `An expression that gives ${this.answer.expects}.`));
    this.said.replaceChildren(...lines);
  }

  // What the function at the caret takes.
  async help() {
    const call = callsAround(this.area.value.slice(0, this.area.selectionStart)).filter((one_) => one_.name).at(-1);
    const found = call && (await findFunction(call.name));
    this.usage.hidden = !found;
    if (found) this.usage.replaceChildren(make("code", {}, found.usage), " ", ...coded(found.about), " ", make("span", { class: "faint" }, "Example ", make("code", {}, found.example)));
  }

  insert(text, back = 0) {
    const { selectionStart: from, selectionEnd: to } = this.area;
    const before = this.area.value.slice(0, from);
    const space = /[\w)'"\]]$/.test(before) ? " " : "";
    this.area.setRangeText(space + text, from, to, "end");
    this.area.selectionStart = this.area.selectionEnd -= back;
    this.area.focus();
    this.typed();
  }

  open(button, content) {
    const there = one(".xpop", this.root);
    const same = there?.previousElementSibling === button;
    this.close?.();
    if (same) return;
    const inside = content();
    const pop = make("div", { class: "menu xpop", role: "dialog", "aria-label": button.textContent.trim() }, inside);
    button.after(pop);
    button.setAttribute("aria-expanded", "true");
    place(button, pop);
    const away = (event) => !pop.contains(event.target) && !button.contains(event.target) && event.target.isConnected && this.close();
    this.close = () => {
      this.close = null;
      removeEventListener("click", away);
      release(pop);
      pop.remove();
      button.setAttribute("aria-expanded", "false");
    };
    pop.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.close?.();
      button.focus();
    });
    setTimeout(() => addEventListener("click", away), 0);
    inside.focus();
  }

  // The record whose value is shown: pressed to take another one.
  chooser(record) {
    const button = make("button", { class: "xsample", type: "button", "aria-haspopup": "dialog", "aria-label": `Sample record ${record.title}, press for another` }, record.title);
    button.addEventListener("click", () => this.open(button, () => sampleChooser({ record, samples_url: `/studio/samples/${this.object}` }, (id) => this.take(id))));
    return make("span", { class: "host" }, button);
  }

  take(sample) {
    this.close?.();
    this.sample = sample;
    this.ask();
  }

  fields() {
    const onSample = (id) => {
      this.sample = id;
      this.ask();
    };
    const onPick = (pick) => (this.close?.(), this.insert(writtenPick(pick)));
    return navigator({ object: this.object, collections: true, purpose: this.purpose, record: this.sample === "newest" ? "" : this.sample, onSample, onPick });
  }

  functions() {
    const onPick = ({ name, usage }) => (this.close?.(), this.insert(`${name}()`, usage.endsWith("()") ? 0 : 1), this.offer.look(false));
    return functionsHelp({ change: this.change, onPick });
  }
}

// expressionBox({value, object, names, expects, label, onChange, onCheck, purpose, outer, change, record, start, none, shape}) -> element
// The element has value (get, set), focus() and the events "checked" (detail: the answer) and "done" (left, detail: the text).
export function expressionBox(options) {
  const box = new Box(options);
  sheet();
  Object.defineProperty(box.root, "value", { get: () => box.value, set: (text) => text !== box.value && box.set(text, false) });
  box.root.focus = () => (box.text.hidden ? one(".term", box.sentence) : box.area)?.focus();
  box.root.insert = (text) => box.insert(text);
  box.root.check = () => box.ask();
  return box.root;
}

const parsed = (text) => (text?.startsWith("{") ? JSON.parse(text) : text);

// A textarea or input with data-expression and data-object becomes the source that a box writes to.
export function attach(source, { focus = false, ...given } = {}) {
  const { object, expects, names, purpose, outer, label, start, none, change, way } = source.dataset;
  const words = label ?? one(`label[for="${CSS.escape(source.id)}"]`)?.textContent.trim();
  const tell = (text) => {
    source.value = text;
    for (const name of ["input", "change"]) source.dispatchEvent(new Event(name, { bubbles: true }));
  };
  const box = expressionBox({ value: source.value, object, expects: parsed(expects), names: parsed(names) || {}, purpose, outer, label: words, start, none, change: change === "true", shape: way, placeholder: source.placeholder || undefined, onChange: tell, ...given });
  one(".xarea", box).required = source.required;
  source.required = false; // nobody could be led to what is hidden
  source.hidden = true;
  source.dataset.expression = "on";
  source.after(box);
  // One line of a form is sent with Enter, as it is without a script.
  if (source.matches("input")) box.addEventListener("keydown", (event) => event.target.matches(".xarea") && event.key === "Enter" && !event.defaultPrevented && (event.preventDefault(), source.form?.requestSubmit()));
  const fault = document.getElementById(source.getAttribute("aria-describedby"));
  if (fault?.role === "alert") fault.hidden = true; // the box says it, at its place
  if (focus) box.focus();
  return box;
}

export function start(root = document) {
  return all(":is(textarea, input)[data-expression='']", root).map(attach);
}
