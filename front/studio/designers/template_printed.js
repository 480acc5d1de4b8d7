// What a printed document has beside its text, and how it looks: pages for a record that one chooses, and the PDF.
import { icon, make } from "../../dom.js";
import { csrf, reason, send } from "../../http.js";
import { level } from "../data_model.js";
import { sampleChooser } from "../navigator.js";
import { part } from "../schema_form.js";
import { humanise } from "../schema.js";
import { fold, framedPage, named, section } from "./parts.js";

export const tableLabel = (table) => (typeof table.label === "string" ? table.label : table.label?.en) ?? humanise(table.name);

const under = (label, node) => make("div", { class: "field" }, make("span", { class: "label", "aria-hidden": "true" }, label), named(label, node));

export const printedParts = (model) => [
  section("Tables", "Records behind the record, for the text and as spreadsheets.", part(model, "/tables")),
  section("Pages", "What stands around the text, and when the document is final.",
    under("Page layout", part(model, "/layout")), under("Layout for", part(model, "/layout_of")), under("File name", part(model, "/file")), under("Keep once", part(model, "/keep")),
    fold("Style, language and other templates", under("Style", part(model, "/css")), under("In the language", part(model, "/language")), under("Chosen by", part(model, "/chosen_by")))),
];

export function printedPreview(model, context) {
  const state = { record: "", language: "", asked: 0 };
  const page = framedPage("The document", "/preview/document");
  const faults = make("div", { role: "status" });
  const said = make("p", { class: "small dim" });
  const samples = make("div", {});
  const pdf = make("button", { class: "btn", type: "button" }, icon("file-text"), " Show as PDF");
  const out = { node: null, show, speak, onSend: null };
  const asked = () => {
    const { kind, name, ...template } = model.body;
    return { template: { ...template, for: context.object }, record: state.record, language: state.language };
  };
  pdf.addEventListener("click", () => {
    const form = make("form", { method: "post", action: "/preview/document", target: "_blank", hidden: true });
    for (const [member, value] of Object.entries({ csrf: csrf(), asked: JSON.stringify({ ...asked(), format: "pdf" }) })) form.append(make("input", { type: "hidden", name: member, value }));
    document.body.append(form);
    form.submit();
    form.remove();
  });

  async function show() {
    const mine = (state.asked += 1);
    const answer = await send("POST", "/api/documents/preview", asked());
    if (mine !== state.asked) return;
    const found = answer.ok ? answer.data.faults : [{ message: reason(answer) }];
    faults.replaceChildren(...(found.length ? [make("div", { class: "note bad" }, icon("alert-triangle"), make("div", {}, found.map((fault) => fault.message).join(" ")))] : []));
    pdf.disabled = !answer.ok || found.length > 0 || !answer.data.record;
    if (pdf.disabled && found.length) return;
    const { record, name, draft } = answer.data;
    said.textContent = record ? `${name}${draft ? ", with the draft mark" : ""}` : "There is no record yet that it could be about.";
    if (record) page.post({ asked: JSON.stringify(asked()) });
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
  out.node = make("aside", { class: "wpreview", "aria-label": "Preview" }, make("div", { class: "row wrap" }, make("h2", { class: "grow" }, icon("eye"), " Preview"), pdf), samples, faults, said, make("div", { class: "tletter tpages" }, page.node));
  return out;
}
