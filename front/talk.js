// The box to answer by mail: the draft is kept, colleagues see who writes, ten seconds to take it back.
import { all, icon, make, one, speak } from "./dom.js";
import { naming } from "./comments.js";
import { reason, send } from "./http.js";
import { refresh } from "./record.js";
import { toast } from "./toasts.js";

const PAUSE = 800; // milliseconds without a letter, after which the draft is kept
const LOOK = 15000; // between two looks at who else is writing

export function start() {
  const form = one("form[data-talk]");
  const area = one("textarea", form);
  const api = form.dataset.talk;
  const named = new Map();
  const files = new Map(); // id -> name
  let timer = 0;
  let sending = false;
  naming(area, named);
  const isPublic = () => one("[name=public]:checked", form).value === "true";
  const list = (name) => one(`[name=${name}]`, form).value.split(/[,;\s]+/).filter(Boolean);
  const body = () => {
    const text = area.value;
    if (!isPublic()) return { text, mentions: [...named].filter(([name]) => text.includes(`@${name}`)).map(([, id]) => id) };
    return { text, public: true, to: list("to"), cc: list("cc"), bcc: list("bcc"), subject: one("[name=subject]", form).value, files: [...files.keys()] };
  };
  const label = () => (one("[data-send]", form).textContent = isPublic() ? "Send mail" : "Save note");
  const writing = (names) => {
    const line = one("[data-writing]", form);
    line.hidden = !names.length;
    line.textContent = names.length ? `${names.join(", ")} ${names.length > 1 ? "are" : "is"} writing.` : "";
  };
  const keep = async () => {
    if (sending) return;
    const { mentions, ...draft } = body();
    const result = await send("PUT", `${api}/reply`, draft);
    if (result.ok) writing(result.data.writing);
  };
  const later = () => (clearTimeout(timer), (timer = setTimeout(keep, PAUSE)));
  form.addEventListener("input", later);
  form.addEventListener("change", () => (label(), later()));
  setInterval(async () => {
    if (document.hidden) return;
    const result = await send("GET", `${api}/reply`);
    if (result.ok) writing(result.data.writing);
  }, LOOK);
  const show = () =>
    one("[data-files]", form).replaceChildren(...[...files].map(([id, name]) => make("li", {}, icon("paperclip"), make("span", { class: "grow clip" }, name), make("button", { class: "linkish", type: "button", onclick: () => (files.delete(id), show(), later()) }, "Remove"))));
  const attach = one("[data-attach]", form);
  attach.hidden = false;
  one("input", attach).addEventListener("change", async (event) => {
    for (const file of [...event.target.files]) {
      const data = new FormData();
      data.append("file", file);
      const result = await send("POST", "/api/files", data);
      if (result.ok) files.set(result.data.id, result.data.name);
      else toast(reason(result), { tone: "bad" });
    }
    event.target.value = "";
    show();
    later();
  });
  const prepared = one("[data-prepared]", form);
  if (prepared) {
    prepared.hidden = false;
    prepared.addEventListener("change", async () => {
      if (!prepared.value) return;
      const result = await send("GET", `${api}/reply/${prepared.value}`);
      prepared.value = "";
      if (!result.ok) return void toast(reason(result), { tone: "bad" });
      area.setRangeText(result.data.text, area.selectionStart, area.selectionEnd, "end");
      area.focus();
      later();
    });
  }
  area.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    form.requestSubmit();
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    clearTimeout(timer);
    sending = true;
    const button = one("[type=submit]", form);
    button.disabled = true;
    const sent = body();
    const result = await send("POST", `${api}/messages`, sent);
    button.disabled = sending = false;
    const fault = one("[data-error]", form);
    fault.hidden = result.ok;
    if (!result.ok) return void (fault.textContent = reason(result));
    area.value = "";
    files.clear();
    show();
    await refresh();
    speak("Sent");
    if (sent.public) offerUndo(result.data.id, sent);
  });
  const offerUndo = (id, sent) => {
    const run = async () => {
      const result = await send("DELETE", `${api}/messages/${id}`);
      if (!result.ok) return void toast(reason(result), { tone: "bad" });
      area.value = sent.text;
      await refresh();
      later();
    };
    toast("The mail goes out in ten seconds.", { action: { label: "Undo", run }, life: 10000 });
  };
  label();
  for (const box of all("[name=public]", form)) box.addEventListener("change", label);
}
