// A pin: how it is shown and what it measures, beside the pin as the home page shows it now.
import { all, make } from "../../dom.js";
import { memberPart } from "../member_part.js";
import { Placement } from "../placement.js";
import { preview } from "../preview.js";
import { block, choice, folded, membersOf, withObject } from "./shared.js";

const MOST = 4; // columns beside the title
const SHAPES = [["number", "A number"], ["trend", "The last weeks"], ["list", "The first records"], ["board", "A bar for each option"]];

export const design = (model, root, context) => withObject(model, root, () => draw(model, root, context));

function draw(model, root, context) {
  const { own, about, through } = membersOf(model);
  const told = () => context.objects?.[model.get("/object")] ?? { groups: [], measures: [] };
  const choices = () => told().groups.filter((field) => field.options.length);
  const shape = () => model.get("/show") ?? "number";
  const measure = choice(model, {
    label: "Measures", get: () => model.get("/measure") ?? "count()", set: (value) => model.set("/measure", value),
    options: () => [...told().measures, ...(model.get("/measure") && !told().measures.some(([value]) => value === model.get("/measure")) ? [[model.get("/measure"), model.get("/measure")]] : [])],
  });
  const bars = choice(model, { label: "Bars for each", options: () => [["", "Choose"], ...choices().map((field) => [field.name, field.label])], get: () => model.get("/by"), set: (value) => (value ? model.set("/by", value) : model.remove("/by")) });
  const weeks = choice(model, { label: "Weeks by", options: () => [["", "Created"], ...own().filter((one) => one.timed && one.name !== "created_at").map((one) => [one.name, one.label])], get: () => (model.get("/by") === "created_at" ? "" : model.get("/by")), set: (value) => (value ? model.set("/by", value) : model.remove("/by")) });
  const columns = make("div", { class: "dplace" });
  const zone = { pointer: "/columns", label: "Beside the title", max: MOST };
  const placed = new Placement(model, columns, { zones: () => [zone], tray: () => [...own().filter((one) => !["id", "rev", "title"].includes(one.name)).map((one) => one.name), ...through()], about, trayLabel: "Fields", find: true });
  columns.append(make("section", { class: "pzone" }, make("h3", {}, "Beside the title"), placed.listOf(zone)), placed.trayBox);
  const list = block("Rows", columns, memberPart(model, "/sort"));
  const sync = () => {
    bars.node.hidden = shape() !== "board";
    weeks.node.hidden = shape() !== "trend";
    list.hidden = shape() !== "list";
  };
  root.replaceChildren(
    make("div", { class: "designer dpin" },
      preview(model, { label: "Now" }).node,
      block("Shows", shapes(model, shape, choices), make("div", { class: "form-grid" }, measure.node, bars.node, weeks.node)),
      list,
      block("Records", memberPart(model, "/where")),
      block("Name and people", make("div", { class: "form-grid" }, memberPart(model, "/label"), memberPart(model, "/icon")), memberPart(model, "/audience"), folded("Help and position", memberPart(model, "/help"), memberPart(model, "/order"))),
    ),
  );
  model.on("change", sync);
  sync();
  placed.start();
}

// A change of shape takes a field along that the next one needs, and drops one that it cannot use.
function shapes(model, shape, choices) {
  const node = make("div", { class: "row wrap dshapes", role: "radiogroup", "aria-label": "Shown as" });
  const turn = (value) => {
    const { by, ...body } = model.body;
    const fits = value === "board" ? choices().some((field) => field.name === by) : value === "trend" && by && !choices().some((field) => field.name === by);
    const first = choices()[0]?.name;
    model.replace({ ...body, show: value, ...(fits ? { by } : value === "board" && first ? { by: first } : {}) });
  };
  const known = SHAPES.filter(([value]) => value !== "board" || choices().length);
  node.append(...known.map(([value, text]) => make("label", { class: "dshape" }, make("input", { type: "radio", name: "shape", value, onchange: () => turn(value) }), text)));
  const sync = () => all("input", node).forEach((input) => (input.checked = input.value === shape()));
  model.on("change", sync);
  sync();
  return node;
}
