// The picker of kinds: type to narrow, arrows, Enter.
import { all, icon, one } from "../dom.js";
import { place, release } from "../float.js";
import { optionsOf } from "./field_options.js";

const formatOf = (option, words) => option.dataset.words.split(" ").map((word) => word.split("=")).find(([said]) => words && said === words)?.[1] ?? "";

// The word of a format as the options of its kind call it.
const formatLabel = (kind, format) => optionsOf(kind).find(({ name }) => name === "format")?.choices.find(({ value }) => value === format)?.label ?? "";

// Shows which kind is chosen; `guessed` where the label said so.
export function showKind(form, kind, options = {}, guessed = false) {
  one("[data-kind-value]", form).value = kind;
  const option = one(`#kind-${kind}`);
  const words = [one(".grow", option).textContent, formatLabel(kind, options.format)].filter(Boolean).join(", ");
  one("[data-kind-shown]", form).replaceChildren(icon(one("use", option).getAttribute("href").split("#")[1]), ` ${words}`);
  const button = one("[data-do=kinds]", form);
  button.classList.toggle("guessed", guessed);
  button.title = guessed ? "From the label. Press to change." : "";
  for (const other of all("[role=option]", form)) other.setAttribute("aria-selected", String(other === option));
  return words;
}

export function openKinds(button, chosen, onTake) {
  const form = button.closest("form");
  const box = one("[data-kinds]", form);
  const find = one("input", box);
  const options = all("[role=option]", box);
  const shown = () => options.filter((option) => !option.parentElement.hidden);
  const mark = (option) => {
    options.forEach((other) => other.setAttribute("aria-selected", String(other === option)));
    if (option) find.setAttribute("aria-activedescendant", option.id);
  };
  const close = () => {
    box.hidden = true;
    release(box);
    button.setAttribute("aria-expanded", "false");
    removeEventListener("click", away);
  };
  const away = (event) => !box.contains(event.target) && !button.contains(event.target) && close();
  const take = (option) => {
    const format = formatOf(option, find.value.trim().toLowerCase());
    close();
    onTake(option.dataset.kind, format ? { format } : {});
  };
  const narrow = () => {
    const words = find.value.trim().toLowerCase();
    for (const option of options) option.parentElement.hidden = Boolean(words) && !`${option.textContent} ${option.dataset.words}`.toLowerCase().includes(words);
    for (const group of all("[role=group]", box)) group.hidden = !all("li", group).some((item) => !item.hidden);
    mark(shown()[0]);
  };
  if (!box.hidden) return close();
  box.hidden = false;
  button.setAttribute("aria-expanded", "true");
  if (!matchMedia("(max-width: 900px)").matches) place(button, box, "bottom-end");
  find.value = "";
  narrow();
  mark(one(`#kind-${chosen}`));
  find.focus();
  find.oninput = narrow;
  find.onkeydown = (event) => {
    const list = shown();
    const at = list.findIndex((option) => option.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown" || event.key === "ArrowUp") mark(list[(at + (event.key === "ArrowDown" ? 1 : -1) + list.length) % list.length]);
    else if (event.key === "Enter" && list[at]) take(list[at]);
    else if (event.key === "Escape") close(), button.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  box.onclick = (event) => {
    const option = event.target.closest("[role=option]");
    if (option) take(option);
  };
  addEventListener("click", away);
  return undefined;
}

