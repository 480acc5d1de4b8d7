// The page of a document: its faces, what is wrong with it, what saving it would do.
import { all, data, icon, later, make, one, speak } from "../dom.js";
import { reason, send } from "../http.js";
import { toast, toastNext } from "../toasts.js";
import { DESIGNERS } from "./designers/index.js";
import { DocumentModel } from "./document.js";
import { steps } from "./pointer.js";
import { humanise, labelText } from "./schema.js";
import { part } from "./schema_form.js";
import { lineOf } from "./yaml_place.js";

const WAIT = 250;
const AGAIN = 2000;
const AWAY = new Set([0, 429, 502, 503, 504]);
const KEPT = "studio-faces";

const state = { model: null, about: null, stamp: "", yaml: null, asked: 0, typing: false, faces: new Set(), saving: false };

const address = (verb) => `/studio/${state.about.kind}/${state.about.name || "new"}/${verb}`;

// what the server says of it
async function ask(given) {
  const asked = (state.asked += 1);
  const answer = await send("POST", address("check"), given);
  if (asked !== state.asked) return;
  const said = answer.data;
  if (!answer.ok) {
    // A server that is busy, or away for a moment, is asked again: the document has to be judged by somebody.
    if (AWAY.has(answer.status)) setTimeout(() => asked === state.asked && ask(given), AGAIN);
    return state.model.tell([{ pointer: "", message: reason(answer) }], null);
  }
  if (said.unread) return state.model.tell(said.faults, null, { unread: true });
  state.madeName = said.name;
  if ("yaml" in given) state.model.replace(said.body, state.yaml);
  else if (state.yaml.value !== said.yaml) state.yaml.value = said.yaml;
  state.model.tell(said.faults, said.plan, { uses: said.uses ?? [], changed: said.changed });
}

const askSoon = later(() => (state.typing ? ask({ yaml: state.yaml.value }) : ask({ body: state.model.body })), WAIT);

// faults, plan
const LEVELS = { good: ["good", "check"], warn: ["warn", "alert-triangle"], bad: ["bad", "alert-triangle"] };

const NAMED = /^`([^`]+)`/;
const open = ({ code }) => ["missing", "no_label"].includes(code);

// What nobody has said yet is no mistake, and has the name that the form gives it.
function wordsOf(fault) {
  const name = open(fault) ? NAMED.exec(fault.message)?.[1] : null;
  if (!name || !state.model.schemas) return fault.message;
  const { schemas, body } = state.model;
  const known = schemas.member(schemas.at(steps(fault.pointer), body), name);
  return `${known.title ?? humanise(name)}. ${labelText(schemas.hint(known).help ?? known.description)}`.trim();
}

function showFaults(faults) {
  const box = one("[data-faults]");
  const told = JSON.stringify(faults.map((fault) => [fault.pointer, fault.code, wordsOf(fault)]));
  if (told === box.dataset.told) return; // the same faults are told again after every check: a press on one goes on
  box.dataset.told = told;
  const at = all("button", box).indexOf(document.activeElement);
  const lines = faults.map((fault) => make("li", {}, make("button", { class: "linkish", type: "button", onclick: () => goTo(fault.pointer) }, wordsOf(fault))));
  const calm = faults.every(open);
  const [word, more] = calm ? ["fill in", "Still to fill in"] : ["fix", `${faults.length} things to fix`];
  const title = faults.length === 1 ? `One thing to ${word}` : more;
  const note = make("div", { class: `note ${calm ? "" : "bad"}` }, icon(calm ? "pencil" : "alert-triangle"), make("div", {}, make("b", {}, title), make("ul", { class: "faultlist" }, ...lines)));
  box.replaceChildren(...(faults.length ? [note] : []));
  if (at >= 0) all("button", box)[at]?.focus();
  one("#yaml-said").className = `small row ${faults.length ? "bad" : "faint"}`;
  one("#yaml-said").textContent = faults.length ? faults[0].message : "Reads well. Changes here appear in the form, and changes there appear here.";
}

// Brings the control of a place into view, and unfolds what it is in. Whichever face is shown finds it;
// what a designer has no control for stands in the form.
function goTo(pointer) {
  const shown = ["designer", "form"].find((face) => state.faces.has(face));
  if (!shown) return goToLine(pointer);
  const root = one(`[data-face-of=${shown}]`);
  for (const fold of all("details", root)) if (fold.dataset.fold && `${pointer}/`.startsWith(`${fold.dataset.fold}/`)) fold.open = true;
  return setTimeout(() => {
    const found = controlAt(pointer, root);
    if (!found && shown === "designer") return show("form", true), goTo(pointer);
    for (let fold = found?.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    const control = found ?? one("input, select", root);
    control?.focus();
    if (control !== document.activeElement) one("input, select, textarea, button", control ?? root)?.focus();
    return control?.scrollIntoView({ block: "center" });
  });
}

function controlAt(pointer, root) {
  for (let at = pointer; at; at = at.slice(0, at.lastIndexOf("/"))) {
    const found = one(`[data-at="${CSS.escape(at)}"], [data-thing="${CSS.escape(at)}"] .grip, [data-add="${CSS.escape(at)}"]`, root);
    if (found) return found;
  }
  return null;
}

// In the YAML alone: the line of the place is selected.
function goToLine(pointer) {
  const [from, to] = lineOf(state.yaml.value, pointer);
  state.yaml.focus();
  state.yaml.setSelectionRange(from, to);
  state.yaml.scrollTop = (state.yaml.scrollHeight * from) / Math.max(1, state.yaml.value.length) - state.yaml.clientHeight / 2;
}

function showPlan({ plan, uses = [], changed }) {
  const box = one("#plan");
  const faults = state.model.faults.length;
  const chip = one("[data-plan-chip]", box);
  const calm = state.model.faults.every(open);
  const tone = faults ? (calm ? "" : "bad") : plan?.lines.some((line) => line.tone === "bad") ? "bad" : plan?.lines.some((line) => line.tone === "warn") ? "warn" : "good";
  const idle = !faults && !changed && state.about.name;
  chip.className = `chip ${idle ? "" : tone}`;
  chip.textContent = idle ? "Nothing to save" : faults ? "Not yet" : plan?.note ?? "";
  one("[data-plan-summary]", box).textContent = idle ? "Nothing has been changed yet." : faults ? (calm ? "The plan comes once all is filled in." : "Fix what is named above first.") : plan?.summary ?? "";
  const lines = idle || !plan ? [] : plan.lines;
  const used = uses.map((use) => ({ tone: "warn", text: `Used in ${use}` }));
  one("[data-plan-lines]", box).replaceChildren(...[...lines, ...used].map((line) => make("li", { class: LEVELS[line.tone]?.[0] ?? "" }, icon(line.icon ?? LEVELS[line.tone]?.[1] ?? "check"), make("span", {}, line.text))));
}

// faces
function show(face, on) {
  const button = one(`[data-face=${face}]`);
  if (!button) return;
  if (on) state.faces.add(face);
  else state.faces.delete(face);
  if (!state.faces.size) state.faces.add("form");
  if (face === "designer" && on) state.faces.delete("form");
  if (face === "form" && on) state.faces.delete("designer");
  for (const other of all("[data-face]")) {
    const shown = state.faces.has(other.dataset.face);
    other.setAttribute("aria-pressed", String(shown));
    for (const box of all(`[data-face-of=${other.dataset.face}]`)) box.hidden = !shown;
  }
  const page = one(".docpage");
  if (page) page.dataset.shows = [...state.faces].join(" ");
  remember(button.parentElement);
}

// Whether somebody prefers the form to a designer is known only where there is one.
function remember(buttons) {
  const designed = Boolean(one("[data-face=designer]", buttons));
  const kept = [...(designed ? [state.faces.has("form") ? "form" : "designer"] : keptFaces().filter((face) => face !== "yaml")), ...(state.faces.has("yaml") ? ["yaml"] : [])];
  try {
    localStorage.setItem(KEPT, kept.join(" "));
  } catch { /* storage is off */ }
}

function keptFaces() {
  try {
    return (localStorage.getItem(KEPT) ?? "").split(" ").filter(Boolean);
  } catch {
    return []; // storage is off
  }
}

async function start() {
  const about = data("document");
  const model = new DocumentModel(about.body, about);
  about.title = one("[data-title]").textContent;
  Object.assign(state, { about, model, stamp: about.stamp, yaml: one("#yaml") });
  one("[data-document]").model = model;
  const form = one("[data-face-of=form]");
  form.append(part(model));
  const designed = DESIGNERS[about.kind];
  if (designed && one("[data-face=designer]")) {
    const { design } = await designed();
    design(model, one("[data-face-of=designer]"), about.context ?? {});
  }
  model.on("change", ({ from }) => {
    state.typing = from === state.yaml;
    showState();
    if (!state.typing) askSoon();
  });
  model.on("faults", ({ faults }) => showFaults(faults));
  model.on("plan", showPlan);
  model.on("saved", showState);
  faces();
  yamlFace();
  titleFace();
  keys();
  one("[data-back]").addEventListener("click", () => model.undo());
  one("[data-forth]").addEventListener("click", () => model.redo());
  one("[data-save]").hidden = !about.mayWrite;
  one("[data-save]").addEventListener("click", save);
  addEventListener("beforeunload", (event) => model.dirty && !state.saving && event.preventDefault());
  if (!about.name) {
    ask({ body: model.body });
    one("input, select", form)?.focus();
  }
  showState();
}

function faces() {
  one("[data-faces]").hidden = false;
  const kept = keptFaces();
  const designed = Boolean(one("[data-face=designer]"));
  const first = designed && !kept.includes("form") ? "designer" : "form";
  for (const face of [first, ...(kept.includes("yaml") ? ["yaml"] : [])]) state.faces.add(face);
  show(first, true);
  for (const button of all("[data-face]")) button.addEventListener("click", () => show(button.dataset.face, button.getAttribute("aria-pressed") !== "true"));
}

function yamlFace() {
  const form = one("[data-yaml]");
  state.yaml.addEventListener("input", () => {
    state.typing = true;
    askSoon();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (event.submitter?.value === "plan") ask({ yaml: state.yaml.value });
    else save();
  });
}

function keys() {
  addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || one("dialog[open]")) return;
    const key = event.key.toLowerCase();
    if (key === "s" || key === "enter") {
      event.preventDefault();
      save();
    } else if (key === "z" && event.target !== state.yaml) {
      event.preventDefault();
      if (event.shiftKey) state.model.redo();
      else state.model.undo();
    }
  });
}

// The title of the page is the label, and is changed where it stands.
function titleFace() {
  const { model, about } = state;
  const title = one("[data-title]");
  if (!about.mayWrite || !about.schema.properties.label) return;
  Object.entries({ contenteditable: "plaintext-only", role: "textbox", "aria-label": "Label", spellcheck: "false" }).forEach(([name, value]) => title.setAttribute(name, value));
  title.addEventListener("input", () => {
    const said = title.textContent.trim();
    const label = model.get("/label");
    if (said) model.set("/label", label && typeof label === "object" ? { ...label, en: said } : said, title);
  });
  title.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) event.preventDefault();
    if (["Enter", "Escape"].includes(event.key)) title.blur();
  });
  title.addEventListener("blur", () => (model.pause(), showState()));
}

function showState() {
  const { model, about } = state;
  const button = one("[data-save]");
  const title = labelText(model.get("/label")) || (about.name ? about.title : `New ${about.kindLabel.toLowerCase()}`);
  const shown = one("[data-title]");
  if (document.activeElement !== shown && shown.textContent !== title) shown.textContent = title;
  one("[data-undo]").hidden = !model.undoable && !model.redoable;
  one("[data-back]").setAttribute("aria-disabled", String(!model.undoable));
  one("[data-forth]").setAttribute("aria-disabled", String(!model.redoable));
  button.setAttribute("aria-disabled", String(!model.dirty && Boolean(about.name)));
}

async function save() {
  const { model, about } = state;
  if (!about.mayWrite || state.saving) return;
  if (!model.dirty && about.name && !state.typing) return void toast("Nothing to save");
  state.saving = true;
  const sent = model.body;
  const written = state.typing ? state.yaml.value : null;
  const answer = await send("POST", address("save"), { ...(written === null ? { body: sent } : { yaml: written }), stamp: state.stamp });
  state.saving = false;
  if (answer.data.href && !answer.ok) return leave(answer.data.href);
  if (!answer.ok) return refused(answer);
  if (!about.name) {
    toastNext(`${labelText(model.get("/label")) || about.kindLabel} was saved`);
    return leave(answer.data.href);
  }
  state.stamp = answer.data.stamp;
  // What was typed since stays; the YAML that was saved is the document now.
  if (written !== null && written === state.yaml.value) {
    state.typing = false;
    model.replace(answer.data.body, state.yaml);
  }
  model.saved(written === null ? sent : answer.data.body);
  speak("Saved");
  toast(answer.data.plan ? "Saved. It comes into force when the values are copied." : "Saved");
  return state.typing ? ask({ yaml: state.yaml.value }) : ask({ body: model.body });
}

function leave(href) {
  state.saving = true;
  location.assign(href);
}

function refused(answer) {
  const faults = answer.data.faults ?? [{ pointer: "", message: reason(answer) }];
  state.model.tell(faults, null);
  if (answer.data.changed) state.stamp = answer.data.changed;
  toast(reason(answer), { tone: "bad" });
  goTo(faults[0].pointer);
}

export { start };
