// The designer of templates: subject and body with fields as chips, and the letter beside it as it would arrive.
import { icon, later, make, one } from "../../dom.js";
import { reason, send } from "../../http.js";
import { toast } from "../../toasts.js";
import { level } from "../data_model.js";
import { navigator } from "../navigator.js";
import { copied } from "../document.js";
import { part } from "../schema_form.js";
import { choices, fold, labelled, named, section, words } from "./parts.js";
import { chip, closePopover, openPopover } from "./template_chips.js";
import { selected, wrapped } from "./template_lines.js";
import { letterPreview } from "./template_preview.js";
import { printedParts, printedPreview, tableLabel } from "./template_printed.js";
import { TemplateText } from "./template_text.js";

class Designer {
  constructor(model, root, context) {
    Object.assign(this, { model, root, context, language: "", source: false });
    this.texts = make("div", { class: "stack loose" });
    this.languages = choices("Language", [], "", (value) => this.speak(value));
    this.tools = this.toolbar();
    const title = words(model, "/label", { label: "Name of the template" });
    this.title = title;
    this.kind = make("div", { class: "stack loose" });
    this.main = make("div", { class: "dmain" }, section("Name", "", make("div", { class: "form-grid one" }, title.node)), section("Text", "Write, and insert fields of the record where their values belong.", this.languageBar(), this.tools, this.texts), section("What is made of it", "", named("Made into", part(model, "/channel"))), this.kind);
    root.append(this.main);
    this.showKind();
  }

  get printed() {
    return this.model.get("/channel") === "document";
  }

  // Messages and printed documents say different things beside their text, and are seen differently.
  showKind() {
    const { model } = this;
    this.shownKind = this.printed;
    this.kind.replaceChildren(...(this.printed ? printedParts(model) : [fold("As of another day", named("As of the day", part(model, "/as_of")))]));
    this.preview?.node.remove();
    this.preview = (this.printed ? printedPreview : letterPreview)(model, this.context);
    this.preview.onSend = (asked) => sendTest(asked);
    this.main.after(this.preview.node);
    this.tableButton.hidden = !this.printed;
    this.preview.speak(this.language);
    this.show();
  }

  get base() {
    return this.language ? `/translations/${this.language}` : "";
  }

  get scope() {
    return [{ name: this.context.object, object: this.context.object, label: this.context.label, printed: this.printed }];
  }

  languageBar() {
    this.more = make("select", { class: "input slim-in", "aria-label": "Add a language" });
    this.more.addEventListener("change", () => this.more.value && this.addLanguage(this.more.value));
    this.dropLanguage = make("button", { class: "btn quiet slim", type: "button", hidden: true, onclick: () => this.removeLanguage() }, icon("trash"), " Delete this language");
    return make("div", { class: "row wrap" }, this.languages.node, this.more, this.dropLanguage);
  }

  label(language) {
    return this.context.languages.find((entry) => entry.value === language)?.label ?? language;
  }

  showLanguages() {
    const there = Object.keys(this.model.get("/translations") ?? {});
    this.languages.show([["", this.context.language], ...there.map((name) => [name, this.label(name)])], this.language);
    this.more.replaceChildren(make("option", { value: "" }, "In another language"), ...this.context.languages.filter((entry) => !there.includes(entry.value)).map((entry) => make("option", { value: entry.value }, entry.label)));
    this.dropLanguage.hidden = !this.language;
  }

  speak(language) {
    this.language = language;
    this.preview.speak(language);
    this.show();
  }

  addLanguage(name) {
    const { subject = "", body = "" } = this.model.body;
    this.model.set(`/translations/${name}`, this.printed ? { body } : { subject, body });
    this.speak(name);
    one("[contenteditable=true]", this.texts)?.focus();
  }

  removeLanguage() {
    const left = copied(this.model.get("/translations") ?? {});
    delete left[this.language];
    this.language = "";
    if (Object.keys(left).length) this.model.set("/translations", left);
    else this.model.remove("/translations");
    this.speak("");
    one("button", this.languages.node)?.focus();
  }

  show() {
    const text = (name, label, single) => new TemplateText({ model: this.model, pointer: `${this.base}/${name}`, scope: this.scope, label, single, onFocus: (found) => (this.current = found) });
    this.subject = this.printed ? null : text("subject", "Subject", true);
    this.body = text("body", "Body", false);
    this.current = this.body;
    this.texts.replaceChildren(...(this.subject ? [make("div", { class: "field" }, make("span", { class: "label" }, "Subject"), this.subject.node)] : []), make("div", { class: "field" }, make("span", { class: "label" }, "Body"), this.body.node));
    this.showSource(this.source);
    this.showLanguages();
    this.shown = Object.keys(this.model.get("/translations") ?? {}).join();
  }

  sync(from) {
    this.title.sync();
    const there = Object.keys(this.model.get("/translations") ?? {});
    if (this.language && !there.includes(this.language)) return this.speak("");
    if (there.join() !== this.shown) this.showLanguages();
    if (this.printed !== this.shownKind) return this.showKind();
    this.subject?.sync(from);
    return this.body.sync(from);
  }

  toolbar() {
    const tool = (sign, label, run, more = {}) => make("button", { class: "btn slim", type: "button", onmousedown: (event) => event.preventDefault(), onclick: (event) => run(event.currentTarget), ...more }, icon(sign), more.class ? null : ` ${label}`);
    const small = (sign, label, run) => tool(sign, label, run, { class: "btn slim icon", "aria-label": label, title: label });
    this.tableButton = tool("table", "Table", (button) => this.pickTable(button), { hidden: true });
    this.sourceButton = tool("code", "Text view", () => this.showSource(!this.source), { "aria-pressed": "false" });
    return make("div", { class: "row wrap ttools", role: "toolbar", "aria-label": "Insert" },
      tool("plus", "Field", (button) => this.pickField(button)), tool("filter", "Only if", (button) => this.pickCondition(button)), tool("repeat", "Repeat", (button) => this.pickLoop(button)), this.tableButton,
      small("bold", "Bold", () => this.markUp("bold")), small("italic", "Italic", () => this.markUp("italic")),
      tool("plus", "Paragraph", () => this.addBlock("p")), tool("plus", "Heading", () => this.addBlock("h2")), this.sourceButton);
  }

  showSource(on) {
    this.source = on;
    this.sourceButton.setAttribute("aria-pressed", String(on));
    this.subject?.showSource(on);
    this.body.showSource(on);
  }

  // The line that one types into, or the last one of the body, or a new one.
  place() {
    if (this.source) this.showSource(false);
    const text = this.current;
    if (text.current?.line.node.isConnected) return { text, ...text.current };
    const last = [...text.blocks].reverse().find((block) => block.type === "para");
    const block = last?.line ? last : text.append(text.blocks, text.blocks.length).block;
    text.current = { block, siblings: text.blocks, scope: text.scope, line: block.line };
    return { text, ...text.current };
  }

  // The fields of what the place is about: the record, or each thing of the repetition around it.
  tree(button, place, label, run, collections = true) {
    const range = selected(place.line.node).cloneRange();
    const roots = place.scope.filter((entry) => entry.object);
    const box = make("div", { class: "tnav" });
    const show = (root) => {
      const found = navigator({ object: root.object, collections, label, onPick: (picked) => {
        closePopover(false);
        run(picked, root, range);
      } });
      box.replaceChildren(found);
      found.ready.then(() => found.focus());
    };
    const chosen = roots.at(-1) ?? place.scope[0];
    const which = choices("Fields of", roots.map((root) => [root.name, root.label]), chosen.name, (name) => {
      which.show(roots.map((root) => [root.name, root.label]), name);
      show(roots.find((root) => root.name === name));
    });
    openPopover(button, label, roots.length > 1 ? which.node : null, box);
    show(chosen);
  }

  pickField(button) {
    const place = this.place();
    this.tree(button, place, "Insert a field", (picked, root, range) => {
      if (picked.member.collection || picked.collection) return this.loop(place, root, picked);
      place.line.insert(chip(`{{ ${root.name}.${picked.path} }}`, place.scope, place.line.touch), range);
      return place.line.node.focus();
    });
  }

  pickCondition(button) {
    const place = this.place();
    this.tree(button, place, "Only if this field is filled in", (picked, root, range) => {
      const source = `${root.name}.${picked.path}`;
      const whole = range.collapsed && !place.text.single;
      if (!whole) return wrapped(place.line, source, range).click();
      place.text.around(`{% if ${source} %}`, source, "if", "{% endif %}");
      place.text.redraw();
      const made = [...place.text.area.querySelectorAll("button.tcond")].find((entry) => entry.parentElement.contains(place.block.line.node));
      return made?.click();
    }, false);
  }

  async pickLoop(button) {
    const place = this.place();
    if (place.text.single) return void toast("A subject is one line. Repeat something in the body.");
    const roots = place.scope.filter((entry) => entry.object);
    const levels = await Promise.all(roots.map((root) => level(root.object)));
    const entries = roots.flatMap((root, at) => levels[at].members.filter((member) => member.collection).map((member) => ({ root, member })));
    const box = make("div", { class: "stack tight" }, ...entries.map(({ root, member }) => make("button", { class: "btn quiet", type: "button", onclick: () => {
      closePopover(false);
      this.loop(place, root, { path: member.name, member, steps: [member] });
    } }, icon(member.icon), ` ${member.label}`)), entries.length ? null : make("p", { class: "small dim" }, "Nothing refers to these records, so there is nothing to repeat."));
    return openPopover(button, "Repeat for each of", box);
  }

  // A table of the document, where it belongs in the text.
  pickTable(button) {
    const place = this.place();
    const range = selected(place.line.node).cloneRange();
    const tables = (this.model.get("/tables") ?? []).filter((table) => table.name);
    const box = make("div", { class: "stack tight" }, ...tables.map((table) => make("button", { class: "btn quiet", type: "button", onclick: () => {
      closePopover(false);
      place.line.insert(chip(`{{ tables.${table.name} }}`, place.scope, place.line.touch), range);
      place.line.node.focus();
    } }, icon("table"), ` ${tableLabel(table)}`)), tables.length ? null : make("p", { class: "small dim" }, "Add a table below first."));
    return openPopover(button, "Insert a table", box);
  }

  // A paragraph for each thing of a collection, with the field that was picked in it.
  loop(place, root, picked) {
    const { text, siblings, block } = place;
    if (text.single) return void toast("A subject is one line. Repeat something in the body.");
    const at = picked.steps.findIndex((step) => step.collection);
    const member = picked.steps[at];
    const path = [root.name, ...picked.steps.slice(0, at + 1).map((step) => step.name)].join(".");
    const taken = place.scope.map((entry) => entry.name);
    let name = member.to || "item";
    while (taken.includes(name)) name = `${name}_item`;
    const field = picked.inner || "title";
    const html = text.html || !text.value.trim();
    const source = html ? `{% for ${name} in ${path} %}\n<p>{{ ${name}.${field} }}</p>\n{% endfor %}` : `{% for ${name} in ${path} %}{{ ${name}.${field} }}\n\n{% endfor %}`;
    siblings.splice(siblings.indexOf(block) + 1, 0, text.gap(siblings, siblings.length), { type: "protected", raw: source });
    this.model.set(text.pointer, text.blocks.map((entry) => entry.raw).join(""), null);
    text.load(); // what stands in it is read from its source
    return undefined;
  }

  markUp(what) {
    const place = this.place();
    if (!place.line.html) return void toast("Bold and italic need a body in HTML. Add a heading to make it one.");
    return place.line.markUp(what);
  }

  addBlock(tag) {
    const place = this.current === this.body && this.body.current ? this.body.current : null;
    const at = place ? place.siblings.indexOf(place.block) + 1 : this.body.blocks.length;
    this.body.append(place?.siblings ?? this.body.blocks, at, null, tag).focus();
  }
}

async function sendTest(asked) {
  const answer = await send("POST", "/api/templates/test", asked);
  toast(answer.ok ? `Sent to ${answer.data.to}` : reason(answer), answer.ok ? {} : { tone: "bad" });
}

const chooser = (context) => {
  const select = make("select", { class: "input chooser" }, make("option", { value: "" }, "Choose an object"), ...context.objects.map((one_) => make("option", { value: one_.name }, one_.label)));
  select.addEventListener("change", () => select.value && location.assign(`/studio/template/new?object=${encodeURIComponent(select.value)}`));
  return section("What is it about?", "Its text shows values of a record of this object.", labelled("Object", select));
};

export function design(model, root, context) {
  root.classList.add("template-design", "designer", "beside");
  if (!context.object) return void root.append(chooser(context));
  const designer = new Designer(model, root, context);
  const soon = later(() => designer.preview.show(), 400);
  model.on("change", ({ from }) => {
    designer.sync(from);
    soon();
  });
  return designer.preview.show();
}
