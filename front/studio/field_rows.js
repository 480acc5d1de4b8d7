// The fields of an object: labels are changed in place, rows are moved by their grips or with Alt and the arrows.
import { all, make, one, speak } from "../dom.js";
import { dialog } from "../dialog.js";
import { reason, send } from "../http.js";
import { actions } from "../shell.js";
import { toast } from "../toasts.js";
import { api, change, renew, root } from "./plan.js";

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

// The label as an input in its place: Enter saves, Esc leaves it as it was.
actions["rename-field"] = (button) => {
  const { name } = button.closest("tr").dataset;
  const before = button.textContent.trim();
  const input = make("input", { class: "input slim-in", "aria-label": `Label of ${before}`, value: before, autocomplete: "off" });
  let closed = false;
  const back = () => {
    if (closed) return;
    closed = true;
    input.replaceWith(button);
  };
  const save = async () => {
    const label = input.value.trim();
    if (closed || !label || label === before) return back();
    back();
    button.textContent = label;
    const result = await change("PATCH", api(), { fields: [{ name, label }] });
    if (!result.ok) {
      button.textContent = before;
      return toast(reason(result), { tone: "bad" });
    }
    await renew();
    speak(`${before} is called ${label}`);
    return focusOn(name, "[data-do=rename-field]");
  };
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") back(), button.focus();
    else if (event.key === "Enter") save(), button.isConnected && button.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  input.addEventListener("blur", save);
  button.replaceWith(input);
  input.select();
};

const focusOn = (name, part) => one(`#field-rows [data-name="${name}"] ${part}`)?.focus();

const movable = () => all("#field-rows tr[data-own]");

async function order(moved) {
  const names = movable().map((row) => row.dataset.name);
  const result = await send("POST", `${root().dataset.order}`, { names });
  if (!result.ok) toast(reason(result), { tone: "bad" });
  const at = names.indexOf(moved) + 1;
  await renew();
  focusOn(moved, ".grip");
  speak(result.ok ? `Moved to place ${at} of ${names.length}` : reason(result));
}

function move(event) {
  const row = event.target.closest("tr[data-own]");
  if (!row || !event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
  event.preventDefault();
  const rows = movable();
  const other = rows[rows.indexOf(row) + (event.key === "ArrowUp" ? -1 : 1)];
  if (!other) return void speak("It is at the end.");
  if (event.key === "ArrowUp") other.before(row);
  else other.after(row);
  order(row.dataset.name);
}

export async function start(table) {
  table.addEventListener("keydown", move);
  if (!movable().length) return;
  const { default: Sortable } = await import("sortablejs");
  const dragged = () => {
    const body = one("#field-rows");
    if (body.dataset.sorts) return;
    body.dataset.sorts = "true";
    Sortable.create(body, { handle: ".grip", draggable: "tr[data-own]", animation: 120, onEnd: ({ item }) => order(item.dataset.name) });
  };
  dragged();
  // The rows are replaced when fields come and go.
  new MutationObserver(dragged).observe(table, { childList: true });
}
