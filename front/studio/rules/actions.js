// What a rule does, one action after the other: each as a sentence, moved by its grip or by keys.
import { icon, make, speak } from "../../dom.js";
import { below } from "../pointer.js";
import { part } from "../schema_form.js";
import { adding, bare, chip, choice, note, open, press, toggles, typed } from "./controls.js";
import { makeEndpoint, testEndpoint } from "./endpoint_dialog.js";
import { conditionBox } from "./trigger.js";
import { listed } from "./sentence.js";
import { pathButton, valueBox } from "./value_box.js";
import { literal, quote } from "./written.js";
import { navigator } from "../navigator.js";
import { expressionBox } from "../expression_box.js";

const KNOWN = ["set", "refuse", "notify", "webhook", "create", "update", "delete"];
const VERBS = { notify: ["Tell people", "mail"], webhook: ["Post to another system", "send"], create: ["Create a record", "plus"], update: ["Change records", "pencil"], delete: ["Delete records", "trash"], set: ["Set fields", "pencil"], refuse: ["Refuse the save", "x"] };
const CHANNELS = [["email", "E-mail"], ["in_app", "In the app"]];

export const verbOf = (action) => KNOWN.find((name) => name !== "set" && name in action) ?? ("set" in action ? "set" : "");
const before = (desk) => desk.model.get("/phase") === "before_save";

// Verbs that a feature has added since: they are edited by the generated form.
function strangers(desk) {
  const schema = desk.model.schemas?.at(["do", "0"], desk.model.body) ?? {};
  return (desk.context.actions ?? []).filter(({ name }) => !KNOWN.includes(name) && name in (schema.properties ?? {}));
}

// What an action begins with: the object's own fields, so that it can be saved and tried at once.
function starter(desk, verb) {
  const { object } = desk;
  const fields = desk.paths.members(object);
  const optional = fields.find((one_) => one_.settable && one_.choices?.length);
  const first = optional ? { [optional.name]: optional.choices[0][0] } : {};
  if (verb === "notify") {
    const person = desk.recipients.find((one_) => !one_.plain && !/^(created|updated|deleted)_by$/.test(one_.path)) ?? desk.recipients[0];
    const template = desk.context.templates.find((one_) => one_.object === object);
    const words = template ? { template: template.name } : { subject: object ? `${quote(`${desk.objectLabel(object)}: `)} & title` : quote("News") };
    return { notify: { to: person && object ? [person.path] : [], ...words } };
  }
  if (verb === "webhook") return { webhook: desk.context.endpoints[0] ? { to: desk.context.endpoints[0].name } : {} };
  if (verb === "create") {
    const inverse = fields.find((one_) => one_.collection);
    return { create: inverse?.to ?? desk.firstObject, set: inverse ? { [inverse.holder]: "record" } : {} };
  }
  return { update: { update: { set: first } }, delete: { delete: {} }, set: { set: first }, refuse: { refuse: { message: "This is not possible." } } }[verb] ?? { [verb]: {} };
}

export function actions(desk) {
  const list = make("ol", { class: "does-list", "aria-label": "What it does" }, ...(desk.model.get("/do") ?? []).map((action, at) => item(desk, action, at)));
  sortable(desk, list);
  const binned = [desk.model.get("/on/event") ?? []].flat().some((one_) => ["deleted", "restored"].includes(one_));
  const verbs = before(desk) ? (binned ? ["refuse"] : ["set", "refuse"]) : ["notify", "webhook", "create", "update", "delete"];
  const add = async (verb) => {
    await desk.ready();
    const at = (desk.model.get("/do") ?? []).length;
    desk.model.insert("/do", at, starter(desk, verb));
    if (verb === "webhook" && !desk.context.endpoints.length) newEndpoint(desk, at);
    else desk.focus(`[data-action="${at}"] :is(select, button.term, input):not(.grip)`);
  };
  const buttons = verbs.map((verb) => press(`add/${verb}`, VERBS[verb][0], () => add(verb), { sign: VERBS[verb][1] }));
  const more = before(desk) ? [] : strangers(desk).map(({ name, label, icon: sign }) => press(`add/${name}`, label, () => add(name), { sign }));
  return make("div", { class: "stack" }, list, make("div", { class: "row wrap", role: "group", "aria-label": "Add what it does", "data-at": "/do", tabindex: "-1" }, ...buttons, ...more));
}

function item(desk, action, at) {
  const verb = verbOf(action);
  const pointer = `/do/${at}`;
  const gathers = verb === "create" && ["as", "each", "group", "lines", "back"].some((name) => name in action);
  const kept = "in" in action || /^asked\./.test(action[verb]?.each ?? ""); // and so is what is kept in a change set, and what was asked for
  const draw = gathers || kept ? null : { notify, webhook, create, update: several, delete: several, set: sets, refuse }[verb];
  const label = desk.sentence.action(action, desk.object);
  const grip = make("button", { class: "btn quiet slim icon grip", type: "button", "data-key": `do/${at}/grip`, "aria-label": `Move: ${label}. Press Alt and an arrow key.`, title: "Drag, or press Alt and an arrow key" }, icon("grip-vertical"));
  grip.addEventListener("keydown", (event) => {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step || !event.altKey) return;
    event.preventDefault();
    moveTo(desk, at, at + step);
  });
  const content = draw ? draw(desk, action, pointer, verb) : [part(desk.model, pointer)];
  return make("li", { class: "actline", "data-action": at, "data-at": pointer, tabindex: "-1" }, grip, make("div", { class: "does stack" }, ...content.filter(Boolean)), bare(`do/${at}/remove`, `Remove: ${label}`, "trash", () => remove(desk, at)));
}

function remove(desk, at) {
  desk.model.remove(`/do/${at}`);
  speak("Removed");
  desk.focus(desk.model.get("/do")?.length ? `[data-action="${Math.max(0, at - 1)}"] .grip` : "[data-key^='add/']");
}

function moveTo(desk, at, to) {
  const count = desk.model.get("/do").length;
  if (to < 0 || to >= count) return;
  desk.model.move("/do", at, to);
  desk.focus(`[data-action="${to}"] .grip`);
  speak(`Moved to place ${to + 1} of ${count}`);
}

async function sortable(desk, list) {
  const { default: Sortable } = await import("sortablejs");
  Sortable.create(list, { handle: ".grip", animation: 120, onEnd: ({ oldIndex, newIndex }) => oldIndex !== newIndex && moveTo(desk, oldIndex, newIndex) });
}

// rows of fields and values
function rows(desk, { pointer, set, target, object, outer = "", change = desk.changes, record = false }) {
  const members = desk.paths.members(target);
  const left = members.filter((one_) => one_.settable && !(one_.name in set)).map((one_) => [one_.name, one_.label]);
  const lines = Object.entries(set).map(([name, value]) => {
    const field = desk.paths.member(target, name);
    const label = field?.label ?? name;
    const at = below(pointer, name);
    const box = valueBox(desk, { key: at, label, value, object, field, outer, change, record, run: (source, typing) => desk.change(at, source, typing) });
    return make("div", {}, make("dt", {}, label), make("dd", {}, box, bare(`${at}/remove`, `Remove ${label}`, "x", () => without(desk, pointer, name))));
  });
  const add = adding(`${pointer}/add`, "Add a field", left, (name) => {
    desk.change(pointer, { ...desk.model.get(pointer), [name]: begun(desk, target, name) });
    desk.focus(`[data-key="${CSS.escape(`${below(pointer, name)}/value`)}"]`);
  }, "Add a field");
  return make("div", { class: "stack" }, make("dl", { class: "sets" }, ...lines), make("div", {}, add));
}

// What is typed changes the document without drawing anew: it is read from there each time.
function without(desk, pointer, name) {
  const { [name]: _, ...kept } = desk.model.get(pointer);
  desk.change(pointer, kept);
  desk.focus(`[data-key="${CSS.escape(`${pointer}/add`)}"]`);
}

// What a field that is added is set to: something of its own kind.
function begun(desk, target, name) {
  const field = desk.paths.member(target, name);
  const [choice_] = field?.choices ?? [];
  if (choice_) return choice_[0];
  if (field?.to && field.to === desk.object) return "record";
  const same = field?.to && desk.paths.members(desk.object).find((one_) => one_.to === field.to && !one_.collection);
  if (same) return same.name;
  return field?.gives === "text" && desk.object ? "title" : "null";
}

function sets(desk, action, pointer) {
  return [make("div", { class: "sentence lg" }, "set"), rows(desk, { pointer: `${pointer}/set`, set: action.set, target: desk.object, object: desk.object })];
}

function refuse(desk, { refuse: spec }, pointer) {
  const members = desk.paths.members(desk.object).filter((one_) => !one_.collection).map((one_) => [one_.name, one_.label]);
  return [
    make("div", { class: "sentence lg" }, "refuse it, and say"),
    typed(`${pointer}/refuse/message`, "What it says", spec.message, (text) => desk.change(`${pointer}/refuse/message`, text, true), { wide: true, placeholder: "The reason, and what to do" }),
    make("div", { class: "sentence" }, "at the field ", choice(`${pointer}/refuse/field`, "Field that it is about", members, spec.field, (name) => (name ? desk.change(`${pointer}/refuse/field`, name) : desk.remove(`${pointer}/refuse/field`)), { none: "none" })),
  ];
}

function create(desk, action, pointer) {
  const pick = choice(`${pointer}/create`, "Object of the new record", desk.objects, action.create, (name) => {
    const inverse = desk.paths.members(desk.object).find((one_) => one_.collection && one_.to === name);
    desk.change(pointer, { create: name, set: inverse ? { [inverse.holder]: "record" } : {} });
  });
  return [make("div", { class: "sentence lg" }, "create ", pick, " with"), rows(desk, { pointer: `${pointer}/set`, set: action.set ?? {}, target: action.create, object: desk.object, record: true })];
}

function several(desk, action, pointer, verb) {
  const spec = action[verb];
  const each = spec.each ?? "";
  const target = desk.paths.end(desk.object, each);
  const at = `${pointer}/${verb}`;
  // Its fields and condition are about other records from here on.
  const turn = (path) => desk.change(at, { ...(path ? { each: path } : {}), ...(spec.set ? { set: {} } : {}) });
  const which = choice(`${at}/which`, "Which records", [["", "this record"], ["each", "the records of …"]], each ? "each" : "", (next) => turn(next ? (desk.paths.members(desk.object).find((one_) => one_.to)?.name ?? "") : ""));
  const path = each ? make("span", { class: "host" }, pathButton(desk, { key: `${at}/each`, label: "Records of", object: desk.object, path: each, collections: true, only: (pick) => Boolean(pick.member.to || pick.member.of) && !pick.collection, run: turn })) : null;
  const lines = [make("div", { class: "sentence lg" }, verb === "delete" ? "move to the bin: " : "change ", which, path)];
  if (each && target) lines.push(conditionBox(desk, `${at}/where`, target, { start: "of them those with", none: "all of them", outer: desk.object, change: false, names: desk.given }));
  if (verb === "update") lines.push(make("div", { class: "sentence" }, "set"), rows(desk, { pointer: `${at}/set`, set: spec.set ?? {}, target, object: target, outer: each ? desk.object : "", change: desk.changes && !each, record: Boolean(each) }));
  return lines;
}

// telling people
function notify(desk, { notify: spec }, pointer) {
  const at = `${pointer}/notify`;
  const to = [spec.to ?? []].flat();
  const by = spec.by ?? ["email", "in_app"];
  const set = (next) => desk.change(`${at}/to`, next);
  const chips = to.map((one_, place) => chip(`${at}/to/${place}`, desk.sentence.recipient(desk.object, one_), () => set(to.filter((_, other) => other !== place)), { sign: signOf(desk, one_) }));
  const channels = toggles(`${at}/by`, "By", CHANNELS, by, (next) => next.length && (next.length === 2 && !spec.by ? null : desk.change(`${at}/by`, next)));
  const lines = [make("div", { class: "sentence lg" }, "tell ", ...chips, recipientAdd(desk, at, to, set), " by ", channels, " with ", templateChoice(desk, at, spec))];
  if (!spec.template) lines.push(...words(desk, at, spec));
  if (by.includes("email") && desk.context.noMail) lines.push(note(desk.context.noMail));
  const plain = to.filter((one_) => isAddress(desk, one_));
  if (plain.length && by.includes("email") && !desk.model.get("/run_as")) lines.push(note(`${listed(plain.map((one_) => desk.sentence.recipient(desk.object, one_)))} may belong to nobody here. Such a mail tells all that the rule may read; let it act with the rights of a role, below, if it should not.`, "info"));
  return lines;
}

const isAddress = (desk, one_) => typeof one_ === "string" && (literal(one_) !== null || desk.recipients.some((known) => known.path === one_ && known.plain));
const signOf = (desk, one_) => (typeof one_ === "object" ? "shield" : isAddress(desk, one_) ? "mail" : "user");

function recipientAdd(desk, at, to, set) {
  const known = desk.recipients.filter((one_) => !to.includes(one_.path)).map((one_) => [`path:${one_.path}`, one_.label, one_.plain ? "E-mail addresses" : "People of the record"]);
  const roles = desk.context.roles.map((one_) => [`role:${one_.name}`, one_.label, "Everybody with a role"]);
  const others = [["other:address", "An e-mail address …", "Another way"], ["other:field", "Another field …", "Another way"], ["other:expression", "An expression …", "Another way"]];
  return adding(`${at}/to/add`, "Add a recipient", [...known, ...roles, ...others], (value, button) => {
    const [kind, ...rest] = value.split(":");
    const name = rest.join(":");
    if (kind === "path") set([...to, name]);
    if (kind === "role") set([...to, { role: name }]);
    if (kind === "other") another(desk, button, name, (source) => set([...to, source]));
  }, to.length ? "and …" : "Choose whom");
}

function another(desk, anchor, way, run) {
  if (way === "field") return open(anchor, "Another field", (close) => navigator({ object: desk.object, onPick: ({ path }) => (close(), run(path)) }));
  if (way === "expression") {
    let text = "";
    return open(anchor, "An expression", (close) => make("form", { class: "stack pad", onsubmit: (event) => (event.preventDefault(), text.trim() && (close(), run(text.trim()))) }, expressionBox({ value: "", object: desk.object, label: "Whom", names: desk.given, change: desk.changes, onChange: (next) => (text = next) }), make("button", { class: "btn primary slim", type: "submit" }, "Add")));
  }
  const input = make("input", { class: "input slim", type: "email", required: true, "aria-label": "E-mail address", placeholder: "desk@example.com" });
  return open(anchor, "An e-mail address", (close) => make("form", { class: "row pad", onsubmit: (event) => (event.preventDefault(), close(), run(quote(input.value.trim()))) }, input, make("button", { class: "btn primary slim", type: "submit" }, "Add")));
}

function templateChoice(desk, at, spec) {
  const fitting = desk.context.templates.filter((one_) => !one_.object || one_.object === desk.object).map((one_) => [one_.name, one_.label, "A template"]);
  return choice(`${at}/template`, "The words", fitting, spec.template, (name) => {
    const { template: _, subject, text, ...rest } = desk.model.get(at);
    const own = { subject: subject ?? (desk.object ? "title" : quote("News")), ...(text ? { text } : {}) };
    desk.change(at, name ? { ...rest, template: name } : { ...rest, ...own });
  }, { none: "these words" });
}

function words(desk, at, spec) {
  const line = (name, label, placeholder) => make("div", {}, make("dt", {}, label), make("dd", {}, valueBox(desk, { key: `${at}/${name}`, label, value: spec[name], object: desk.object, change: desk.changes, placeholder, expects: "text", run: (source, typing) => (source === "''" && name === "text" ? desk.remove(`${at}/${name}`, typing) : desk.change(`${at}/${name}`, source, typing)) })));
  return [make("dl", { class: "sets" }, line("subject", "Subject", "What it is about"), line("text", "Text", "More, if there is more to say"))];
}

// posting to other systems
function newEndpoint(desk, at) {
  makeEndpoint(desk, (made) => {
    desk.context.endpoints.push(made);
    desk.change(`/do/${at}/webhook/to`, made.name);
    desk.redraw();
    desk.focus(`[data-action="${at}"] select`);
  });
}

function webhook(desk, { webhook: spec }, pointer) {
  const at = `${pointer}/webhook`;
  const known = desk.context.endpoints.map((one_) => [one_.name, one_.label]);
  const place = Number(pointer.split("/")[2]);
  const pick = choice(`${at}/to`, "Endpoint", [...known, ["+", "A new endpoint …"]], spec.to, (name) => (name === "+" ? (desk.redraw(), newEndpoint(desk, place)) : desk.change(`${at}/to`, name)), { none: spec.to ? null : "Choose where" });
  const found = desk.context.endpoints.find((one_) => one_.name === spec.to);
  const test = found ? press(`${at}/test`, "Send a test", () => testEndpoint(found), { sign: "send", classes: "quiet" }) : null;
  const body = spec.body;
  const flat = body && typeof body === "object" && !Array.isArray(body) && Object.values(body).every((one_) => typeof one_ !== "object" || one_ === null);
  const lines = [make("div", { class: "sentence lg" }, "post to ", pick, " ", choice(`${at}/what`, "What is posted", [["all", "the whole record"], ["some", "these values"]], body === undefined ? "all" : "some", (next) => (next === "all" ? desk.remove(`${at}/body`) : desk.change(`${at}/body`, { title: "title" }))), test)];
  if (found?.trouble) lines.push(note(`Posts wait: ${found.trouble}`));
  if (body !== undefined && !flat) lines.push(part(desk.model, `${at}/body`));
  else if (body !== undefined) lines.push(posted(desk, `${at}/body`, body));
  return lines;
}

function posted(desk, pointer, body) {
  const lines = Object.entries(body).map(([name, value]) => {
    const at = below(pointer, name);
    const rename = typed(`${at}/name`, "Name of the value", name, () => {}, {});
    rename.addEventListener("change", () => {
      const next = rename.value.trim();
      const now = desk.model.get(pointer);
      if (next && (next === name || !(next in now))) desk.change(pointer, Object.fromEntries(Object.entries(now).map(([key, one_]) => [key === name ? next : key, one_])));
      else rename.value = name;
    });
    return make("div", {}, make("dt", {}, rename), make("dd", {}, valueBox(desk, { key: at, label: name, value, object: desk.object, change: desk.changes, run: (source, typing) => desk.change(at, source, typing) }), bare(`${at}/remove`, `Remove ${name}`, "x", () => without(desk, pointer, name))));
  });
  const host = make("span", { class: "host" });
  const add = press(`${pointer}/add`, "Add a value", () => open(add, "Add a value", (close) => navigator({ object: desk.object, onPick: ({ path }) => (close(), put(path)) })), { sign: "plus", classes: "quiet" });
  const put = (path) => {
    let name = path.replaceAll(".", "_");
    for (let number = 2; name in body; number += 1) name = `${path.replaceAll(".", "_")}_${number}`;
    desk.change(pointer, { ...desk.model.get(pointer), [name]: path });
  };
  host.append(add);
  return make("div", { class: "stack" }, make("dl", { class: "sets named" }, ...lines), host);
}

