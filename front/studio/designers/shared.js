// What the designers of boards, views, pins and layouts have in common.
import { icon, make } from "../../dom.js";
import { humanise } from "../schema.js";
import { memberPart } from "../member_part.js";
import { formOf } from "../schema_form.js";

const FOLDS = "more-fold";

// A part of a designer under a heading; what is rarely needed is folded.
export const block = (title, ...children) => make("section", { class: "dblock", "aria-label": title }, make("h2", { class: "h-main" }, title), ...children);
export const folded = (title, ...children) => make("details", { class: FOLDS }, make("summary", { class: "mid dim" }, title), make("div", { class: "stack loose" }, ...children));

// The members of the document's object that can be named, and what they are called.
export function membersOf(model) {
  const form = formOf(model);
  const own = () => form.members("/object").filter((one) => !one.collection);
  const collections = () => form.members("/object").filter((one) => one.collection);
  const ahead = (name) => {
    const [first, ...rest] = name.split(".");
    const member = own().find((one) => one.name === first);
    if (!member || !rest.length) return { member, labels: member ? [member.label] : [humanise(first)] };
    const inner = form.membersOf(member.to).find((one) => one.name === rest[0]);
    return { member: inner, labels: [member.label, inner?.label ?? humanise(rest[0])] };
  };
  const about = (name) => {
    if (name === "title") return { label: "Title", icon: "letter-case" };
    const { member, labels } = ahead(name);
    return { label: labels.join(" › "), icon: member?.icon ?? "letter-case" };
  };
  const through = () => own().filter((one) => one.to && !one.system && typeof one.to === "string").flatMap((one) => form.membersOf(one.to).filter((inner) => !inner.collection && !inner.system).map((inner) => `${one.name}.${inner.name}`));
  return { form, own, collections, about, through };
}

// A choice of a value of the model: options are [value, label]; "" takes it out.
export function choice(model, { label, help = "", options, get, set }) {
  const control = make("select", { class: "input", "aria-label": label });
  const node = make("label", { class: "field" }, make("span", { class: "flabel" }, label), control, help ? make("span", { class: "help" }, help) : null);
  control.addEventListener("change", () => set(control.value));
  const sync = () => {
    const now = get() ?? "";
    control.replaceChildren(...options().map(([value, text]) => make("option", { value, selected: value === now }, text)));
    control.value = now;
  };
  model.on("change", sync);
  sync();
  return { node, sync };
}

// The object must be chosen first; `made` then draws the rest.
export function withObject(model, root, made) {
  const form = formOf(model);
  const begin = () => {
    root.replaceChildren();
    if (model.get("/object")) return made();
    root.append(block("Which records?", memberPart(model, "/object")));
    const off = model.on("change", () => model.get("/object") && (off(), begin()));
    return undefined;
  };
  const object = model.get("/object");
  if (object && !form.membersOf(object).length) {
    const wait = { sync: () => form.membersOf(object).length && (form.parts.delete(wait), begin()) };
    form.parts.add(wait);
    root.append(make("p", { class: "mid dim" }, "Loading the fields"));
  } else begin();
}

// The way from what is designed to what it makes, once it is saved.
export function opener(model, text, href) {
  return model.about.name ? make("a", { class: "btn slim dopen", href: href(model.about.name) }, icon("external-link"), ` ${text}`) : null;
}
