// The real form beside its designer: each step and the thanks, as on a desktop or on a phone.
import { icon, later, make } from "../../dom.js";
import { labelText, humanise } from "../schema.js";
import { choices, framedPage } from "./parts.js";

const DONE = "done";

export function previewOf(model) {
  const page = framedPage("Preview of the form", "/preview/webform");
  const state = { step: "0", wide: false };
  const entries = () => {
    const steps = model.get("/steps") ?? [];
    return [...steps.map((step, at) => [String(at), labelText(step.label) || humanise(step.name ?? "")]), [DONE, "After sending"]];
  };
  const pick = (step) => {
    state.step = step;
    show();
  };
  const tabs = choices("Step", entries(), state.step, pick);
  const widths = choices("Width", [], "", (value) => ((state.wide = value === "wide"), show(false)));
  const show = (again = true) => {
    if (!entries().some(([value]) => value === state.step)) state.step = "0";
    tabs.show(entries(), state.step);
    widths.show([["phone", "Phone", "device-mobile"], ["wide", "Desktop", "device-desktop"]], state.wide ? "wide" : "phone");
    page.node.classList.toggle("wide", state.wide);
    if (again) page.post({ document: JSON.stringify(model.body), step: state.step });
  };
  const node = make("aside", { class: "wpreview", "aria-label": "Preview" }, make("div", { class: "row wrap" }, make("h2", { class: "grow" }, icon("eye"), " Preview"), widths.node), tabs.node, page.node);
  return { node, show, soon: later(show, 350), step: (at) => pick(String(at)) };
}
