// The members of an object as a form: what is rarely needed is folded, alternatives are a choice in words.
import { equal } from "./document.js";
import { make } from "../dom.js";
import { framed, grouped, nextId } from "./frames.js";
import { fill } from "./inputs.js";
import { below } from "./pointer.js";
import { build } from "./widgets.js";

const MANY = 8; // members that are shown without folding
const HEADS = ["kind", "name", "extends"]; // of the whole document, shown beside its form
const MADE = "name"; // of a new document it is made from the label, unless somebody says it

export function object(form, at, schema, { top = false } = {}) {
  const hint = form.schemas.hint(schema);
  const main = make("div", { class: "form-grid" });
  const rest = make("div", { class: "form-grid" });
  const count = make("span", { class: "count" });
  const fold = make("details", { class: "more-fold", hidden: true }, make("summary", { class: "mid dim" }, "More ", count), rest);
  const choice = hint.alternatives ? chooser(form, at, hint.alternatives) : null;
  const node = make("div", { class: "members" }, choice?.node, main, fold);
  const frames = new Map();

  const sync = () => {
    const value = form.model.get(at());
    const whole = form.schemas.of(schema, value);
    choice?.sync();
    const names = shown(form, whole, value, { top, choice, hint });
    for (const [name, frame] of frames) {
      if (names.includes(name) && frame.schema === frame.now(whole)) continue;
      frame.node.remove();
      frames.delete(name);
    }
    const folded = [...foldable(form, whole, names, value), ...(top ? [MADE] : [])];
    let previous = { main: null, rest: null };
    for (const name of names) {
      if (!frames.has(name)) frames.set(name, member(form, at, whole, name, folded.includes(name) && value?.[name] === undefined));
      const frame = frames.get(name);
      const side = frame.folded ? "rest" : "main";
      const holder = frame.folded ? rest : main;
      const wanted = previous[side] ? previous[side].nextSibling : holder.firstChild;
      if (wanted !== frame.node) holder.insertBefore(frame.node, wanted);
      previous[side] = frame.node;
      frame.sync();
    }
    fold.hidden = !rest.children.length;
    count.textContent = String(rest.children.length);
    if (!fold.open && rest.querySelector("[aria-invalid=true]")) fold.open = true;
  };
  return { node, sync, group: true };
}

function shown(form, whole, value, { top, choice, hint }) {
  const known = Object.keys(whole.properties ?? {});
  // What the schema does not know stays visible: it would be lost from sight.
  const strange = Object.keys(value ?? {}).filter((name) => !known.includes(name) && !name.startsWith("$"));
  const left = choice ? choice.hidden() : [];
  const names = [...known, ...strange].filter((name) => !(top && HEADS.includes(name) && (name !== MADE || form.model.about.name)) && !left.includes(name));
  const first = form.schemas.hint(whole).first ?? hint.first ?? [];
  return [...first.filter((name) => names.includes(name)), ...names.filter((name) => !first.includes(name))];
}

function foldable(form, whole, names, value) {
  const needed = whole.required ?? [];
  const first = form.schemas.hint(whole).first;
  const optional = names.filter((name) => !needed.includes(name));
  const said = optional.filter((name) => form.schemas.hint(form.schemas.member(whole, name)).more);
  if (first) return optional.filter((name) => !first.includes(name));
  if (said.length) return said;
  return optional.length > MANY ? optional.slice(MANY - 2) : [];
}

function member(form, at, whole, name, folded) {
  const schema = form.schemas.member(whole, name);
  const here = () => below(at(), name);
  const required = (whole.required ?? []).includes(name) && !(name === MADE && at() === "");
  const widget = build(form, here, schema, { name, label: schema.title });
  const frame = (widget.group ? grouped : framed)(form, here, schema, { name, required }, widget);
  const raw = whole.properties?.[name];
  return { ...frame, folded, schema: raw, now: (next) => next.properties?.[name] };
}

// One of several sets of members: the choice takes out what belongs to the others alone.
function chooser(form, at, alternatives) {
  const control = make("select", { class: "input", id: nextId() });
  const label = make("label", { for: control.id }, alternatives.title ?? "What");
  const node = make("div", { class: "field chooser" }, label, control);
  const options = alternatives.options ?? alternatives;
  let asked = null;
  const has = (value, name) => value !== undefined && value !== null && value[name] !== undefined;
  const now = () => {
    const value = form.model.get(at());
    const found = options.findIndex((option) => (option.by ?? option.members.slice(0, 1)).some((name) => has(value, name)));
    if (asked !== null && (found < 0 || found === asked || options[asked].by === undefined)) return asked;
    return found < 0 ? 0 : found;
  };
  control.addEventListener("change", () => {
    asked = Number(control.value);
    const kept = options[asked].members;
    const gone = options.flatMap((option) => option.members).filter((name) => !kept.includes(name));
    const value = form.model.get(at()) ?? {};
    // What the choice alone says stands there at once: an e-mail, though nothing of it is written yet.
    const next = { ...options[asked].start, ...Object.fromEntries(Object.entries(value).filter(([name]) => !gone.includes(name))) };
    if (!equal(next, value)) form.model.set(at(), next, null);
    else form.sync();
    control.focus();
  });
  const sync = () => {
    control.dataset.choice = at();
    fill(control, options.map((option, index) => [String(index), option.title]), String(now()));
    const value = form.model.get(at());
    if (asked !== null && !options[asked].members.some((name) => has(value, name)) && options.some((option) => option.by?.some((name) => has(value, name)))) asked = null;
  };
  const hidden = () => {
    const kept = options[now()].members;
    const value = form.model.get(at());
    return options.flatMap((option) => option.members).filter((name) => !kept.includes(name) && !has(value, name));
  };
  return { node, sync, hidden };
}
