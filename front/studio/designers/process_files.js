// BPMN 2.0 files: the process as one, and one in place of what is drawn.
import { icon, make } from "../../dom.js";
import { reason, send } from "../../http.js";

export function files(model) {
  const said = make("div", { class: "stack tight", role: "status" });
  const pick = make("input", { class: "input", type: "file", accept: ".bpmn,.xml,application/xml", "aria-label": "BPMN file" });
  const { name } = model.about;
  const tell = (words, tone = "dim") => said.append(make("p", { class: `small ${tone}` }, words));
  pick.addEventListener("change", async () => {
    const [file] = pick.files;
    if (file) await read(file.name, await file.text());
    pick.value = "";
  });
  // A file of several pools: which of them is meant.
  const choose = (title, bpmn, names) => {
    tell(`${title} has several processes. Choose one; each becomes a process of its own.`);
    const buttons = names.map((one) => {
      const button = make("button", { class: "btn slim", type: "button" }, one);
      button.addEventListener("click", () => read(title, bpmn, one));
      return button;
    });
    said.append(make("div", { class: "row wrap" }, ...buttons));
    buttons[0].focus();
  };
  async function read(title, bpmn, process) {
    const asked = { bpmn, subject: model.get("/subject") ?? "", name, ...(process ? { process } : {}) };
    const result = await send("POST", "/api/processes/bpmn", asked);
    said.replaceChildren();
    if (!result.ok) {
      const names = (result.data.errors ?? []).filter((one) => one.code === "choose_one").map((one) => one.message);
      if (names.length) return choose(title, bpmn, names);
      for (const fault of result.data.errors ?? [{ message: reason(result) }]) tell(fault.message, "bad");
      return;
    }
    const { document: found, notes } = result.data;
    for (const head of ["kind", "name"]) if (!(head in model.body)) delete found[head];
    model.replace({ ...found, ...("name" in model.body ? { name: model.body.name } : {}) });
    tell(`${found.stages.length} stages were read from ${title}. Ctrl+Z brings back what was drawn.`);
    for (const note of notes) tell(note);
  }
  const out = name ? make("a", { class: "btn slim", href: `/api/processes/${name}/bpmn`, download: `${name}.bpmn` }, icon("download"), " As it was saved") : null;
  return make("div", { class: "stack" }, make("p", { class: "small dim" }, "A file of another tool takes the place of what is drawn here. What cannot be a stage or a route is named, with what to draw instead."), make("div", { class: "row wrap" }, pick, out), said);
}
