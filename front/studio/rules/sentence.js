// A rule as a sentence in words: what people read at the top while they change it.
import { labelText } from "../schema.js";
import { inWords } from "./schedule_words.js";
import { isPath, literal, pieces, sourceOf, spoken } from "./written.js";

const EVENTS = { created: "created", updated: "changed", deleted: "deleted", restored: "restored" };
const UNITS = { min: "minute", h: "hour", d: "day", w: "week", mo: "month", y: "year" };

export const triggerOf = (on = {}) => ["event", "date", "timer", "every", "schedule", "button", "webform", "hook"].find((kind) => kind in on) ?? "";

export function listed(words, last = "and") {
  const said = words.filter(Boolean);
  return said.length < 2 ? (said[0] ?? "") : `${said.slice(0, -1).join(", ")} ${last} ${said.at(-1)}`;
}

export const eventsOf = (on) => [on?.event ?? []].flat();
export const article = (word) => `${/^[aeiou]/i.test(word) ? "an" : "a"} ${word}`;

export function offsetOf(text = "") {
  const [, sign, number, unit] = /^([+-]?)(\d+)(min|h|d|w|mo|y)$/.exec(text) ?? [null, "", "0", "d"];
  return { before: sign === "-", number: Number(number), unit };
}

export function offsetWords(text) {
  const { before, number, unit } = offsetOf(text);
  if (!number) return "";
  return `${number} ${UNITS[unit]}${number === 1 ? "" : "s"} ${before ? "before" : "after"}`;
}

// names: {object(name), field(object, path), document(kind, name), role(name)} give labels.
export class Sentence {
  constructor(names) {
    this.names = names;
  }

  trigger(on, object) {
    const label = object ? this.names.object(object).toLowerCase() : "record";
    const trigger = triggerOf(on);
    if (trigger === "event") {
      const events = eventsOf(on);
      const said = `When ${article(label)} is ${listed(events.map((one) => EVENTS[one] ?? one), "or")}`;
      const fields = (on.fields ?? []).map((one) => this.names.field(object, one));
      return fields.length ? `${said} and ${listed(fields, "or")} changes` : said;
    }
    if (trigger === "date") {
      const at = on.at ? ` at ${on.at.replace(/^0/, "")}` : "";
      const when = offsetWords(on.offset);
      return `${when ? `${when.charAt(0).toUpperCase()}${when.slice(1)}` : "On"} the ${this.names.field(object, on.date)} of ${article(label)}${at}`;
    }
    if (trigger === "every") {
      const before = on.lead ? `${on.lead} before ` : "";
      const days = on.from ? ` from its ${this.names.field(object, on.from)}` : "";
      const said = `${before}${on.due === "end" ? "the end of " : ""}every ${on.every}${object ? ` of ${article(label)}${days}` : ""}`;
      return `${said.charAt(0).toUpperCase()}${said.slice(1)}`;
    }
    if (trigger === "timer") return `When ${on.at} % of the timer ${on.timer} of ${article(label)} have been used`;
    if (trigger === "schedule") {
      const said = inWords(on.schedule);
      return `${said.charAt(0).toUpperCase()}${said.slice(1)}${object ? `, for every ${label}${on.where ? ` with ${on.where}` : ""}` : ""}`;
    }
    if (trigger === "button") return `When somebody presses “${labelText(on.button)}” on ${article(label)}`;
    if (trigger === "webform") return `When the web form ${this.names.document("webform", on.webform)} is sent`;
    if (trigger === "hook") return `When another system calls ${this.names.document("hook", on.hook)}`;
    return "When …";
  }

  value(object, source) {
    const text = sourceOf(source);
    if (text === "null") return "empty";
    if (text === "record") return "this record";
    const said = literal(text);
    if (said !== null) return `“${said}”`;
    if (isPath(text)) return this.names.field(object, text);
    const parts = pieces(text);
    return parts ? `“${spoken(parts, (path) => this.names.field(object, path))}”` : text;
  }

  recipient(object, one) {
    if (typeof one === "object" && one) return `everybody with the role ${this.names.document("role", one.role)}`;
    return literal(one) ?? (isPath(one) ? this.names.field(object, one) : one);
  }

  values(target, object, set = {}) {
    return listed(Object.entries(set).map(([name, value]) => `${this.names.field(target, name)} to ${this.option(target, name, value) ?? this.value(object, value)}`));
  }

  option(target, name, value) {
    return this.names.option(target, name, sourceOf(value));
  }

  action(action, object) {
    const kept = action.in ? `, kept in ${action.in === "record" ? "this record" : this.names.field(object, action.in) ?? action.in}` : "";
    return `${this.verb(action, object)}${kept}`;
  }

  verb(action, object) {
    if (action.create !== undefined) {
      const what = action.create ? this.names.object(action.create).toLowerCase() : "record";
      const of = typeof action.each === "object" && action.each ? action.each.of : action.each;
      const each = of ? ` for ${action.group || action.each.group ? "each group" : "each"} of ${this.names.field(object, of) ?? of}` : "";
      const lines = action.lines?.length ? ` with ${listed(action.lines.map((one) => this.names.object(one.create).toLowerCase()))} lines` : "";
      return `create ${article(what)}${each}${lines}`;
    }
    if (action.set) return `set ${this.values(object, object, action.set)}`;
    if (action.update) {
      const { each = "", set } = action.update;
      const target = this.names.end(object, each);
      return `set ${this.values(target, target, set)}${each ? ` of ${this.names.field(object, each)}` : ""}`;
    }
    if (action.delete) return `move ${action.delete.each ? this.names.field(object, action.delete.each) : "it"} to the bin`;
    if (action.refuse) return `refuse it: “${action.refuse.message ?? ""}”`;
    if (action.notify) {
      const { to = [], by } = action.notify;
      const verb = !by || by.length === 2 ? "mail and notify" : by[0] === "email" ? "mail" : "notify";
      return `${verb} ${listed([to].flat().map((one) => this.recipient(object, one))) || "…"}`;
    }
    if (action.webhook) return `post to ${action.webhook.to ? this.names.document("endpoint", action.webhook.to) : "…"}`;
    return this.stranger(action, object);
  }

  // What a feature has brought says itself: "post to {to|endpoint}" with the labels of what it names,
  // and what is in brackets only where its member is there.
  stranger(action, object) {
    const own = this.names.action(Object.keys(action)) ?? {};
    const value = action[own.name];
    const given = (name) => (name ? (value?.[name] ?? action[name]) : value) ?? null;
    const whole = (own.says || own.label || Object.keys(action).join(", ")).replace(/\[([^\]]*?\{([a-z_]*)[^\]]*)\]/g, (_, part, name) => (given(name) === null ? "" : part));
    const said = whole.replace(/\{([a-z_]*)(?:\|([a-z]+))?\}/g, (_, name, kind) => {
      const one = given(name);
      const word = (value) => {
        if (value === null || typeof value === "object") return "…";
        if (kind === "field") return this.names.field(object, value);
        if (kind === "object") return this.names.object(value).toLowerCase();
        return kind ? this.names.document(kind, value) : String(value);
      };
      return Array.isArray(one) ? listed(one.map(word)) || "…" : word(one);
    });
    return `${said.charAt(0).toLowerCase()}${said.slice(1)}`;
  }

  // [[word, text]]: When ..., and if ..., then ...
  lines(body, object, condition = "") {
    const when = body.when ? [["if", condition || body.when]] : [];
    const actions = (body.do ?? []).map((one) => this.action(one, object));
    return [["", this.trigger(body.on ?? {}, object)], ...when, ["then", actions.length ? actions.join(", then ") : "…"]];
  }

  text(body, object, condition = "") {
    const [[, trigger], ...rest] = this.lines(body, object, condition);
    const whole = `${trigger}${rest.map(([word, text]) => `${word === "if" ? " and" : ", then"} ${text}`).join("")}`;
    return whole.endsWith("…") ? whole : `${whole}.`;
  }

  // A short label of its own, until somebody gives it another.
  label(body, object) {
    const said = this.trigger(body.on ?? {}, object);
    const on = said.charAt(0).toLowerCase() + said.slice(1);
    const does = (body.do ?? []).map((one) => this.action(one, object)).join(", ");
    const whole = does ? `${does} ${on}` : said;
    const short = `${whole.charAt(0).toUpperCase()}${whole.slice(1)}`;
    return short.length > 80 ? `${short.slice(0, 78).trimEnd()} …` : short;
  }
}
