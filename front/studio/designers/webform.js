// The designer of web forms: what is asked, how it looks, where it is, and the form itself beside it.
import { make } from "../../dom.js";
import { part } from "../schema_form.js";
import { fold, named, section, words } from "./parts.js";
import { lookSection } from "./webform_look.js";
import { previewOf } from "./webform_preview.js";
import { questionsSection } from "./webform_questions.js";
import { shareSection } from "./webform_share.js";

const chooser = (context) => {
  const select = make("select", { class: "input chooser", "aria-label": "Object" }, make("option", { value: "" }, "Choose an object"), ...context.objects.map((one) => make("option", { value: one.name }, one.label)));
  select.addEventListener("change", () => select.value && location.assign(`/studio/webform/new?object=${encodeURIComponent(select.value)}`));
  return section("What does the form create?", "Each answer becomes one record of this object.", select);
};

function about(model) {
  const title = words(model, "/label", { label: "Title", help: "Shown above the form." });
  const help = words(model, "/help", { label: "Text above the first step", rows: 2 });
  return { node: section("Title", "", make("div", { class: "form-grid one" }, title.node, help.node)), sync: () => (title.sync(), help.sync()) };
}

function done(model, context) {
  const title = words(model, "/done/title", { label: "Heading", placeholder: "Thank you" });
  const message = words(model, "/done/message", { label: "Text", rows: 2, placeholder: "We have received your answers.", help: "A field in braces, such as {number}, shows its value." });
  const insert = make("select", { class: "input slim-in", "aria-label": "Insert a field into the text" }, make("option", { value: "" }, "Insert a field"), ...context.fields.filter((one) => !one.links).map((one) => make("option", { value: one.name }, one.label)));
  insert.addEventListener("change", () => {
    if (!insert.value) return;
    const area = message.control;
    const [from, to] = [area.selectionStart, area.selectionEnd];
    area.setRangeText(`{${insert.value}}`, from, to, "end");
    area.dispatchEvent(new Event("input", { bubbles: true }));
    insert.value = "";
    area.focus();
  });
  const submit = words(model, "/submit", { label: "Button", placeholder: "Send" });
  const rest = fold("Lead to another page instead", named("Address of the page", part(model, "/done/redirect")));
  const box = make("div", { class: "form-grid one" }, title.node, message.node, insert, submit.node);
  return { node: section("After sending", "", box, rest), sync: () => [title, message, submit].forEach((one) => one.sync()) };
}

const rules = (model) => ({
  node: section(
    "Who may send it, and what it sets itself",
    "",
    fold("Values that the form sets", make("p", { class: "mid dim" }, "The sender does not see them: where it comes from, who gets it."), named("Values that the form sets", part(model, "/fixed"))),
    fold("Fields that only a signed link fills in", named("Fields of signed links", part(model, "/prefill"))),
    fold("Sites that may show it", make("p", { class: "mid dim" }, "Addresses such as https://www.example.com. Your own pages always may."), named("Sites", part(model, "/origins"))),
    fold("What keeps machines out", part(model, "/spam")),
    fold("Open or closed", named("Open for answers", part(model, "/active"))),
  ),
  sync: () => {},
});

export function design(model, root, context) {
  root.classList.add("webform-design", "designer", "beside");
  if (!context.object) return void root.append(chooser(context));
  const preview = previewOf(model);
  const sections = [shareSection(model, context), about(model), questionsSection(model, context, preview), done(model, context), lookSection(model), rules(model)];
  root.append(make("div", { class: "dmain" }, ...sections.map((one) => one.node)), preview.node);
  model.on("change", ({ from }) => {
    for (const one of sections) one.sync(from);
    preview.soon();
  });
  model.on("faults", () => sections.forEach((one) => one.faults?.()));
  model.on("saved", () => sections.forEach((one) => one.saved?.()));
  preview.show();
  return undefined;
}
