// The studio: objects and their fields, layouts, kinds; what would happen is said before it does.
import { all, icon, later, one } from "./dom.js";
import { csrf, reason, send } from "./http.js";
import { start as fieldLine } from "./studio/field_line.js";
import { start as fieldRows } from "./studio/field_rows.js";
import { change, renew, root, showPlan } from "./studio/plan.js";
import { toast } from "./toasts.js";

// The names that the server makes from labels: {name, options}.
const named = async (asked) => (await send("GET", `/studio/names?${new URLSearchParams(asked)}`)).data;

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
  if (form) fieldLine(form);
  if (one("#field-rows")) fieldRows(one("#field-rows").closest("table"));
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
