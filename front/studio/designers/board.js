// A board: its columns, lanes, cards and totals beside what it would show.
import { make } from "../../dom.js";
import { memberPart } from "../member_part.js";
import { Placement } from "../placement.js";
import { preview } from "../preview.js";
import { block, choice, folded, membersOf, opener, withObject } from "./shared.js";

const MOST = 12; // fields of a card
const TONES = { green: "good", amber: "warn", red: "bad", blue: "info", plum: "plum" };

export const design = (model, root, context) => withObject(model, root, () => draw(model, root, context));

function draw(model, root, context) {
  const { own, about } = membersOf(model);
  const told = () => context.objects?.[model.get("/object")] ?? { groups: [], measures: [] };
  const groups = () => told().groups.map((field) => [field.name, field.label]);
  const by = choice(model, {
    label: "Columns by", options: groups, get: () => model.get("/columns/by"),
    // Limits belong to the options of the field before.
    set: (name) => model.set("/columns", { by: name, ...(model.get("/columns/on_limit") ? { on_limit: model.get("/columns/on_limit") } : {}) }),
  });
  const lanes = choice(model, {
    label: "Lanes by", options: () => [["", "No lanes"], ...groups().filter(([name]) => name !== model.get("/columns/by"))], get: () => model.get("/swimlanes/by"),
    set: (name) => (name ? model.set("/swimlanes", { by: name }) : model.remove("/swimlanes")),
  });
  const title = choice(model, {
    label: "First line", options: () => [["", "Its title"], ...own().filter((one) => !one.system).map((one) => [one.name, one.label])], get: () => (model.get("/card/title") === "title" ? "" : model.get("/card/title")),
    set: (name) => (name ? model.set("/card/title", name) : model.remove("/card/title")),
  });
  const colour = choice(model, {
    label: "Colour by", options: () => [["", "No colour"], ...told().groups.filter((field) => field.options.length).map((field) => [field.name, field.label])], get: () => model.get("/card/colour"),
    set: (name) => (name ? model.set("/card/colour", name) : model.remove("/card/colour")),
  });
  const card = make("div", { class: "dplace" });
  const zone = { pointer: "/card/fields", label: "On the card", max: MOST };
  const placed = new Placement(model, card, { zones: () => [zone], tray: () => own().filter((one) => !one.system && one.name !== model.get("/card/title")).map((one) => one.name), about, trayLabel: "Other fields", find: true });
  card.append(make("section", { class: "pzone" }, make("h3", {}, "On the card, below the first line"), placed.listOf(zone)), placed.trayBox);
  const shown = preview(model);
  root.replaceChildren(
    make("div", { class: "designer" },
      opener(model, "Open the board", (name) => `/boards/${name}`),
      shown.node,
      block("Columns", make("div", { class: "form-grid" }, by.node, lanes.node), limits(model, told), totals(model, told)),
      block("Cards", make("div", { class: "form-grid" }, title.node, colour.node), card),
      block("Records", memberPart(model, "/where"), folded("Order of the cards", memberPart(model, "/sort")), folded("Quick filters", memberPart(model, "/filters"))),
      block("Name and people", make("div", { class: "form-grid" }, memberPart(model, "/label"), memberPart(model, "/icon")), memberPart(model, "/audience"), folded("Help and position", memberPart(model, "/help"), memberPart(model, "/order"))),
    ),
  );
  placed.start();
}

// The options that are columns, in the order of their field, each with how many cards it takes.
function limits(model, told) {
  const rows = make("div", { class: "dlimits" });
  const full = choice(model, {
    label: "A full column", options: () => [["", "Warns"], ["block", "Takes no more cards"]], get: () => (model.get("/columns/on_limit") === "block" ? "block" : ""),
    set: (value) => (value ? model.set("/columns/on_limit", value) : model.remove("/columns/on_limit")),
  });
  const node = make("details", { class: "more-fold" }, make("summary", { class: "mid dim" }, "Limits of columns"), make("p", { class: "small dim" }, "The order and the colours of the columns are those of the field’s options."), rows, full.node);
  const sync = () => {
    const field = told().groups.find((one) => one.name === model.get("/columns/by"));
    node.hidden = !field?.options.length;
    const kept = document.activeElement?.dataset?.option;
    rows.replaceChildren(...(field?.options ?? []).map((option) => {
      const input = make("input", { class: "input slim-in", type: "number", min: "1", max: "100000", value: model.get(`/columns/limit/${option.name}`) ?? "", "aria-label": `Limit of ${option.label}`, placeholder: "No limit", "data-option": option.name });
      input.addEventListener("change", () => {
        const limit = { ...(model.get("/columns/limit") ?? {}) };
        if (input.value) limit[option.name] = Number(input.value);
        else delete limit[option.name];
        if (Object.keys(limit).length) model.set("/columns/limit", limit);
        else model.remove("/columns/limit");
      });
      return make("label", { class: "row mid" }, make("span", { class: `dot ${TONES[option.colour] ?? ""}` }), make("span", { class: "grow" }, option.label), input);
    }));
    if (kept) rows.querySelector(`[data-option="${CSS.escape(kept)}"]`)?.focus();
  };
  model.on("change", sync);
  sync();
  return node;
}

function totals(model, told) {
  const list = make("div", { class: "row wrap" });
  const sync = () => {
    const now = model.get("/totals") ?? [];
    const known = told().measures;
    const others = now.filter((text) => !known.some(([value]) => value === text)).map((text) => [text, text]);
    list.replaceChildren(...[...known, ...others].map(([value, label]) => {
      const box = make("input", { type: "checkbox", checked: now.includes(value), value });
      box.addEventListener("change", () => {
        const next = box.checked ? [...(model.get("/totals") ?? []), value] : (model.get("/totals") ?? []).filter((one) => one !== value);
        if (next.length) model.set("/totals", next);
        else model.remove("/totals");
        list.querySelector(`[value="${CSS.escape(value)}"]`)?.focus();
      });
      return make("label", { class: "row mid" }, box, label);
    }));
  };
  model.on("change", sync);
  sync();
  return make("fieldset", { class: "field group" }, make("legend", {}, "At the head of each column"), list);
}
