// A layout: the page of a real record, whose fields are dragged between sections, and sections among themselves.
import { arrange } from "../../arrange.js";
import { all, icon, make, one, speak } from "../../dom.js";
import { level } from "../data_model.js";
import { memberPart } from "../member_part.js";
import { sampleChooser } from "../navigator.js";
import { Placement } from "../placement.js";
import { preview } from "../preview.js";
import { labelText, humanise, nameOf } from "../schema.js";
import { block, folded, membersOf, withObject } from "./shared.js";

const FACTS = 6;
const SMALL = "btn quiet slim icon";
const NONE = { values: {} };

export const design = (model, root, context) => withObject(model, root, () => new LayoutDesigner(model, root, context ?? {}).draw());

class LayoutDesigner {
  constructor(model, root, context) {
    Object.assign(this, { model, root, context, members: membersOf(model), sample: NONE, boxes: new Map() });
  }

  get sections() {
    return this.model.get("/sections") ?? [];
  }

  draw() {
    const { model } = this;
    this.canvas = make("div", { class: "dcanvas" });
    this.list = make("div", { class: "dsections", "data-label": "Sections" });
    this.page = make("div", { class: "dlayout" });
    this.placed = new Placement(model, this.page, {
      zones: () => this.zones(), tray: () => this.members.own().filter((field) => !field.system).map((field) => field.name), about: this.members.about, trayLabel: "Not on the page", find: true,
      value: (name) => this.value(name), left: (body) => this.leave(body),
    });
    this.head = make("div", { class: "dhead" }, make("h2", { class: "h-main", "data-record-title": true }, ""), make("section", { class: "pzone dfacts" }, make("h3", {}, "Key facts beside the title"), make("div", { class: "factspot" })));
    const add = make("button", { class: "btn slim", type: "button", onclick: () => this.addSection() }, icon("plus"), " Add a section");
    this.canvas.append(this.head, this.list, add, this.related());
    const tools = make("div", { class: "row wrap dtools" }, this.widths(), make("span", { class: "grow" }), make("div", { "data-sample": true }));
    this.page.append(make("div", { class: "dside" }, this.canvas, this.placed.trayBox));
    this.root.replaceChildren(make("div", { class: "designer" }, tools, this.page, block("Name and people", make("div", { class: "form-grid" }, memberPart(model, "/label")), memberPart(model, "/audience"), folded("Position", memberPart(model, "/order")))));
    this.shown = preview(model, { onData: (data) => this.told(data) });
    this.chooseSample();
    this.sync();
    model.on("change", () => this.sync());
    this.placed.start();
    this.sortSections();
  }

  // Fields are written twice where they are facts and in a section, so facts are no zone of the tray: each list keeps its own names.
  zones() {
    return this.sections.map((section, at) => ({ pointer: `/sections/${at}/fields`, label: this.labelOf(section), keep: true, late: section.folded }));
  }

  labelOf(section) {
    return labelText(section.label) || humanise(section.name);
  }

  value(name) {
    const html = this.sample.values[name];
    const node = make("span", { class: "pvalue clip" });
    if (html) node.innerHTML = html;
    else node.textContent = "–";
    node.inert = true;
    return node;
  }

  told(data) {
    this.sample = data.values ? data : NONE;
    one("[data-record-title]", this.canvas).textContent = this.sample.title || "A record";
    this.placed.sync();
    this.facts?.sync();
  }

  // A layout that leaves fields off says which, so that later ones appear by themselves.
  leave(body) {
    const placed = new Set([...body.sections.flatMap((section) => section.fields), ...(body.facts ?? [])]);
    const before = new Set(this.sections.flatMap((section) => section.fields));
    const off = new Set((body.off ?? []).filter((name) => !placed.has(name)));
    for (const name of before) if (!placed.has(name)) off.add(name);
    if (!off.size && !body.off) return body;
    return { ...body, off: [...off] };
  }

  // What stands above a section: its name, columns, order, what it is shown for.
  box(at) {
    const pointer = `/sections/${at}`;
    const section = () => this.sections[at];
    const label = make("input", { class: "input dname", "aria-label": "Name of the section", autocomplete: "off" });
    label.addEventListener("change", () => label.value.trim() && this.model.set(`${pointer}/label`, label.value.trim()));
    const columns = make("select", { class: "input slim-in", "aria-label": "Columns of the section" }, ...[1, 2, 3].map((count) => make("option", { value: count }, count === 1 ? "1 column" : `${count} columns`)));
    columns.addEventListener("change", () => (Number(columns.value) === 2 ? this.model.remove(`${pointer}/columns`) : this.model.set(`${pointer}/columns`, Number(columns.value))));
    const press = (name, glyph, run) => make("button", { class: SMALL, type: "button", "aria-label": name, title: name, onclick: run }, icon(glyph));
    const settings = make("details", { class: "more-fold dsettings" }, make("summary", { class: "mid dim" }, "Conditions and help"));
    settings.addEventListener("toggle", () => {
      if (settings.open && settings.children.length === 1) settings.append(make("div", { class: "stack loose" }, memberPart(this.model, `${pointer}/visible`), memberPart(this.model, `${pointer}/read_only`), memberPart(this.model, `${pointer}/folded`), memberPart(this.model, `${pointer}/help`)));
    });
    const zone = { pointer: `${pointer}/fields`, label: "" };
    const head = make("div", { class: "row dsection-head" }, make("span", { class: "sgrip" }, icon("grip-vertical", "grip")), label, columns, press("Move the section up", "arrow-up", () => this.moveSection(at, -1)), press("Move the section down", "arrow-down", () => this.moveSection(at, 1)), press("Delete the section", "trash", () => this.deleteSection(at)));
    const node = make("section", { class: "dsection", tabindex: "0" }, head, this.placed.listOf(zone), settings);
    node.sync = () => {
      const now = section();
      if (!now) return;
      const text = this.labelOf(now);
      node.dataset.label = text;
      node.dataset.at = `${pointer}/name`;
      node.setAttribute("aria-label", `Section ${text}`);
      if (document.activeElement !== label) label.value = text;
      columns.value = String(now.columns ?? 2);
      node.className = `dsection of${now.columns ?? 2}`;
    };
    return node;
  }

  sync() {
    const count = this.sections.length;
    while (this.list.children.length > count) {
      this.placed.lists.delete(`/sections/${this.list.children.length - 1}/fields`);
      this.list.lastElementChild.remove();
    }
    while (this.list.children.length < count) this.list.append(this.box(this.list.children.length));
    [...this.list.children].forEach((node) => node.sync());
    this.placed.sync();
  }

  // sections
  addSection() {
    const taken = this.sections.map((section) => section.name);
    const label = "New section";
    this.model.insert("/sections", this.sections.length, { name: nameOf(label, taken, "section"), label, fields: [] });
    const name = one(".dname", this.list.lastElementChild);
    name.focus();
    name.select();
  }

  moveSection(at, way) {
    const to = at + way;
    if (to < 0 || to >= this.sections.length) return;
    this.model.move("/sections", at, to);
    one(`[aria-label="Move the section ${way < 0 ? "up" : "down"}"]`, this.list.children[to])?.focus();
    speak(`${this.labelOf(this.sections[to])}: place ${to + 1} of ${this.sections.length}.`);
  }

  deleteSection(at) {
    if (this.sections.length < 2) return void speak("A layout has at least one section.");
    const body = { ...this.model.body, sections: this.sections.filter((_, place) => place !== at) };
    this.model.replace(this.leave(body));
    (one(".dname", this.list.children[Math.min(at, this.sections.length - 1)]) ?? this.list).focus();
  }

  async sortSections() {
    await arrange({
      root: this.list, lists: () => [this.list], item: ".dsection", handle: ".sgrip",
      moved: (node) => {
        const from = Number(node.dataset.at.split("/")[2]);
        const to = [...this.list.children].indexOf(node);
        // The boxes stay in their places; the model moves what they show.
        const children = [...this.list.children].sort((a, b) => Number(a.dataset.at.split("/")[2]) - Number(b.dataset.at.split("/")[2]));
        this.list.append(...children);
        this.model.move("/sections", from, to);
        this.list.children[to].focus();
      },
    });
  }

  // the facts of the head and the lists of related records: lists of their own
  related() {
    const facts = this.names("/facts", "Facts", FACTS, () => this.members.own().filter((field) => !["id", "rev", "title"].includes(field.name)), () => this.context.facts?.[this.model.get("/object")] ?? []);
    this.facts = facts;
    one(".factspot", this.head).replaceWith(facts.node);
    const lists = this.names("/related", "Related lists", 40, () => this.members.collections(), () => this.members.collections().map((one) => one.name));
    return make("section", { class: "pzone" }, make("h3", {}, "Related lists"), lists.node);
  }

  // Chips in order with a choice to add one; where the document says nothing, what the page shows by itself.
  names(pointer, label, max, known, usual) {
    const list = make("ul", { class: "plist chips", "data-label": label });
    const add = make("select", { class: "input slim-in", "aria-label": `Add to ${label.toLowerCase()}` });
    const node = make("div", { class: "row wrap" }, list, add);
    const now = () => this.model.get(pointer) ?? usual();
    const words = (name) => known().find((one) => one.name === name)?.label ?? humanise(name);
    const put = (names, focus) => {
      this.focusName = focus;
      if (names.length || pointer === "/related") this.model.set(pointer, names);
      else this.model.remove(pointer);
    };
    add.addEventListener("change", () => add.value && put([...now(), add.value].slice(0, max), add.value));
    const item = (name) => make("li", { class: "pitem chipitem", tabindex: "0", "data-name": name, "data-label": words(name), "aria-label": `${words(name)}. Space picks up, Delete removes` }, make("span", { class: "pname" }, words(name)), pointer === "/facts" ? this.value(name) : null, make("button", { class: SMALL, type: "button", tabindex: "-1", "aria-label": `Remove ${words(name)} from ${label.toLowerCase()}`, onclick: () => put(now().filter((one) => one !== name), null) }, icon("x")));
    const sync = () => {
      const held = document.activeElement?.closest?.(".pitem");
      const focused = this.focusName ?? (held && list.contains(held) ? held.dataset.name : null);
      list.replaceChildren(...now().map(item));
      const rest = known().filter((one) => !now().includes(one.name));
      add.replaceChildren(make("option", { value: "" }, "Add"), ...rest.map((one) => make("option", { value: one.name }, one.label)));
      add.hidden = !rest.length || now().length >= max;
      if (focused) all(".pitem", list).find((one) => one.dataset.name === focused)?.focus();
      this.focusName = null;
    };
    list.addEventListener("keydown", (event) => {
      const held = event.target.closest(".pitem");
      if (!held || !["Delete", "Backspace"].includes(event.key)) return;
      event.preventDefault();
      put(now().filter((one) => one !== held.dataset.name), (held.nextElementSibling ?? held.previousElementSibling)?.dataset.name);
    });
    this.model.on("change", sync);
    this.members.form.parts.add({ sync });
    sync();
    arrange({ root: node, lists: () => [list], item: ".pitem", moved: (moved) => put([...list.children].map((one) => one.dataset.name), moved.dataset.name) });
    return { node, sync };
  }

  // the sample record, and the width of the page
  async chooseSample() {
    const known = await level(this.model.get("/object"));
    const box = sampleChooser(known, (id) => this.shown.of(id));
    if (box) one("[data-sample]", this.root)?.append(box);
  }

  widths() {
    const group = make("div", { class: "faces", role: "group", "aria-label": "Width of the page" });
    const turn = (phone) => {
      this.canvas.classList.toggle("phone", phone);
      all("button", group).forEach((button) => button.setAttribute("aria-pressed", String((button.dataset.width === "phone") === phone)));
    };
    group.append(...[["desktop", "Desktop", "device-desktop"], ["phone", "Phone", "device-mobile"]].map(([width, text, glyph]) => make("button", { class: "btn slim", type: "button", "data-width": width, onclick: () => turn(width === "phone") }, icon(glyph), ` ${text}`)));
    turn(false);
    return group;
  }
}
