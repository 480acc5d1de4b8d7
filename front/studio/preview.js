// What a document would show, asked for again after each change; `onData` gets what the server says.
import { later, make } from "../dom.js";
import { reason, send } from "../http.js";

const ABOUT = ["object", "subject", "union"]; // what there is to show is known once one of these is said

export function preview(model, { label = "Preview", onData = null } = {}) {
  const shown = make("div", { class: "dpreview-body", inert: true });
  const said = make("p", { class: "small dim", role: "status" });
  const node = make("section", { class: "dpreview", "aria-label": label }, make("h2", { class: "h-main" }, label), said, shown);
  const state = { record: "", asked: 0 };
  const ask = async () => {
    const places = ABOUT.filter((name) => name in (model.about.schema.properties ?? {}));
    if (places.length && !places.some((name) => model.get(`/${name}`))) return;
    const asked = (state.asked += 1);
    const result = await send("POST", `/studio/${model.about.kind}/${model.about.name || "new"}/preview`, { body: model.body, record: state.record });
    if (asked !== state.asked) return;
    if (!result.ok) {
      said.textContent = `The preview waits: ${reason(result)}`;
      return;
    }
    said.textContent = result.data.count !== undefined ? `${result.data.count} records` : "";
    if (result.data.html !== undefined) shown.innerHTML = result.data.html;
    for (const named of shown.querySelectorAll("[id]")) named.removeAttribute("id");
    onData?.(result.data);
  };
  const soon = later(ask, 350);
  model.on("change", soon);
  ask();
  return { node, refresh: ask, of: (record) => ((state.record = record), ask()) };
}
