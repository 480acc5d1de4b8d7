// Comments: people are named with @, Ctrl Enter sends, one's own can be changed and taken out.
import { all, make, one, speak } from "./dom.js";
import { dialog } from "./dialog.js";
import { reason, send } from "./http.js";
import { refresh } from "./record.js";
import { actions } from "./shell.js";
import { toast } from "./toasts.js";

const NAMING = /(?:^|[\s(])@([\p{L}\p{N}.' -]{0,40})$/u;

// Somebody is picked from a list below the words while their name is being typed.
export function naming(area, named) {
  const list = make("ul", { role: "listbox", "aria-label": "People" });
  const menu = make("div", { class: "menu", hidden: true, id: `people-${Math.random().toString(36).slice(2)}` }, list);
  area.after(menu);
  area.setAttribute("aria-controls", menu.id);
  area.setAttribute("aria-autocomplete", "list");
  let asked = 0;
  let words = "";
  let shown = null; // the words that the list below answers
  const close = () => ((menu.hidden = true), area.removeAttribute("aria-activedescendant"));
  const options = () => all("button", list);
  const choose = (at) => {
    const found = options();
    const next = found[(at + found.length) % found.length];
    found.forEach((option) => option.setAttribute("aria-selected", String(option === next)));
    if (next) area.setAttribute("aria-activedescendant", next.id);
  };
  const chosen = () => options().findIndex((option) => option.getAttribute("aria-selected") === "true");
  // A list that answers older words may not fit what has been typed since.
  const fits = () => shown === words || options()[Math.max(0, chosen())].textContent.toLowerCase().includes(words.trim().toLowerCase());
  const pick = (person) => {
    const at = area.selectionStart - words.length;
    area.setRangeText(`${person.label} `, at, area.selectionStart, "end");
    named.set(person.label, person.value.replace(/^user:/, ""));
    asked += 1; // an answer that is on its way opens nothing any more
    close();
    area.focus();
  };
  const look = async () => {
    const match = NAMING.exec(area.value.slice(0, area.selectionStart));
    const mine = (asked += 1);
    if (!match) return close();
    [, words] = match;
    const found = await send("GET", `/lookup/people?q=${encodeURIComponent(words.trim())}`);
    if (mine !== asked) return undefined;
    const people = (found.data.results ?? []).slice(0, 6);
    list.replaceChildren(...people.map((person, at) => make("li", { role: "presentation" }, make("button", { type: "button", role: "option", tabindex: "-1", id: `${menu.id}-${at}`, onmousedown: (event) => (event.preventDefault(), pick(person)) }, make("span", { class: "grow clip" }, person.label), make("span", { class: "small faint clip" }, person.hint ?? "")))));
    menu.hidden = people.length === 0;
    shown = words;
    if (people.length) choose(0);
    return undefined;
  };
  area.addEventListener("input", look);
  area.addEventListener("blur", close);
  area.addEventListener("keydown", (event) => {
    if (menu.hidden || !fits() || event.ctrlKey || event.metaKey) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") choose(chosen() + (event.key === "ArrowDown" ? 1 : -1));
    else if (event.key === "Enter" || event.key === "Tab") options()[Math.max(0, chosen())].dispatchEvent(new MouseEvent("mousedown", { cancelable: true }));
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  });
}

function writing(form, named, submit, done = () => {}) {
  const area = one("textarea", form);
  const fault = one("[data-error]", form);
  naming(area, named);
  // Once opened it stays open: nothing below may move away under a press.
  area.addEventListener("focus", () => form.classList.add("full"));
  area.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    form.requestSubmit();
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = area.value.trim();
    if (!text) return;
    const button = one("[type=submit]", form);
    button.disabled = true;
    const mentions = [...named].filter(([name]) => text.includes(`@${name}`)).map(([, id]) => id);
    const open = one("[name=public]", form)?.checked;
    const result = await submit(open ? { text, mentions, public: true } : { text, mentions });
    button.disabled = false;
    fault.hidden = result.ok;
    if (!result.ok) return void (fault.textContent = reason(result));
    area.value = "";
    done();
    await refresh();
    speak("Sent");
  });
}

const address = () => one("form[data-comment]")?.dataset.comment ?? `${one("form[data-talk]").dataset.talk}/comments`;

actions["edit-comment"] = (button) => {
  const bubble = one(`#c-${CSS.escape(button.dataset.commentId)}`);
  const said = JSON.parse(button.dataset.said);
  const area = make("textarea", { class: "input", "aria-label": "Edit the comment", rows: 2 });
  area.value = said.text;
  const row = button.parentElement;
  const back = () => (form.replaceWith(bubble), (row.hidden = false), button.focus());
  const form = make("form", { class: "comment full" }, make("div", { class: "host" }, area), make("p", { class: "small bad", role: "alert", "data-error": true, hidden: true }),
    make("div", { class: "row" }, make("button", { class: "btn slim primary", type: "submit" }, "Save"), make("button", { class: "btn slim quiet", type: "button", onclick: back }, "Cancel")));
  writing(form, new Map(said.mentions.map((mention) => [mention.name, mention.user])), (body) => send("PATCH", `${address()}/${button.dataset.commentId}`, body), back);
  form.addEventListener("keydown", (event) => event.key === "Escape" && (event.stopPropagation(), back()));
  bubble.replaceWith(form);
  row.hidden = true;
  area.focus();
};

function takingOut(event) {
  const id = event.target.dataset?.takeOut;
  if (!id) return;
  event.preventDefault();
  const run = async () => {
    const result = await send("DELETE", `${address()}/${id}`);
    if (!result.ok) return void toast(reason(result), { tone: "bad" });
    await refresh();
    toast("Comment deleted");
  };
  dialog("Delete this comment?", make("p", { class: "mid dim" }, "A deleted comment cannot be restored."), [{ label: "Cancel" }, { label: "Delete", primary: true, run }]);
}

export function start() {
  const form = one("form[data-comment]");
  if (form) writing(form, new Map(), (body) => send("POST", form.dataset.comment, body));
  addEventListener("submit", takingOut);
}
