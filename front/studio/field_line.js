// A field is one typed line: label, Enter, and the next one. The kind comes from the label until one is chosen.
import { all, icon, later, make, one, speak } from "../dom.js";
import { reason, send } from "../http.js";
import { actions } from "../shell.js";
import { answers, checkExpressions, isReady, missing, optionsOf, showOptions, writeExpressions } from "./field_options.js";
import { openKinds, showKind } from "./kind_picker.js";
import { api, change, fillPlan, renew, root, showPlan } from "./plan.js";

const NO_ANSWER = "The server did not answer. Check the connection, then try again.";

class FieldLine {
  constructor(form) {
    this.form = form;
    this.label = one("[name=label]", form);
    this.error = one("[data-error]", form);
    this.box = one("[data-options]", form);
    this.usual = one("[data-kind-value]", form).value;
    this.waiting = []; // fields that are typed and not yet saved
    this.kind = this.usual;
    this.chosen = false; // whether the person said which kind
    this.plan = later(() => this.tell(), 250);
    this.label.addEventListener("input", () => this.follow());
    this.label.addEventListener("keydown", (event) => this.down(event));
    this.box.addEventListener("input", () => this.plan());
    this.box.addEventListener("change", () => (this.write(), checkExpressions(this.box)));
    form.addEventListener("submit", (event) => this.submit(event));
    this.take(this.usual, {}, false);
    this.label.focus();
  }

  get words() {
    return this.label.value.trim();
  }

  write() {
    if (!this.box.hidden) writeExpressions(this.box, root().dataset.object, this.kind);
  }

  // Another kind, with answers that are known.
  take(kind, options = {}, guessed = false) {
    this.kind = kind;
    this.guessed = JSON.stringify({ kind, options });
    this.said = showKind(this.form, kind, options, guessed);
    showOptions(this.box, kind, options);
    this.box.hidden = !this.words || !optionsOf(kind).length;
    this.write();
  }

  follow() {
    if (!this.words) one("[data-name]", this.form).textContent = "";
    if (!this.words && !this.chosen) this.take(this.usual);
    this.box.hidden = !this.words || !optionsOf(this.kind).length;
    this.write();
    this.error.hidden = true;
    if (this.words) this.plan();
  }

  // Down from the label goes to the kinds.
  down(event) {
    if (event.key !== "ArrowDown" || event.altKey) return;
    event.preventDefault();
    one("[data-do=kinds]", this.form).click();
  }

  async named(label, kind, options = "", taken = []) {
    const asked = { object: root().dataset.object, kind, label, options, taken: taken.join(",") };
    return (await send("GET", `/studio/names?${new URLSearchParams(asked)}`)).data;
  }

  // The field as it stands in the line; the server makes its name and says which kind its label suggests.
  async field() {
    const label = this.words;
    const told = await this.named(label, this.kind, answers(this.box, this.kind).options);
    if (label !== this.words) return null;
    this.told = label;
    if (!this.chosen) this.guess(told.guess);
    return this.made(told);
  }

  guess(found) {
    const { kind, options } = found ?? { kind: this.usual, options: {} };
    if (JSON.stringify({ kind, options }) === this.guessed) return;
    this.take(kind, options, Boolean(found));
    if (found) speak(`Kind: ${this.said}, from the label`);
  }

  made(told) {
    const made = { name: told.name ?? "", label: this.words, kind: this.kind, ...answers(this.box, this.kind) };
    return made.options ? { ...made, options: told.options } : made;
  }

  async tell() {
    const made = this.words ? await this.field() : null;
    if (!made) return;
    one("[data-name]", this.form).textContent = made.name;
    if (!isReady(made)) return;
    const result = await send("PATCH", api("?plan=true"), { fields: [made] });
    if (made.label !== this.words) return;
    const shown = this.said.toLowerCase();
    if (result.ok) showPlan(`Add ${made.label}, ${/^[aeiou]/.test(shown) ? "an" : "a"} ${shown}.`, result.data);
    else fillPlan("Not yet", reason(result), [], "warn");
  }

  // The line is free at once for the next label: names and kinds are asked for behind it.
  submit(event) {
    event.preventDefault();
    if (!this.words) return this.label.focus();
    const sure = this.chosen || this.told === this.words;
    const made = { label: this.words, kind: this.kind, ...answers(this.box, this.kind) };
    const open = sure && missing({ ...made, name: "-" });
    if (open) {
      one(`[name=${open.name}]`, this.box)?.focus();
      return this.refuse(`${made.label} is a ${this.said.toLowerCase()}: say which ${open.label.split(",")[0].toLowerCase()} it has.`);
    }
    this.waiting.push({ made, sure });
    this.clear();
    this.mark(made);
    return this.save();
  }

  // With its name, and with the kind that the label suggests where there was no time to show it.
  async whole({ made, sure }, taken) {
    const told = await this.named(made.label, made.kind, made.options, taken);
    if (!told.name) return null;
    const guess = !sure && told.guess && { kind: told.guess.kind, ...told.guess.options };
    const field = { name: told.name, ...made, ...(guess && !missing({ ...made, ...guess, name: "-" }) ? guess : {}) };
    return field.options ? { ...field, options: told.options } : field;
  }

  refuse(words) {
    this.error.replaceChildren(icon("alert-triangle"), words);
    this.error.hidden = false;
  }

  clear() {
    this.label.value = "";
    this.chosen = false;
    this.take(this.usual);
    this.follow();
    this.label.focus();
  }

  // A field that is on its way stands among the others.
  mark({ label }) {
    const row = make("tr", { class: "added", "data-coming": label }, make("td", { class: "title", colspan: "6" }, label, make("span", { class: "small faint" }, "  being added")));
    one("#field-rows").append(row);
  }

  // What was typed meanwhile goes together; where that is refused, one by one.
  async save() {
    if (this.saving) return;
    this.saving = true;
    const added = [];
    while (this.waiting.length) {
      const some = [];
      const typed = [...this.waiting];
      for (const entry of typed) {
        const field = await this.whole(entry, some.map(({ name }) => name));
        if (field) some.push(field);
        else this.back(entry.made, NO_ANSWER);
      }
      const together = some.length > 1 && (await send("PATCH", api(), { fields: some })).ok;
      for (const made of some) if (together || (await this.one(made))) added.push(made);
      this.waiting = this.waiting.filter((entry) => !typed.includes(entry));
    }
    this.saving = false;
    if (added.length) await this.show(added);
  }

  async one(made) {
    const result = await change("PATCH", api(), { fields: [made] });
    if (!result.ok) this.back(made, reason(result));
    return result.ok;
  }

  // What could not be saved is in the line again, unless the next one is being typed.
  back(made, words) {
    all("[data-coming]").find((row) => row.dataset.coming === made.label)?.remove();
    this.refuse(`${made.label}: ${words}`);
    if (this.words) return;
    this.label.value = made.label;
    this.chosen = true;
    this.take(made.kind, made);
    this.follow();
  }

  async show(added) {
    const placed = (await send("POST", root().dataset.place, { names: added.map(({ name }) => name) })).data.placed ?? [];
    await renew();
    for (const { name } of added) one(`#field-rows [data-name="${name}"]`)?.classList.add("added");
    for (const { made } of this.waiting) this.mark(made);
    const words = added.map(({ label }) => label).join(", ");
    const columns = new Set([...one("#field-rows").dataset.columns.split(","), ...added.map(({ name }) => name)]);
    const list = make("a", { class: "link", href: `${root().dataset.list}?columns=${[...columns].filter(Boolean).join(",")}` }, `See ${added.length > 1 ? "them" : "it"} in the list`);
    fillPlan("Done", `${words} ${added.length > 1 ? "are" : "is"} in the form, the list, filters, cards, rules and the API.`, [["good", "No restart, no waiting."], ...placed.map((layout) => ["good", `In the layout ${layout}, in the section New fields until you place ${added.length > 1 ? "them" : "it"}.`]), ["good", list]], "good");
    speak(`${words} added`);
  }
}

export function start(form) {
  const line = new FieldLine(form);
  actions.kinds = (button) =>
    openKinds(button, line.kind, (kind, options) => {
      line.chosen = true;
      line.take(kind, options);
      line.plan();
      (one("[data-options] :is(.xarea, input:not([hidden]), select)", form) ?? line.label).focus();
    });
  for (const button of all("[data-do=kinds]", form)) button.disabled = false;
}
