// A week grid: what is typed into a cell is saved when one leaves it; arrows and Enter move.
import { ask, failed } from "./asking.js";
import { all, one, speak } from "./dom.js";
import { page, reason, send } from "./http.js";
import { plainNumber, seconds } from "./numbers.js";
import { toast } from "./toasts.js";

const grid = () => one("form[data-week]");
const inputs = (row) => all("input", row);
const length = () => grid().dataset.weekHolds === "duration";

function amount(text) {
  if (text.trim() === "") return null;
  return length() ? seconds(text) : plainNumber(text);
}

function totals(data) {
  for (const [at, cell] of all("[data-total-of]").entries()) cell.textContent = data.days[at].text;
  one("[data-total-all]").textContent = data.text;
}

async function save(input) {
  if (input.value.trim() === input.defaultValue || input.hasAttribute("aria-busy")) return;
  const row = input.closest("tr");
  const day = input.closest("td").dataset.day;
  const sent = input.value;
  input.setAttribute("aria-busy", "true");
  const result = await send("POST", grid().dataset.week, { of: grid().dataset.of, row: JSON.parse(row.dataset.row), day, amount: amount(sent) });
  input.removeAttribute("aria-busy");
  if (!result.ok) {
    input.setAttribute("aria-invalid", "true");
    input.title = reason(result);
    return void toast(reason(result), { tone: "bad" });
  }
  const values = one("tr[data-row]") && JSON.stringify(JSON.parse(row.dataset.row));
  const told = result.data.rows.find((each) => JSON.stringify(each.values) === values);
  const cell = told?.cells.find((each) => each.day === day);
  input.defaultValue = cell?.text ?? "";
  if (input.value === sent) input.value = input.defaultValue;
  input.removeAttribute("aria-invalid");
  input.removeAttribute("title");
  one("[data-total]", row).textContent = told?.text ?? "";
  totals(result.data);
  if (one("[data-week-state] [aria-disabled]")) await ways();
  speak(`${input.defaultValue || "Nothing"}. ${result.data.text || "Nothing"} in the week.`);
}

// What may be done with the sheet changes with what is entered.
async function ways() {
  const fresh = await page(location.href).catch(() => null);
  const box = fresh && one("[data-week-state]", fresh);
  if (box) one("[data-week-state]").replaceChildren(...box.childNodes);
}

function move(input, down, right) {
  const rows = all("tr[data-row]").filter((row) => inputs(row).length);
  const row = input.closest("tr");
  if (right) {
    const beside = inputs(row);
    return beside[beside.indexOf(input) + right]?.focus();
  }
  const column = input.closest("td").cellIndex;
  for (let at = rows.indexOf(row) + down; rows[at]; at += down) {
    const next = one("input", rows[at].cells[column]);
    if (next) return next.focus();
  }
  return undefined;
}

const whole = (input) => input.selectionStart === 0 && input.selectionEnd === input.value.length;

function key(event) {
  const input = event.target;
  if (!input.matches?.(".week input")) return;
  const { key: pressed } = event;
  const end = input.value.length;
  if (pressed === "Escape") {
    input.value = input.defaultValue;
    input.select();
  } else if (pressed === "Enter" || pressed === "ArrowDown") move(input, event.shiftKey ? -1 : 1, 0);
  else if (pressed === "ArrowUp") move(input, -1, 0);
  else if (pressed === "ArrowLeft" && (whole(input) || input.selectionEnd === 0)) move(input, 0, -1);
  else if (pressed === "ArrowRight" && (whole(input) || input.selectionStart === end)) move(input, 0, 1);
  else return;
  event.preventDefault();
  save(input);
}

async function way(event) {
  const button = event.target.closest("[data-way]");
  if (!button) return;
  event.preventDefault();
  const rev = Number(button.dataset.rev);
  const submit = (values) => send("POST", button.dataset.way, { ...values, rev });
  const asked = button.dataset.wayAsk ? await ask(button.dataset.wayAsk, submit) : undefined;
  if (asked === null) return;
  const result = asked ?? (await submit({}));
  if (!result.ok) return void failed(result);
  location.reload();
}

export function start() {
  const form = grid();
  one("[data-week-save]")?.remove();
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("keydown", key);
  form.addEventListener("focusin", (event) => event.target.matches("input") && event.target.select());
  form.addEventListener("focusout", (event) => event.target.matches(".week input") && save(event.target));
  one("[data-week-state]")?.addEventListener("click", way);
}
