// When a rule runs: an event, a date, a time, a button, a web form or a call of another system.
import { make, one } from "../../dom.js";
import { reason, send } from "../../http.js";
import { toast } from "../../toasts.js";
import { dialog } from "../../dialog.js";
import { expressionBox } from "../expression_box.js";
import { memberPart } from "../member_part.js";
import { labelText } from "../schema.js";
import { adding, choice, chip, press, toggles, typed } from "./controls.js";
import { DAYS, read, RHYTHMS, write } from "./schedule_words.js";
import { eventsOf, offsetOf, triggerOf } from "./sentence.js";

const KINDS = [["event", "a record is created, changed or deleted"], ["date", "a date of a record comes"], ["timer", "so much of a timer has been used"], ["every", "each week, month or year comes"], ["schedule", "a time comes"], ["button", "somebody presses a button"], ["webform", "a web form is sent"], ["hook", "another system calls"]];
const EVENTS = [["created", "Created"], ["updated", "Changed"], ["deleted", "Deleted"], ["restored", "Restored"]];
const UNITS = [["min", "minutes"], ["h", "hours"], ["d", "days"], ["w", "weeks"], ["mo", "months"], ["y", "years"]];

// What a trigger of a kind begins with.
function starter(desk, kind, object) {
  const fields = desk.paths.members(object);
  return {
    event: { object, event: ["updated"] },
    date: { object, date: fields.find((one_) => one_.dated && !one_.name.endsWith("_at"))?.name ?? fields.find((one_) => one_.dated)?.name ?? "", offset: "-7d", at: "08:00" },
    timer: { object, timer: "", at: 75 },
    every: { object, every: "month", at: "06:00" },
    schedule: { schedule: "0 7 * * 1-5", ...(object ? { object } : {}) },
    button: { object, button: "Send" },
    webform: { webform: desk.context.webforms[0]?.name ?? "" },
    hook: { hook: desk.context.hooks[0]?.name ?? "" },
  }[kind];
}

// Another trigger: what only the other one has goes with it.
async function become(desk, kind) {
  await desk.ready();
  if (kind !== "event") desk.remove("/phase");
  desk.change("/on", starter(desk, kind, desk.object || desk.firstObject));
}

export function trigger(desk) {
  const on = desk.model.get("/on") ?? {};
  const kind = triggerOf(on);
  const parts = { event, date, timer, every, schedule, button, webform, hook };
  const turn = choice("trigger", "When it runs", KINDS, kind, (next) => become(desk, next), { none: kind ? null : "Choose when it runs" });
  const about = ["event", "date", "timer", "every", "button"].includes(kind) ? objectChoice(desk, on) : null;
  return make("div", { class: "does stack", "data-at": "/on", tabindex: "-1" }, make("div", { class: "sentence lg" }, turn, about ? " of " : "", about), ...(parts[kind]?.(desk, on) ?? []));
}

function objectChoice(desk, on, none = null) {
  return choice("object", "Object", desk.objects, on.object, (object) => {
    // What names fields of the other object goes.
    const kept = Object.fromEntries(Object.entries(desk.model.get("/on")).filter(([name]) => !["fields", "where", "when", "date", "from", "until"].includes(name)));
    const next = { ...kept, ...(object ? { object } : {}) };
    if (!object) delete next.object;
    if (on.date !== undefined) next.date = starter(desk, "date", object).date;
    desk.change("/on", next);
  }, { none });
}

function event(desk, on) {
  const events = eventsOf(on);
  const run = (chosen) => {
    if (!chosen.length) return;
    if (!chosen.includes("updated")) desk.remove("/on/fields");
    desk.change("/on/event", chosen);
  };
  const line = make("div", { class: "sentence lg" }, "and it is ", toggles("event", "It is", EVENTS, events, run));
  const lines = [line];
  if (events.includes("updated")) lines.push(watched(desk, on));
  lines.push(phase(desk));
  return lines;
}

function watched(desk, on) {
  const fields = on.fields ?? [];
  const members = desk.paths.members(on.object).filter((one_) => !one_.collection);
  const set = (next) => (next.length ? desk.change("/on/fields", next) : desk.remove("/on/fields"));
  const chips = fields.map((name) => chip(`fields/${name}`, desk.paths.label(on.object, name), () => set(fields.filter((one_) => one_ !== name))));
  const left = members.filter((one_) => !fields.includes(one_.name)).map((one_) => [one_.name, one_.label]);
  const more = adding("fields/add", "Only if one of these fields changed", left, (name) => set([...fields, name]), fields.length ? "or …" : "any field");
  return make("div", { class: "sentence lg" }, fields.length ? "and " : "by a change of ", ...chips, more, fields.length ? " changes" : "");
}

function phase(desk) {
  const before = desk.model.get("/phase") === "before_save";
  const turn = choice("phase", "It runs", [["after_commit", "after it is saved"], ["before_save", "before it is saved, as part of it"]], before ? "before_save" : "after_commit", (next) => (next === "before_save" ? desk.change("/phase", next) : desk.remove("/phase")));
  return make("div", { class: "sentence small" }, "It runs ", turn);
}

function every(desk, on) {
  const dates = desk.paths.members(on.object).filter((one_) => one_.dated).map((one_) => [one_.name, one_.label]);
  const set = (name, text, typing = true) => (text ? desk.change(`/on/${name}`, text, typing) : desk.remove(`/on/${name}`, typing));
  const day = (name, label, none) => choice(`every/${name}`, label, dates, on[name], (next) => set(name, next, false), { none });
  return [
    make("div", { class: "sentence lg" }, "every ", typed("every", "Every", on.every, (text) => text.trim() && desk.change("/on/every", text.trim(), true), { placeholder: "month" }), " from ", day("from", "First day", "the calendar's first day"), " until ", day("until", "Last day", "there is no end")),
    make("div", { class: "sentence lg" }, "at ", typed("at", "Time of day", on.at ?? "", (text) => set("at", text), { type: "time" }), ", ", typed("lead", "How long before", on.lead ?? "", (text) => set("lead", text.trim()), { placeholder: "0d" }), " before ", choice("due", "It runs for a period", [["start", "it starts"], ["end", "it is over"]], on.due ?? "start", (next) => set("due", next === "start" ? "" : next, false))),
    make("p", { class: "small faint" }, `day, week, month, quarter or year, or several: 2 weeks. Days and weeks before: 5d, 2w. In the time zone ${desk.context.zone}.`),
  ];
}

function timer(desk, on) {
  const name = typed("timer", "Timer", on.timer ?? "", (text) => desk.change("/on/timer", text.trim(), true), { placeholder: "Name of the timer" });
  const at = typed("percent", "Percent of its target", on.at ?? "", (text) => desk.change("/on/at", Math.trunc(Number(text)) || 0, true), { type: "number", min: 1 });
  return [make("div", { class: "sentence lg" }, "when ", at, " % of the timer ", name, " have been used"), make("p", { class: "small faint" }, "Timers and their thresholds stand in the document of the object.")];
}

function date(desk, on) {
  const dates = desk.paths.members(on.object).filter((one_) => one_.dated).map((one_) => [one_.name, one_.label]);
  const { before, number, unit } = offsetOf(on.offset);
  const set = (next) => {
    const whole = { ...offsetOf(desk.model.get("/on/offset")), ...next };
    const text = whole.number ? `${whole.before ? "-" : "+"}${whole.number}${whole.unit}` : "";
    if (text) desk.change("/on/offset", text, "number" in next);
    else desk.remove("/on/offset");
  };
  const many = typed("offset", "How many", number, (text) => set({ number: Math.min(9999, Math.max(0, Math.trunc(Number(text)) || 0)) }), { type: "number", min: 0 });
  const at = typed("at", "Time of day", on.at ?? "", (text) => (text ? desk.change("/on/at", text, true) : desk.remove("/on/at", true)), { type: "time" });
  return [
    make("div", { class: "sentence lg" }, many, choice("unit", "Unit", UNITS, unit, (next) => set({ unit: next })), choice("side", "Before or after", [["-", "before"], ["+", "after"]], before ? "-" : "+", (next) => set({ before: next === "-" })), " the ", choice("date", "Date", dates, on.date, (name) => desk.change("/on/date", name), { none: on.date ? null : "Choose a date" }), " at ", at),
    make("p", { class: "small faint" }, `In the time zone ${desk.context.zone}. Without a time, a date counts from the start of its day.`),
  ];
}

function schedule(desk, on) {
  const said = desk.cron ? { ...read(on.schedule), rhythm: "cron" } : read(on.schedule);
  const set = (next) => {
    desk.cron = next.rhythm === "cron";
    if (desk.cron) return desk.redraw();
    const now = read(desk.model.get("/on/schedule"));
    const day = next.rhythm === "month" || next.rhythm === "week" ? "1" : now.day;
    return desk.change("/on/schedule", write({ ...said, at: now.at, day, ...next }), "at" in next);
  };
  const rhythm = choice("rhythm", "How often", RHYTHMS, said.rhythm, (next) => set({ rhythm: next }));
  const day = { week: () => [" on ", choice("day", "Day", DAYS, said.day, (next) => set({ day: next }))], month: () => [" on day ", choice("day", "Day of the month", Array.from({ length: 31 }, (_, at) => [String(at + 1), String(at + 1)]), said.day, (next) => set({ day: next }))] }[said.rhythm]?.() ?? [];
  const cron = said.rhythm === "cron";
  const when = cron ? typed("cron", "Minute, hour, day, month and weekday", on.schedule, (text) => desk.change("/on/schedule", text, true), { placeholder: "0 7 * * 1-5" }) : typed("at", "Time of day", said.at, (text) => text && set({ at: text }), { type: "time" });
  const following = make("p", { class: "small faint", role: "status" }, "…");
  send("GET", `/studio/rules/schedule?text=${encodeURIComponent(on.schedule)}`).then((answer) => (following.textContent = answer.ok ? `Next: ${answer.data.next.join(", ")} (${desk.context.zone})` : reason(answer)));
  const lines = [make("div", { class: "sentence lg" }, rhythm, ...day, cron ? " " : " at ", when), following];
  lines.push(make("div", { class: "sentence lg" }, "for ", objectChoice(desk, on, "no record, once"), on.object ? " with" : ""));
  if (on.object) lines.push(conditionBox(desk, "/on/where", on.object, { start: "For those with", none: "For all of them", purpose: "" }));
  return lines;
}

function button(desk, on) {
  const roles = on.allow ?? [];
  const set = (next) => (next.length ? desk.change("/on/allow", next) : desk.remove("/on/allow"));
  const chips = roles.map((name) => chip(`allow/${name}`, desk.document("role", name), () => set(roles.filter((one_) => one_ !== name))));
  const left = desk.context.roles.filter((one_) => !roles.includes(one_.name)).map((one_) => [one_.name, one_.label]);
  return [
    make("div", { class: "sentence lg" }, "with the words ", typed("button", "The words on the button", labelText(on.button), (text) => desk.change("/on/button", text, true))),
    make("div", { class: "sentence lg" }, "for ", ...chips, adding("allow/add", "Roles that may press it", left, (name) => set([...roles, name]), roles.length ? "or …" : "whoever may change the record")),
    conditionBox(desk, "/on/when", on.object, { start: "Where", none: "On every record" }),
    on.when ? make("div", { class: "sentence" }, "On others it says ", typed("message", "Why it is not possible on others", labelText(on.message), (text) => (text ? desk.change("/on/message", text, true) : desk.remove("/on/message", true)), { wide: true })) : null,
    desk.kept("button/ask", undefined, () => memberPart(desk.model, "/on/ask", { label: "Asks for" })),
  ].filter(Boolean);
}

const named = (list) => list.map((one_) => [one_.name, one_.label]);

function webform(desk, on) {
  return [make("div", { class: "sentence lg" }, choice("webform", "Web form", named(desk.context.webforms), on.webform, (name) => desk.change("/on/webform", name), { none: on.webform ? null : "Choose a web form" }))];
}

function hook(desk, on) {
  const found = desk.context.hooks.find((one_) => one_.name === on.hook);
  const lines = [make("div", { class: "sentence lg" }, choice("hook", "Hook", named(desk.context.hooks), on.hook, (name) => desk.change("/on/hook", name), { none: on.hook ? null : "Choose a hook" }))];
  if (!desk.context.hooks.length) lines.push(make("p", { class: "small" }, "There is no hook yet. ", make("a", { class: "link", href: "/studio/hook/new" }, "Make one"), "."));
  if (found) lines.push(make("div", { class: "row wrap" }, make("div", { class: "input flat grow" }, make("input", { class: "mono", readonly: true, value: found.address, "aria-label": "Address of the hook", "data-select": true }), copyButton(found.address)), press("hook/test", "Test call", () => testCall(found), { sign: "send" })));
  return lines;
}

export function copyButton(text) {
  return press("copy", "Copy", async () => {
    await globalThis.navigator.clipboard?.writeText(text).catch(() => {});
    toast("Copied");
  }, { sign: "copy", classes: "quiet" });
}

function testCall(found) {
  const area = make("textarea", { class: "input mono", rows: 6, "aria-label": "The body of the call, as JSON" }, "{\n  \n}");
  const said = make("p", { class: "mid", role: "status" }, "Nothing is saved.");
  const run = async () => {
    let body = null;
    try {
      body = JSON.parse(area.value);
    } catch (fault) {
      said.textContent = `This is not JSON: ${fault.message}`;
      return false;
    }
    const answer = await send("POST", `/studio/hooks/${found.name}/test`, body);
    said.textContent = answer.ok ? answer.data.said : reason(answer);
    return false;
  };
  const box = dialog(`Test call of ${found.label}`, [make("p", { class: "mid dim" }, `What another system would post to it (${found.auth === "token" ? "with a token" : "signed"}).`), area, said], [{ label: "Close" }, { label: "Try it", primary: true, run }]);
  one("textarea", box).focus();
}

export function conditionBox(desk, pointer, object, { start = "and", none = "always", purpose = "", outer = "", change = false, names = {} } = {}) {
  const value = desk.model.get(pointer) ?? "";
  return desk.kept(`${pointer}|${object}|${Object.keys(names)}`, value, () =>
    expressionBox({
      value, object, expects: "condition", label: start, start, none, purpose, outer, change, names,
      onChange: (text) => (text.trim() ? desk.change(pointer, text, true) : desk.remove(pointer, true)),
      onCheck: (answer) => desk.checked(pointer, answer),
    }),
  );
}
