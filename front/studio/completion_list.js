// The list below a text in which what may be written next is offered.
import { all, icon, make } from "../dom.js";
import { place, release } from "../float.js";
import { completions } from "./completion.js";

let number = 0;

export class CompletionList {
  constructor(area, context, taken) {
    Object.assign(this, { area, context, taken, from: 0, items: [], asked: 0 });
    this.list = make("ul", { role: "listbox", "aria-label": "What can stand here", id: `complete-${(number += 1)}` });
    this.box = make("div", { class: "menu complete", hidden: true }, this.list);
    area.setAttribute("aria-autocomplete", "list");
    area.setAttribute("aria-controls", this.list.id);
    area.after(this.box);
    area.addEventListener("input", () => this.look());
    area.addEventListener("click", () => this.close());
    area.addEventListener("blur", () => this.close());
    area.addEventListener("keydown", (event) => this.key(event));
  }

  get open() {
    return !this.box.hidden;
  }

  async look(wanted = false) {
    const mine = (this.asked += 1);
    const { from, items } = await completions(this.area.value, this.area.selectionStart, this.context(), wanted);
    if (mine !== this.asked || document.activeElement !== this.area) return;
    Object.assign(this, { from, items });
    if (!items.length) return void this.close();
    this.list.replaceChildren(...items.map((item, at) => this.option(item, at)));
    this.box.hidden = false;
    place(this.area, this.box);
    this.choose(0);
  }

  option(item, at) {
    const press = (event) => (event.preventDefault(), this.take(at));
    const line = make("button", { type: "button", role: "option", tabindex: "-1", id: `${this.list.id}-${at}`, onmousedown: press }, icon(item.icon), make("span", { class: "grow" }, item.label, item.label !== item.text ? make("code", { class: "small faint" }, ` ${item.text}`) : ""), make("span", { class: "small faint clip" }, item.more || item.hint || ""));
    return make("li", { role: "presentation" }, line);
  }

  choose(at) {
    const options = all("[role=option]", this.list);
    this.at = (at + options.length) % options.length;
    options.forEach((option, i) => option.setAttribute("aria-selected", String(i === this.at)));
    this.area.setAttribute("aria-activedescendant", options[this.at].id);
    options[this.at].scrollIntoView({ block: "nearest" });
  }

  take(at) {
    const item = this.items[at];
    const end = this.area.selectionStart;
    const quoted = item.text.endsWith("'") && this.area.value[end] === "'" ? 1 : 0;
    this.area.setRangeText(item.text + (item.close ?? ""), this.from, end + quoted, "end");
    this.close();
    this.area.focus();
    this.taken();
  }

  close() {
    this.asked += 1;
    if (this.box.hidden) return;
    this.box.hidden = true;
    release(this.box);
    this.area.removeAttribute("aria-activedescendant");
  }

  key(event) {
    if ((event.ctrlKey || event.metaKey) && event.key === " ") this.look(true);
    else if (!this.open) return;
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") this.choose(this.at + (event.key === "ArrowDown" ? 1 : -1));
    else if ((event.key === "Enter" && !event.ctrlKey) || event.key === "Tab") this.take(this.at);
    else if (event.key === "Escape") this.close();
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }
}
