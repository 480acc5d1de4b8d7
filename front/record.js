// A record's page: a press on a value edits it in place; undo, conflicts as a choice, focus kept.
import { all, make, one, speak } from "./dom.js";
import { dialog } from "./dialog.js";
import { fragment, page, reason, send } from "./http.js";
import { toast } from "./toasts.js";
import { read, readable, say } from "./values.js";

const root = () => one("[data-record]");

// Takes the parts that a change may have touched from a fresh page, so that calculated values follow.
export async function refresh(focusField) {
  const fresh = await page(location.href);
  for (const id of ["record-head", "sections", "timeline"]) {
    const old = one(`#${id}`);
    const next = one(`#${id}`, fresh);
    if (old && next && id === "timeline") next.hidden = old.hidden;
    if (old && next) old.replaceWith(next);
  }
  root().dataset.rev = one("[data-record]", fresh)?.dataset.rev ?? root().dataset.rev;
  if (focusField) one(`[data-edit][data-field="${focusField}"]`)?.focus();
}

function fault(form, message) {
  const field = one("[data-field]", form);
  one(".err", form)?.remove();
  const line = make("span", { class: "err", role: "alert" }, message);
  field.insertBefore(line, one(".input, .choices, .switchline, .any", field));
  one("input:not([type=hidden]), select, textarea", field)?.setAttribute("aria-invalid", "true");
}

async function write(name, value, label, field, old) {
  const result = await send("PATCH", root().dataset.api, { [name]: value, rev: Number(root().dataset.rev) });
  if (result.status === 409 && result.data.theirs) return choose(name, label, field, result.data, value);
  if (!result.ok) return result;
  await refresh(name);
  const undo = old === undefined ? null : { label: "Undo", run: () => write(name, old, label, field) };
  toast(`${label} is ${say(value, field)}`, { deed: undo });
  return result;
}

// The title of a record that the widget has not met: the look-up's own address knows it.
async function learn(field, value) {
  const select = one("select[data-url]", field);
  const id = value?.user ? `user:${value.user}` : value?.team ? `team:${value.team}` : (value?.id ?? value);
  if (!select || typeof id !== "string" || all("option", select).some((option) => option.value === id)) return;
  const address = `${select.dataset.url}${select.dataset.url.includes("?") ? "&" : "?"}value=${encodeURIComponent(id)}`;
  const found = await send("GET", address);
  const item = found.data.results?.find((result) => result.value === id);
  if (item) select.append(make("option", { value: id }, item.label));
}

// Somebody changed the same field meanwhile: was, theirs and yours stand side by side.
async function choose(name, label, field, data, value) {
  await Promise.all([learn(field, data.base?.[name]), learn(field, data.theirs[name])]);
  const shown = (side) => say(data[side]?.[name], field);
  const row = (title, text, deed) => make("tr", {}, make("td", {}, title), make("td", {}, make("b", {}, text)), make("td", { class: "num" }, deed ?? ""));
  let box = null;
  const keep = make("button", { class: "btn slim primary", type: "button", onclick: async () => {
    const result = await send("PATCH", root().dataset.api, { [name]: value });
    box.close();
    if (result.ok) await refresh(name);
    else toast(reason(result), { tone: "bad" });
  } }, "Keep yours");
  const theirs = make("button", { class: "btn slim", type: "button", onclick: async () => (box.close(), refresh(name)) }, "Keep theirs");
  box = dialog(`${label} was changed while you were writing`, [
    make("p", { class: "mid dim" }, "Nothing is lost: choose which value stays."),
    make("table", { class: "table inset still" }, make("tbody", {}, row("Was", shown("base")), row("Theirs", shown("theirs"), theirs), row("Yours", say(value, field), keep))),
  ]);
  return { ok: false, status: 409, data };
}

function leave(form, holder) {
  form.replaceWith(holder);
  one("[data-edit]", holder).focus();
}

async function save(form, holder, label, old) {
  const field = one("[data-field]", form);
  const value = read(field);
  if (JSON.stringify(value) === JSON.stringify(old)) return leave(form, holder);
  const button = one("[type=submit]", form);
  button.disabled = true;
  const result = await write(field.dataset.field, value, label, field, old);
  button.disabled = false;
  if (result?.ok || result?.status === 409) return undefined;
  fault(form, reason(result));
  return speak(reason(result));
}

async function edit(button) {
  const holder = button.closest(".can-edit");
  const { label } = button.dataset;
  const form = await fragment(button.dataset.edit);
  const field = form && one("[data-field]", form);
  if (!field || !readable(field.dataset.kind)) return location.assign(document.body.dataset.keyEdit ?? location.href);
  holder.replaceWith(form);
  if (one("select[data-lookup]", form)) (await import("./lookups.js")).start(form);
  const old = read(field);
  const searched = one("select[data-lookup]", form)?.tomselect;
  const input = searched ?? one("input:not([type=hidden]), textarea, select", form);
  input?.focus();
  if (!searched) input?.select?.();
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    save(form, holder, label, old);
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      event.stopPropagation();
      leave(form, holder);
    } else if (event.key === "Enter" && event.target.matches("textarea") && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  return one("[data-do=leave]", form)?.addEventListener("click", () => leave(form, holder));
}

export function start() {
  addEventListener("click", (event) => {
    const holder = event.target.closest(".can-edit");
    const button = holder && one("[data-edit]", holder);
    const other = event.target.closest("a, button, summary, details");
    if (button && (!other || other === button) && !getSelection().toString()) edit(button);
  });
  for (const form of all("form.comment")) form.addEventListener("submit", (event) => !one("[name=text]", form).value.trim() && event.preventDefault());
}
