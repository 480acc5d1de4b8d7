// A value, given in one of four ways: an option, text with fields in it, a field, an expression. Nobody has to quote.
import { make } from "../../dom.js";
import { expressionBox } from "../expression_box.js";
import { navigator } from "../navigator.js";
import { choice, open, press, typed } from "./controls.js";
import { firstWay, isNumber, isNumeric, joined, literal, optionsOf, pieces, quote, sourceOf, spoken, wayOf } from "./written.js";


const INPUTS = { day: "date", moment: "datetime-local" }; // by what a field gives

// A button with the words of a path; pressed, it opens the data model.
export function pathButton(desk, { key, label, object, path, run, collections = false, only = () => true }) {
  const words = path ? desk.paths.label(object, path) : "Choose a field";
  const button = make("button", { class: "term field", type: "button", "data-key": key, "aria-label": `${label}: ${words}`, "aria-haspopup": "dialog", "aria-expanded": "false" }, words);
  button.addEventListener("click", () => {
    open(button, label, (close) =>
      navigator({
        object,
        collections,
        label,
        onPick: (pick) => {
          if (!only(pick)) return;
          close();
          run(pick.path, pick);
        },
      }),
    );
  });
  return button;
}

class ValueBox {
  constructor(desk, options) {
    Object.assign(this, { names: {}, field: null, outer: "" }, options);
    this.desk = desk;
    this.source = sourceOf(this.value);
    this.way = desk.ways.get(this.key) ?? (this.source === "" ? firstWay(this.field) : wayOf(this.source, this.field, this.canText));
    if (!this.ways().some(([name]) => name === this.way)) this.way = "expression";
  }

  get canText() {
    return !this.field?.link;
  }

  ways() {
    const text = isNumeric(this.field) ? "Number" : this.isDate ? "Date" : "Text";
    return [
      ...(optionsOf(this.field).length ? [["option", "Option"]] : []),
      ...(this.canText && !optionsOf(this.field).length ? [["text", text]] : []),
      ["field", "Field"],
      ["expression", "Expression"],
    ];
  }

  get isDate() {
    return this.field?.gives in INPUTS;
  }

  draw() {
    const turn = choice(`${this.key}/way`, `How ${this.label} is given`, this.ways(), this.way, (way) => {
      this.desk.ways.set(this.key, way);
      this.desk.redraw();
    }, { classes: "way" });
    const shown = { option: () => this.option(), text: () => this.text(), field: () => this.path(), expression: () => this.expression() };
    return make("div", { class: "given-as" }, shown[this.way](), turn);
  }

  option() {
    const text = this.source.trim();
    return choice(`${this.key}/value`, this.label, [...optionsOf(this.field), ["null", "empty"]], text === "" ? "" : text, (value) => value && this.give(value), { none: text === "" ? "Choose" : null });
  }

  text() {
    if (isNumeric(this.field)) return typed(`${this.key}/value`, this.label, isNumber(this.source) ? this.source : "", (text) => this.give(text === "" ? "null" : text, true), { type: "number" });
    if (this.isDate) return typed(`${this.key}/value`, this.label, literal(this.source) ?? "", (text) => this.give(text ? quote(text) : "null", true), { type: INPUTS[this.field.gives] });
    const { object } = this;
    const said = this.source === "" ? "" : spoken(pieces(this.source) ?? [], (path) => this.desk.paths.label(object, path));
    const write = (text) => this.give(joined(text, (label) => this.desk.paths.path(object, label)), true);
    const area = make("textarea", { class: "input slim said", rows: 1, "data-key": `${this.key}/value`, "aria-label": this.label, placeholder: this.placeholder ?? "Text, as people read it" });
    area.value = said;
    area.addEventListener("input", () => write(area.value));
    if (!object) return area;
    const insert = press(`${this.key}/insert`, "Field", () => {
      open(insert, "Insert a field", (close) =>
        navigator({
          object,
          onPick: ({ path }) => {
            close();
            const label = `{${this.desk.paths.label(object, path)}}`;
            area.setRangeText(label, area.selectionStart, area.selectionEnd, "end");
            write(area.value);
            area.focus();
          },
        }),
      );
    }, { sign: "plus", classes: "quiet", title: "Insert a field" });
    return make("span", { class: "host saying" }, area, insert);
  }

  path() {
    const path = pieces(this.source)?.length === 1 ? pieces(this.source)[0].path : "";
    const fits = this.record && path !== "record" && (!this.field?.to || this.field.to === this.desk.object);
    const self = fits ? press(`${this.key}/self`, "This record", () => this.give("record"), { classes: "quiet" }) : null;
    return make("span", { class: "host inline-row" }, pathButton(this.desk, { key: `${this.key}/value`, label: this.label, object: this.object, path, run: (found) => this.give(found) }), self);
  }

  expression() {
    const names = this.desk.given;
    return this.desk.kept(`${this.key}|${this.object}|${Object.keys(names)}`, this.source, () =>
      expressionBox({ value: this.source, object: this.object, names, expects: this.expects ?? "", label: this.label, outer: this.outer, change: this.change, onChange: (text) => this.give(text, true) }),
    );
  }

  give(source, typing = false) {
    this.source = source;
    this.run(source, typing);
  }
}

// {key, label, value, object, field, change, outer, record, run(source, typing)} -> element
export const valueBox = (desk, options) => new ValueBox(desk, options).draw();
