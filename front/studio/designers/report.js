// A report: its members as the generated form shows them, beside the report as it would be now.
import { make } from "../../dom.js";
import { memberPart } from "../member_part.js";
import { preview } from "../preview.js";
import { block, folded, withObject } from "./shared.js";

// A union names an object in each of its parts, and none of its own.
export const design = (model, root) => (model.get("/union") ? draw(model, root) : withObject(model, root, () => draw(model, root)));

function draw(model, root) {
  const part = (name) => memberPart(model, `/${name}`);
  const own = model.get("/union") ? [part("union")] : [part("measures")];
  const alone = model.get("/union") ? [] : [folded("Steps of a funnel", part("steps")), folded("Periods", part("period"), part("compare"))];
  root.replaceChildren(
    make("div", { class: "designer" },
      preview(model, { label: "Now" }).node,
      block("Measures", part("show"), part("group"), part("columns"), ...own, folded("Calculated and in order", part("calculate"), part("sort")), ...alone),
      block("Records", part("where")),
      block("Name and people", make("div", { class: "form-grid" }, part("label"), part("icon")), part("audience"), folded("Help and position", part("help"), part("order"))),
    ),
  );
}
