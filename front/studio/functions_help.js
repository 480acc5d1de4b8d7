// The functions of expressions, with what they give and an example; one is pressed to be inserted.
import { all, later, make, one } from "../dom.js";
import { coded } from "./coded.js";
import { functions } from "./data_model.js";

export const findFunction = async (name) => (await functions()).groups?.flatMap((group) => group.functions).find((item) => item.name === name);

// functionsHelp({change, onPick(function)}) -> element
export function functionsHelp({ change = false, onPick }) {
  const search = make("input", { type: "search", class: "input", placeholder: "Find a function", "aria-label": "Find a function", autocomplete: "off" });
  const list = make("div", { class: "functions" });
  const box = make("div", { class: "modelbox" }, make("div", { class: "modelhead" }, search), list);
  const row = (item) => make("li", {}, make("button", { type: "button", "data-words": `${item.name} ${item.about}`.toLowerCase(), onclick: () => onPick(item) }, make("code", {}, item.usage), make("span", { class: "small dim" }, ...coded(item.about)), make("span", { class: "small faint" }, "Example ", make("code", {}, item.example))));
  functions().then(({ groups = [] }) => {
    const shown = groups.filter((group) => change || group.label !== "Changes");
    list.replaceChildren(...shown.map((group) => make("section", {}, make("h3", { class: "mh" }, group.label), make("ul", {}, ...group.functions.map(row)))));
  });
  const narrow = () => {
    const words = search.value.trim().toLowerCase();
    for (const button of all("button", list)) button.parentElement.hidden = Boolean(words) && !button.dataset.words.includes(words);
    for (const section of all("section", list)) section.hidden = !all("li", section).some((item) => !item.hidden);
  };
  search.addEventListener("input", later(narrow, 60));
  box.addEventListener("keydown", (event) => {
    const buttons = all("button", list).filter((button) => button.offsetParent);
    const at = buttons.indexOf(document.activeElement);
    if (event.key === "ArrowDown") buttons[at + 1]?.focus();
    else if (event.key === "ArrowUp") (buttons[at - 1] ?? search).focus();
    else if (event.key === "Enter" && document.activeElement === search) buttons[0]?.click();
    else return;
    event.preventDefault();
  });
  box.focus = () => one("input", box).focus();
  return box;
}
