// Small parts that designers share: inputs bound to a place, sections, copy buttons, tabs, frames of pages.
import { icon, make, speak } from "../../dom.js";
import { csrf } from "../../http.js";
import { toast } from "../../toasts.js";
import { labelText } from "../schema.js";

let number = 0;
const nextId = () => `d${(number += 1)}`;

// A section with a heading, and what belongs beside that.
export const section = (title, help, ...children) => make("section", { class: "wsection" }, make("h2", {}, title), help ? make("p", { class: "mid dim" }, help) : null, ...children);

// What is needed less often.
export const fold = (title, ...children) => make("details", { class: "dfold" }, make("summary", {}, icon("chevron-right", "turn"), make("span", {}, title)), make("div", { class: "dfold-body" }, ...children));

export function labelled(label, control, help = "") {
  control.id ||= nextId();
  const note = help ? make("span", { class: "help", id: nextId() }, help) : null;
  if (note) control.setAttribute("aria-describedby", note.id);
  return make("div", { class: "field" }, make("label", { for: control.id }, label), control, note);
}

// What a label says in the site's words; one that has words for each language keeps them.
export function said(model, pointer) {
  return String(labelText(model.get(pointer) ?? "") ?? "");
}

export function say(model, pointer, text, from) {
  const value = model.get(pointer);
  if (value && typeof value === "object") return model.set(pointer, { ...value, en: text }, from);
  return text === "" ? model.remove(pointer, from) : model.set(pointer, text, from);
}

// A text input of a label. `sync` shows what the model says.
export function words(model, pointer, { label, help, placeholder, rows, at = () => pointer }) {
  const control = make(rows ? "textarea" : "input", { class: "input", rows, autocomplete: "off", placeholder });
  control.addEventListener("input", () => say(model, at(), control.value, control));
  control.addEventListener("blur", () => model.pause());
  const sync = () => {
    control.dataset.at = at();
    if (control.value !== said(model, at())) control.value = said(model, at());
  };
  sync();
  return { node: labelled(label, control, help), control, sync };
}

export const iconButton = (name, label, run, more = {}) => make("button", { class: "btn quiet slim icon", type: "button", "aria-label": label, title: label, onclick: run, ...more }, icon(name));

// A line to copy: what it is, the text, a button.
export function copyLine(label, text) {
  const control = make("input", { class: "input mono", readonly: true, id: nextId() });
  control.addEventListener("focus", () => control.select());
  const button = make("button", { class: "btn slim", type: "button", "aria-label": `Copy the ${label.toLowerCase()}` }, icon("copy"), " Copy");
  button.addEventListener("click", async () => {
    control.select();
    try {
      await navigator.clipboard.writeText(control.value);
    } catch {
      document.execCommand("copy");
    }
    toast(`${label} copied`);
    button.focus();
  });
  const sync = (value) => (control.value = value);
  sync(text);
  return { node: make("div", { class: "field" }, make("label", { for: control.id }, label), make("div", { class: "pairline" }, control, button)), sync };
}

// Buttons of which one is pressed.
export function choices(label, options, chosen, onPick) {
  const node = make("div", { class: "group dtabs", role: "group", "aria-label": label });
  const show = (entries, now) => {
    const focused = node.contains(document.activeElement) ? document.activeElement.dataset.value : null;
    node.replaceChildren(...entries.map(([value, text, sign]) => make("button", { class: "btn slim", type: "button", "data-value": value, "aria-pressed": String(value === now), onclick: () => onPick(value) }, sign ? icon(sign) : null, sign ? " " : null, text)));
    if (focused !== null) node.querySelector(`[data-value="${CSS.escape(focused)}"]`)?.focus();
  };
  show(options, chosen);
  return { node, show };
}

// A page of ours inside of this one. Each showing is a frame of its own, which takes the place of the
// one before when it is there: nothing flickers, and the way back of the browser knows nothing of it.
export function framedPage(title, address) {
  const box = make("div", { class: "dframe" });
  let shown = null;
  let asked = 0;
  const post = (values) => {
    const mine = (asked += 1);
    const name = nextId();
    const frame = make("iframe", { name, title, class: "coming", tabindex: "0", inert: true }); // it takes no focus from who types
    box.append(frame);
    const form = make("form", { method: "post", action: address, target: name, hidden: true });
    for (const [member, value] of Object.entries({ csrf: csrf(), ...values })) form.append(make("input", { type: "hidden", name: member, value }));
    document.body.append(form);
    frame.addEventListener("load", () => {
      let there = "";
      try {
        there = frame.contentWindow.location.href;
      } catch { /* of another origin, as pages that show nothing of ours are */ there = "closed"; }
      if (there === "about:blank") return;
      if (mine !== asked) return void frame.remove();
      shown?.remove();
      shown = frame;
      frame.classList.remove("coming");
      frame.inert = false;
      box.dataset.shown = String(mine);
    });
    form.submit();
    form.remove();
  };
  return { node: box, post };
}

// A generated part under a name of its own, where that has no other one.
export function named(label, node) {
  for (const control of node.matches("input, select, textarea") ? [node] : node.querySelectorAll("input, select, textarea")) {
    if (!control.labels?.length && !control.getAttribute("aria-label")) control.setAttribute("aria-label", label);
  }
  return node;
}

export { nextId, speak };
