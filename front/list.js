// A list: columns that are found and ordered, rows that are selected and changed together.
import { all, make, one, speak } from "./dom.js";
import { picked, picks } from "./bulk.js";
import { start as cells } from "./cells.js";
import { dialog } from "./dialog.js";
import { reason, send } from "./http.js";
import { actions } from "./shell.js";
import { toast } from "./toasts.js";

// columns
async function columns() {
  const form = one("#columns form");
  if (!form) return;
  const { default: Sortable } = await import("sortablejs");
  const [shown, others] = [one("[data-shown]", form), one("[data-others]", form)];
  Sortable.create(shown, { handle: ".grip", animation: 120 });
  one("[data-find]", form).addEventListener("input", (event) => {
    const words = event.target.value.toLowerCase();
    for (const item of all("li", form)) item.hidden = !item.textContent.toLowerCase().includes(words);
  });
  form.addEventListener("change", (event) => {
    if (event.target.type === "checkbox") (event.target.checked ? shown : others).append(event.target.closest("li"));
  });
  form.addEventListener("keydown", (event) => {
    const item = event.target.closest("[data-shown] > li");
    if (!item || !event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
    event.preventDefault();
    if (event.key === "ArrowUp") item.previousElementSibling?.before(item);
    else item.nextElementSibling?.after(item);
    event.target.focus();
    speak(`${item.textContent.trim()}, place ${[...shown.children].indexOf(item) + 1} of ${shown.children.length}`);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const address = new URL(location.href);
    address.searchParams.set("columns", all("input[name=columns]:checked", form).map((box) => box.value).join(","));
    location.assign(address);
  });
}

// selection
let last = null;

function show() {
  const chosen = picked();
  for (const box of picks()) box.closest("tr").setAttribute("aria-selected", String(box.checked));
  const bar = one("#bulk");
  bar.hidden = chosen.length === 0;
  delete bar.dataset.every; // all of the filter are selected until one box is pressed again
  for (const item of all("[data-picked-only]", bar)) item.hidden = false;
  for (const item of all("[data-pair-only]", bar)) item.hidden = chosen.length !== 2;
  one("[data-picked]", bar).textContent = `${chosen.length} selected`;
  const every = one("[data-pick-all]");
  every.checked = chosen.length > 0 && chosen.length === picks().length;
  every.indeterminate = chosen.length > 0 && !every.checked;
  const rest = one("[data-do=bulk-all]", bar);
  rest.hidden = !(every.checked && one("#more"));
}

function range(to) {
  const boxes = picks();
  const [from, until] = [boxes.indexOf(last), boxes.indexOf(to)].sort((a, b) => a - b);
  if (from >= 0) for (const box of boxes.slice(from, until + 1)) box.checked = to.checked;
}

function selecting() {
  addEventListener("click", (event) => {
    const box = event.target.closest?.("[data-pick]");
    if (!box) return;
    if (event.shiftKey && last) range(box);
    last = box;
    show();
  });
  one("[data-pick-all]")?.addEventListener("change", (event) => {
    for (const box of picks()) box.checked = event.target.checked;
    show();
  });
  addEventListener("keydown", (event) => {
    const row = event.target.closest?.("#rows > tr");
    if (event.key === " " && row && event.target.matches("a")) {
      event.preventDefault();
      const box = one("[data-pick]", row);
      if (!box) return;
      box.checked = !box.checked;
      if (event.shiftKey && last) range(box);
      last = box;
      show();
    } else if (event.key === "x" && !event.target.matches?.("input, textarea, select") && !event.ctrlKey && !event.metaKey) one("[data-pick-all]")?.click();
  });
}

actions["bulk-clear"] = () => {
  for (const box of picks()) box.checked = false;
  show();
};

// Everything that is seen becomes the view: filter, columns and order; who has it is chosen here.
actions["save-view"] = (button) => {
  const options = JSON.parse(button.dataset.options);
  const name = make("input", { class: "input", "aria-label": "Name of the view", placeholder: "Name of the view", autocomplete: "off", value: options.label, maxlength: "60" });
  const fault = make("p", { class: "mid bad", role: "alert" });
  const who = (value, text, checked) => make("label", { class: "row mid" }, make("input", { type: "radio", name: "who", value, checked }), text);
  const roles = make("div", { class: "stack", hidden: true }, ...options.roles.map((role) => make("label", { class: "row mid" }, make("input", { type: "checkbox", name: "role", value: role.value }), role.label)));
  const people = options.may_share ? [make("fieldset", { class: "stack" }, make("legend", { class: "small faint" }, "Who has it"), who("me", "Only me", true), who("all", "Everybody"), who("roles", "People with these roles"), roles)] : [];
  const again = options.replaces ? [make("label", { class: "row mid" }, make("input", { type: "checkbox", name: "replaces", checked: true }), `Change “${options.label}”, rather than make another`)] : [];
  const unkept = options.search ? [make("p", { class: "mid dim" }, `The search for “${options.search}” is not part of the view: a view keeps the filter.`)] : [];
  const form = make("form", { class: "stack" }, name, ...again, ...people, ...unkept, fault);
  const chosen = () => one("[name=who]:checked", form)?.value ?? "me";
  form.addEventListener("change", () => (roles.hidden = chosen() !== "roles"));
  const run = async () => {
    const audience = chosen() === "roles" ? all("[name=role]:checked", form).map((box) => box.value) : [];
    if (chosen() === "roles" && !audience.length) {
      fault.textContent = "Choose at least one role.";
      return false;
    }
    const asked = Object.fromEntries(new URL(location.href).searchParams);
    const replaces = one("[name=replaces]", form)?.checked ? options.replaces : "";
    const result = await send("POST", button.dataset.href, { label: name.value.trim(), shared: chosen() !== "me", audience, replaces, query: asked });
    if (!result.ok) {
      fault.textContent = reason(result);
      return false;
    }
    location.assign(result.data.href ?? location.href);
    return true;
  };
  const box = dialog("Save this as a view", [form], [{ label: "Cancel" }, { label: "Save", primary: true, run }]);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    one(".btn.primary", box).click();
  });
  name.focus();
  name.select();
};

// The other views say how many records they hold, once the list itself stands.
async function counts() {
  const tabs = one("[data-counts]");
  if (!tabs) return;
  const answer = await send("GET", tabs.dataset.counts);
  for (const [name, count] of Object.entries(answer.data.counts ?? {})) {
    const slot = one(`[data-count="${CSS.escape(name)}"]`, tabs);
    if (slot) slot.textContent = count;
  }
}

// A table that is wider than its place scrolls in its own box, with its head and titles in sight.
function fit() {
  const [box, table] = [one(".tablebox"), one("#table")];
  if (!table || !("ResizeObserver" in window)) return;
  const look = () => box.classList.toggle("wide", table.offsetWidth > box.clientWidth + 1);
  new ResizeObserver(look).observe(box);
  look();
}

export function start() {
  fit();
  counts();
  if (one("#bulk")) selecting();
  cells();
  one("#columns")?.addEventListener("toggle", columns, { once: true });
  document.body.addEventListener("htmx:afterSwap", () => one("#bulk") && !("every" in one("#bulk").dataset) && show());
  if (one("#count")?.dataset.said) toast(one("#count").dataset.said);
}
