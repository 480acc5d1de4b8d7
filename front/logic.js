// Fields and sections that come and go, are needed or are closed as one types; options that follow another choice.
// The conditions are those of the server, which judges what is sent.
import { instant, localDay } from "./calendar.js";
import { followers } from "./defaults.js";
import { all, later, make, one, speak } from "./dom.js";
import { ASK, run } from "./expressions.js";
import { send } from "./http.js";
import { plainNumber } from "./numbers.js";
import { read, readable } from "./values.js";
import { calendars } from "./working.js";

const WORDS = ["visible", "required", "read_only"];
const wrapper = (form, name) => one(`[data-field="${name}"]`, form);

// An answer of another step of the form: it lies in hidden inputs.
function carried(form, name, letter) {
  const texts = all(`input[type=hidden][name="${name}"]`, form).map((input) => input.value).filter(Boolean);
  if (letter === "l") return texts;
  if (!texts.length) return null;
  if (letter === "b") return texts.at(-1) === "true";
  if (letter === "n") return plainNumber(texts.at(-1));
  return "tnd".includes(letter) ? texts.at(-1) : undefined;
}

function valueOf(form, name, letter) {
  const field = wrapper(form, name);
  if (field) return readable(field) ? read(field) : undefined;
  return one(`[name="${name}"]`, form) ? carried(form, name, letter) : undefined;
}

function surroundings(form, rules) {
  const started = BigInt(Date.now());
  const began = instant(rules.now, "UTC");
  const now = () => began + (BigInt(Date.now()) - started) * 1000n;
  return {
    calendar: calendars(rules.calendars),
    read: (name, letter) => valueOf(form, name, letter),
    get now() {
      return now();
    },
    get today() {
      return localDay(now(), rules.zone);
    },
  };
}

function note(field, rules, is) {
  const label = one("label, legend", field);
  const text = rules.note === "optional" ? "(optional)" : "(required)";
  const wanted = !is.read_only && is.required === (rules.note === "needed");
  const old = one(".opt", label ?? field);
  if (!wanted) old?.remove();
  else if (!old && label) label.append(" ", make("span", { class: "opt" }, text));
}

function close(field, closed) {
  for (const input of all("input:not([type=hidden]), textarea, select, button", field)) {
    const typed = input.matches("textarea, input:not([type=checkbox], [type=radio], [type=file])");
    if (typed) input.readOnly = closed;
    else input.disabled = closed;
    if (input.tomselect) input.tomselect[closed ? "disable" : "enable"]();
  }
}

function show(form, rules, name, is, first) {
  const field = wrapper(form, name);
  if (!field) return false;
  const came = field.hidden && is.visible;
  field.hidden = !is.visible;
  note(field, rules, is);
  if ("read_only" in rules.fields[name].if && !(first && !is.read_only)) close(field, is.read_only);
  const needed = is.required && !is.read_only;
  for (const input of all("input:not([type=hidden]), textarea, select", field)) {
    if (needed) input.setAttribute("aria-required", "true");
    else input.removeAttribute("aria-required");
  }
  return came;
}

function showSections(form, rules) {
  for (const section of all("[data-section]", form)) {
    const rule = rules.sections[section.dataset.section];
    const fields = all("[data-field]", section);
    section.hidden = (rule && !rule.is.visible) || (fields.length > 0 && fields.every((field) => field.hidden));
  }
}

// What the browser can say of every rule; whether some have to be asked for.
function decide(rules, env) {
  let asked = false;
  for (const rule of [...Object.values(rules.sections), ...Object.values(rules.fields)]) {
    for (const word of WORDS.filter((each) => each in rule.if)) {
      try {
        rule.is[word] = run(rule.if[word], env) === true;
        rule.open?.delete(word);
      } catch (reason) {
        if (reason !== ASK) throw reason;
        rule.open = (rule.open ?? new Set()).add(word);
        asked = true;
      }
    }
  }
  return asked;
}

// The server's answer for those that are open.
function settle(rules, layout) {
  const fields = Object.fromEntries(layout.sections.flatMap((section) => section.fields.map((field) => [field.name, field])));
  const sections = Object.fromEntries(layout.sections.map((section) => [section.name, section]));
  for (const [found, of] of [[fields, rules.fields], [sections, rules.sections]]) {
    for (const [name, rule] of Object.entries(of)) {
      for (const word of rule.open ?? []) if (found[name]) rule.is[word] = found[name][word];
    }
  }
}

function typed(form, left) {
  const values = {};
  for (const field of all("[data-field]", form)) {
    if (readable(field) && !left.includes(field.dataset.field)) values[field.dataset.field] = read(field);
  }
  return values;
}

function follow(form) {
  const rules = JSON.parse(one(`#${form.dataset.logic}`).textContent);
  const env = surroundings(form, rules);
  const defaults = followers(form, rules);
  let turn = 0;
  const apply = (first) => {
    const came = Object.entries(rules.fields).filter(([name, rule]) => show(form, rules, name, rule.is, first));
    showSections(form, rules);
    const words = came.map(([name]) => one("label, legend", wrapper(form, name))?.firstChild?.textContent.trim()).filter(Boolean);
    if (!first && words.length) speak(`New questions: ${words.join(", ")}`);
  };
  const ask = later(async () => {
    const mine = (turn += 1);
    const body = { values: typed(form, defaults.open()), ...(rules.record ? { id: rules.record } : {}) };
    const answer = await send("POST", rules.ask, body);
    if (!answer.ok || mine !== turn) return;
    defaults.take(answer.data.defaults);
    decide(rules, env);
    settle(rules, answer.data);
    apply(false);
  }, 200);
  const change = (first) => {
    const open = !first && defaults.run(env);
    const asked = decide(rules, env) || open;
    apply(first);
    if (asked && rules.ask && !first) ask();
  };
  form.addEventListener("input", () => change(false));
  form.addEventListener("change", () => change(false));
  change(true);
}

// Options go with what another choice holds; the chosen one is taken back where it does not.
function narrow(form, box) {
  const other = wrapper(form, box.dataset.dependsOn);
  const held = other ? [read(other) ?? []].flat() : [carried(form, box.dataset.dependsOn, "l") ?? []].flat();
  let changed = false;
  for (const option of all("[data-when]", box)) {
    const fits = option.dataset.when.split(" ").some((name) => held.includes(name));
    option.hidden = !fits;
    const input = option.matches("option") ? option : one("input", option);
    input.disabled = !fits;
    if (!fits && (input.selected || input.checked)) {
      if (input.matches("option")) box.value = "";
      else input.checked = false;
      changed = true;
    }
  }
  if (changed) box.dispatchEvent(new Event("change", { bubbles: true }));
}

export function start(root = document) {
  for (const box of all("[data-depends-on]", root)) {
    const form = box.closest("form");
    if (!form || !(wrapper(form, box.dataset.dependsOn) || one(`[name="${box.dataset.dependsOn}"]`, form))) continue;
    form.addEventListener("change", (event) => event.target !== box && !box.contains(event.target) && narrow(form, box));
    narrow(form, box);
  }
  all("form[data-logic]", root).forEach(follow);
}
