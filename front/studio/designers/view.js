// A view: its columns are put in order beside its first rows.
import { make } from "../../dom.js";
import { memberPart } from "../member_part.js";
import { Placement } from "../placement.js";
import { preview } from "../preview.js";
import { block, folded, membersOf, opener, withObject } from "./shared.js";

export const design = (model, root) => withObject(model, root, () => draw(model, root));

function draw(model, root) {
  const { own, about, through } = membersOf(model);
  const columns = make("div", { class: "dplace" });
  const zone = { pointer: "/columns", label: "Columns" };
  const placed = new Placement(model, columns, { zones: () => [zone], tray: () => [...own().filter((one) => !["id", "rev"].includes(one.name)).map((one) => one.name), ...through()], about, trayLabel: "Fields, also behind look-ups", find: true });
  columns.append(make("section", { class: "pzone" }, make("h3", {}, "Columns, from left to right"), placed.listOf(zone)), placed.trayBox);
  const shown = preview(model, { label: "The first rows" });
  root.replaceChildren(
    make("div", { class: "designer" },
      opener(model, "Open the list", (name) => `/o/${model.get("/object")}?view=${name}`),
      shown.node,
      block("Columns", columns),
      block("Records", memberPart(model, "/where"), memberPart(model, "/sort"), folded("Grouping", memberPart(model, "/group"))),
      block("Name and people", make("div", { class: "form-grid" }, memberPart(model, "/label"), memberPart(model, "/icon")), memberPart(model, "/audience"), folded("Position", memberPart(model, "/order"))),
    ),
  );
  placed.start();
}
