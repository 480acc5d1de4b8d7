// Work on many records in one dialog: what is asked, what would be, how far it is, what came out of it, and back again.
import { all, make, one } from "./dom.js";
import { dialog } from "./dialog.js";
import { reason, send } from "./http.js";

const LOOK = 400; // milliseconds between two looks at a job
const TOLD = 6;
export const bar = () => one("#bulk");
export const number = (value) => value.toLocaleString(document.documentElement.lang || "en");
export const address = (part = "") => `${bar().dataset.bulk}${part}${bar().dataset.query}`;
const later = (time) => new Promise((done) => setTimeout(done, time));
const button = (label, run, primary = false) => make("button", { class: `btn ${primary ? "primary" : "quiet"}`, type: "button", onclick: run }, label);

function refusals(found, count = found.length) {
  const lines = found.slice(0, TOLD).map((item) => make("li", {}, make("b", {}, item.title), `: ${item.reason}`));
  return make("ul", { class: "mid" }, ...lines, count > lines.length && make("li", {}, `and ${number(count - lines.length)} more`));
}

// about: {ids (null: all of the list), count, title, form (what is asked), body() (what is sent), verb(count), would (what a
// preview says of the count), table(sample), word (of the result), done(count, plural), back(count, plural)}
export class BulkWork {
  constructor(about) {
    Object.assign(this, about);
    this.plural = bar().dataset.plural;
    this.asked = 0;
    this.started = false;
    this.work = make("div", { class: "stack", "data-work": true, "aria-live": "polite" });
    const write = { label: this.verb(this.count), primary: true, run: () => (this.start(), false) };
    this.box = dialog(this.title, [this.form, this.work], [{ label: "Cancel" }, write], "wide");
    this.foot = one(".foot", this.box);
    this.box.addEventListener("close", () => this.started && location.reload());
  }

  // The preview's answer decides: what is not complete yet cannot be begun.
  async preview() {
    const mine = (this.asked += 1);
    const result = await send("POST", address("/preview"), { ...this.body(), ...(this.ids ? { ids: this.ids } : {}) });
    if (mine !== this.asked || this.started || !this.box.isConnected) return;
    if (!result.ok) return this.work.replaceChildren(make("p", { class: "mid bad", role: "alert" }, reason(result)));
    const { count, tried, sample = [], refused } = result.data;
    one(".btn.primary", this.foot).textContent = this.verb(count);
    const said = `${number(refused.length)} ${refused.length === 1 ? "refuses" : "refuse"}:`;
    const first = tried < count ? `Of the first ${number(tried)}, ${said}` : said;
    const rest = sample.length && sample.length < count ? " The first of them:" : "";
    this.work.replaceChildren(
      make("p", { class: "mid dim" }, make("b", {}, `${number(count)} ${this.plural}`), ` ${this.would}.${rest}`),
      sample.length ? this.table(sample) : "",
      ...(refused.length ? [make("p", { class: "mid bad" }, first), refusals(refused)] : []),
    );
  }

  hold(held) {
    for (const item of all(".input, select, button", this.form)) item.disabled = held;
  }

  async start() {
    if (this.started) return;
    const body = { ...this.body(), ...(this.ids ? { ids: this.ids } : {}), key: crypto.randomUUID?.() };
    this.started = true;
    this.hold(true);
    this.progress("Starting", null);
    const result = await send("POST", address(), body);
    if (result.ok) return this.follow(result.data, this.word);
    this.started = false;
    this.hold(false);
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
      else if (result.status >= 400 && result.status < 500) return this.lost(result);
    }
    this.finish(job, word);
  }

  // Its state cannot be read any more, such as after signing out.
  lost(result) {
    this.work.replaceChildren(make("p", { class: "mid bad", role: "alert" }, reason(result)));
    this.buttons(button("Close", () => this.box.close(), true));
  }

  finish(job, word) {
    this.form.hidden = true;
    const result = job.result ?? {};
    const count = result[word] ?? 0;
    const forward = word === this.word;
    const stays = forward ? (result.refused ?? 0) : (result.kept ?? 0);
    const said = forward ? this.done(number(count), this.plural) : this.back(number(count), this.plural);
    const same = result.unchanged ? ` ${this.same(number(result.unchanged))}` : "";
    const halted = job.state === "cancelled" ? ` Stopped after ${number(job.done)} of ${number(job.total ?? job.done)}.` : "";
    this.work.replaceChildren(
      make("p", { role: "status" }, `${said}${same}${halted}`),
      ...(stays ? [make("p", { class: "mid bad" }, forward ? `${number(stays)} refused and ${stays === 1 ? "stays as it was" : "stay as they were"}:` : `${number(stays)} could not be restored:`), refusals(result.reasons ?? [], stays)] : []),
      ...(job.state === "failed" ? [make("p", { class: "mid bad", role: "alert" }, job.error)] : []),
    );
    const again = async (part) => {
      const answer = await send("POST", `/api/jobs/${job.id}/${part}`);
      if (answer.ok) return this.follow(answer.data, part === "undo" ? "restored" : word);
      return this.work.append(make("p", { class: "mid bad", role: "alert" }, reason(answer)));
    };
    const undo = forward && this.back && count > 0 && button("Undo", () => again("undo"));
    const on = job.state !== "done" && button("Go on", () => again("retry"));
    this.buttons(undo, on, button("Close", () => this.box.close(), true));
  }
}
