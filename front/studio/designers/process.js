// A process: its route map, on which one draws, the form of what is chosen beside it, and a trial.
import { make } from "../../dom.js";
import { memberPart } from "../member_part.js";
import { START } from "./process_changes.js";
import { RouteMap } from "./process_map.js";
import { ProcessSide } from "./process_side.js";
import { trial } from "./process_trial.js";
import { files } from "./process_files.js";
import { block, folded } from "./shared.js";

export function design(model, root, context) {
  const side = new ProcessSide(model, () => map.focus());
  const map = new RouteMap(model, { onChoose: (what) => side.show(what), onOpen: () => side.open() });
  const first = model.get("/stages/0/name");
  map.choose(`stage:${first ?? START}`);
  side.show({ stage: first ?? START });
  root.replaceChildren(
    make("div", { class: "designer dprocess" },
      block("Process", make("div", { class: "form-grid" }, memberPart(model, "/label"), memberPart(model, "/subject")), memberPart(model, "/about")),
      make("div", { class: "rmap-desk" }, map.node, side.node),
      trial(model),
      versions(context),
      folded("BPMN files", files(model)),
      folded("More", memberPart(model, "/active")),
    ),
  );
}

// What saving does to runs that are at work.
function versions({ version, running }) {
  if (!version) return null;
  const runs = running === 1 ? "One run is at work and keeps its version." : `${running} runs are at work and keep their version.`;
  return make("p", { class: "small dim" }, `Version ${version} is in force. Saving a change makes version ${version + 1}. ${runs}`);
}
