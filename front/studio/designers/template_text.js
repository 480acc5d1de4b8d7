// The editor of one text of a template: lines, tables, lists, conditions and repetitions as blocks, or its source.
import { all, icon, make, one, speak } from "../../dom.js";
import { memberAt } from "../data_model.js";
import { humanise } from "../schema.js";
import { iconButton } from "./parts.js";
import { conditionWords, editCondition } from "./template_chips.js";
import { line } from "./template_lines.js";
import { conditionOf, read, written } from "./template_source.js";

const NAMES = { p: "Paragraph", h1: "Heading", h2: "Heading", h3: "Heading", h4: "Heading", li: "Entry", td: "Cell", th: "Heading of a row", blockquote: "Quotation", "": "Paragraph" };
const WHAT = { para: "paragraph", box: "table or list", row: "row", if: "condition", for: "repetition", protected: "source" };

export class TemplateText {
  // single: a subject, which is one line; onFocus(text) is told when somebody types here.
  constructor({ model, pointer, scope, label, single = false, onFocus }) {
    Object.assign(this, { model, pointer, scope, label, single, onFocus });
    this.area = make("div", { class: `ttext ${single ? "single" : ""}` });
    this.source = make("textarea", { class: "input mono tsource", rows: single ? 1 : 14, spellcheck: "false", "aria-label": `Source of ${label.toLowerCase()}`, hidden: true });
    this.source.addEventListener("input", () => this.model.set(this.pointer, this.source.value, this));
    this.node = make("div", { class: "stack tight", "data-at": pointer }, this.area, this.source);
    this.area.addEventListener("focusin", () => onFocus(this));
    this.load();
  }

  get value() {
    return String(this.model.get(this.pointer) ?? "");
  }

  load() {
    const { html, blocks } = this.single ? single(this.value) : read(this.value);
    Object.assign(this, { html, blocks });
    this.draw();
  }

  sync(from) {
    if (from === this) return;
    this.source.value = this.value;
    if (this.value !== written(this.blocks)) this.load();
  }

  showSource(on) {
    if (on) this.source.value = this.value;
    else if (this.value !== written(this.blocks)) this.load();
    this.source.hidden = !on;
    this.area.hidden = on;
  }

  changed() {
    this.model.set(this.pointer, written(this.blocks), this);
  }

  draw() {
    this.current = null;
    this.area.replaceChildren(...this.drawn(this.blocks, this.scope));
    if (!this.blocks.some((block) => block.type === "para") && !this.single) this.area.append(this.starter());
  }

  starter() {
    return make("button", { class: "btn slim", type: "button", onclick: () => this.append(this.blocks, this.blocks.length).focus() }, icon("plus"), " Add a paragraph");
  }

  drawn(blocks, scope) {
    return blocks.filter((block) => block.type !== "gap").map((block) => this.frame(block, blocks, scope));
  }

  // A block with the handle that moves it.
  frame(block, siblings, scope) {
    const body = this.body(block, siblings, scope);
    if (this.single || block.tag === "td" || block.tag === "th") return body;
    const words = WHAT[block.type];
    const grip = iconButton("grip-vertical", `Move or delete this ${words}`, null, { class: "btn quiet slim icon grip", title: "Arrow keys move it, Delete removes it" });
    grip.addEventListener("keydown", (event) => this.moved(event, block, siblings));
    const gone = iconButton("x", `Delete this ${words}`, () => this.drop(block, siblings), { class: "btn quiet slim icon tgone" });
    return make("div", { class: "tblock", "data-type": block.type }, grip, body, gone);
  }

  body(block, siblings, scope) {
    if (block.type === "para") return this.para(block, siblings, scope);
    if (block.type === "protected") return make("div", { class: "tprotected" }, make("span", { class: "small dim" }, "Source, kept as it is"), make("pre", { tabindex: "0" }, block.raw.trim() || block.raw));
    if (block.type === "row") return make("div", { class: "trow" }, ...this.drawn(block.children, scope));
    if (block.type === "box") return make("div", { class: `tbox t-${block.tag}` }, ...this.drawn(block.children, scope));
    return block.type === "if" ? this.condition(block, scope) : this.repetition(block, scope);
  }

  para(block, siblings, scope) {
    const made = line({
      inside: block.inside, html: this.html, scope, tag: block.tag, label: this.single ? this.label : NAMES[block.tag] ?? "Paragraph",
      changed: () => {
        block.raw = block.open + made.source() + block.close;
        this.changed();
      },
      enter: this.single || ["td", "th"].includes(block.tag) ? null : () => this.append(siblings, siblings.indexOf(block) + 1, block).focus(),
      back: this.single || ["td", "th"].includes(block.tag) ? null : () => this.drop(block, siblings),
    });
    block.line = made;
    made.node.addEventListener("focusin", () => (this.current = { block, siblings, scope, line: made }));
    return made.node;
  }

  condition(block, scope) {
    const said = conditionOf(block.rest);
    const button = make("button", { class: "tcond", type: "button", disabled: !said }, icon("filter"), " Only if ", make("span", {}, block.rest));
    const show = (words) => (one("span", button).textContent = words);
    if (said) {
      conditionWords(scope, said, show);
      button.addEventListener("click", () => editCondition(button, scope, said, (next) => {
        Object.assign(block, { rest: next, open: `{% if ${next} %}` });
        conditionWords(scope, said, show);
        this.changed();
      }));
    }
    return make("div", { class: "tgroup" }, button, ...this.drawn(block.children, scope));
  }

  repetition(block, scope) {
    const title = make("span", {}, humanise(block.path.split(".").at(-1)));
    const inner = { name: block.name, object: "", label: humanise(block.name) };
    const box = make("div", { class: "tgroup loop" }, make("div", { class: "tcond" }, icon("repeat"), " For each of ", title));
    const root = scope.find((entry) => entry.name === block.path.split(".")[0]);
    const show = () => box.append(...this.drawn(block.children, [...scope, inner]));
    const known = root?.object ? memberAt(root.object, block.path.split(".").slice(1)) : Promise.resolve(null);
    known.then((member) => {
      if (member) {
        title.textContent = member.label;
        Object.assign(inner, { object: member.to, label: `Each of ${member.label.toLowerCase()}` });
      }
      show();
    });
    return box;
  }

  gap(blocks, at) {
    const before = blocks.slice(0, at).reverse().find((block) => block.type === "gap");
    return { type: "gap", raw: before?.raw ?? (this.html ? "\n" : "\n\n") };
  }

  // A new paragraph at a place, like the one that it follows.
  append(blocks, at, like = null, tag = like?.tag === "li" ? "li" : "p") {
    const plain = !this.html && !(this.blocks.length === 0 && !this.value.trim());
    if (!plain) this.html = true;
    const made = plain ? { type: "para", tag: "", open: "", close: "", inside: [], raw: "" } : { type: "para", tag, open: `<${tag}>`, close: `</${tag}>`, inside: [], raw: `<${tag}></${tag}>` };
    const gap = this.gap(blocks, at);
    blocks.splice(at, 0, ...(at > 0 && blocks[at - 1]?.type !== "gap" ? [gap] : []), made, ...(blocks[at] && blocks[at].type !== "gap" ? [this.gap(blocks, at)] : []));
    this.changed();
    this.draw();
    speak("New paragraph");
    return { focus: () => this.focusOn(made), block: made };
  }

  focusOn(block) {
    (block.line?.node ?? one("[contenteditable=true]", this.area))?.focus();
  }

  drop(block, siblings) {
    const shown = siblings.filter((entry) => entry.type !== "gap");
    const next = shown[shown.indexOf(block) - 1] ?? shown[shown.indexOf(block) + 1];
    const at = siblings.indexOf(block);
    siblings.splice(at, siblings[at + 1]?.type === "gap" ? 2 : 1);
    this.changed();
    this.draw();
    speak(`The ${WHAT[block.type]} was taken out`);
    if (next) this.focusOn(next);
    else one("button, [contenteditable=true]", this.area)?.focus();
    return true;
  }

  moved(event, block, siblings) {
    if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      return void this.drop(block, siblings);
    }
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!by) return undefined;
    event.preventDefault();
    const shown = siblings.filter((entry) => entry.type !== "gap");
    const other = shown[shown.indexOf(block) + by];
    if (!other) return undefined;
    const [at, to] = [siblings.indexOf(block), siblings.indexOf(other)];
    [siblings[at], siblings[to]] = [other, block];
    this.refresh(siblings);
    this.changed();
    this.draw();
    speak(`Place ${shown.indexOf(other) + 1} of ${shown.length}`);
    return all(".grip", this.area)[this.gripOf(block)]?.focus();
  }

  // Blocks are drawn anew from what they say now.
  refresh(blocks) {
    for (const block of blocks) if (block.type === "para") this.reread(block);
  }

  reread(block) {
    const found = read(block.raw).blocks[0];
    if (found?.type === "para" && found.raw === block.raw) block.inside = found.inside;
  }

  gripOf(block) {
    const found = [];
    const walk = (blocks) => {
      for (const entry of blocks) {
        if (entry.type === "gap" || ["td", "th"].includes(entry.tag)) continue;
        found.push(entry);
        if (entry.children) walk(entry.children);
      }
    };
    walk(this.blocks);
    return found.indexOf(block);
  }

  // Puts a block around others, or behind the current one.
  around(open, rest, type, close) {
    const { block, siblings } = this.current;
    this.reread(block);
    const made = { type, open, rest, children: [block], close, get raw() { return this.open + written(this.children) + this.close; } };
    siblings.splice(siblings.indexOf(block), 1, made);
    return made;
  }

  redraw(block) {
    const all_ = (blocks) => blocks.forEach((entry) => (entry.type === "para" && entry.line ? this.reread(entry) : entry.children && all_(entry.children)));
    all_(this.blocks);
    this.changed();
    this.draw();
    if (block) requestAnimationFrame(() => this.focusOn(block));
  }
}

// A subject is one line of words and places.
function single(value) {
  const { blocks } = read(value);
  if (blocks.length === 1 && blocks[0].type === "para" && !blocks[0].open) return { html: false, blocks };
  if (!value) return { html: false, blocks: [{ type: "para", tag: "", open: "", close: "", inside: [], raw: "" }] };
  return { html: false, blocks: [{ type: "protected", raw: value }] };
}
