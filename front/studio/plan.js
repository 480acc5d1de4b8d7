// Plans of changes, in words, beside what is changed; and changes that an administrator has to approve.
import { icon, make, one } from "../dom.js";
import { dialog } from "../dialog.js";
import { page, reason, send } from "../http.js";
import { toast } from "../toasts.js";

export const root = () => one("[data-studio]");
export const api = (query = "") => `${root().dataset.api}${query}`;

const WORDS = {
  instant: ["good", "No records are rewritten; all stay available."],
  scan: ["good", "All records are read once to check them."],
  rewrite: ["warn", "Every record is rewritten once."],
  destructive: ["bad", "Values are retired. They are kept until somebody purges them."],
};

export function showPlan(summary, plan) {
  const classes = [...new Set(plan.operations.map((operation) => operation.class))];
  const lines = classes.map((name) => WORDS[name] ?? ["good", name]);
  const uses = plan.operations.flatMap((operation) => operation.uses ?? []);
  lines.push(uses.length ? ["warn", `Used in ${uses.map((use) => use.label ?? use.name ?? use).join(", ")}.`] : ["good", "Nothing uses these names yet."]);
  for (const one of plan.beyond ?? []) lines.push(["bad", `${one.document}${one.pointer}: ${one.message} An administrator can approve it.`]);
  if (plan.operations.every((operation) => operation.undo !== false)) lines.push(["good", "Undo is one step and loses no other data."]);
  fillPlan(classes.includes("destructive") ? "Removes something" : classes.includes("rewrite") ? "Rewrites records" : "Instant", summary, lines, classes.includes("destructive") ? "bad" : classes.includes("rewrite") ? "warn" : "good");
}

export function fillPlan(chip, summary, lines, tone) {
  const box = one("#plan");
  one("[data-plan-chip]", box).className = `chip ${tone}`;
  one("[data-plan-chip]", box).textContent = chip;
  one("[data-plan-summary]", box).textContent = summary;
  one("[data-plan-lines]", box).replaceChildren(...lines.map(([kind, text]) => make("li", { class: kind }, icon(kind === "good" ? "check" : "alert-triangle"), make("span", {}, text))));
}

// A change; what goes beyond one's own rights is asked of an administrator, if one likes.
export async function change(method, address, body) {
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

export async function renew() {
  const fresh = await page(location.href);
  for (const id of ["field-rows", "yaml"]) {
    const [old, next] = [one(`#${id}`), one(`#${id}`, fresh)];
    if (old && next) old.replaceWith(next);
  }
  const [tabs, next] = [one("[data-studio] .tabs"), one("[data-studio] .tabs", fresh)];
  if (tabs && next) tabs.replaceWith(next);
}
