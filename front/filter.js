// The filter as a sentence: a press on a term opens it, the expression is built from the terms.
import { all, data, make, one } from "./dom.js";
import { place, release } from "./float.js";
import { inMarks, plainNumber, seconds } from "./numbers.js";
import { actions } from "./shell.js";

const quote = (value) => `'${String(value).replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;

// A number or a length of time in the words of expressions.
function inWords(value, field) {
  if (field.holds === "length") return String(seconds(value, field.day || undefined) ?? "");
  return field.holds ? (plainNumber(value) ?? "") : String(value);
}

export function expression(terms, fields, joint = "and") {
  const parts = terms.map((term) => {
    if (term.text) return term.text;
    const field = fields.find((item) => item.name === term.field);
    const op = field?.ops.find((item) => item.name === term.op);
    if (!op) return null;
    const value = field.quote === false ? inWords(term.value, field) : quote(term.value);
    return op.template.replaceAll("{f}", term.field).replaceAll("{v}", op.takes === "raw" ? String(term.value) : value);
  });
  return parts.filter(Boolean).map((part) => (joint === "and" && / or /.test(part) ? `(${part})` : part)).join(` ${joint} `);
}

function visit(where) {
  const address = new URL(location.href);
  if (where) address.searchParams.set("where", where);
  else {
    address.searchParams.delete("where");
    address.searchParams.set("view", "all");
  }
  address.searchParams.delete("cursor");
  location.assign(address);
}

function valueInput(field, op, value) {
  if (!op || op.takes === "none") return null;
  const label = { "aria-label": "Value", name: "value", class: "input" };
  if (field.options?.length) return make("select", label, ...field.options.map((option) => make("option", { value: option.value, selected: option.value === value }, option.label)));
  if (field.search_url) return make("select", { ...label, "data-lookup": true, "data-url": field.search_url }, make("option", { value: value ?? "" }, value ?? ""));
  const asked = op.takes === "raw" ? { type: "text" } : field.input;
  return make("input", { ...label, ...asked, value: value ?? "", autocomplete: "off" });
}

// Whether what an input holds is not a number of its field: 12,5 and 1.000 mean different things in different languages.
function refused(input, field, op) {
  if (!input || !field.holds || op.takes === "raw") return false;
  const good = /^-?\d+(\.\d+)?$/.test(inWords(input.value, field));
  input.setCustomValidity(good ? "" : `Write ${field.holds === "length" ? "a length of time such as 1:30" : `a number such as ${inMarks("1250.5")}`}.`);
  input.addEventListener("input", () => input.setCustomValidity(""), { once: true });
  return !input.reportValidity();
}

function editor(anchor, index) {
  const facts = data("filter-data");
  one(".termpop")?.remove();
  const term = facts.terms[index] ?? { field: facts.fields[0].name, op: "", value: "" };
  const pick = make("select", { class: "input", "aria-label": "Field" }, ...facts.fields.map((field) => make("option", { value: field.name, selected: field.name === term.field }, field.label)));
  const verb = make("select", { class: "input", "aria-label": "Condition" });
  const slot = make("div", {});
  const field = () => facts.fields.find((item) => item.name === pick.value);
  const op = () => field().ops.find((item) => item.name === verb.value);
  const showValue = async () => {
    const input = valueInput(field(), op(), pick.value === term.field ? term.value : "");
    slot.replaceChildren(...(input ? [input] : []));
    if (input?.matches("[data-lookup]")) (await import("./lookups.js")).start(slot);
  };
  const showOps = () => {
    verb.replaceChildren(...field().ops.map((item) => make("option", { value: item.name, selected: item.name === term.op }, item.label)));
    showValue();
  };
  const box = make("form", { class: "menu termpop" }, pick, verb, slot, make("div", { class: "row" }, index === null ? null : make("button", { class: "btn quiet slim", type: "button", "data-drop": "" }, "Remove"), make("button", { class: "btn slim primary end", type: "submit" }, "Show")));
  const close = () => (release(box), box.remove(), anchor.focus());
  pick.addEventListener("change", showOps);
  verb.addEventListener("change", showValue);
  box.addEventListener("submit", (event) => {
    event.preventDefault();
    const input = one("[name=value]", slot);
    const next = { field: pick.value, op: verb.value, value: input?.value ?? "" };
    if (refused(input, field(), op())) return;
    const terms = index === null ? [...facts.terms, next] : facts.terms.map((item, at) => (at === index ? next : item));
    const kept = facts.readable === false && index === null && facts.expression ? `(${facts.expression}) and ` : "";
    visit(kept + expression(terms, facts.fields, one("#sentence").dataset.joint));
  });
  one("[data-drop]", box)?.addEventListener("click", () => visit(expression(facts.terms.filter((item, at) => at !== index), facts.fields, one("#sentence").dataset.joint)));
  box.addEventListener("keydown", (event) => event.key === "Escape" && (event.stopPropagation(), close()));
  anchor.closest(".termhost").append(box);
  place(anchor, box);
  showOps();
  pick.focus();
  setTimeout(() => addEventListener("click", function away(event) {
    if (!box.isConnected) return removeEventListener("click", away);
    if (!box.contains(event.target) && event.target.isConnected) {
      release(box);
      box.remove();
      removeEventListener("click", away);
    }
  }), 0);
}

actions.term = (button) => {
  const index = button.closest("[data-term]")?.dataset.term;
  editor(button, index === undefined ? null : Number(index));
};

actions.expression = (button) => {
  const line = one("#expression");
  line.hidden = !line.hidden;
  button.setAttribute("aria-expanded", String(!line.hidden));
  if (!line.hidden) one("input", line).focus();
};

// The expression keeps the other parameters of the address.
function submit(event) {
  event.preventDefault();
  visit(one("#where").value.trim());
}

export function start() {
  one("#expression")?.addEventListener("submit", submit);
  for (const term of all(".term")) if (term.tagName === "BUTTON") term.setAttribute("aria-haspopup", "dialog");
}
