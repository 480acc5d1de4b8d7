// The form beside the map: of the stage, the routes or the start that is chosen.
import { all, icon, make } from "../../dom.js";
import { memberPart } from "../member_part.js";
import { moveRoute, routesBetween, stageAt, START, END, titleOf } from "./process_changes.js";
import { folded } from "./shared.js";

const STAGE = ["label", "instructions", "duration", "clock", "remind_before", "performers", "main_action", "timeout"];
const RARE = ["outcomes", "branches", "join", "process"];
const ROUTE = ["outcome", "when", "label", "times", "fails"];

export class ProcessSide {
  constructor(model, onLeave) {
    this.model = model;
    this.node = make("section", { class: "rmap-side stack", "aria-label": "What is chosen" });
    this.shown = "";
    this.node.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.defaultPrevented) return;
      event.stopPropagation();
      onLeave();
    });
    model.on("change", () => this.what && this.show(this.what));
  }

  // Drawn anew only where something else is chosen, or what is chosen stands at another place.
  show(what) {
    this.what = what;
    const key = what.stage ? `stage ${what.stage} ${stageAt(this.model, what.stage)}` : `way ${what.time} ${what.from} ${what.to} ${routesBetween(this.model, what.from, what.to)} ${stageAt(this.model, what.from)}`;
    if (key === this.shown) return;
    this.shown = key;
    for (const part of all("*", this.node)) part.release?.();
    this.node.replaceChildren(...this.parts(what));
  }

  open() {
    this.node.querySelector("input:not([type=hidden]), textarea, select, button")?.focus();
  }

  parts(what) {
    const { model } = this;
    const head = (text) => make("h2", { class: "h-main" }, text);
    if (what.stage === START) return [head("How it starts"), memberPart(model, "/start"), memberPart(model, "/owner")];
    if (what.stage === END) return [head("The end"), make("p", { class: "mid dim" }, "A run ends with its last branch. A route to the end can say that the run has failed.")];
    if (what.stage) return this.stage(head, what.stage);
    return this.way(head, what);
  }

  stage(head, name) {
    const at = stageAt(this.model, name);
    if (at < 0) return [];
    const member = (one) => memberPart(this.model, `/stages/${at}/${one}`);
    return [head(titleOf(this.model, name)), ...STAGE.map(member), folded("More", ...RARE.map(member))];
  }

  way(head, { from, to, time }) {
    const { model } = this;
    const title = head(`${titleOf(model, from)} to ${titleOf(model, to)}`);
    if (time) return [title, make("p", { class: "mid dim" }, "This way is taken when the time of the stage is up."), memberPart(model, `/stages/${stageAt(model, from)}/timeout`)];
    const found = routesBetween(model, from, to);
    return [title, ...found.flatMap((index) => [this.order(index), ...ROUTE.map((one) => memberPart(model, `/routes/${index}/${one}`))])];
  }

  // Routes are tried in their order.
  order(index) {
    const { model } = this;
    const own = (model.get("/routes") ?? []).flatMap((one, at) => (one.from === model.get(`/routes/${index}/from`) ? [at] : []));
    if (own.length < 2) return make("p", { class: "small dim" }, "The only way on.");
    const button = (name, label, step) => make("button", { class: "btn quiet slim", type: "button", disabled: own[own.indexOf(index) + step] === undefined, onclick: () => moveRoute(model, index, step) }, icon(name), ` ${label}`);
    return make("div", { class: "row wrap" }, make("span", { class: "small dim grow" }, `Tried as number ${own.indexOf(index) + 1} of ${own.length}.`), button("arrow-up", "Earlier", -1), button("arrow-down", "Later", 1));
  }
}
