// The letter as somebody would get it: the subject, the mail, its plain text; for a record and a reader that one chooses.
import { icon, make, one } from "../../dom.js";
import { reason, send } from "../../http.js";
import { level } from "../data_model.js";
import { sampleChooser } from "../navigator.js";
import { framedPage } from "./parts.js";

export function letterPreview(model, context) {
  const state = { record: "", recipient: "", language: "", asked: 0 };
  const page = framedPage("The mail", "/preview/template");
  const subject = make("b", { class: "tsubject" });
  const plain = make("pre", { class: "tplain", tabindex: "0", role: "group", "aria-label": "Plain text" });
  const faults = make("div", { role: "status" });
  const said = make("p", { class: "small dim" });
  const samples = make("div", {});
  const person = make("select", { "data-lookup": true, "data-url": "/lookup/people", "aria-label": "Read by", placeholder: "You" });
  person.addEventListener("change", () => {
    state.recipient = person.value.replace(/^user:/, "");
    show();
  });
  const test = make("button", { class: "btn", type: "button" }, icon("send"), " Send a test to me");
  const out = { node: null, show, speak, onSend: null };
  test.addEventListener("click", async () => {
    test.setAttribute("aria-busy", "true");
    await out.onSend?.(asked());
    test.removeAttribute("aria-busy");
  });

  const letter = () => {
    const { subject: words = "", body = "", as_of: day, translations } = model.body;
    return { for: context.object, subject: words, body, ...(day ? { as_of: day } : {}), ...(translations ? { translations } : {}) };
  };
  const asked = () => ({ template: letter(), record: state.record, recipient: state.recipient, language: state.language });

  async function show() {
    const mine = (state.asked += 1);
    const answer = await send("POST", "/api/templates/preview", asked());
    if (mine !== state.asked) return;
    const found = answer.ok ? answer.data.faults : [{ message: reason(answer) }];
    faults.replaceChildren(...(found.length ? [make("div", { class: "note bad" }, icon("alert-triangle"), make("div", {}, found.map((fault) => fault.message).join(" ")))] : []));
    if (!answer.ok || found.length) return;
    const { data } = answer;
    subject.textContent = data.subject || "No subject";
    plain.textContent = data.record ? data.text : "There is no record yet that it could be about.";
    said.textContent = `To ${data.recipient.name}, times in ${data.zone.replaceAll("_", " ")}.`;
    if (data.record) page.post({ asked: JSON.stringify(asked()) });
  }

  function speak(language) {
    state.language = language;
    show();
  }

  level(context.object).then((found) => {
    const chooser = sampleChooser(found, (id) => {
      state.record = id;
      show();
    });
    if (chooser) samples.append(chooser);
  });
  out.node = make("aside", { class: "wpreview", "aria-label": "Preview" }, make("div", { class: "row wrap" }, make("h2", { class: "grow" }, icon("eye"), " Preview"), test), samples, make("div", { class: "modelsample small dim" }, make("span", {}, "Read by"), person), faults, subject, said, make("div", { class: "tletter" }, page.node, plain));
  import("../../lookups.js").then((module) => module.start(out.node)).catch(() => one("select", out.node));
  return out;
}
