// What lists do with records that are ticked, or with all of the filter: fields, the bin, one's own work, buttons.
import { all, data, make, one } from "./dom.js";
import { address, bar, BulkWork, number } from "./bulk_work.js";
import { actions } from "./shell.js";
import { read } from "./values.js";

const MOST = 20; // fields of one edit

export const picks = () => all("[data-pick]");
export const picked = () => picks().filter((box) => box.checked);
const every = () => "every" in bar().dataset;
const ids = () => (every() ? null : picked().map((box) => box.value));
const chosen = () => ({ ids: ids(), count: every() ? null : picked().length });
const those = (count) => (count === null ? `all ${bar().dataset.plural} of this list` : `${number(count)} ${bar().dataset.plural}`);

function editorFor(field) {
  const label = { class: "input", "aria-label": field.label };
  const holder = make("div", { class: "field", "data-holds": field.holds, "data-field": field.name });
  const none = field.emptiable ? [make("option", { value: "" }, "None")] : [];
  if (field.options?.length) holder.append(make("select", label, ...none, ...field.options.map((option) => make("option", { value: option.value }, option.label))));
  else if (field.search_url) holder.append(make("select", { ...label, "data-lookup": true, "data-url": field.search_url }, make("option", { value: "" })));
  else holder.append(make("input", { ...label, ...field.input, "data-currency": field.currency, "data-zone": field.zone, "data-day": field.day }));
  return holder;
}

// One field of an edit: which it is, its value, and the way out of the edit.
class EditLine {
  constructor(edit, field) {
    this.edit = edit;
    this.pick = make("select", { class: "input", "aria-label": "Field" });
    this.slot = make("div", {});
    this.out = make("button", { class: "btn quiet small", type: "button", onclick: () => edit.remove(this) }, "Leave out");
    this.box = make("div", { class: "edit-line" }, this.pick, this.slot, this.out);
    this.name = field.name;
    this.pick.addEventListener("change", () => ((this.name = this.pick.value), this.show(), edit.changed()));
    this.slot.addEventListener("change", () => edit.work.preview());
  }

  get field() {
    return this.edit.fields.find((item) => item.name === this.name);
  }

  get value() {
    return read(one("[data-holds]", this.slot));
  }

  offer(taken) {
    const open = this.edit.fields.filter((field) => field.name === this.name || !taken.has(field.name));
    this.pick.replaceChildren(...open.map((field) => make("option", { value: field.name, selected: field.name === this.name }, field.label)));
    this.out.hidden = taken.size < 2;
  }

  async show() {
    this.slot.replaceChildren(editorFor(this.field));
    if (one("[data-lookup]", this.slot)) (await import("./lookups.js")).start(this.slot);
  }
}

class BulkEdit {
  constructor() {
    this.fields = data("bulk-data");
    this.lines = [];
    this.holder = make("div", { class: "stack" });
    this.more = make("button", { class: "btn quiet small", type: "button", onclick: () => this.add() }, "Another field");
    const about = chosen();
    this.work = new BulkWork({
      ...about,
      title: `Set fields on ${those(about.count)}`,
      form: make("div", { class: "stack" }, this.holder, make("div", {}, this.more)),
      body: () => ({ values: Object.fromEntries(this.lines.map((line) => [line.name, line.value])) }),
      verb: (count) => (count === null ? "Change all" : `Change ${number(count)}`),
      would: "would get new values",
      table: (sample) => this.table(sample),
      word: "changed",
      done: (count, plural) => `${this.labels} ${this.lines.length > 1 ? "were" : "was"} set on ${count} ${plural}.`,
      same: (count) => `${count} had ${this.lines.length > 1 ? "them" : "it"} already.`,
      back: (count, plural) => `${count} ${plural} have their old ${this.lines.length > 1 ? "values" : "value"} back.`,
    });
    this.add();
  }

  get labels() {
    const found = this.lines.map((line) => line.field.label);
    return [found.slice(0, -1).join(", "), found.at(-1)].filter(Boolean).join(" and ");
  }

  async add() {
    const taken = new Set(this.lines.map((line) => line.name));
    const field = this.fields.find((item) => !taken.has(item.name));
    if (!field) return;
    const line = new EditLine(this, field);
    this.lines.push(line);
    this.holder.append(line.box);
    await line.show();
    if (this.lines.length > 1) line.pick.focus();
    this.changed();
  }

  remove(line) {
    this.lines = this.lines.filter((one) => one !== line);
    line.box.remove();
    this.changed();
    this.lines.at(-1).pick.focus();
  }

  changed() {
    const taken = new Set(this.lines.map((line) => line.name));
    for (const line of this.lines) line.offer(taken);
    this.more.hidden = taken.size >= Math.min(this.fields.length, MOST);
    return this.work.preview();
  }

  table(sample) {
    const fields = this.lines.map((line) => line.field.label);
    const head = fields.length > 1 ? ["Record", ...fields] : ["Record", `${fields[0]} now`, "Becomes"];
    const cells = ({ before, after }) => (fields.length > 1 ? [make("td", {}, `${before} → `, make("b", {}, after))] : [make("td", {}, before), make("td", {}, make("b", {}, after))]);
    const lines = sample.map((row) => make("tr", {}, make("td", { class: "title" }, row.title), ...row.changes.flatMap(cells)));
    return make("table", { class: "table inset still" }, make("thead", {}, make("tr", {}, ...head.map((text) => make("th", { scope: "col" }, text)))), make("tbody", {}, ...lines));
  }
}

actions["bulk-all"] = (pressed) => {
  bar().dataset.every = "";
  one("[data-picked]", bar()).textContent = `All ${bar().dataset.total} selected`;
  pressed.hidden = true;
  for (const item of all("[data-picked-only], [data-pair-only]", bar())) item.hidden = true;
  one("[data-do]:not([hidden]):not([data-picked-only])", bar()).focus();
};

actions["bulk-set"] = () => new BulkEdit();

actions["bulk-delete"] = () => {
  const about = chosen();
  const work = new BulkWork({
    ...about,
    title: `Move ${those(about.count)} to the bin?`,
    form: make("p", { class: "mid dim" }, "You can restore them from the bin, or undo it here."),
    body: () => ({ delete: true }),
    verb: () => "Move to the bin",
    would: "would go to the bin",
    word: "deleted",
    done: (count, plural) => `${count} ${plural} are in the bin.`,
    same: (count) => `${count} went there with others.`,
    back: (count, plural) => `${count} ${plural} are back.`,
  });
  work.preview();
};

actions["bulk-assign"] = (pressed) => {
  const about = chosen();
  const work = new BulkWork({
    ...about,
    title: `Assign ${those(about.count)} to me`,
    form: make("div", {}),
    body: () => ({ values: { [pressed.dataset.field]: { user: pressed.dataset.me } } }),
    verb: (count) => (count === null ? "Assign all" : `Assign ${number(count)}`),
    would: "would be yours",
    table: () => "",
    word: "changed",
    done: (count, plural) => `${count} ${plural} are yours now.`,
    same: (count) => `${count} were yours already.`,
    back: (count, plural) => `${count} ${plural} are whose they were.`,
  });
  work.preview();
};

// A button, or a transition: what it asks is asked once for all.
actions["bulk-press"] = async (pressed) => {
  const { label, action } = pressed.dataset;
  const form = make("div", { class: "stack" });
  const questions = `${bar().dataset.bulk}/ask?action=${encodeURIComponent(action)}`;
  const asked = "asks" in pressed.dataset ? await (await import("./asking.js")).form(questions) : null;
  if (asked) form.append(one(".form-grid", asked));
  const fields = all("[data-field]", form);
  const usual = new Set(asked?.dataset.usual?.split(","));
  // Left empty, it is what is usual for each record.
  const answers = () => fields.map((field) => [field.dataset.field, read(field)]).filter(([name, value]) => value !== null || !usual.has(name));
  const about = chosen();
  const work = new BulkWork({
    ...about,
    title: `${label}: ${those(about.count)}`,
    form,
    body: () => ({ action, answers: Object.fromEntries(answers()) }),
    verb: (count) => (count === null ? `${label}: all` : `${label}: ${number(count)}`),
    would: "are selected",
    word: "pressed",
    done: (count, plural) => `${label}: done for ${count} ${plural}.`,
    same: () => "",
  });
  if (one("select[data-lookup]", form)) (await import("./lookups.js")).start(form);
  one("input:not([type=hidden]), textarea, select", form)?.focus();
  work.preview();
};

// Two records: the first one's page of the work, which names the other one.
actions["bulk-pair"] = (pressed) => {
  const [first, second] = picked().map((box) => box.value);
  location.assign(`/o/${bar().dataset.api.split("/").pop()}/${first}${pressed.dataset.path}?with=${second}`);
};
