// The map of a process as one draws on it: stages and routes are chosen, made, connected, put in order and deleted.
import { all, icon, make, one, speak } from "../../dom.js";
import { reason, send } from "../../http.js";
import { addStage, connect, END, moveStage, refusal, removeRoutes, removeStage, START, titleOf } from "./process_changes.js";

const FAR = 6; // pixels from which on a press is a drag
const SVG = "http://www.w3.org/2000/svg";
const KEYS = "Arrow keys go from one to the next. Enter opens what is chosen. N adds a stage after it, C begins a route, Delete deletes it, Alt and the arrow keys put it earlier or later.";

export class RouteMap {
  constructor(model, { onChoose, onOpen }) {
    Object.assign(this, { model, onChoose, onOpen, chosen: `stage:${START}`, from: "", asked: 0, wants: "" });
    this.body = make("div", { class: "rmap scroll-x", role: "group", "aria-label": "Route map", "aria-describedby": "rmap-keys" });
    this.said = make("p", { class: "small dim", role: "status" });
    this.tools = tools(this);
    this.node = make("section", { class: "dpreview", "aria-label": "Route map" }, this.tools.node, this.said, this.body, make("p", { class: "small faint", id: "rmap-keys" }, KEYS));
    this.body.addEventListener("click", (event) => this.press(event));
    this.body.addEventListener("keydown", (event) => this.key(event));
    this.body.addEventListener("focusin", (event) => event.target.dataset?.key && this.choose(event.target.dataset.key));
    dragging(this);
    model.on("change", () => this.draw());
    this.draw();
  }

  async draw() {
    const asked = (this.asked += 1);
    const result = await send("POST", "/studio/process-map", { body: this.model.body });
    if (asked !== this.asked) return;
    if (!result.ok) {
      this.said.textContent = reason(result);
      return;
    }
    const focused = this.body.contains(document.activeElement);
    this.body.innerHTML = result.data.html;
    this.dress();
    if (!this.find(this.chosen)) {
      this.chosen = `stage:${START}`;
      this.onChoose(this.what());
    }
    this.mark();
    if (focused || this.wants) this.focus(this.wants || this.chosen);
    this.wants = "";
  }

  // What the server drew becomes something to press.
  dress() {
    one("svg", this.body)?.setAttribute("role", "group");
    for (const node of all("[data-stage]", this.body)) {
      node.dataset.key = `stage:${node.dataset.stage}`;
      node.setAttribute("aria-label", titleOf(this.model, node.dataset.stage));
    }
    for (const node of all("[data-from]", this.body)) {
      const { from, to } = node.dataset;
      const time = node.hasAttribute("data-by-time");
      node.dataset.key = `way:${from}>${to}${time ? "!" : ""}`;
      node.setAttribute("aria-label", `Route from ${titleOf(this.model, from)} to ${titleOf(this.model, to)}${time ? ", when the time is up" : ""}`);
    }
    for (const node of this.nodes()) {
      node.setAttribute("role", "button");
      node.setAttribute("tabindex", "-1");
    }
  }

  nodes() {
    return all("[data-key]", this.body);
  }

  find(key) {
    return this.nodes().find((node) => node.dataset.key === key);
  }

  mark() {
    for (const node of this.nodes()) {
      const here = node.dataset.key === this.chosen;
      node.setAttribute("tabindex", here ? "0" : "-1");
      node.setAttribute("aria-pressed", String(here));
      node.toggleAttribute("data-source", this.from === node.dataset.stage && Boolean(this.from));
    }
    this.tools.sync();
  }

  choose(key) {
    if (key === this.chosen) return;
    this.chosen = key;
    this.mark();
    this.onChoose(this.what());
  }

  focus(key = this.chosen) {
    this.find(key)?.focus();
  }

  // What is chosen: {stage} or {from, to, time}.
  what(key = this.chosen) {
    const [kind, name] = key.split(":");
    if (kind === "stage") return { stage: name };
    const [from, to] = name.replace("!", "").split(">");
    return { from, to, time: name.endsWith("!") };
  }

  press(event) {
    const node = event.target.closest("[data-key]");
    if (!node || this.dragged) return;
    if (this.from && node.dataset.stage) return this.join(this.from, node.dataset.stage);
    node.focus();
    this.choose(node.dataset.key);
  }

  join(from, to) {
    this.from = "";
    const no = refusal(this.model, from, to);
    if (no) {
      this.said.textContent = no;
      return this.mark();
    }
    this.chosen = `way:${from}>${to}`;
    this.wants = this.chosen;
    connect(this.model, from, to);
    this.onChoose({ from, to, time: false });
    this.tell(`Route from ${titleOf(this.model, from)} to ${titleOf(this.model, to)}`);
    if (!this.model.dirty) this.mark();
  }

  begin() {
    const { stage } = this.what();
    if (!stage || stage === END) return this.tell("Choose the stage from which the route begins.");
    this.from = stage;
    this.mark();
    this.focus();
    return this.tell(`From ${titleOf(this.model, stage)}: choose where the route leads, or press Escape.`);
  }

  tell(words) {
    this.said.textContent = words;
    speak(words);
  }

  after() {
    const { stage, from } = this.what();
    const name = stage ?? from;
    return name === END ? "" : name;
  }

  add(label, after = this.after(), to = "") {
    const name = addStage(this.model, label, after, to);
    this.chosen = this.wants = `stage:${name}`;
    this.onChoose({ stage: name });
    this.tell(`${label} is there.`);
  }

  remove() {
    const { stage, from, to, time } = this.what();
    if (stage === START || stage === END) return this.tell("The start and the end stay.");
    const title = stage ? titleOf(this.model, stage) : `The route from ${titleOf(this.model, from)} to ${titleOf(this.model, to)}`;
    if (stage && !removeStage(this.model, stage)) return this.tell("A process has at least one stage.");
    if (!stage) removeRoutes(this.model, from, to, time);
    this.chosen = this.wants = `stage:${stage ? START : from}`;
    this.onChoose({ stage: stage ? START : from });
    return this.tell(`${title} is deleted. Ctrl+Z brings it back.`);
  }

  shift(step) {
    const { stage } = this.what();
    if (!stage || !moveStage(this.model, stage, step)) return;
    this.wants = this.chosen;
    this.onChoose({ stage });
    this.tell(`${titleOf(this.model, stage)} is ${step < 0 ? "earlier" : "later"} now.`);
  }

  key(event) {
    if (!event.target.dataset?.key || event.ctrlKey || event.metaKey) return;
    const run = this.runs(event);
    if (!run) return;
    event.preventDefault();
    event.stopPropagation();
    run();
  }

  runs(event) {
    const arrow = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[event.key];
    if (arrow && event.altKey) return () => this.shift(arrow[0] + arrow[1]);
    if (arrow) return () => this.go(...arrow);
    const node = event.target;
    return {
      Enter: () => (this.from && node.dataset.stage ? this.join(this.from, node.dataset.stage) : this.onOpen()),
      " ": () => (this.from && node.dataset.stage ? this.join(this.from, node.dataset.stage) : this.onOpen()),
      n: () => this.tools.ask(), N: () => this.tools.ask(), Insert: () => this.tools.ask(),
      c: () => this.begin(), C: () => this.begin(),
      Delete: () => this.remove(), Backspace: () => this.remove(),
      Escape: this.from ? () => ((this.from = ""), this.mark(), this.tell("No route was drawn.")) : null,
    }[event.key];
  }

  // The nearest one in a direction, where what lies aside counts twice.
  go(x, y) {
    const here = middle(this.find(this.chosen));
    const found = this.nodes().map((node) => ({ node, at: middle(node) })).filter(({ node, at }) => node.dataset.key !== this.chosen && (at.x - here.x) * x + (at.y - here.y) * y > 2);
    const far = ({ at }) => Math.abs(at.x - here.x) * (x ? 1 : 2) + Math.abs(at.y - here.y) * (y ? 1 : 2);
    found.sort((a, b) => far(a) - far(b));
    found[0]?.node.focus();
  }
}

const middle = (node) => {
  const box = node?.getBoundingClientRect() ?? { x: 0, y: 0, width: 0, height: 0 };
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
};

// The buttons above the map, and the line in which a new stage is named.
function tools(map) {
  const button = (name, label, run) => make("button", { class: "btn slim", type: "button", onclick: run }, icon(name), ` ${label}`);
  const add = button("plus", "Stage", () => ask());
  const route = button("arrow-right", "Route", () => map.begin());
  const earlier = button("arrow-up", "Earlier", () => map.shift(-1));
  const later = button("arrow-down", "Later", () => map.shift(1));
  const gone = button("trash", "Delete", () => map.remove());
  const name = make("input", { class: "input", "aria-label": "Name of the new stage", placeholder: "Name of the new stage", maxlength: "60", autocomplete: "off" });
  const line = make("form", { class: "row", hidden: true }, name, make("button", { class: "btn slim primary", type: "submit" }, "Add"));
  const place = { after: "", to: "" };
  const ask = (after = map.after(), to = "") => {
    Object.assign(place, { after, to });
    line.hidden = false;
    name.value = "";
    name.focus();
    map.said.textContent = after ? `It comes after ${titleOf(map.model, after)}.` : "";
  };
  const close = () => {
    line.hidden = true;
    map.said.textContent = "";
  };
  line.addEventListener("submit", (event) => {
    event.preventDefault();
    const label = name.value.trim();
    if (!label) return name.focus();
    close();
    return map.add(label, place.after, place.to);
  });
  name.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    close();
    map.focus();
  });
  const sync = () => {
    const { stage } = map.what();
    const inner = stage && stage !== START && stage !== END;
    route.disabled = !stage || stage === END;
    earlier.disabled = later.disabled = !inner;
    gone.disabled = stage === START || stage === END;
  };
  return { node: make("div", { class: "rmap-tools" }, make("div", { class: "row wrap" }, add, route, earlier, later, gone), line), ask, sync };
}

// A stage that is drawn to another one is connected with it; drawn to where nothing is, it gets one after it.
function dragging(map) {
  let held = null;
  const at = (event) => {
    const svg = one("svg", map.body);
    return new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
  };
  const target = (event) => document.elementFromPoint(event.clientX, event.clientY)?.closest("[data-stage]")?.dataset.stage;
  map.body.addEventListener("pointerdown", (event) => {
    map.dragged = false;
    const node = event.target.closest("[data-stage]");
    if (!node || event.button !== 0 || event.pointerType === "touch" || node.dataset.stage === END) return;
    event.preventDefault(); // no selecting of text
    node.focus();
    held = { stage: node.dataset.stage, x: event.clientX, y: event.clientY, line: null, begun: at(event) };
  });
  document.addEventListener("pointermove", (event) => {
    if (!held || !map.body.isConnected) return;
    if (!held.line && Math.hypot(event.clientX - held.x, event.clientY - held.y) < FAR) return;
    if (!held.line?.isConnected) {
      held.line = document.createElementNS(SVG, "line");
      held.line.setAttribute("class", "rmap-line");
      held.line.setAttribute("x1", held.begun.x);
      held.line.setAttribute("y1", held.begun.y);
      one("svg", map.body).append(held.line);
    }
    const { x, y } = at(event);
    held.line.setAttribute("x2", x);
    held.line.setAttribute("y2", y);
    const over = target(event);
    for (const node of all("[data-stage]", map.body)) node.toggleAttribute("data-over", node.dataset.stage === over && over !== held.stage);
  });
  const end = (event) => {
    const drag = held;
    held = null;
    if (!drag?.line) return;
    drag.line.remove();
    for (const node of all("[data-over]", map.body)) node.removeAttribute("data-over");
    if (event.type !== "pointerup" || !map.body.contains(document.elementFromPoint(event.clientX, event.clientY))) return;
    map.dragged = true; // the click behind it chooses nothing
    const to = target(event);
    if (to === drag.stage) return;
    if (to) map.join(drag.stage, to);
    else map.tools.ask(drag.stage, END);
  };
  document.addEventListener("pointerup", end);
  document.addEventListener("pointercancel", end);
}
