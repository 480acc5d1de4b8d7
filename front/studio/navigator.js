// The data model as a tree: an object, its look-ups and collections, with the values of a sample record.
import { all, icon, later, make, one, speak } from "../dom.js";
import { level, sheet } from "./data_model.js";

let number = 0;

const joinedPath = (steps) => steps.map((step) => step.name).join(".");
const words = (steps) => steps.map((step) => step.label).join(" › ");

// What is told of a pick: the path, and where it goes through a collection, that and the path inside of it.
function picked(steps) {
  const member = steps.at(-1);
  const at = steps.findIndex((step) => step.collection);
  const outside = at < 0 || at === steps.length - 1;
  return {
    path: joinedPath(steps),
    label: words(steps),
    member,
    steps,
    collection: outside ? "" : joinedPath(steps.slice(0, at + 1)),
    inner: outside ? "" : joinedPath(steps.slice(at + 1)),
  };
}

const opens = (member, depth, collections) => Boolean(member.to) && depth < 5 && (!member.collection || collections);

class Tree {
  constructor(options, box) {
    Object.assign(this, options);
    this.box = box;
    this.id = `model-${(number += 1)}`;
    this.list = make("ul", { role: "tree", "aria-label": options.label ?? "Fields", class: "modeltree" });
    this.list.addEventListener("keydown", (event) => this.key(event));
    this.list.addEventListener("click", (event) => this.press(event));
  }

  row(member, steps, depth, title = member.label) {
    const expandable = opens(member, depth, this.collections) && !member.path;
    const id = `${this.id}-${(number += 1)}`;
    const line = make(
      "span",
      { class: "modelrow", id: `${id}-row` },
      make("span", { class: "twist", "aria-hidden": "true" }, expandable ? icon("chevron-right") : null),
      icon(member.icon),
      make("span", { class: "modelname" }, title),
      " ",
      make("span", { class: "small faint modelkind" }, member.kind_label),
      " ",
      make("span", { class: "small dim clip modelvalue" }, member.sample === "empty" ? "" : (member.sample ?? "")),
    );
    const item = make("li", { role: "treeitem", tabindex: "-1", id, "aria-expanded": expandable ? "false" : null, "aria-labelledby": `${id}-row` }, line);
    item.style.setProperty("--depth", depth);
    Object.assign(item, { member, steps, depth });
    return item;
  }

  show(members, found = null) {
    const rows = (found ?? members).map((member) => this.row(member, found ? [{ ...member, name: member.path, label: member.path_label }] : [member], 0, found ? member.path_label : member.label));
    this.list.replaceChildren(...rows);
    if (rows.length) rows[0].tabIndex = 0;
    this.box.classList.toggle("none", !rows.length);
  }

  items() {
    return all("[role=treeitem]", this.list).filter((item) => !item.parentElement.closest("[aria-expanded=false]"));
  }

  go(item) {
    if (!item) return;
    for (const other of all("[role=treeitem][tabindex='0']", this.list)) other.tabIndex = -1;
    item.tabIndex = 0;
    item.focus();
    one(".modelrow", item).scrollIntoView({ block: "nearest" });
  }

  async open(item) {
    if (!item.hasAttribute("aria-expanded")) return;
    item.setAttribute("aria-expanded", "true");
    if (one("ul", item)) return;
    const { member, steps, depth } = item;
    const group = make("ul", { role: "group" });
    item.append(group);
    const holder = member.collection && this.holderOf(item) ? `${member.holder}:${this.holderOf(item)}` : "";
    const inside = await level(member.to, { record: member.collection ? "" : member.sample_record, holder, purpose: this.purpose });
    if (inside.record) item.record = inside.record.id;
    group.replaceChildren(...inside.members.map((one_) => this.row(one_, [...steps, one_], depth + 1)));
    if (!inside.members.length) group.append(make("li", { role: "none", class: "small faint modelnone" }, inside.fault || "Nothing that you may read."));
    speak(`${inside.members.length} fields of ${inside.label ?? member.label}`);
  }

  // The sample record that has a collection.
  holderOf(item) {
    const around = item.parentElement.closest("[role=treeitem]");
    return around ? around.record : this.record;
  }

  pick(item) {
    this.onPick?.(picked(item.steps));
  }

  press(event) {
    const item = event.target.closest("[role=treeitem]");
    if (!item) return;
    event.stopPropagation();
    const twist = event.target.closest(".twist");
    this.go(item);
    if (twist && item.hasAttribute("aria-expanded")) this.toggle(item);
    else this.pick(item);
  }

  toggle(item) {
    if (item.getAttribute("aria-expanded") === "true") item.setAttribute("aria-expanded", "false");
    else this.open(item);
  }

  key(event) {
    const item = event.target.closest("[role=treeitem]");
    if (!item || event.altKey || event.ctrlKey || event.metaKey) return;
    const rows = this.items();
    const at = rows.indexOf(item);
    const expanded = item.getAttribute("aria-expanded");
    if (event.key === "ArrowDown") this.go(rows[at + 1]);
    else if (event.key === "ArrowUp") at ? this.go(rows[at - 1]) : this.search?.focus();
    else if (event.key === "Home") this.go(rows[0]);
    else if (event.key === "End") this.go(rows.at(-1));
    else if (event.key === "ArrowRight" && expanded === "false") this.open(item);
    else if (event.key === "ArrowRight" && expanded === "true") this.go(one("[role=treeitem]", item));
    else if (event.key === "ArrowLeft" && expanded === "true") item.setAttribute("aria-expanded", "false");
    else if (event.key === "ArrowLeft") this.go(item.parentElement.closest("[role=treeitem]"));
    else if (event.key === "Enter" || event.key === " ") this.pick(item);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

// The record whose values are shown, chosen by a look-up.
export function sampleChooser(model, onSample) {
  if (!model.record) return null;
  const select = make("select", { "data-lookup": true, "data-url": model.samples_url, "aria-label": "Sample record" }, make("option", { value: model.record.id, selected: true }, model.record.title));
  select.addEventListener("change", () => select.value && onSample(select.value));
  const box = make("div", { class: "modelsample small dim" }, make("span", {}, "Values of"), select);
  const dressed = import("../lookups.js").then((module) => module.start(box));
  box.focus = () => dressed.then(([control]) => control?.focus());
  return box;
}

// navigator({object, collections, onPick, onSample, purpose, record, label, sample: false}) -> element
// onPick({path, label, member, steps, collection, inner}); element.focus() goes into the search.
export function navigator({ object, collections = false, onPick, onSample, purpose = "", record = "", label, sample = true }) {
  const search = make("input", { type: "search", class: "input", placeholder: "Find a field", "aria-label": "Find a field", autocomplete: "off" });
  const head = make("div", { class: "modelhead" }, search);
  const nothing = make("p", { class: "small faint modelempty" }, "No field has these words.");
  const box = make("div", { class: "modelbox" }, head, nothing);
  const tree = new Tree({ object, collections, onPick, purpose, label, search, record }, box);
  box.insertBefore(tree.list, nothing);
  const load = async (asked = "") => {
    await sheet();
    const model = await level(object, { record: asked, purpose });
    tree.record = model.record?.id ?? "";
    one(".modelsample", box)?.remove();
    const chooser = sample ? sampleChooser(model, (id) => (onSample?.(id), load(id))) : null;
    if (chooser) head.append(chooser);
    if (search.value.trim()) find();
    else tree.show(model.members);
    return model;
  };
  let asked = 0;
  let shown = ""; // the words that the tree answers
  const find = async () => {
    const wanted = search.value.trim();
    const mine = (asked += 1);
    const model = await level(object, { record: tree.record, purpose, q: wanted });
    if (mine !== asked) return;
    tree.show(model.members, wanted ? model.found.filter((member) => collections || !member.collection) : null);
    shown = wanted;
    speak(wanted ? `${tree.items().length} fields found` : "");
  };
  const pickFound = async () => {
    const wanted = search.value.trim();
    do await find();
    while (shown !== wanted && search.value.trim() === wanted); // another question overtook this one
    if (shown === wanted && tree.items()[0]) tree.pick(tree.items()[0]);
  };
  search.addEventListener("input", later(find, 120));
  search.addEventListener("keydown", (event) => {
    const first = tree.items()[0];
    if (event.key === "ArrowDown" && first) tree.go(first);
    // What was typed just before is looked for first: Enter takes nothing that one did not ask for.
    else if (event.key === "Enter" && search.value.trim()) pickFound();
    else return;
    event.preventDefault();
  });
  box.ready = load(record);
  box.focus = () => search.focus();
  return box;
}
