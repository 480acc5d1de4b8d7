// Trying a process with a made-up record: values are typed, stages completed one after the other, on a map.
import { make } from "../../dom.js";
import { reason, send } from "../../http.js";

export function trial(model) {
  const state = { values: {}, steps: [], asked: 0 };
  const said = make("p", { class: "mid", role: "status" });
  const fields = make("div", { class: "form-grid" });
  const map = make("div", { class: "scroll-x", role: "group", "aria-label": "Map of the trial", tabindex: "0" });
  const next = make("div", { class: "stack" });
  const again = make("button", { class: "btn slim", type: "button", onclick: () => begin() }, "Begin again");
  const node = make("details", { class: "more-fold" }, make("summary", { class: "mid dim" }, "Try it with a made-up record"), make("div", { class: "stack" }, fields, said, next, map, make("div", { class: "row" }, again)));
  const begin = () => {
    state.steps = [];
    return ask();
  };
  const ask = async () => {
    if (!node.open) return;
    const asked = (state.asked += 1);
    const result = await send("POST", "/studio/process-trial", { body: model.body, values: state.values, steps: state.steps });
    if (asked !== state.asked) return;
    if (!result.ok) {
      said.textContent = reason(result);
      next.replaceChildren();
      return;
    }
    show(result.data);
  };
  const show = (found) => {
    const names = found.fields.map((one) => one.name).join(" ");
    if (fields.dataset.names !== names) {
      fields.dataset.names = names;
      fields.replaceChildren(...found.fields.map((one) => input(one, state, begin)));
    }
    map.innerHTML = found.html;
    said.textContent = found.said || (found.ended === "done" ? "The run is done." : found.open.length > 1 ? "These stages are worked on side by side." : "");
    next.replaceChildren(...found.open.map((one) => step(one, (chosen) => {
      state.steps.push({ stage: one.stage, ...chosen });
      return ask().then(() => next.querySelector("button")?.focus());
    })));
  };
  node.addEventListener("toggle", () => node.open && begin());
  model.on("change", () => node.open && begin());
  return node;
}

function input(one, state, changed) {
  const control = one.options.length
    ? make("select", { class: "input" }, make("option", { value: "" }, "None"), ...one.options.map((option) => make("option", { value: option.value }, option.label)))
    : make("input", { class: "input", type: one.type });
  control.addEventListener("change", () => {
    state.values[one.name] = control.value;
    changed();
  });
  return make("label", { class: "field" }, make("span", { class: "flabel" }, one.label), control);
}

// One stage that is worked on: a button for each thing that may come out of it.
function step(one, done) {
  const button = (label, chosen) => make("button", { class: "btn slim", type: "button", onclick: () => done(chosen) }, label);
  const ways = one.approves ? [["Approve", { approved: true }], ["Reject", { approved: false }]] : [["Complete", {}]];
  const buttons = one.outcomes.length
    ? ways.flatMap(([label, chosen]) => one.outcomes.map((outcome) => button(one.approves ? `${label}, ${outcome}` : outcome, { ...chosen, outcome })))
    : ways.map(([label, chosen]) => button(label, chosen));
  const about = [one.who, one.time].filter(Boolean).join(", ");
  return make("div", { class: "row wrap", role: "group", "aria-label": one.label }, make("b", {}, one.label), make("span", { class: "small dim grow" }, about), ...buttons);
}
