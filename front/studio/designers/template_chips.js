// Chips: a field that stands in a text, a mark of a condition, or source that is shown as it is.
import { icon, make, one } from "../../dom.js";
import { place, release } from "../../float.js";
import { memberAt } from "../data_model.js";
import { humanise } from "../schema.js";
import { labelled } from "./parts.js";
import { chipOf, chipSource, conditionOf, conditionSource } from "./template_source.js";

export const FORMATS = [["", "As usual"], ["date", "Only the day"], ["datetime", "Day and time"], ["money", "An amount"], ["number", "A number"]];
const PICTURE = ["image", "A picture"]; // of what is printed
const OPS = [["filled", "is filled in"], ["empty", "is empty"], ["==", "is"], ["!=", "is not"], [">", "is more than"], ["<", "is less than"], [">=", "is at least"], ["<=", "is at most"]];
const PATTERN = { out: /^\{\{-?\s*|\s*-?\}\}$/g, statement: /^\{%[-+]?\s*|\s*[-+]?%\}$/g };

let popover = null;

// What is open beside a chip; Esc closes it and goes back.
export function closePopover(back = true) {
  if (!popover) return;
  const { box, anchor } = popover;
  popover = null;
  release(box);
  box.remove();
  if (back && anchor.isConnected) anchor.focus();
}

export function openPopover(anchor, label, ...children) {
  closePopover(false);
  const box = make("div", { class: "menu tpop", role: "dialog", "aria-label": label }, ...children);
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    closePopover();
  });
  document.body.append(box);
  popover = { box, anchor };
  place(anchor, box);
  one("input, select, button", box)?.focus();
  return box;
}

document.addEventListener("pointerdown", (event) => {
  if (popover && !popover.box.contains(event.target) && !event.target.closest(".dropdown, .ts-dropdown")) closePopover(false);
});

// The words of a path: "Account › Name"; the record itself is called by its object.
export function pathLabel(scope, path) {
  const root = scope.find((entry) => entry.name === path[0]);
  const own = root && root !== scope[0] ? `${root.label} › ` : "";
  if (path.length === 1) return path[0] === "link" ? "Link to the record" : root?.label ?? humanise(path[0]);
  return own + path.slice(1).map(humanise).join(" › ");
}

// The same with the labels of the fields, as soon as they are known.
async function relabel(scope, path, show) {
  const root = scope.find((entry) => entry.name === path[0]);
  if (!root || path.length < 2) return;
  const labels = [];
  for (let at = 2; at <= path.length; at += 1) {
    const member = await memberAt(root.object, path.slice(1, at));
    labels.push(member?.label ?? humanise(path[at - 1]));
  }
  show((root === scope[0] ? "" : `${root.label} › `) + labels.join(" › "));
}

const inner = (raw) => raw.replace(raw.startsWith("{{") ? PATTERN.out : PATTERN.statement, "");

function shell(raw, classes, label) {
  const node = make("span", { class: `tchip ${classes}`, contenteditable: "false", tabindex: "0", role: "button", "data-raw": raw }, label);
  return node;
}

// A chip for the source of one place. `changed` is told when what it says was changed.
export function chip(raw, scope, changed) {
  if (raw.startsWith("{{")) {
    const said = chipOf(inner(raw));
    if (said) return fieldChip(raw, said, scope, changed);
  }
  if (raw.startsWith("{%")) return mark(raw, scope, changed);
  const node = shell(raw, "code", raw);
  node.title = "Source that is kept as it is";
  node.setAttribute("aria-label", `Source: ${raw}`);
  return node;
}

function fieldChip(raw, said, scope, changed) {
  const node = shell(raw, "field", "");
  const show = (label) => {
    node.textContent = label;
    const notes = [[...FORMATS, PICTURE].find(([name]) => name === said.format && name)?.[1], said.empty && `or “${said.empty}”`].filter(Boolean).join(", ");
    if (notes) node.append(make("span", { class: "tnote" }, ` ${notes}`));
    node.dataset.label = label;
  };
  show(pathLabel(scope, said.path));
  relabel(scope, said.path, show);
  const edit = () => {
    const formats = scope[0]?.printed ? [...FORMATS, PICTURE] : FORMATS;
    const format = make("select", { class: "input" }, ...formats.map(([value, label]) => make("option", { value, selected: value === said.format }, label)));
    const empty = make("input", { class: "input", value: said.empty, autocomplete: "off", placeholder: "nothing" });
    const update = () => {
      Object.assign(said, { format: format.value, empty: empty.value.replace(/["\\{}]/g, "") });
      node.dataset.raw = chipSource(said);
      show(node.dataset.label);
      changed();
    };
    format.addEventListener("change", update);
    empty.addEventListener("input", update);
    openPopover(node, node.dataset.label, labelled("Shown as", format), labelled("Where it is empty", empty), remover(node, changed));
  };
  pressed(node, edit);
  return node;
}

function pressed(node, run) {
  node.addEventListener("click", run);
  node.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation();
    run();
  });
}

const remover = (node, changed) => make("button", { class: "btn slim danger", type: "button", onclick: () => {
  const near = node.closest("[contenteditable=true]");
  closePopover(false);
  node.remove();
  changed();
  near?.focus();
} }, icon("trash"), " Remove");

// Conditions inside of a line: where they begin, turn and end.
function mark(raw, scope, changed) {
  const text = inner(raw);
  const word = text.split(/\s/)[0];
  const node = shell(raw, "mark", "");
  node.dataset.mark = word;
  if (word === "if" || word === "elif") {
    const said = conditionOf(text.slice(word.length).trim());
    const show = (words) => (node.textContent = `${word === "if" ? "Only if" : "Or if"} ${words}:`);
    if (!said) show(text.slice(word.length).trim());
    else {
      conditionWords(scope, said, show);
      pressed(node, () => editCondition(node, scope, said, (next) => {
        node.dataset.raw = `{% ${word} ${next} %}`;
        conditionWords(scope, said, show);
        changed();
      }));
    }
  } else node.textContent = word === "else" ? "otherwise:" : word === "endif" ? "· end" : text;
  return node;
}

export function conditionWords(scope, said, show) {
  const op = OPS.find(([name]) => name === said.op)?.[1] ?? said.op;
  const words = (label, value) => `${label} ${op}${["filled", "empty"].includes(said.op) ? "" : ` ${value}`}`;
  show(words(pathLabel(scope, said.path), said.value));
  relabel(scope, said.path, async (label) => {
    const root = scope.find((entry) => entry.name === said.path[0]);
    const member = root ? await memberAt(root.object, said.path.slice(1)) : null;
    show(words(label, member?.options?.find((option) => option.value === said.value)?.label ?? said.value));
  });
}

// A condition over one field: filled in, or compared with a value.
export async function editCondition(anchor, scope, said, done) {
  const root = scope.find((entry) => entry.name === said.path[0]);
  const member = root ? await memberAt(root.object, said.path.slice(1)) : null;
  const options = member?.options ?? [];
  const numeric = ["number"].includes(member?.type);
  const ops = OPS.filter(([name]) => ["filled", "empty"].includes(name) || (numeric ? true : ["==", "!="].includes(name) && !["date", "date and time", "money"].includes(member?.type)));
  const op = make("select", { class: "input" }, ...ops.map(([value, label]) => make("option", { value, selected: value === said.op }, label)));
  const value = options.length ? make("select", { class: "input" }, ...options.map((option) => make("option", { value: option.value, selected: option.value === said.value }, option.label))) : make("input", { class: "input", value: said.value, autocomplete: "off", inputmode: numeric ? "decimal" : null });
  const field = labelled("Value", value);
  const update = () => {
    Object.assign(said, { op: op.value, value: value.value, text: !numeric });
    field.hidden = ["filled", "empty"].includes(said.op);
    done(conditionSource(said));
  };
  field.hidden = ["filled", "empty"].includes(said.op);
  op.addEventListener("change", update);
  value.addEventListener(options.length ? "change" : "input", update);
  openPopover(anchor, "Condition", labelled(member?.label ?? pathLabel(scope, said.path), op), field);
}
