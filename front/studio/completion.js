// What may stand at the caret of an expression: fields by label and name, functions, options, people.
import { send } from "../http.js";
import { functions, level, memberAt } from "./data_model.js";

const GATHERING = new Set(["exists", "count", "sum", "avg", "min", "max", "first", "last", "list", "segment_sum"]);
const WORDS = [
  ["me", "Who is signed in"], ["record", "The record itself"], ["true", "Yes"], ["false", "No"], ["null", "Empty"],
  ["and", "Both hold"], ["or", "One of them holds"], ["not", "It does not hold"], ["in", "One of several"],
];
const MOST = 12;

// Where text in quotes is, so that brackets and words in it count for nothing; `open` where the end is in one.
function unquoted(text) {
  let quote = "";
  let from = 0;
  let plain = "";
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at];
    if (quote && sign === "\\") (plain += "  "), (at += 1);
    else if (quote) (quote = sign === quote ? "" : quote), (plain += " ");
    else if (sign === "'" || sign === '"') (quote = sign), (from = at + 1), (plain += " ");
    else plain += sign;
  }
  return { plain, open: quote ? from : -1 };
}

// The calls around the caret, the innermost last: [{name, arguments (before the caret)}].
export function callsAround(text) {
  const { plain } = unquoted(text);
  const calls = [];
  for (let at = 0; at < plain.length; at += 1) {
    if (plain[at] === "(" || plain[at] === "[") {
      const name = /([A-Za-z_]\w*)\s*$/.exec(plain.slice(0, at));
      calls.push({ name: plain[at] === "(" && name ? name[1] : "", starts: [at + 1] });
    } else if (plain[at] === ")" || plain[at] === "]") calls.pop();
    else if (plain[at] === "," && calls.length) calls.at(-1).starts.push(at + 1);
  }
  return calls;
}

// The object whose fields plain names are at the caret: inside exists(loans, ...) those of loans.
async function objectAt(text, { object, purpose }) {
  let current = object;
  for (const call of callsAround(text)) {
    if (!GATHERING.has(call.name) || call.starts.length < 2) continue;
    const first = text.slice(call.starts[0], call.starts[1] - 1).trim();
    const member = await memberAt(current, first.split("."), purpose);
    if (member?.collection || member?.many) current = member.of || current;
  }
  return current;
}

const matches = (words, ...texts) => !words || texts.some((text) => text?.toLowerCase().split(/[\s_.]+/).some((part) => part.startsWith(words)) || text?.toLowerCase().startsWith(words));

const fieldItem = (member, dotted) => ({ text: dotted + member.name, label: member.label, hint: member.kind_label, icon: member.icon, more: member.sample && member.sample !== "empty" ? member.sample : "", sort: 0 });

async function fields(object, dotted, words, context) {
  const path = dotted ? dotted.slice(0, -1).split(".") : [];
  let start = object;
  if (path[0] === "me") start = "user";
  else if (path[0] === "record") start = context.outer || context.object;
  const rest = ["me", "record"].includes(path[0]) ? path.slice(1) : path;
  const holder = rest.length ? await memberAt(start, rest, context.purpose) : { to: start };
  if (!holder) return [];
  const parts = (holder.parts ?? []).map((part) => ({ text: dotted + part.name, label: part.name, hint: part.about, icon: "point", sort: 0 }));
  const { members } = holder.to && !holder.collection ? await level(holder.to, { purpose: context.purpose, record: rest.length ? "" : context.record }) : { members: [] };
  const found = members.filter((member) => matches(words, member.label, member.name)).map((member) => fieldItem(member, dotted));
  return [...parts.filter((part) => matches(words, part.label)), ...found];
}

async function calls(words, context) {
  const { groups = [] } = await functions();
  const all = groups.flatMap((group) => group.functions.map((one) => ({ ...one, group: group.label })));
  return all
    .filter((one) => words && one.name.startsWith(words) && (context.change || one.group !== "Changes"))
    .map((one) => ({ text: `${one.name}(`, close: /\(\)$/.test(one.usage) ? ")" : "", label: one.usage, hint: one.about, icon: "math-function", sort: 1 }));
}

// The field that what stands at the caret is compared with.
function comparedWith(plain) {
  const match = /([A-Za-z_][\w.]*)\s*(?:==|!=|(?:not\s+)?in\s*\[?)\s*(?:[^[\]()]*,)?\s*$/.exec(plain);
  return match ? match[1].split(".") : null;
}

async function values(before, words, quoted, context) {
  const { plain } = unquoted(before);
  const path = comparedWith(plain.trimEnd());
  const member = path && (await memberAt(await objectAt(before, context), path, context.purpose));
  if (!member) return [];
  const written = (value) => (quoted ? `${value}'` : `'${value}'`);
  const options = (member.options ?? []).filter((option) => option.value && matches(words, option.label, option.value));
  if (options.length && member.type === "yes/no") return quoted ? [] : options.map((option) => ({ text: option.value, label: option.label, hint: member.label, icon: member.icon, sort: -1 }));
  if (options.length) return options.map((option) => ({ text: written(option.value), label: option.label, hint: member.label, icon: member.icon, sort: -1 }));
  const url = member.asked?.search_url;
  if (!url) return [];
  const found = await send("GET", `${url}&q=${encodeURIComponent(words)}`);
  return (found.data.results ?? []).slice(0, 8).map((one) => ({ text: written(one.value), label: one.label, hint: one.hint || member.label, icon: member.icon, sort: -1 }));
}

// What may be written at the caret: {from, items: [{text, label, hint, icon}]}, best first.
export async function completions(text, caret, context, asked = false) {
  const before = text.slice(0, caret);
  const { plain, open } = unquoted(before);
  if (open >= 0) return { from: open, items: await values(before.slice(0, open - 1), before.slice(open).toLowerCase(), true, context) };
  const [whole, dotted, word] = /((?:[A-Za-z_]\w*\.)*)([A-Za-z_]\w*)?$/.exec(plain) ?? ["", "", ""];
  const words = (word ?? "").toLowerCase();
  const from = caret - whole.length;
  const object = await objectAt(before, context);
  const offered = dotted ? [] : await values(before.slice(0, from), words, false, context);
  if (!whole && !asked && !offered.length) return { from, items: [] };
  const names = Object.keys(context.names ?? {}).filter((name) => !dotted && matches(words, name)).map((name) => ({ text: name, label: name, hint: "A name from around", icon: "tag", sort: 0 }));
  const plainWords = WORDS.filter(([name]) => !dotted && words && name.startsWith(words) && name !== words).map(([name, hint]) => ({ text: name, label: name, hint, icon: "point", sort: 2 }));
  const found = [...offered, ...names, ...(object ? await fields(object, dotted, words, context) : []), ...(dotted ? [] : await calls(words, context)), ...plainWords];
  const exact = (item) => (item.text === whole ? 1 : 0);
  const items = found.filter((item) => !(exact(item) && found.length === 1)).sort((one, other) => one.sort - other.sort);
  return { from, items: items.slice(0, MOST) };
}
