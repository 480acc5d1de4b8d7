// One field for many records: those that are ticked, or all of the filter; seen before it is written, done as a
// job with progress, and undone by one press.
import { all, data, make, one } from "./dom.js";
import { dialog } from "./dialog.js";
import { reason, send } from "./http.js";
import { actions } from "./shell.js";
import { read } from "./values.js";

const LOOK = 400; // milliseconds between two looks at a job
const TOLD = 6;
const bar = () => one("#bulk");
const number = (value) => value.toLocaleString(document.documentElement.lang || "en");
const address = (part = "") => `${bar().dataset.bulk}${part}${bar().dataset.query}`;
const later = (time) => new Promise((done) => setTimeout(done, time));

export const picks = () => all("[data-pick]");
export const picked = () => picks().filter((box) => box.checked);
const every = () => "every" in bar().dataset;
const ids = () => (every() ? null : picked().map((box) => box.value));

function editorFor(field) {
  const label = { class: "input", "aria-label": field.label };
  const holder = make("div", { class: "field", "data-holds": field.holds, "data-field": field.name });
  const none = field.emptiable ? [make("option", { value: "" }, "None")] : [];
  if (field.options?.length) holder.append(make("select", label, ...none, ...field.options.map((option) => make("option", { value: option.value }, option.label))));
  else if (field.search_url) holder.append(make("select", { ...label, "data-lookup": true, "data-url": field.search_url }, make("option", { value: "" })));
  else holder.append(make("input", { ...label, ...field.input, "data-currency": field.currency, "data-zone": field.zone, "data-day": field.day }));
  return holder;
}

function refusals(found, count = found.length) {
  const lines = found.slice(0, TOLD).map((item) => make("li", {}, make("b", {}, item.title), `: ${item.reason}`));
  return make("ul", { class: "mid" }, ...lines, count > lines.length && make("li", {}, `and ${number(count - lines.length)} more`));
}

function sampleTable(sample, label) {
  const head = make("tr", {}, ...["Record", `${label} now`, "Becomes"].map((text) => make("th", { scope: "col" }, text)));
  const lines = sample.map((row) => make("tr", {}, make("td", { class: "title" }, row.title), make("td", {}, row.before), make("td", {}, make("b", {}, row.after))));
  return make("table", { class: "table inset still" }, make("thead", {}, head), make("tbody", {}, ...lines));
}

const button = (label, run, primary = false) => make("button", { class: `btn ${primary ? "primary" : "quiet"}`, type: "button", onclick: run }, label);

// The work of one dialog: what is asked, what would be, how far it is, what came out of it.
class BulkEdit {
  constructor(chosen, count) {
    this.fields = data("bulk-data");
    this.ids = chosen;
    this.count = count;
    this.plural = bar().dataset.plural;
    this.asked = 0;
    this.started = false;
    this.pick = make("select", { class: "input", "aria-label": "Field" }, ...this.fields.map((field) => make("option", { value: field.name }, field.label)));
    this.slot = make("div", {});
    this.form = make("div", { class: "form-grid" }, this.pick, this.slot);
    this.work = make("div", { class: "stack", "data-work": true, "aria-live": "polite" });
    const write = { label: this.verb(count), primary: true, run: () => (this.start(), false) };
    this.box = dialog(count === null ? `Set a field on all ${this.plural} of this list` : `Set a field on ${number(count)} ${this.plural}`, [this.form, this.work], [{ label: "Cancel" }, write], "wide");
    this.foot = one(".foot", this.box);
    this.box.addEventListener("close", () => this.started && location.reload());
    this.pick.addEventListener("change", () => this.showValue());
    this.slot.addEventListener("change", () => this.preview());
    this.showValue();
  }

  verb = (count) => (count === null ? "Change all" : `Change ${number(count)}`);

  get field() {
    return this.fields.find((item) => item.name === this.pick.value);
  }

  get body() {
    return { field: this.field.name, value: read(one("[data-holds]", this.slot)), ...(this.ids ? { ids: this.ids } : {}) };
  }

  async showValue() {
    this.slot.replaceChildren(editorFor(this.field));
    if (one("[data-lookup]", this.slot)) (await import("./lookups.js")).start(this.slot);
    await this.preview();
  }

  async preview() {
    const mine = (this.asked += 1);
    const result = await send("POST", address("/preview"), this.body);
    if (mine !== this.asked || this.started || !this.box.isConnected) return;
    if (!result.ok) return this.work.replaceChildren(make("p", { class: "mid bad", role: "alert" }, reason(result)));
    const { count, tried, sample, refused } = result.data;
    one(".btn.primary", this.foot).textContent = this.verb(count);
    const first = tried < count ? `Of the first ${number(tried)}, ${number(refused.length)} refuse:` : `${number(refused.length)} refuse:`;
    const rest = sample.length < count ? " The first of them:" : "";
    this.work.replaceChildren(
      make("p", { class: "mid dim" }, make("b", {}, `${number(count)} ${this.plural}`), ` would get a new value.${rest}`),
      sample.length ? sampleTable(sample, this.field.label) : "",
      ...(refused.length ? [make("p", { class: "mid bad" }, first), refusals(refused)] : []),
    );
  }

  async start() {
    if (this.started) return;
    const body = { ...this.body, key: crypto.randomUUID?.() };
    this.started = true;
    for (const item of all(".input, select", this.form)) item.disabled = true;
    this.progress("Starting", null);
    const result = await send("POST", address(), body);
    if (result.ok) return this.follow(result.data, "changed");
    this.started = false;
    for (const item of all(".input, select", this.form)) item.disabled = false;
    this.work.replaceChildren(make("p", { class: "mid bad", role: "alert" }, reason(result)));
    return this.buttons(button("Cancel", () => this.box.close()), button(this.verb(this.count), () => this.start(), true));
  }

  buttons(...found) {
    this.foot.replaceChildren(...found.filter(Boolean));
    found.at(-1)?.focus();
  }

  progress(said, job) {
    const [done, total] = [job?.done ?? 0, job?.total ?? this.count ?? 1];
    this.bar ??= make("progress", { class: "progress", "aria-label": "Progress" });
    Object.assign(this.bar, { max: Math.max(total, 1), value: done });
    this.line ??= make("p", { class: "mid dim", role: "status" });
    this.line.textContent = job ? `${number(done)} of ${number(total)}. You can close this: the work goes on, see Jobs.` : said;
    if (!this.bar.isConnected) this.work.replaceChildren(this.bar, this.line);
  }

  async follow(first, word) {
    let job = first;
    let stop = null;
    while (["running", "cancelling"].includes(job.state)) {
      this.progress("", job);
      if (!stop) {
        const { id } = job;
        stop = button("Stop", () => ((stop.disabled = true), send("POST", `/api/jobs/${id}/cancel`)));
        this.buttons(stop);
      }
      await later(LOOK);
      const result = await send("GET", `/api/jobs/${job.id}`);
      if (!this.box.isConnected) return;
      if (result.ok) job = result.data;
    }
    this.finish(job, word);
  }

  finish(job, word) {
    this.form.hidden = true;
    const result = job.result ?? {};
    const count = result[word] ?? 0;
    const stays = word === "changed" ? (result.refused ?? 0) : (result.kept ?? 0);
    const label = this.field.label;
    const done = word === "changed" ? `${label} was set on ${number(count)} ${this.plural}.` : `${number(count)} ${this.plural} have their old value back.`;
    const same = result.unchanged ? ` ${number(result.unchanged)} had it already.` : "";
    const halted = job.state === "cancelled" ? ` Stopped after ${number(job.done)} of ${number(job.total ?? job.done)}.` : "";
    this.work.replaceChildren(
      make("p", { role: "status" }, `${done}${same}${halted}`),
      ...(stays ? [make("p", { class: "mid bad" }, word === "changed" ? `${number(stays)} refused and stay as they were:` : `${number(stays)} could not be restored:`), refusals(result.reasons ?? [], stays)] : []),
      ...(job.state === "failed" ? [make("p", { class: "mid bad", role: "alert" }, job.error)] : []),
    );
    const again = async (part) => {
      const answer = await send("POST", `/api/jobs/${job.id}/${part}`);
      if (answer.ok) return this.follow(answer.data, part === "undo" ? "restored" : word);
      return this.work.append(make("p", { class: "mid bad", role: "alert" }, reason(answer)));
    };
    const undo = word === "changed" && count > 0 && button("Undo", () => again("undo"));
    const on = job.state !== "done" && button("Go on", () => again("retry"));
    this.buttons(undo, on, button("Close", () => this.box.close(), true));
  }
}

actions["bulk-all"] = (pressed) => {
  bar().dataset.every = "";
  one("[data-picked]", bar()).textContent = `All ${bar().dataset.total} selected`;
  pressed.hidden = true;
  for (const item of all("[data-picked-only]", bar())) item.hidden = true;
  one("[data-do=bulk-set]", bar()).focus();
};

actions["bulk-set"] = () => new BulkEdit(ids(), every() ? null : picked().length);
