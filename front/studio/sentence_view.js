// A sentence that is pressed to change it: terms, groups of them, and what is asked of collections.
import { icon, make, one, speak } from "../dom.js";
import { added, bracketed, isGroup, joined, replaced, termAt } from "../sentences.js";
import { editTerm } from "./term_editor.js";

class View {
  constructor(options) {
    Object.assign(this, options);
    this.box = make("div", { class: "sentence" });
  }

  show(sentence) {
    this.sentence = sentence;
    const parts = this.level(sentence, [], this.object);
    this.box.replaceChildren(make("span", {}, sentence.terms.length ? this.start : this.none), ...parts);
  }

  change(sentence, place) {
    this.show(sentence);
    this.onChange(sentence);
    const anchor = one(`[data-term="${place.join(".")}"] button, [data-term^="${place.join(".")}."] button`, this.box) ?? one(".term.add", this.box);
    anchor?.focus();
  }

  edit(anchor, place, object) {
    editTerm(anchor, anchor.parentElement, {
      object, purpose: this.purpose, term: termAt(this.sentence, place),
      onDone: (term) => this.change(replaced(this.sentence, place, term), place),
    });
  }

  add(anchor, place, object, group) {
    editTerm(anchor, anchor.parentElement, {
      object, purpose: this.purpose,
      onDone: (term) => {
        if (!term) return;
        const next = (group ? bracketed : added)(this.sentence, place, term);
        const last = termAt(next, place).terms.length - 1;
        this.change(next, [...place, last]);
        if (group) speak("In brackets with the condition before it.");
      },
    });
  }

  level(sentence, place, object, deep = 0) {
    const { terms, joint } = sentence;
    const parts = terms.flatMap((term, at) => [at ? this.between(joint, place) : null, this.term(term, [...place, at], object, deep)]);
    const add = make("button", { class: "term add", type: "button", "data-add": place.join("."), "aria-haspopup": "dialog" }, icon("plus"), ` ${terms.length ? joint : this.word}`);
    add.addEventListener("click", () => this.add(add, place, object));
    const group = make("button", { class: "term add", type: "button", "aria-haspopup": "dialog", "aria-label": `In brackets with the last condition: ${joint === "or" ? "and" : "or"}`, title: "In brackets with the last condition" }, `( ${joint === "or" ? "and" : "or"} )`);
    group.addEventListener("click", () => this.add(group, place, object, true));
    const host = make("span", { class: "host termhost" }, add);
    const both = deep === 0 && terms.length ? [host, make("span", { class: "host termhost" }, group)] : [host];
    return [...parts.filter(Boolean), ...both];
  }

  between(joint, place) {
    const other = joint === "or" ? "and" : "or";
    const button = make("button", { class: "term joint", type: "button", title: `Change to “${other}”`, "aria-label": `${joint}, press for ${other}` }, joint);
    button.addEventListener("click", () => this.change(joined(this.sentence, place, other), [...place, 0]));
    return button;
  }

  term(term, place, object, deep) {
    const attributes = { class: "host termhost", "data-term": place.join(".") };
    if (term.text !== undefined) return make("span", attributes, make("code", { class: "term raw", title: "Said as an expression" }, term.text), this.remove(place, "this condition"));
    if (isGroup(term)) return make("span", { ...attributes, class: "termgroup" }, "(", ...this.level(term, place, object, deep + 1), ")");
    const press = (label, classes) => {
      const button = make("button", { class: classes, type: "button", "aria-haspopup": "dialog" }, label);
      button.addEventListener("click", () => this.edit(button, place, object));
      return button;
    };
    const value = term.value_label ? press(term.value_label, "term val") : null;
    if (!term.collection) return make("span", attributes, press(term.label, "term"), make("span", {}, term.op_label), value);
    const inner = term.terms.length || deep < 2 ? this.level(term, place, term.object, deep + 1) : [];
    return make("span", { ...attributes, class: "termgroup" }, press(`${term.op_label} ${term.value_label ? `${term.value_label} ` : ""}${term.label}`, "term"), term.terms.length ? "where" : "", ...inner);
  }

  remove(place, what) {
    return make("button", { class: "btn quiet slim icon", type: "button", "aria-label": `Remove ${what}`, onclick: () => this.change(replaced(this.sentence, place, null), []) }, icon("x"));
  }
}

// sentenceView({object, purpose, start, none, word, onChange(sentence)}) -> element with .show(sentence)
export function sentenceView({ object, purpose = "", start = "If", none = "", word = "Condition", onChange }) {
  const view = new View({ object, purpose, start, none, word, onChange });
  view.box.show = (sentence) => view.show(sentence);
  return view.box;
}
