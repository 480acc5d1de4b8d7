// The studio: a field is one typed line; what would happen is said before it does.
import { all, data, icon, later, make, one } from "./dom.js";
import { dialog } from "./dialog.js";
import { place, release } from "./float.js";
import { csrf, page, reason, send } from "./http.js";
import { actions } from "./shell.js";
import { toast } from "./toasts.js";

const root = () => one("[data-studio]");
const api = (query = "") => `${root().dataset.api}${query}`;

const state = { kind: "", format: "" };

// what a kind asks for: [{name, label, help, type, choices, more, awaited}], from the JSON Schema of its options
const optionsOf = (kind) => data("kind-options")[kind] ?? [];

function select(name, id, choices, several) {
  const chosen = (value) => name === "format" && value === state.format;
  return make("select", { class: "input", id, name, multiple: several || null }, ...choices.map(({ value, label }) => make("option", { value, selected: chosen(value) }, label)));
}

function input({ name, label, help, type, choices }) {
  const id = `option-${name}`;
  if (type === "tick" || type === "not") return make("label", { class: "row mid", title: help || null }, make("input", { type: "checkbox", name, id }), label);
  let control = make("input", { class: "input", id, name, autocomplete: "off", title: help || null, inputmode: type === "number" ? "decimal" : null });
  if (type === "select" || type === "several") control = select(name, id, choices, type === "several");
  if (type === "object" || type === "objects") control = select(name, id, data("targets"), type === "objects");
  return make("div", { class: `field ${["options", "words", "wide"].includes(type) ? "wide" : ""}` }, make("label", { for: id }, label), control);
}

function showOptions(form) {
  const box = one("[data-options]", form);
  const options = optionsOf(state.kind);
  const rest = options.filter((option) => option.more).map(input);
  const more = rest.length ? [make("details", { class: "field wide" }, make("summary", { class: "mid dim" }, "More options"), make("div", { class: "addopts" }, ...rest))] : [];
  box.replaceChildren(...options.filter((option) => !option.more).map(input), ...more);
  box.hidden = !one("[name=label]", form).value.trim() || !options.length;
}

// The names that the server makes from labels: {name, options}.
const named = async (asked) => (await send("GET", `/studio/names?${new URLSearchParams(asked)}`)).data;

const listed = (text) => text.split(",").map((word) => word.trim()).filter(Boolean);

// The value of an option as the document writes it, or nothing.
function given({ type }, control) {
  const text = control.value.trim();
  if (type === "tick") return control.checked || undefined;
  if (type === "not") return control.checked ? false : undefined;
  if (type === "several" || type === "objects") {
    const chosen = [...control.selectedOptions].map((option) => option.value);
    return chosen.length ? chosen : undefined;
  }
  if (!text) return undefined;
  if (type === "number") return Number.isNaN(Number(text)) ? text : Number(text);
  return type === "words" ? listed(text) : text;
}

async function field(form) {
  const label = one("[name=label]", form).value.trim();
  const made = { name: "", label, kind: state.kind };
  const words = one("[data-options] [name=options]", form)?.value ?? "";
  const { name, options } = label ? await named({ object: root().dataset.object, kind: state.kind, label, options: words }) : {};
  made.name = name ?? "";
  for (const option of optionsOf(made.kind)) {
    const control = one(`[data-options] [name=${option.name}]`, form);
    let value = control && given(option, control);
    if (value && option.type === "options") value = options;
    if (value !== undefined && value !== null && value !== "") made[option.name] = value;
  }
  return made;
}

// plans, in words
const WORDS = {
  instant: ["good", "No records are rewritten; all stay available."],
  scan: ["good", "All records are read once to check them."],
  rewrite: ["warn", "Every record is rewritten once."],
  destructive: ["bad", "Values are retired. They are kept until somebody purges them."],
};

function showPlan(summary, plan) {
  const classes = [...new Set(plan.operations.map((operation) => operation.class))];
  const lines = classes.map((name) => WORDS[name] ?? ["good", name]);
  const uses = plan.operations.flatMap((operation) => operation.uses ?? []);
  lines.push(uses.length ? ["warn", `Used in ${uses.map((use) => use.label ?? use.name ?? use).join(", ")}.`] : ["good", "Nothing uses these names yet."]);
  for (const one of plan.beyond ?? []) lines.push(["bad", `${one.document}${one.pointer}: ${one.message} An administrator can approve it.`]);
  if (plan.operations.every((operation) => operation.undo !== false)) lines.push(["good", "Undo is one step and loses no other data."]);
  fillPlan(classes.includes("destructive") ? "Removes something" : classes.includes("rewrite") ? "Rewrites records" : "Instant", summary, lines, classes.includes("destructive") ? "bad" : classes.includes("rewrite") ? "warn" : "good");
}

function fillPlan(chip, summary, lines, tone) {
  const box = one("#plan");
  one("[data-plan-chip]", box).className = `chip ${tone}`;
  one("[data-plan-chip]", box).textContent = chip;
  one("[data-plan-summary]", box).textContent = summary;
  one("[data-plan-lines]", box).replaceChildren(...lines.map(([kind, text]) => make("li", { class: kind }, icon(kind === "good" ? "check" : "alert-triangle"), make("span", {}, text))));
}

// A change; what goes beyond one's own rights is asked of an administrator, if one likes.
async function change(method, address, body) {
  const result = await send(method, address, body);
  if (result.ok || !result.data.beyond) return result;
  const ask = async () => {
    const asked = await send(method, `${address}${address.includes("?") ? "&" : "?"}ask=true`, body);
    if (asked.ok) location.assign(`/studio/approvals/${asked.data.approval}`);
    else toast(reason(asked), { tone: "bad" });
  };
  const lines = result.data.beyond.map((one) => make("p", { class: "mid bad" }, `${one.document}${one.pointer}: ${one.message}`));
  const words = make("p", { class: "mid dim" }, "Nothing has changed: this goes beyond your own rights. An administrator can approve it.");
  dialog("This needs an administrator", [...lines, words], [{ label: "Cancel" }, { label: "Ask an administrator", primary: true, run: ask }]);
  return result;
}

const ready = (made) => made.name && optionsOf(made.kind).every(({ name, awaited }) => !awaited || (name in made && made[name].length !== 0));

const plan = later(async (form) => {
  const made = await field(form);
  if (made.label !== one("[name=label]", form).value.trim()) return;
  one("[data-name]", form).textContent = made.name;
  if (!ready(made)) return;
  const result = await send("PATCH", api("?plan=true"), { fields: [made] });
  const shown = one(`#kind-${made.kind}`)?.textContent.trim().toLowerCase() ?? made.kind;
  if (result.ok) showPlan(`Add ${made.label}, ${/^[aeiou]/.test(shown) ? "an" : "a"} ${shown}.`, result.data);
  else fillPlan("Not yet", reason(result), [], "warn");
}, 250);

async function renew() {
  const fresh = await page(location.href);
  for (const id of ["field-rows", "yaml"]) {
    const [old, next] = [one(`#${id}`), one(`#${id}`, fresh)];
    if (old && next) old.replaceWith(next);
  }
  const [tabs, next] = [one("[data-studio] .tabs"), one("[data-studio] .tabs", fresh)];
  if (tabs && next) tabs.replaceWith(next);
}

function adding(form) {
  const first = (state.kind = one("[data-kind-value]", form).value);
  const label = one("[name=label]", form);
  const error = one("[data-error]", form);
  const follow = () => {
    if (!label.value.trim()) one("[data-name]", form).textContent = "";
    const box = one("[data-options]", form);
    if (label.value.trim() && box.hidden) showOptions(form);
    else if (!label.value.trim()) box.hidden = true;
    error.hidden = true;
    if (label.value.trim()) plan(form);
  };
  label.addEventListener("input", follow);
  one("[data-options]", form).addEventListener("input", () => plan(form));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!label.value.trim()) return label.focus();
    const made = await field(form);
    if (!made.name) {
      error.replaceChildren(icon("alert-triangle"), "The server did not answer. Check the connection, then try again.");
      error.hidden = false;
      return label.focus();
    }
    const result = await change("PATCH", api(), { fields: [made] });
    if (!result.ok) {
      error.replaceChildren(icon("alert-triangle"), reason(result));
      error.hidden = false;
      return undefined;
    }
    label.value = "";
    setKind(form, first, "");
    follow();
    await renew();
    one(`#field-rows [data-name="${made.name}"]`)?.classList.add("added");
    fillPlan("Done", `${made.label} is in the form, the list, filters, cards, rules and the API.`, [["good", "No restart, no waiting."]], "good");
    return label.focus();
  });
  showOptions(form);
  label.focus();
}

// the picker of kinds
function setKind(form, kind, format) {
  state.kind = kind;
  state.format = format;
  one("[data-kind-value]", form).value = kind;
  const option = one(`#kind-${kind}`);
  one("[data-kind-shown]", form).replaceChildren(icon(one("use", option).getAttribute("href").split("#")[1]), ` ${one(".grow", option).textContent}`);
  for (const other of all("[role=option]", form)) other.setAttribute("aria-selected", String(other === option));
  showOptions(form);
  plan(form);
}

const formatOf = (option, words) => option.dataset.words.split(" ").map((word) => word.split("=")).find(([said]) => words && said === words)?.[1] ?? "";

function openKinds(button) {
  const form = button.closest("form");
  const box = one("[data-kinds]", form);
  const find = one("input", box);
  const options = all("[role=option]", box);
  const shown = () => options.filter((option) => !option.parentElement.hidden);
  const mark = (option) => {
    options.forEach((other) => other.setAttribute("aria-selected", String(other === option)));
    if (option) find.setAttribute("aria-activedescendant", option.id);
  };
  const close = () => {
    box.hidden = true;
    release(box);
    button.setAttribute("aria-expanded", "false");
    removeEventListener("click", away);
  };
  const away = (event) => !box.contains(event.target) && !button.contains(event.target) && close();
  const take = (option) => {
    setKind(form, option.dataset.kind, formatOf(option, find.value.trim().toLowerCase()));
    close();
    (one("[data-options] :is(input, select)", form) ?? one("[name=label]", form)).focus();
  };
  const narrow = () => {
    const words = find.value.trim().toLowerCase();
    for (const option of options) option.parentElement.hidden = Boolean(words) && !`${option.textContent} ${option.dataset.words}`.toLowerCase().includes(words);
    for (const group of all("[role=group]", box)) group.hidden = !all("li", group).some((item) => !item.hidden);
    mark(shown()[0]);
  };
  if (!box.hidden) return close();
  box.hidden = false;
  button.setAttribute("aria-expanded", "true");
  if (!matchMedia("(max-width: 900px)").matches) place(button, box, "bottom-end");
  find.value = "";
  narrow();
  mark(one(`#kind-${state.kind}`));
  find.focus();
  find.oninput = narrow;
  find.onkeydown = (event) => {
    const list = shown();
    const at = list.findIndex((option) => option.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown" || event.key === "ArrowUp") mark(list[(at + (event.key === "ArrowDown" ? 1 : -1) + list.length) % list.length]);
    else if (event.key === "Enter" && list[at]) take(list[at]);
    else if (event.key === "Escape") close(), button.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  box.onclick = (event) => {
    const option = event.target.closest("[role=option]");
    if (option) take(option);
  };
  addEventListener("click", away);
  return undefined;
}

actions.kinds = openKinds;

actions["remove-field"] = async (button) => {
  const without = { fields: [{ name: button.dataset.name, $delete: true }] };
  const planned = await send("PATCH", api("?plan=true"), without);
  const uses = planned.data.uses ?? planned.data.operations?.flatMap((operation) => operation.uses ?? []) ?? [];
  const fault = make("p", { class: "mid bad", role: "alert" });
  const words = uses.length ? `It is used in ${uses.map((use) => use.label ?? use.name ?? use).join(", ")}. It is removed there too.` : "Nothing uses it. Its values stay until they are purged, and come back if a field of this name and kind is added again.";
  const run = async () => {
    const result = await change("PATCH", api(uses.length ? "?force=true" : ""), without);
    if (!result.ok) {
      fault.textContent = reason(result);
      return false;
    }
    await renew();
    toast(`${button.dataset.label} was removed`);
    return true;
  };
  dialog(`Remove ${button.dataset.label}?`, [make("p", { class: "mid dim" }, words), fault], [{ label: "Cancel" }, { label: uses.length ? "Remove it everywhere" : "Remove", primary: true, run }]);
};

// the YAML, saved as it is written
function yaml(form) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const said = one("#yaml-said", form);
    const only = event.submitter?.value === "plan";
    const body = new URLSearchParams({ yaml: one("#yaml", form).value, press: only ? "plan" : "save", csrf: csrf() });
    const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json", "X-CSRF-Token": csrf() } });
    const result = { ok: answer.ok, status: answer.status, data: await answer.json().catch(() => ({})) };
    if (result.data.href) return location.assign(result.data.href); // goes beyond one's rights
    said.className = `small row ${result.ok ? "good" : "bad"}`;
    said.replaceChildren(icon(result.ok ? "check" : "alert-triangle"), result.ok ? (only ? "Valid." : "Saved.") : reason(result));
    if (result.ok && result.data.operations) showPlan("As written in the YAML.", result.data);
    if (result.ok && !only) await renew();
    return undefined;
  });
}

// the layout: fields are dragged between sections, or moved with Alt and the arrow keys
async function layout(box) {
  const { default: Sortable } = await import("sortablejs");
  const save = async () => {
    const sections = all("[data-section]", box).filter((section) => section.dataset.section).map((section) => ({ name: section.dataset.section, label: one("h3", section).textContent, fields: all("li", section).map((item) => item.dataset.name) }));
    const result = await change("PATCH", box.dataset.layout, { sections });
    toast(result.ok ? "Layout saved" : reason(result), { tone: result.ok ? "good" : "bad" });
  };
  for (const list of all("[data-fields]", box)) Sortable.create(list, { group: "layout", animation: 120, onEnd: save });
  box.addEventListener("keydown", (event) => {
    const item = event.target.closest("li");
    if (!item || !event.altKey || !event.key.startsWith("Arrow")) return;
    event.preventDefault();
    const lists = all("[data-fields]", box);
    const at = lists.indexOf(item.parentElement);
    if (event.key === "ArrowUp" && item.previousElementSibling) item.previousElementSibling.before(item);
    else if (event.key === "ArrowDown" && item.nextElementSibling) item.nextElementSibling.after(item);
    else lists[at + (["ArrowDown", "ArrowRight"].includes(event.key) ? 1 : -1)]?.append(item);
    item.focus();
    save();
  });
}

// another kind: its own options are asked, and a preview holds until something changes
function anotherKind(form) {
  const show = () => {
    for (const box of all("[data-of-kind]", form)) box.hidden = box.disabled = box.dataset.ofKind !== one("#new-kind", form).value;
  };
  form.addEventListener("change", () => {
    show();
    one("[data-of-plan]")?.remove();
    one("[name=apply]", form)?.remove();
    one("[type=submit]", form).classList.add("primary");
  });
  show();
}

export function start() {
  const form = one("[data-add-field]");
  if (form) adding(form);
  const written = one("[data-yaml]");
  if (written && root()) yaml(written);
  const placed = one("[data-layout]");
  if (placed) layout(placed);
  if (one("#new-object[data-open]")) one("#new-object").showModal();
  if (one("#new-kind")) anotherKind(one("#new-kind").form);
  const label = one("#object-label");
  const show = later(async () => {
    const asked = label.value.trim();
    const { name } = asked ? await named({ label: asked }) : {};
    if (asked === label.value.trim()) one("#new-object [data-name]").textContent = name || "…";
  }, 150);
  label?.addEventListener("input", show);
}
