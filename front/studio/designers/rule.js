// Rules as sentences: when something happens, and a condition holds, then this is done.
import { make, one } from "../../dom.js";
import { send } from "../../http.js";
import { besides } from "../expression_box.js";
import { formOf } from "../schema_form.js";
import { humanise, labelText } from "../schema.js";
import { actions } from "../rules/actions.js";
import { choice, opened, shut, typed, whenClosed } from "../rules/controls.js";
import { Paths } from "../rules/paths.js";
import { Sentence, triggerOf } from "../rules/sentence.js";
import { Trial } from "../rules/trial.js";
import { conditionBox, trigger } from "../rules/trigger.js";

const TYPING = Symbol("typing"); // a change that the control shows already

class Desk {
  constructor(model, root, context) {
    Object.assign(this, { model, root, context, ways: new Map(), conditions: new Map() });
    this.boxes = new Map();
    formOf(model); // schemas
    this.paths = new Paths(() => this.redraw());
    this.sentence = new Sentence({
      object: (name) => this.objectLabel(name),
      field: (object, path) => this.paths.label(object, path ?? ""),
      end: (object, path) => this.paths.end(object, path),
      option: (object, field, value) => {
        return this.paths.member(object, field)?.choices?.find(([source]) => source === value)?.[1] ?? null;
      },
      document: (kind, name) => this.document(kind, name),
      action: (words) => context.actions.find((one_) => words.includes(one_.name)),
    });
    besides.named = (text) => this.names(text);
    this.trial = new Trial(this);
    this.runs = make("section", { class: "sect", "aria-label": "What it did" });
    this.madeLabel = model.about.name ? null : labelText(model.get("/label") ?? "");
    if (!model.about.name && !triggerOf(model.get("/on") ?? {}) && this.firstObject) this.begin();
    model.on("change", ({ from }) => this.changed(from));
    model.on("faults", () => this.showFaults());
    this.redraw();
    this.readRuns();
  }

  begin() {
    this.model.set("/on", { object: this.model.get("/on/object") || this.firstObject, event: ["created"] });
    this.relabel();
  }

  get objects() {
    return this.model.about.names.objects.map((one_) => [one_.name, one_.label]);
  }

  get firstObject() {
    return this.context.object || this.objects[0]?.[0] || "";
  }

  // The object of the records that the rule handles.
  get object() {
    const on = this.model.get("/on") ?? {};
    const kind = triggerOf(on);
    if (kind === "webform" || kind === "hook") return this.context[`${kind}s`].find((one_) => one_.name === on[kind])?.object ?? "";
    return on.object ?? "";
  }

  get changes() {
    return ["event", "webform", "hook"].includes(triggerOf(this.model.get("/on")));
  }

  objectLabel(name) {
    return this.model.about.names.objects.find((one_) => one_.name === name)?.label ?? humanise(name ?? "");
  }

  document(kind, name) {
    const own = this.context[`${kind}s`]?.find((one_) => one_.name === name);
    return own?.label ?? this.model.about.names.documents[kind]?.find((one_) => one_.name === name)?.label ?? humanise(name ?? "");
  }

  // Whether an expression names more than fields: rows, what they share, a period, and what has a name by `as`.
  names(text) {
    const own = [...JSON.stringify(this.model.get("/do") ?? []).matchAll(/"as":"([a-z][a-z0-9_]*)"/g)].map(([, name]) => name);
    const words = [...own, "rows", "group\\.", "period\\.(?:from|until)"];
    return new RegExp(`(?<![\\w.'"])(?:${words.join("|")})(?!\\w*\\()`).test(text);
  }

  // writing
  change(pointer, value, typing = false) {
    this.model.set(pointer, value, typing ? TYPING : null);
  }

  remove(pointer, typing = false) {
    this.model.remove(pointer, typing ? TYPING : null);
  }

  changed(from) {
    this.relabel();
    if (from === TYPING) this.says();
    else this.redraw();
  }

  // Until somebody gives it a label of its own, in any face, a new rule is called by what it does.
  relabel() {
    if (this.madeLabel === null || this.relabelling) return;
    if (labelText(this.model.get("/label") ?? "") !== this.madeLabel) return void (this.madeLabel = null);
    const label = this.sentence.label(this.model.body, this.object);
    if (!label || this.madeLabel === label) return;
    this.madeLabel = label;
    this.relabelling = true;
    this.model.set("/label", label, TYPING);
    this.relabelling = false;
    const box = one("[data-key=label]", this.root);
    if (box && box !== document.activeElement) box.value = label;
  }

  // What expressions may name beside fields: what a call was answered, and what the button asks.
  get given() {
    const asked = (this.model.get("/on/ask") ?? []).filter((one_) => one_?.name && one_.kind);
    return { answer: "answer", ...Object.fromEntries(asked.map((one_) => [`asked.${one_.name}`, one_])) };
  }

  // A part with a state of its own is kept while its place and its object are the same.
  kept(key, value, draw) {
    let box = this.boxes.get(key);
    if (!box) this.boxes.set(key, (box = draw()));
    else if (box.value !== value) box.value = value;
    return box;
  }

  checked(pointer, answer) {
    this.conditions.set(pointer, answer.sentence ? spokenTerms(answer.sentence) : "");
    if (pointer === "/when") this.says();
  }

  focus(selector) {
    requestAnimationFrame(() => one(selector, this.root)?.focus());
  }

  // drawing
  redraw() {
    if (this.drawing) return;
    this.drawing = true;
    queueMicrotask(() => {
      const there = opened();
      // Nobody loses what is open beside a button; a list is shown again with what has arrived.
      if (there && !there.list) return whenClosed(() => ((this.drawing = false), this.redraw()));
      this.drawing = false;
      if (there) shut();
      this.draw();
      if (there?.key) again(one(`[data-key="${CSS.escape(there.key)}"]`, this.root), there.words);
      return undefined;
    });
  }

  draw() {
    const { activeElement: focused } = document;
    const inside = this.root.contains(focused) ? focused : null;
    const key = inside?.dataset.key ?? null;
    const caret = inside?.matches("input[type=text], textarea") ? [inside.selectionStart, inside.selectionEnd] : null;
    const kept = inside && !key && inside.closest(".xbox, .modelsample") ? inside : null;
    const { model } = this;
    this.spoken = make("p", { class: "says-line", "aria-live": "polite" });
    const head = make("div", { class: "row wrap rulehead" }, this.labelBox(), this.activeBox());
    const list = make("ol", { class: "says" }, this.line("When", trigger(this)), this.object ? this.line("and", this.condition()) : null, this.line("then", actions(this)));
    this.root.replaceChildren(head, this.spoken, list, this.rights(), this.trial.draw(), this.runs);
    this.says();
    this.showFaults();
    if (kept?.isConnected) kept.focus();
    else if (key) {
      const again = one(`[data-key="${CSS.escape(key)}"]`, this.root);
      again?.focus();
      if (caret && again?.setSelectionRange) again.setSelectionRange(...caret);
    }
    return model;
  }

  line(word, ...content) {
    return make("li", {}, make("span", { class: "word" }, word), make("div", { class: "grow" }, ...content));
  }

  condition() {
    return conditionBox(this, "/when", this.object, { start: "if", none: "always", change: this.changes, names: this.given });
  }

  labelBox() {
    const value = labelText(this.model.get("/label")) ?? "";
    const translated = typeof this.model.get("/label") === "object";
    const box = typed("label", "Label of the rule", value, (text) => {
      this.madeLabel = null;
      const whole = translated ? { ...this.model.get("/label"), en: text } : text;
      if (text) this.change("/label", whole, true);
      else this.remove("/label", true);
    }, { wide: true, placeholder: "What people call it" });
    box.classList.add("rulelabel");
    return box;
  }

  activeBox() {
    const on = this.model.get("/active") !== false;
    return make("button", { class: "onoff", type: "button", role: "switch", "aria-checked": String(on), "aria-label": "Switched on", "data-key": "active", onclick: () => (on ? this.change("/active", false) : this.model.get("/active") === false && this.remove("/active")) }, make("span", { class: "knob", "aria-hidden": "true" }), on ? "On" : "Off");
  }

  rights() {
    const before = this.model.get("/phase") === "before_save";
    const role = choice("run_as", "Whose rights it has", this.context.roles.map((one_) => [one_.name, one_.label, "The rights of a role"]), this.model.get("/run_as"), (name) => (name ? this.change("/run_as", name) : this.remove("/run_as")), { none: "the system" });
    const limit = typed("per_hour", "At most, in an hour", this.model.get("/limits/per_hour") ?? "", (text) => {
      const count = Math.trunc(Number(text));
      if (count > 0) this.change("/limits", { per_hour: Math.min(count, 1_000_000) }, true);
      else this.remove("/limits", true);
    }, { type: "number", min: 1, placeholder: "any number" });
    const order = typed("order", "Its place among the rules before a save", this.model.get("/order") ?? "", (text) => (text === "" ? this.remove("/order", true) : this.change("/order", Math.trunc(Number(text)), true)), { type: "number", placeholder: "0" });
    const limits = before ? [" in place ", order, " among the rules before a save"] : [" at most ", limit, " times an hour"];
    return make("div", { class: "sentence small ruleend" }, "It acts with the rights of ", role, ...limits);
  }

  says() {
    if (!this.spoken) return;
    const text = this.sentence.text(this.model.body, this.object, this.conditions.get("/when") ?? "");
    if (this.spoken.textContent !== text) this.spoken.textContent = text;
  }

  showFaults() {
    for (const box of this.root.querySelectorAll("[data-fault]")) box.remove();
    for (const fault of this.model.faults.filter((one_) => one_.pointer.startsWith("/on") || one_.pointer === "/phase" || one_.pointer === "/run_as")) {
      const line = make("p", { class: "small bad", "data-fault": fault.pointer }, fault.message);
      one(".says .does", this.root)?.append(line);
    }
    for (const item of this.root.querySelectorAll("[data-action]")) {
      const found = this.model.faultsBelow(`/do/${item.dataset.action}`);
      one(".does", item).append(...found.map((fault) => make("p", { class: "small bad", "data-fault": fault.pointer }, fault.message)));
    }
  }

  // what comes from the server
  // What an action begins with is made of the object's own fields: they have to be there.
  ready() {
    return this.object ? this.paths.load(this.object) : Promise.resolve();
  }

  get recipients() {
    return this.paths.recipients(this.object);
  }

  async readRuns() {
    const { name } = this.model.about;
    if (!name) return;
    const answer = await send("GET", `/api/rules/${name}/runs?limit=5`);
    if (!answer.ok) return;
    const items = answer.data.data.map((run) => make("li", { class: "row item" }, make("a", { class: "grow clip", href: `/studio/runs/${run.id}` }, told(run)), make("span", { class: `chip ${TONES[run.outcome] ?? ""}` }, OUTCOMES[run.outcome] ?? run.outcome), make("time", { class: "small faint nowrap", datetime: run.at }, new Date(run.at).toLocaleString(document.documentElement.lang || "en", { dateStyle: "medium", timeStyle: "short" }))));
    const none = make("p", { class: "small faint" }, "It has not run yet.");
    this.runs.replaceChildren(make("div", { class: "row" }, make("h2", {}, "What it did"), make("a", { class: "btn slim quiet end", href: `/studio/runs?rule=${name}` }, "All its runs")), items.length ? make("ul", { class: "items" }, ...items) : none);
  }
}

function again(button, words) {
  button?.click();
  const find = button?.parentElement.querySelector(".found input");
  if (!find || !words) return;
  find.value = words;
  find.dispatchEvent(new Event("input"));
}

const told = ({ outcome, trace: { lines } }) => (outcome === "done" && lines.length > 1 ? lines.slice(1).join(" ") : lines.at(-1)) ?? outcome;
const OUTCOMES = { done: "Done", failed: "Failed", skipped: "Skipped", limited: "Over its limit", not_met: "Condition not met", done_before: "Done before", waiting: "Waiting", stopped: "Stopped", cancelled: "Cancelled" };
const TONES = { done: "good", failed: "bad", skipped: "warn", limited: "warn", waiting: "warn" };

// A sentence of the builder as plain words.
function spokenTerms({ terms, joint }) {
  const said = terms.map((term) => {
    if (term.text !== undefined) return term.text;
    if (term.terms && !term.collection) return `(${spokenTerms(term)})`;
    const inner = term.terms?.length ? ` where ${spokenTerms(term)}` : "";
    if (term.collection) return `${term.op_label} ${term.value_label ? `${term.value_label} ` : ""}${term.label}${inner}`;
    return [term.label, term.op_label, term.value_label].filter(Boolean).join(" ");
  });
  return said.join(` ${joint || "and"} `);
}

export function design(model, root, context) {
  return new Desk(model, root, context);
}

