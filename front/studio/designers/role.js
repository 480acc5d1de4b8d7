// A role as a grid: objects by rights, which records and which fields below, and what included roles give.
import { all, icon, make, one } from "../../dom.js";
import { expressionBox } from "../expression_box.js";
import { part } from "../schema_form.js";
import { EVERY, actionsOf, first, givers, inherited, placesOf, toggled, withField } from "./role_rights.js";

const RIGHTS = [["", "Read and write"], ["read", "Read only"], ["none", "Hidden"]];
const CUSTOM = "?"; // the choice of records that opens the expression

export function design(model, root, context) {
  new Grid(model, root, context).start();
}

class Grid {
  constructor(model, root, context) {
    Object.assign(this, { model, root, context });
    this.actions = context.actions.map((action) => action.name);
    this.open = new Set(); // rows that are unfolded
    this.custom = new Set(); // grants whose condition is written by hand
    this.find = "";
  }

  start() {
    this.root.classList.add("roledesign");
    const { model } = this;
    if (this.context.from && !model.about.name) model.replace({ ...this.context.from, label: `Copy of ${this.context.fromLabel}` });
    this.meta = make("div", { class: "stack" });
    this.table = make("div", { class: "scroll-x" });
    const asked = (label, pointer) => make("label", { class: "field" }, make("span", { class: "label" }, label), part(model, pointer));
    this.head = make("div", { class: "form-grid" }, asked("Name of the role", "/label"), asked("Who it is for", "/help"));
    this.finder = make("input", { class: "input", type: "search", placeholder: "Find an object", "aria-label": "Find an object", oninput: (event) => this.filter(event.target.value) });
    const copy = model.about.name ? make("a", { class: "btn slim", href: `/studio/role/new?from=${model.about.name}` }, icon("copy"), " Copy this role") : this.copies();
    this.root.replaceChildren(this.head, this.meta, make("div", { class: "row wrap rolebar" }, make("h2", { class: "grow" }, "Records"), this.finder, copy), this.table);
    model.on("change", ({ from }) => from !== this && this.draw());
    model.on("faults", () => this.tell());
    this.table.addEventListener("keydown", (event) => this.walk(event));
    this.draw();
  }

  // A new role may start as another one.
  copies() {
    const choose = make("select", { class: "input fit", "aria-label": "Start as a copy of" }, make("option", { value: "" }, "Start as a copy of …"), ...Object.entries(this.context.roles).map(([name, role]) => make("option", { value: name }, role.label)));
    choose.addEventListener("change", () => choose.value && (location.href = `/studio/role/new?from=${choose.value}`));
    return choose;
  }

  get grants() {
    return this.model.get("/grants") ?? [];
  }

  // drawing
  draw() {
    const at = document.activeElement?.dataset?.key;
    this.drawMeta();
    const { objects } = this.context;
    const star = { name: EVERY, label: "All objects", icon: "box", help: "Also those that are added later", fields: [], records: [] };
    const rows = [star, ...objects].flatMap((object) => this.rows(object));
    const heads = [...this.context.actions.map((action) => make("th", { class: "mark" }, action.label)), make("th", {}, "Which records"), make("th", {}, "Fields")];
    this.table.replaceChildren(make("table", { class: "table inset still dense cards rolegrid" }, make("thead", {}, make("tr", {}, make("th", {}, "Object"), ...heads)), make("tbody", {}, ...rows)));
    this.filter(this.find);
    this.tell();
    if (at) one(`[data-key="${CSS.escape(at)}"]`, this.root)?.focus();
  }

  drawMeta() {
    const { model, context } = this;
    const admin = model.get("/admin") === true;
    const metas = context.metas.map((meta) => this.tick("meta", meta));
    const roles = Object.entries(context.roles).map(([name, role]) => this.tick("inherits", { name, label: role.label, help: role.help }));
    this.meta.replaceChildren(
      make("fieldset", { class: "field" }, make("legend", {}, "Includes the rights of"), make("div", { class: "choices flow" }, ...(roles.length ? roles : ["There is no other role yet."]))),
      make("fieldset", { class: "field" }, make("legend", {}, "In the studio"), make("div", { class: "choices flow" }, ...metas, this.box("admin", "Administrator", context.adminHelp, admin, (on) => (on ? model.set("/admin", true) : model.remove("/admin"))))),
    );
  }

  tick(list, { name, label, help }) {
    const { model } = this;
    const now = model.get(`/${list}`) ?? [];
    return this.box(`${list}.${name}`, label, help, now.includes(name), (on) => {
      const next = on ? [...now, name] : now.filter((other) => other !== name);
      if (next.length) model.set(`/${list}`, next);
      else model.remove(`/${list}`);
    });
  }

  box(key, label, help, checked, change) {
    const input = make("input", { type: "checkbox", "data-key": key });
    input.checked = checked;
    input.addEventListener("change", () => change(input.checked));
    return make("label", { title: help || null }, input, label);
  }

  // The rows of an object: one for each of its grants, at least one.
  rows(object) {
    const found = placesOf(this.grants, object.name);
    const given = inherited(object.name, this.model.get("/inherits") ?? [], this.context.roles);
    const places = found.length ? found : [[null, -1]];
    return places.flatMap(([grant, at], order) => {
      const open = this.open.has(this.fold(object, order));
      return [this.row(object, grant, at, order, given), open ? this.more(object, grant, at, order, given) : null].filter(Boolean);
    });
  }

  fold(object, order) {
    return `${object.name}.${order}`;
  }

  row(object, grant, at, order, given) {
    const title = make("td", { class: "title" }, order ? make("span", { class: "faint" }, "and ") : icon(object.icon), ` ${object.label} `, object.help ? make("span", { class: "small faint" }, object.help) : null);
    const cells = this.actions.map((action, place) => this.cell(object, grant, at, order, action, this.context.actions[place].label, given));
    const limits = Object.keys(grant?.fields ?? {}).length;
    const label = limits ? `${limits} limited` : grant ? "All" : "Details";
    const unfold = object.name === EVERY || (!grant && !given.length) ? null : make("button", { class: "btn quiet slim", type: "button", "data-key": `fold.${this.fold(object, order)}`, "aria-expanded": String(this.open.has(this.fold(object, order))), "aria-label": `${label}: fields and details of ${object.label}`, onclick: () => this.unfold(object, order) }, label, icon("chevron-down"));
    return make("tr", { "data-object": object.label.toLowerCase(), "data-grant": at }, title, ...cells, make("td", { "data-label": "Records" }, grant ? this.records(object, grant, at) : null), make("td", { "data-label": "Fields" }, unfold));
  }

  cell(object, grant, at, order, action, label, given) {
    const input = make("input", { type: "checkbox", "data-key": `${object.name}.${order}.${action}`, "aria-label": `${label} ${object.label}` });
    input.checked = grant ? actionsOf(grant, this.actions).includes(action) : false;
    input.addEventListener("change", () => this.set(object, grant, at, action, input.checked, given));
    const from = order ? [] : givers(given, action, this.actions).map((role) => this.context.roles[role].label);
    const said = `${input.checked ? "Also from" : "Comes with"} ${from.join(", ")}`;
    const mark = from.length ? make("span", { class: "given", title: said }, icon("check"), make("span", { class: "hidden" }, said)) : null;
    return make("td", { class: "mark", "data-label": label }, input, mark);
  }

  records(object, grant, at) {
    if (object.name === EVERY) return make("span", { class: "faint" }, "All");
    const where = grant.where ?? "";
    const custom = this.isCustom(object, at, where);
    const choices = [["", "All"], ...object.records.map((preset) => [preset.where, preset.label]), [CUSTOM, custom && where ? `Where ${this.words(object, where)}` : "Those that …"]];
    const select = make("select", { class: "input", "data-key": `where.${at}`, "aria-label": `Which ${object.label}` }, ...choices.map(([value, text]) => make("option", { value, selected: custom ? value === CUSTOM : value === where }, text)));
    select.addEventListener("change", () => this.choose(object, at, select.value));
    const add = make("button", { class: "btn quiet slim icon", type: "button", "data-key": `more.${at}`, "aria-label": `Another grant for ${object.label}`, title: "Other rights for other records", onclick: () => this.another(object, at) }, icon("plus"));
    return make("div", { class: "row" }, select, add);
  }

  isCustom(object, at, where) {
    return this.custom.has(at) || Boolean(where && !object.records.some((preset) => preset.where === where));
  }

  condition(object, at, where) {
    const change = (text) => (text.trim() ? this.model.set(`/grants/${at}/where`, text, this) : this.model.remove(`/grants/${at}/where`, this));
    return expressionBox({ value: where, object: object.name, expects: "condition", label: `Which ${object.label}`, start: "Those where", none: "All", onChange: change });
  }

  more(object, grant, at, order, given) {
    const lines = given.map(({ role, grant: other }) => {
      const rights = actionsOf(other, this.actions).map((action) => this.context.actions[this.actions.indexOf(action)].label.toLowerCase()).join(", ");
      const limits = Object.entries(other.fields ?? {}).map(([name, right]) => `${this.label(object, name)} ${right === "none" ? "hidden" : right === "read" ? "read only" : "open"}`);
      return make("li", {}, `${this.context.roles[role].label}: ${rights}${other.where ? `, where ${this.words(object, other.where)}` : ", all records"}`, limits.length ? ` (${limits.join(", ")})` : null);
    });
    const fields = grant ? object.fields.map((field) => this.field(object, grant, at, field)) : [];
    const where = grant?.where ?? "";
    const condition = grant && this.isCustom(object, at, where) ? this.condition(object, at, where) : null;
    const content = make("div", { class: "stack" }, condition, lines.length ? make("div", {}, make("b", { class: "small" }, "Comes with included roles"), make("ul", { class: "small dim" }, ...lines)) : null, fields.length ? make("div", { class: "fieldrights" }, ...fields) : null);
    return make("tr", { "data-object": object.label.toLowerCase(), "data-below": at, class: "below" }, make("td", { class: "below", colspan: this.actions.length + 3 }, content));
  }

  words(object, where) {
    return this.context.words[`${object.name} ${where}`] ?? where;
  }

  label(object, name) {
    return object.fields.find((field) => field.name === name)?.label ?? name;
  }

  field(object, grant, at, field) {
    const now = grant.fields?.[field.name] ?? "";
    const id = `right-${at}-${field.name}`;
    const said = now === "write" ? [["write", "Read and write"], ...RIGHTS.slice(1)] : RIGHTS;
    const select = make("select", { class: "input", id, "data-key": id }, ...said.map(([value, text]) => make("option", { value, selected: value === now }, text)));
    select.addEventListener("change", () => {
      const next = withField(grant.fields, field.name, select.value);
      if (next) this.model.set(`/grants/${at}/fields`, next);
      else this.model.remove(`/grants/${at}/fields`);
    });
    return make("div", { class: `fieldright ${now}` }, make("label", { for: id }, field.label), select);
  }

  // changes
  set(object, grant, at, action, on, given) {
    const { model, actions } = this;
    if (grant) {
      const next = toggled(grant.can, action, on, actions);
      if (next.length) return model.set(`/grants/${at}/can`, next);
      this.custom.clear();
      return this.grants.length > 1 ? model.remove(`/grants/${at}`) : model.remove("/grants");
    }
    const seen = givers(given, actions[0], actions).length > 0;
    return model.insert("/grants", this.grants.length, { object: object.name, can: first(action, seen, actions) });
  }

  choose(object, at, where) {
    if (where === CUSTOM) {
      this.custom.add(at);
      this.open.add(this.fold(object, placesOf(this.grants, object.name).findIndex(([, place]) => place === at)));
      this.draw();
      const box = one(`[data-below="${at}"] .xbox`, this.table);
      return box?.addEventListener("checked", () => box.focus(), { once: true });
    }
    this.custom.delete(at);
    return where ? this.model.set(`/grants/${at}/where`, where) : this.model.remove(`/grants/${at}/where`);
  }

  another(object, at) {
    this.custom.clear();
    this.model.insert("/grants", at + 1, { object: object.name, can: [this.actions[0]] });
  }

  unfold(object, order) {
    const key = this.fold(object, order);
    if (!this.open.delete(key)) this.open.add(key);
    this.draw();
  }

  filter(text) {
    this.find = text;
    const wanted = text.trim().toLowerCase();
    for (const row of all("tbody tr", this.table)) row.hidden = Boolean(wanted) && !row.dataset.object.includes(wanted);
  }

  // Faults at the grants that they are about.
  tell() {
    for (const old of all(".rolefault", this.table)) old.remove();
    for (const row of all("[data-grant]", this.table)) {
      const faults = row.dataset.grant === "-1" ? [] : this.model.faultsBelow(`/grants/${row.dataset.grant}`);
      if (faults.length) one(".title", row).append(make("div", { class: "rolefault small bad" }, faults.map((fault) => fault.message).join(" ")));
    }
  }

  // Arrows go from box to box.
  walk(event) {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!step || !event.target.matches("td.mark > input")) return;
    const rows = all("tbody tr[data-grant]:not([hidden])", this.table);
    const row = rows.indexOf(event.target.closest("tr"));
    const boxes = all("td.mark > input", rows[row]);
    const next = all("td.mark > input", rows[row + step[0]] ?? rows[row])[boxes.indexOf(event.target) + step[1]];
    if (!next) return;
    event.preventDefault();
    next.focus();
  }
}
