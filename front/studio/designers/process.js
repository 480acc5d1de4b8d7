// A process: its route map as it would be drawn, above its stages and routes.
import { make } from "../../dom.js";
import { memberPart } from "../member_part.js";
import { preview } from "../preview.js";
import { block, folded } from "./shared.js";

export function design(model, root) {
  root.replaceChildren(
    make("div", { class: "designer dprocess" },
      preview(model, { label: "Route map" }).node,
      block("Process", make("div", { class: "form-grid" }, memberPart(model, "/label"), memberPart(model, "/subject")), memberPart(model, "/about")),
      block("Stages", memberPart(model, "/stages")),
      block("Routes", memberPart(model, "/routes")),
      block("How it starts, and whose it is", memberPart(model, "/start"), memberPart(model, "/owner")),
      folded("More", memberPart(model, "/active")),
    ),
  );
}
