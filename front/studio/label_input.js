// Text for people: one text, or one for each language.
import { make } from "../dom.js";
import { put } from "./inputs.js";

export const LANGUAGES = { en: "English", de: "German", fr: "French", es: "Spanish", it: "Italian", nl: "Dutch", pl: "Polish", pt: "Portuguese", ru: "Russian", ja: "Japanese", zh: "Chinese" };

export function labelInput(form, at, schema) {
  const control = make("input", { class: "input", autocomplete: "off", maxlength: schema.maxLength ?? null });
  const others = make("div", { class: "languages" });
  const more = make("select", { class: "input slim-in lang-add", "aria-label": "Add a language" });
  const node = make("div", { class: "stack tight" }, make("div", { class: "pairline" }, control, more), others);
  const rows = new Map();
  const value = () => form.model.get(at());
  const by = () => (value() && typeof value() === "object" ? value() : value() === undefined ? {} : { en: value() });

  // One language alone is plain text, as most documents write it; what was written by language stays so.
  const say = (language, said, from) => {
    const plain = value() === undefined || typeof value() === "string";
    if (plain && language === "en") return put(form, at, said === "" ? undefined : said, from);
    const next = { ...by(), [language]: said };
    if (said === "") delete next[language];
    return put(form, at, Object.keys(next).length ? next : undefined, from);
  };
  control.addEventListener("input", () => say("en", control.value, control));
  control.addEventListener("blur", () => form.model.pause());
  more.addEventListener("change", () => {
    const language = more.value;
    row(language);
    sync();
    rows.get(language)?.input.focus();
  });
  function row(language) {
    if (rows.has(language)) return rows.get(language);
    const input = make("input", { class: "input", autocomplete: "off", "aria-label": LANGUAGES[language] ?? language, "data-language": language });
    input.addEventListener("input", () => say(language, input.value, input));
    const line = make("div", { class: "pairline" }, make("span", { class: "small faint lang" }, LANGUAGES[language] ?? language), input);
    rows.set(language, { line, input });
    others.append(line);
    return rows.get(language);
  }
  const sync = () => {
    control.dataset.at = more.dataset.languages = at();
    const said = by();
    if (control.value !== (said.en ?? "")) control.value = said.en ?? "";
    for (const language of Object.keys(said)) if (language !== "en") row(language);
    for (const [language, { line, input }] of rows) {
      if (!(language in said) && document.activeElement !== input && input.value) {
        line.remove();
        rows.delete(language);
        continue;
      }
      input.dataset.at = `${at()}/${language}`;
      if (input.value !== (said[language] ?? "")) input.value = said[language] ?? "";
    }
    const left = Object.entries(LANGUAGES).filter(([language]) => language !== "en" && !rows.has(language));
    const key = left.map(([language]) => language).join();
    if (more.dataset.left !== key) {
      more.dataset.left = key;
      more.replaceChildren(make("option", { value: "" }, "Languages"), ...left.map(([language, label]) => make("option", { value: language }, label)));
    }
    more.hidden = value() === undefined;
  };
  return { node, control, sync };
}
