// A record's page: a press on a value edits it in place; undo, conflicts as a choice, focus kept.
import { all, make, one, speak } from "./dom.js";
import { dialog } from "./dialog.js";
import { fragment, page, reason, send } from "./http.js";
import { learn } from "./learned.js";
import { toast } from "./toasts.js";
import { read, readable, say } from "./values.js";

const root = () => one("[data-record]");

// Takes the parts that a change may have touched from a fresh page, so that calculated values follow.
// What somebody is editing by now, or writing as a comment, stays as it is.
export async function refresh(focusField) {
  const fresh = await page(location.href);
  const next = (id) => one(`#${id}`, fresh);
  if (next("record-head")) one("#record-head")?.replaceWith(next("record-head"));
  settle(one("#sections"), next("sections"));
  const entries = one("#timeline .timeline", fresh);
  if (entries && !one("#timeline li form.comment")) one("#timeline .timeline")?.replaceWith(entries);
  root().dataset.rev = one("[data-record]", fresh)?.dataset.rev ?? root().dataset.rev;
  if (focusField && !one(".editing") && !document.activeElement?.matches("input, textarea, select")) one(`[data-edit][data-field="${focusField}"]`)?.focus();
}

function settle(old, next) {
  if (!old || !next) return;
  if (!one(".editing", old)) return old.replaceWith(next);
  for (const label of all("dt[id]", next)) {
    const mine = one(`#${CSS.escape(label.id)}`, old)?.nextElementSibling;
    if (mine && !one(".editing", mine)) mine.replaceWith(label.nextElementSibling);
  }
  return undefined;
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
  if (result.data.rev) root().dataset.rev = result.data.rev; // the next edit need not wait for the page
  if (old !== undefined) one(`[data-editing="${name}"]`)?.classList.remove("editing");
  await refresh(name);
  const undo = old === undefined ? null : { label: "Undo", run: () => write(name, old, label, field) };
  toast(`${label} is ${say(value, field)}`, { action: undo });
  return result;
}

// Somebody changed the same field meanwhile: was, theirs and yours stand side by side.
async function choose(name, label, field, data, value) {
  await Promise.all([learn(field, data.base?.[name]), learn(field, data.theirs[name])]);
  const shown = (side) => say(data[side]?.[name], field);
  const row = (title, text, action) => make("tr", {}, make("td", {}, title), make("td", {}, make("b", {}, text)), make("td", { class: "num" }, action ?? ""));
  let box = null;
  const keep = make("button", { class: "btn slim primary", type: "button", onclick: async () => {
    const result = await send("PATCH", root().dataset.api, { [name]: value });
    box.close();
    if (result.ok) await refresh(name);
    else toast(reason(result), { tone: "bad" });
  } }, "Keep yours");
  const theirs = make("button", { class: "btn slim", type: "button", onclick: async () => (box.close(), refresh(name)) }, "Keep theirs");
  box = dialog(`${label} was changed while you were editing`, [
    make("p", { class: "mid dim" }, "Nothing is lost: choose which value to keep."),
    make("table", { class: "table inset still" }, make("tbody", {}, row("Was", shown("base")), row("Theirs", shown("theirs"), theirs), row("Yours", say(value, field), keep))),
  ]);
  return { ok: false, status: 409, data };
}

function leave(form, holder) {
  form.replaceWith(holder);
  one("[data-edit]", holder).focus();
  if (Number(holder.dataset.rev) !== Number(root().dataset.rev)) refresh(form.dataset.editing);
}

// What is typed while a field opens belongs to the field, not to the shortcuts of the page.
function keeper() {
  let typed = "";
  const keep = (event) => {
    if (event.key.length !== 1 || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    typed += event.key;
  };
  addEventListener("keydown", keep, true);
  return () => (removeEventListener("keydown", keep, true), typed.trimStart());
}

function give(input, typed) {
  if (!typed || !input) return;
  const target = input.control_input ?? input;
  if (!target.matches("textarea, input:not([type=checkbox], [type=radio], [type=date], [type=datetime-local])")) return;
  target.value = typed;
  target.dispatchEvent(new Event("input", { bubbles: true }));
}

async function save(form, holder, label, old) {
  const field = one("[data-field]", form);
  const value = read(field);
  if (JSON.stringify(value) === JSON.stringify(old)) return leave(form, holder);
  const button = one("[type=submit]", form);
  button.disabled = true;
  const result = await write(field.dataset.field, value, label, field, old);
  button.disabled = false;
  if (result?.ok || (result?.status === 409 && result.data.theirs)) return undefined; // else it is said at the field
  fault(form, reason(result));
  return speak(reason(result));
}

async function edit(button) {
  const { label } = button.dataset;
  const typed = keeper();
  const form = await fragment(button.dataset.edit).catch(() => undefined);
  if (form === undefined) return typed(), toast("The server did not answer. Check the connection, then try again.", { tone: "bad" });
  const field = form && one("[data-field]", form);
  if (!field || !readable(field)) return typed(), location.assign(document.body.dataset.keyEdit ?? location.href);
  const lookups = one("select[data-lookup]", form) ? await import("./lookups.js") : null;
  // The page may have been refreshed meanwhile: the place is found again by its name.
  const holder = one(`[data-edit][data-field="${button.dataset.field}"]`)?.closest(".can-edit");
  if (!holder) return typed();
  holder.dataset.rev = root().dataset.rev;
  holder.replaceWith(form);
  lookups?.start(form);
  const old = read(field);
  const searched = one("select[data-lookup]", form)?.tomselect;
  const input = searched ?? one("input:not([type=hidden]), textarea, select", form);
  input?.focus();
  if (!searched) input?.select?.();
  const there = () => (searched ? searched.isFocused : form.contains(document.activeElement));
  const arrived = () => (there() || !form.isConnected ? give(input, typed()) : setTimeout(arrived, 10));
  arrived(); // the search box takes the focus a moment later
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

// A transition that asks for something first: its questions in a dialog, then the page as it is now.
async function take(button) {
  const { ask, failed } = await import("./asking.js");
  const submit = (values, form) => send("POST", form.dataset.asking, { ...values, rev: Number(root().dataset.rev) });
  const result = await ask(button.dataset.ask, submit);
  if (result === undefined) return button.form.submit();
  if (!result) return undefined;
  if (!result.ok) return failed(result);
  root().dataset.rev = result.data.rev ?? root().dataset.rev;
  await refresh();
  toast(`${button.textContent.trim()}: done`);
  return one("#record-head .actions :is(button, summary)")?.focus();
}

function asks(event) {
  const button = event.submitter;
  if (!button?.dataset.ask) return;
  event.preventDefault();
  take(button);
}

export function start() {
  addEventListener("submit", asks, true);
  addEventListener("click", (event) => {
    const holder = event.target.closest(".can-edit");
    const button = holder && one("[data-edit]", holder);
    const other = event.target.closest("a, button, summary, details");
    if (button && (!other || other === button) && !getSelection().toString()) edit(button);
  });
}
