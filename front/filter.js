// The filter as a sentence: a press on a term opens it, the expression is built from the terms.
import { all, data, one } from "./dom.js";
import { added, bracketed, expression, joined, replaced, termAt } from "./sentences.js";
import { actions } from "./shell.js";

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

const placeOf = (text) => (text ? text.split(".").map(Number) : []);

// The fields of a term inside of a collection are those of its records.
function objectAt(facts, place) {
  let object = facts.object;
  let level = facts;
  for (const at of place) {
    level = level.terms[at];
    object = level?.object ?? object;
  }
  return object;
}

// What no sentence can say stays before what is added to it.
function shown(facts, sentence) {
  const kept = facts.readable === false && facts.expression ? `(${facts.expression}) and ` : "";
  visit(kept + expression(sentence));
}

async function edit(button, place, group) {
  const facts = data("filter-data");
  const { editTerm } = await import("./studio/term_editor.js");
  const around = group === undefined ? place.slice(0, -1) : place;
  const term = group === undefined ? termAt(facts, place) : undefined;
  const onDone = (next) => {
    if (group === undefined) return shown(facts, replaced(facts, place, next));
    return shown(facts, (group ? bracketed : added)(facts, place, next));
  };
  editTerm(button, button.closest(".termhost"), { object: objectAt(facts, around), fields: facts.fields, purpose: "filter", term, word: "Show", onDone });
}

actions.term = (button) => {
  const { add } = button.dataset;
  if (add === undefined) edit(button, placeOf(button.closest("[data-term]").dataset.term));
  else edit(button, placeOf(add), button.dataset.group !== undefined);
};

actions.joint = (button) => {
  const facts = data("filter-data");
  const place = placeOf(button.dataset.level);
  shown(facts, joined(facts, place, termAt(facts, place).joint === "or" ? "and" : "or"));
};

actions.unterm = (button) => {
  const facts = data("filter-data");
  shown(facts, replaced(facts, placeOf(button.closest("[data-term]").dataset.term), null));
};

actions.expression = async (button) => {
  const line = one("#expression");
  line.hidden = !line.hidden;
  button.setAttribute("aria-expanded", String(!line.hidden));
  if (line.hidden) return;
  const input = one("#where");
  if (!input.hidden) (await import("./studio/expression_box.js")).attach(input, { focus: true });
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

