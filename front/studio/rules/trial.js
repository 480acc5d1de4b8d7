// Trying a rule beside its sentence: on one record with an imagined change, and over the last days.
import { icon, make, one } from "../../dom.js";
import { reason, send } from "../../http.js";
import { level } from "../data_model.js";
import { sampleChooser } from "../navigator.js";
import { adding, bare, choice, press, typed } from "./controls.js";
import { eventsOf, triggerOf } from "./sentence.js";
import { literal, optionsOf, quote } from "./written.js";

const DAYS = 30;

const step = (sign, tone, title, ...more) => make("li", {}, make("span", { class: `node ${tone}` }, icon(sign)), make("div", {}, make("div", {}, title), ...more));

// A choice as the API has it: a name, yes or no.
const plain = (source) => literal(source) ?? source === "true";
const written = (value) => (typeof value === "boolean" ? String(value) : quote(value));

// The lines of a record that would be made: how many with which sums, and the first of them.
function lines({ text, head, rows, more }) {
  const cell = (tag) => (words, at) => make(tag, at ? { class: "num" } : {}, words);
  const table = () => make("div", { class: "scroll-x", tabindex: "0", role: "region", "aria-label": text }, make("table", { class: "table inset still dense" }, make("thead", {}, make("tr", {}, ...head.map(cell("th")))), make("tbody", {}, ...rows.map((row) => make("tr", {}, ...row.map(cell("td")))))));
  return [make("p", { class: "small dim" }, text), ...(rows.length ? [table()] : []), ...(more ? [make("p", { class: "small faint" }, more)] : [])];
}

// what is imagined to change
export class Trial {
  constructor(desk) {
    this.desk = desk;
    this.change = {};
    this.record = "";
    this.root = make("section", { class: "sect trial", "aria-label": "Try it" });
    this.out = make("div", { role: "status", class: "stack" });
  }

  // Drawn anew with the rule; what was found stays until it is tried again.
  draw() {
    const { desk } = this;
    const kind = triggerOf(desk.model.get("/on"));
    if (!desk.object) {
      this.root.replaceChildren(make("h2", {}, "Try it"), make("p", { class: "small faint" }, "A rule that handles no record cannot be tried on one."));
      return this.root;
    }
    if (this.object !== desk.object) this.of(desk.object);
    const rows = kind === "event" && eventsOf(desk.model.get("/on")).includes("updated") ? this.rows() : [];
    const buttons = [press("try", "Try it", () => this.run(), { sign: "bolt", classes: "primary" })];
    if (["event", "webform", "hook"].includes(kind)) buttons.push(press("replay", `Replay ${DAYS} days`, () => this.replay(), { sign: "history" }));
    this.root.replaceChildren(make("h2", {}, "Try it"), make("p", { class: "small faint" }, "Nothing is sent or saved."), this.sample, ...rows, make("div", { class: "row wrap" }, ...buttons), this.out);
    return this.root;
  }

  async of(object) {
    this.object = object;
    this.change = {};
    this.record = "";
    this.sample = make("div", { class: "small faint" }, "…");
    this.out.replaceChildren();
    const found = await level(object);
    if (this.object !== object) return;
    this.record = found.record?.id ?? "";
    const chooser = this.record ? sampleChooser(found, (id) => (this.record = id)) : make("p", { class: "small faint" }, "There is no record yet to try it on.");
    this.sample.replaceWith(chooser);
    this.sample = chooser;
  }

  rows() {
    const { desk, change } = this;
    const members = desk.paths.members(desk.object).filter((one_) => one_.settable && (one_.gives || optionsOf(one_).length));
    const lines = Object.entries(change).map(([name, value]) => {
      const field = members.find((one_) => one_.name === name) ?? { label: name };
      const set = (text) => (this.change = { ...this.change, [name]: text });
      const choices = optionsOf(field);
      const control = choices.length ? choice(`try/${name}`, field.label, choices, written(value), (source) => set(plain(source))) : typed(`try/${name}`, field.label, value, set, { type: field.gives === "day" ? "date" : "text" });
      return make("div", {}, make("dt", {}, field.label), make("dd", {}, control, bare(`try/${name}/x`, `Remove ${field.label}`, "x", () => this.without(name))));
    });
    const left = members.filter((one_) => !(one_.name in change)).map((one_) => [one_.name, one_.label]);
    const add = adding("try/add", "Imagine a change of", left, (name) => {
      const field = members.find((one_) => one_.name === name);
      const [first] = optionsOf(field);
      this.change = { ...this.change, [name]: first ? plain(first[0]) : "" };
      this.draw();
      one(`[data-key="${CSS.escape(`try/${name}`)}"]`, this.root)?.focus();
    }, lines.length ? "and …" : "Imagine a change");
    return [make("dl", { class: "sets" }, ...lines), make("div", {}, add)];
  }

  without(name) {
    const { [name]: _, ...kept } = this.change;
    this.change = kept;
    this.draw();
    one("[data-key='try/add']", this.root)?.focus();
  }

  async ask(path, given) {
    this.out.replaceChildren(make("p", { class: "small faint" }, "Working …"));
    const answer = await send("POST", `/studio/rules/${path}`, { body: this.desk.model.body, ...given });
    if (answer.ok) return answer.data;
    this.out.replaceChildren(make("p", { class: "mid bad row" }, icon("alert-triangle"), make("span", {}, reason(answer))));
    return null;
  }

  async run() {
    const found = await this.ask("try", { record: this.record, change: Object.keys(this.change).length ? this.change : null });
    if (!found) return;
    const lines = found.lines.map((line) => step("point", "rule", line));
    const effects = found.effects.map((one_) => step(one_.icon, one_.fault ? "bad" : "good", make("b", {}, one_.text), ...this.more(one_)));
    const title = found.outcome === "Done" ? "It would run" : found.outcome;
    this.out.replaceChildren(make("div", { class: "row" }, make("span", { class: `chip ${found.tone}` }, title)), make("ol", { class: "timeline" }, ...lines, ...effects));
  }

  more(effect) {
    if (effect.fault) return [make("p", { class: "small bad" }, effect.fault)];
    if (effect.body) return [make("pre", { class: "code", tabindex: "0" }, make("span", {}, effect.body))];
    if (effect.lines?.length) return effect.lines.flatMap(lines);
    if (!effect.subject) return [];
    return [make("details", { class: "mailshown" }, make("summary", {}, `Subject: ${effect.subject}`), make("div", { class: "bubble prosevalue" }, effect.said || "No more words."))];
  }

  async replay() {
    const found = await this.ask("replay", { days: DAYS });
    if (!found) return;
    const count = `${found.would_run.toLocaleString("en")} of ${found.considered.toLocaleString("en")} changes of the last ${found.days} days would have set it off.`;
    const items = found.runs.map((run) => make("li", { class: "row item" }, make("a", { class: "grow", href: run.href }, run.title), make("span", { class: "small faint" }, run.event), make("span", { class: "small faint nowrap" }, run.when)));
    this.out.replaceChildren(make("p", { class: "mid" }, count), make("ul", { class: "items" }, ...items));
  }
}
