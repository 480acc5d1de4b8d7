// A dashboard: its items as the generated form shows them, beside the page as it would be now.
import { make } from "../../dom.js";
import { memberPart } from "../member_part.js";
import { preview } from "../preview.js";
import { block, folded } from "./shared.js";

export function design(model, root) {
  const part = (name) => memberPart(model, `/${name}`);
  root.replaceChildren(
    make("div", { class: "designer" },
      preview(model, { label: "Now" }).node,
      block("Shows", part("items")),
      block("Name and people", make("div", { class: "form-grid" }, part("label"), part("icon")), part("audience"), folded("Help and position", part("help"), part("order"))),
    ),
  );
}
