// Cells of a list: Enter or a double press edits one with its kind's own input. Enter saves and keeps the place,
// Tab saves and goes on, Esc leaves; what is refused, or was changed meanwhile, is said at the cell and stays typed.
import { all, make, one, speak } from "./dom.js";
import { fragment, reason, send } from "./http.js";
import { learn } from "./learned.js";
import { toast } from "./toasts.js";
import { read, readable, say } from "./values.js";

const SILENT = "The server did not answer. Check the connection, then try again.";
const ELSEWHERE = "This value cannot be changed here. Open the record to change it.";
const place = () => one("[data-list]");
const cells = (row) => all("td[data-col]", row);
const cellOf = (row, name) => one(`td[data-col="${CSS.escape(name)}"]`, row);

function stand(cell) {
  if (!cell) return;
  if (cell.matches("td")) cell.tabIndex = -1;
  cell.focus();
}

// The row as it is now; it keeps its tick. Without one, the record went out of sight.
async function renew(row) {
  const fresh = await fragment(`${place().dataset.row}&id=${row.dataset.id}`).catch(() => null);
  if (!fresh?.matches("tr[data-id]")) return null;
  const [old, box] = [one("[data-pick]", row), one("[data-pick]", fresh)];
  if (old && box) box.checked = old.checked;
  fresh.setAttribute("aria-selected", String(Boolean(box?.checked)));
  row.replaceWith(fresh);
  return fresh;
}

// The cell that Tab goes on to: of this row, else of the next.
function beside(row, name, step) {
  const there = cells(row);
  const at = there.findIndex((cell) => cell.dataset.col === name) + step;
  if (there[at]) return there[at];
  const next = step > 0 ? row.nextElementSibling : row.previousElementSibling;
  return next?.matches("tr[data-id]") ? cells(next).at(step > 0 ? 0 : -1) : null;
}

class CellEdit {
  constructor(cell, form, field) {
    Object.assign(this, { cell, form, field, busy: false, started: false });
    this.row = cell.closest("tr");
    this.name = cell.dataset.col;
    this.label = cell.dataset.label ?? one("label, legend", field)?.firstChild.textContent.trim() ?? this.name;
    this.rev = Number(this.row.dataset.rev);
    this.before = [...cell.childNodes];
    cell.replaceChildren(form);
    cell.classList.add("in-edit");
    form.addEventListener("submit", (event) => (event.preventDefault(), event.stopPropagation(), this.save()));
    one("[data-do=leave]", form)?.addEventListener("click", () => this.leave());
    form.addEventListener("keydown", (event) => this.press(event));
    // What a look-up has chosen is saved at once, by whatever key or press.
    form.addEventListener("change", ({ target }) => this.started && target.matches("select[data-lookup]:not([multiple])") && target.value && this.save());
  }

  async begin() {
    if (one("select[data-lookup]", this.form)) (await import("./lookups.js")).start(this.form);
    this.old = read(this.field);
    this.started = true;
    // The label is out of sight here, so the inputs say what they are.
    for (const input of all("input:not([type=hidden], [type=radio], [type=checkbox]), textarea, select, input.switch", this.form)) input.setAttribute("aria-label", this.label);
    const input = one("input:not([type=hidden]), textarea, select", this.form);
    (one("select[data-lookup]", this.form)?.tomselect ?? one("input:checked", this.form) ?? input)?.focus();
    if (input?.matches("input, textarea")) input.select();
  }

  close() {
    this.cell.replaceChildren(...this.before);
    this.cell.classList.remove("in-edit");
  }

  async leave() {
    this.close();
    const row = this.stale ? ((await renew(this.row)) ?? this.row) : this.row;
    stand(cellOf(row, this.name));
  }

  goOn(row, step) {
    const next = step && beside(row, this.name, step);
    return next ? edit(next) : stand(cellOf(row, this.name));
  }

  fault(message) {
    one(".err", this.form)?.remove();
    const line = make("span", { class: "err", role: "alert", id: "cell-err" }, message);
    this.field.append(line);
    const input = one("input:not([type=hidden]), select, textarea", this.field);
    input?.setAttribute("aria-invalid", "true");
    input?.setAttribute("aria-describedby", "cell-err");
    speak(message);
  }

  async save(step = 0) {
    if (this.busy) return undefined;
    const value = read(this.field);
    if (JSON.stringify(value) === JSON.stringify(this.old) && !this.stale) return this.close(), this.goOn(this.row, step);
    this.busy = true;
    const result = await send("PATCH", `/api/records/${place().dataset.object}/${this.row.dataset.id}`, { [this.name]: value, rev: this.rev });
    this.busy = false;
    if (result.status === 409 && result.data.theirs) return this.collided(result.data);
    if (!result.ok) return this.fault(reason(result));
    const row = await renew(this.row);
    toast(`${this.label} is ${say(value, this.field)}`, { action: { label: "Undo", run: () => this.undo(row, result.data.rev) } });
    if (row) return this.goOn(row, step);
    const next = this.row.nextElementSibling ?? this.row.previousElementSibling;
    this.row.remove();
    return one(".title a", next ?? document)?.focus();
  }

  // Somebody was faster: theirs is said beside what is typed, and the next Enter is made on it.
  async collided(data) {
    const theirs = data.theirs[this.name];
    await learn(this.field, theirs);
    this.stale = true;
    this.rev = data.rev;
    this.fault(`Somebody has made it ${say(theirs, this.field)} meanwhile. Enter saves yours, Esc keeps theirs.`);
  }

  async undo(row, rev) {
    const result = await send("PATCH", `/api/records/${place().dataset.object}/${this.row.dataset.id}`, { [this.name]: this.old, rev });
    if (!result.ok) return toast(reason(result), { tone: "bad" });
    const now = row?.isConnected ? row : one(`#rows > tr[data-id="${this.row.dataset.id}"]`);
    return now && stand(cellOf((await renew(now)) ?? now, this.name));
  }

  press(event) {
    const { key, target, shiftKey } = event;
    event.stopPropagation(); // the shortcuts of the page are not meant
    if (target.matches("button") && key !== "Escape" && key !== "Tab") return;
    if (key === "Escape" && !event.defaultPrevented) this.leave();
    else if (key === "Enter") {
      if (target.matches("textarea") && !event.ctrlKey && !event.metaKey) return;
      if (event.defaultPrevented) return; // a look-up chooses first
      this.save();
    } else if (key === "Tab") {
      if (event.defaultPrevented) return;
      if (target.matches("button") || !this.atEdge(target, shiftKey)) return;
      this.save(shiftKey ? -1 : 1);
    } else return;
    event.preventDefault();
  }

  // Whether Tab would leave the inputs of the form: some kinds have two.
  atEdge(target, back) {
    const inputs = all("input:not([type=hidden]), select, textarea", this.field).filter((input) => input.offsetParent && !input.matches(".tomselected"));
    const edge = back ? inputs[0] : inputs.at(-1);
    return !edge || edge === target || (target.type === "radio" && target.name === edge.name);
  }
}

async function edit(cell) {
  if (one("form", cell)) return;
  const row = cell.closest("tr");
  const open = one("#rows td.in-edit form");
  const form = await fragment(`/o/${place().dataset.object}/${row.dataset.id}/edit/${cell.dataset.col}`).catch(() => undefined);
  const field = form && one("[data-field]", form);
  if (!field || !readable(field) || !cell.isConnected) {
    toast(form === undefined ? SILENT : ELSEWHERE, { tone: "bad" });
    return stand(cell);
  }
  if (open?.isConnected) return one("input:not([type=hidden]), select, textarea", open)?.focus(); // one after the other
  return new CellEdit(cell, form, field).begin();
}

const STEPS = { ArrowLeft: -1, ArrowRight: 1 };

function keys(event) {
  const cell = event.target.closest?.("#rows td[data-col], #rows .title a");
  if (!cell || event.target.closest("form") || event.ctrlKey || event.metaKey || event.altKey) return;
  const row = cell.closest("tr");
  const there = all(".title a, td[data-col]", row);
  const inCell = cell.matches("td") && event.target === cell;
  if (event.key in STEPS) stand(there[there.indexOf(cell) + STEPS[event.key]]);
  else if (inCell && ["ArrowDown", "ArrowUp"].includes(event.key)) {
    const next = event.key === "ArrowDown" ? row.nextElementSibling : row.previousElementSibling;
    if (!next?.matches("tr[data-id]")) return;
    stand(cellOf(next, cell.dataset.col));
  } else if (inCell && ["Enter", "F2"].includes(event.key)) edit(cell);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

export function start() {
  const table = one("#table");
  if (!table) return;
  table.addEventListener("dblclick", (event) => {
    const cell = event.target.closest("td[data-col]");
    if (!cell || event.target.closest("a, form, button")) return;
    getSelection().removeAllRanges();
    edit(cell);
  });
  table.addEventListener("keydown", keys);
}
