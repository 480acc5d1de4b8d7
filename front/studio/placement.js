// Names that are put into lists and taken out again: fields in sections, on cards, in columns.
// zones: () => [{pointer, label, max}] of lists in the model; tray: () => names that may be placed.
import { arrange } from "../arrange.js";
import { all, icon, make, one, speak } from "../dom.js";

const SMALL = "btn quiet slim icon";

export class Placement {
  // about(name) -> {label, icon}; value(name) -> what stands beside it, or nothing; left(names, body) may change the body when names leave.
  constructor(model, root, { zones, tray, about, value = () => null, left = (body) => body, trayLabel = "Not placed", find = false }) {
    Object.assign(this, { model, root, zones, tray, about, value, left, trayLabel });
    this.trayList = make("ul", { class: "plist tray", "data-tray": true, "data-rows": true, "data-label": trayLabel });
    this.search = find ? make("input", { type: "search", class: "input slim-in", "aria-label": "Find a field", placeholder: "Find a field", autocomplete: "off", oninput: () => this.narrow() }) : null;
    this.trayBox = make("section", { class: "ptray", "aria-label": trayLabel }, make("h3", {}, trayLabel, " ", make("span", { class: "count" })), this.search, this.trayList);
    this.lists = new Map();
  }

  listOf(zone) {
    if (!this.lists.has(zone.pointer)) this.lists.set(zone.pointer, make("ul", { class: "plist", "data-zone": zone.pointer, "data-rows": true }));
    const list = this.lists.get(zone.pointer);
    list.dataset.label = zone.label;
    return list;
  }

  names(list) {
    return [...list.children].map((item) => item.dataset.name);
  }

  item(name, placed) {
    const { label, icon: sign } = this.about(name);
    const value = placed ? this.value(name) : null;
    const press = placed
      ? make("button", { class: SMALL, type: "button", tabindex: "-1", "aria-label": `Remove ${label}`, title: "Remove", onclick: () => this.take(name) }, icon("x"))
      : make("button", { class: SMALL, type: "button", tabindex: "-1", "aria-label": `Add ${label}`, title: "Add", onclick: () => this.add(name) }, icon("plus"));
    const keys = placed ? "Space picks up, Delete removes" : "Space picks up, Enter adds";
    return make("li", { class: "pitem", tabindex: "0", "data-name": name, "data-label": label, "aria-label": `${label}. ${keys}` }, sign ? icon(sign) : null, make("span", { class: "pname clip" }, label), value, press);
  }

  // Shows what the model says; the focus stays with the name that had it.
  sync() {
    this.late = Boolean(this.sorted?.busy() && !this.dropping);
    if (this.late) return;
    const held = document.activeElement?.closest?.(".pitem");
    const focused = this.focus ?? (held && this.root.contains(held) ? held.dataset.name : null);
    const zones = this.zones();
    const placed = new Set();
    for (const zone of zones) {
      const names = this.model.get(zone.pointer) ?? [];
      names.forEach((name) => placed.add(name));
      this.fill(this.listOf(zone), names, true);
    }
    const rest = this.tray().filter((name) => !placed.has(name));
    this.fill(this.trayList, rest, false);
    one(".count", this.trayBox).textContent = String(rest.length);
    this.narrow();
    this.sorted?.refresh();
    if (focused) this.find(focused)?.focus();
    this.focus = null;
  }

  // Items that are as they should be stay: somebody may be about to take one of them.
  fill(list, names, placed) {
    const wanted = names.map((name) => JSON.stringify([name, placed, this.about(name), placed ? (this.value(name)?.outerHTML ?? "") : ""]));
    const now = new Map([...list.children].map((item) => [item.shows, item]));
    const items = names.map((name, at) => {
      const kept = now.get(wanted[at]);
      now.delete(wanted[at]);
      return kept ?? Object.assign(this.item(name, placed), { shows: wanted[at] });
    });
    if (items.length === list.children.length && items.every((item, at) => item === list.children[at])) return;
    list.replaceChildren(...items);
  }

  find(name) {
    return all(".pitem", this.root).find((item) => item.dataset.name === name) ?? null;
  }

  narrow() {
    const words = this.search?.value.trim().toLowerCase() ?? "";
    for (const item of this.trayList.children) item.hidden = Boolean(words) && !item.dataset.label.toLowerCase().includes(words);
  }

  async start() {
    this.sorted = await arrange({
      root: this.root, item: ".pitem", group: "placement", lists: () => [...this.zones().map((zone) => this.listOf(zone)), this.trayList].filter((list) => list.isConnected),
      moved: (node) => this.moved(node), free: () => this.late && this.sync(),
    });
    this.root.addEventListener("keydown", (event) => {
      const item = event.target;
      if (!item.matches?.(".pitem") || this.sorted.lifted()) return;
      if (event.key === "Enter" && item.closest("[data-tray]")) this.add(item.dataset.name);
      else if (["Delete", "Backspace"].includes(event.key) && item.closest("[data-zone]")) this.take(item.dataset.name);
      else return;
      event.preventDefault();
    });
    this.model.on("change", ({ from }) => from !== this && this.sync());
    this.sync();
  }

  // What stands in the lists after a drop becomes the document; one step of undo.
  moved(node) {
    this.focus = node.contains(document.activeElement) || node === document.activeElement ? node.dataset.name : null;
    this.dropping = true;
    this.become(new Map(this.zones().map((zone) => [zone.pointer, this.names(this.listOf(zone))])));
    this.dropping = false;
  }

  become(lists) {
    let body = JSON.parse(JSON.stringify(this.model.body));
    for (const [pointer, names] of lists) {
      const steps = pointer.slice(1).split("/");
      let holder = body;
      for (const step of steps.slice(0, -1)) holder = holder[step] ??= {};
      const last = steps.at(-1);
      const zone = this.zones().find((one) => one.pointer === pointer);
      if (names.length || zone.keep || holder[last]) holder[last] = zone.max ? names.slice(0, zone.max) : names;
      if (!names.length && !zone.keep) {
        delete holder[last];
        if (steps.length > 1 && !Object.keys(holder).length) delete body[steps[0]];
      }
      if (zone.max && names.length > zone.max) speak(`At most ${zone.max} in ${zone.label}.`);
    }
    body = this.left(body);
    this.model.replace(body);
    this.sync();
  }

  listed() {
    return new Map(this.zones().map((zone) => [zone.pointer, [...(this.model.get(zone.pointer) ?? [])]]));
  }

  add(name) {
    const zone = this.zones().find((one) => one.pointer === this.last) ?? this.zones().find((one) => !one.late) ?? this.zones()[0];
    const lists = this.listed();
    lists.get(zone.pointer).push(name);
    const next = this.find(name)?.nextElementSibling ?? this.find(name)?.previousElementSibling;
    this.focus = next?.dataset.name ?? name;
    this.become(lists);
    speak(`${this.about(name).label} was added to ${zone.label}.`);
  }

  take(name) {
    const lists = this.listed();
    const next = this.find(name)?.nextElementSibling ?? this.find(name)?.previousElementSibling;
    this.focus = next?.dataset.name ?? name;
    for (const [pointer, names] of lists) lists.set(pointer, names.filter((one) => one !== name));
    this.become(lists);
    speak(`${this.about(name).label} was removed.`);
  }
}
