// One term of a sentence, in a small window: which field, how it is asked, with what value.
import { make, one } from "../dom.js";
import { place, release } from "../float.js";
import { inMarks } from "../numbers.js";
import { inWords, isGroup } from "../sentences.js";
import { level, sheet } from "./data_model.js";
import { navigator } from "./navigator.js";

const OTHER = "…"; // of the list of fields: one behind a look-up

function valueInput(asked, op, value) {
  if (!op || op.takes === "none") return null;
  const label = { "aria-label": "Value", name: "value", class: "input" };
  if (asked.options?.length && op.takes === "value") return make("select", label, ...asked.options.map((option) => make("option", { value: option.value, selected: option.value === value }, option.label)));
  if (asked.search_url && op.takes === "value") return make("select", { ...label, "data-lookup": true, "data-url": asked.search_url }, make("option", { value: value ?? "" }, value ?? ""));
  const input = op.takes === "raw" ? { type: "text" } : asked.input;
  return make("input", { ...label, ...input, value: value ?? "", autocomplete: "off" });
}

// Whether what an input holds is not a number of its field: 12,5 and 1.000 mean different things in different languages.
function refused(input, asked, op) {
  if (!input || !asked.holds || op.takes === "raw") return false;
  const good = /^-?\d+(\.\d+)?$/.test(inWords(input.value, asked));
  const example = asked.gathers ? "2" : inMarks("1250.5");
  input.setCustomValidity(good ? "" : `Write ${asked.holds === "length" ? "a length of time such as 1:30" : `a number such as ${example}`}.`);
  input.addEventListener("input", () => input.setCustomValidity(""), { once: true });
  return !input.reportValidity();
}

const firstLow = (text) => text.slice(0, 1).toLowerCase() + text.slice(1);

// The term as the sentence shows it, before the server has told its own words.
function termOf(asked, op, input, before) {
  const several = input?.matches("select");
  const label = several ? (input.selectedOptions[0]?.textContent ?? "") : (input?.value ?? "");
  const [verb, ...rest] = op.label.replace(/ …$/, "").split(" ");
  const none = op.takes === "none" && !asked.gathers;
  const shown = { label: firstLow(asked.label), op: op.name, op_label: none ? verb : op.label.replace(/ …$/, ""), value: input?.value ?? "", value_label: none ? rest.join(" ") : label, asked };
  if (!asked.gathers) return { field: asked.name, ...shown };
  return { collection: asked.name, object: asked.object, joint: before?.joint ?? "and", terms: before?.collection === asked.name ? before.terms : [], ...shown };
}

class Editor {
  constructor(anchor, host, options) {
    Object.assign(this, options, { anchor, host });
    this.asked = new Map();
    if (this.term?.asked) this.know(this.term.asked);
    this.field = make("select", { class: "input", "aria-label": "Field" });
    this.verb = make("select", { class: "input", "aria-label": "Condition" });
    this.slot = make("div", { class: "termslot" });
    this.deep = make("div", { class: "termdeep", hidden: true });
    const drop = this.term ? make("button", { class: "btn quiet slim", type: "button", onclick: () => this.done(null) }, "Remove") : null;
    const row = make("div", { class: "row" }, drop, make("button", { class: "btn slim primary end", type: "submit" }, this.word ?? "Done"));
    this.box = make("form", { class: "menu termpop", "aria-label": "Condition" }, this.field, this.deep, this.verb, this.slot, row);
    this.field.addEventListener("change", () => (this.field.value === OTHER ? this.look() : this.showVerbs()));
    this.verb.addEventListener("change", () => this.showValue());
    this.box.addEventListener("submit", (event) => this.submit(event));
    this.box.addEventListener("keydown", (event) => this.key(event));
  }

  know(asked) {
    this.asked.set(asked.name, asked);
  }

  async open() {
    const shown = sheet();
    const model = this.fields?.length ? { members: this.fields.map((asked) => ({ name: asked.name, label: asked.label, asked })) } : await level(this.object, { purpose: this.purpose });
    await shown;
    for (const member of model.members) this.know(this.asked.get(member.name) ?? member.asked);
    const chosen = this.term?.collection ?? this.term?.field ?? "";
    const own = model.members.filter((member) => !member.collection);
    const collections = model.members.filter((member) => member.collection);
    const option = (name, label) => make("option", { value: name, selected: name === chosen }, label);
    const listed = (members) => members.map((member) => option(member.name, member.label));
    const known = model.members.some((member) => member.name === chosen);
    this.field.replaceChildren(
      ...(chosen && !known ? [option(chosen, this.term.asked.label)] : []),
      ...listed(own),
      own.some((member) => member.to) ? make("option", { value: OTHER }, "A field behind a look-up …") : "",
      collections.length ? make("optgroup", { label: "Records that belong to it" }, ...listed(collections)) : "",
    );
    this.host.append(this.box);
    place(this.anchor, this.box);
    this.last = this.field.value;
    this.showVerbs();
    this.field.focus();
    setTimeout(() => addEventListener("click", (this.away = (event) => this.elsewhere(event))), 0);
  }

  // The tree of the data model in place of the list of fields.
  look() {
    this.field.value = this.last;
    this.deep.hidden = false;
    this.verb.hidden = this.slot.hidden = true;
    const tree = navigator({ object: this.object, purpose: this.purpose, collections: false, sample: false, onPick: (pick) => this.took(pick) });
    this.deep.replaceChildren(tree);
    tree.focus();
  }

  took({ path, label, member }) {
    const asked = { ...member.asked, name: path, label };
    this.know(asked);
    const known = [...this.field.options].some((option) => option.value === path);
    if (!known) this.field.prepend(make("option", { value: path }, label));
    this.field.value = path;
    this.shut();
    this.showVerbs();
    this.verb.focus();
  }

  shut() {
    this.deep.hidden = true;
    this.deep.replaceChildren();
    this.verb.hidden = this.slot.hidden = false;
  }

  get facts() {
    return this.asked.get(this.field.value);
  }

  get op() {
    return this.facts?.ops.find((item) => item.name === this.verb.value);
  }

  showVerbs() {
    this.last = this.field.value;
    const was = this.term?.op;
    this.verb.replaceChildren(...(this.facts?.ops ?? []).map((item) => make("option", { value: item.name, selected: item.name === was }, item.label)));
    this.showValue();
  }

  async showValue() {
    const same = this.field.value === (this.term?.collection ?? this.term?.field);
    const input = this.facts && valueInput(this.facts, this.op, same ? this.term.value : "");
    this.slot.replaceChildren(...(input ? [input] : []));
    if (input?.matches("[data-lookup]")) {
      if (same && input.options[0]) input.options[0].textContent = this.term.value_label || this.term.value;
      (await import("../lookups.js")).start(this.slot);
    }
  }

  submit(event) {
    event.preventDefault();
    const input = one("[name=value]", this.slot);
    if (!this.op || refused(input, this.facts, this.op)) return;
    this.done(termOf(this.facts, this.op, input, this.term));
  }

  done(term) {
    this.close();
    this.onDone(term);
  }

  key(event) {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    event.preventDefault();
    if (!this.deep.hidden) return void (this.shut(), this.field.focus());
    this.close();
    this.anchor.focus();
  }

  elsewhere(event) {
    if (!this.box.contains(event.target) && event.target.isConnected) this.close();
  }

  close() {
    if (this.away) removeEventListener("click", this.away);
    release(this.box);
    this.box.remove();
  }
}

// editTerm(anchor, host, {object, purpose, term, word, onDone(term | null)})
export function editTerm(anchor, host, options) {
  one(".termpop")?.remove();
  if (options.term && (isGroup(options.term) || options.term.text !== undefined)) return null;
  const editor = new Editor(anchor, host, options);
  editor.open();
  return editor;
}
