// Sentences to expressions: {joint, terms} with terms about fields, about collections, groups, and text as it is.
// The server reads expressions back (pages/sentence_reading.py).
import { plainNumber, seconds } from "./numbers.js";

const quote = (value) => `'${String(value).replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
const SIMPLE = /^[\w.]+(\(\))?$/; // joins with others as it is

// A number or a length of time in the words of expressions.
export function inWords(value, asked) {
  if (asked.holds === "length") return String(seconds(value, asked.day || undefined) ?? "");
  return asked.holds ? (plainNumber(value) ?? "") : String(value);
}

export const isGroup = (term) => Boolean(term.terms) && !term.collection;

function valueOf(term, op) {
  if (op.takes === "none") return "";
  if (op.takes !== "raw") return term.asked.quote === false ? inWords(term.value, term.asked) : quote(term.value);
  const binds = /\b(if|and|or|not|in)\b|[<>=]/.test(term.value) && !op.template.includes("[{v}]");
  return binds ? `(${term.value})` : String(term.value);
}

function about(term) {
  const op = term.asked?.ops.find((item) => item.name === term.op);
  if (!op) return null;
  const inner = term.collection ? expression(term) : "";
  const parts = { f: term.collection ?? term.field, v: valueOf(term, op), w: inner && `, ${inner}` };
  return op.template.replace(/\{([fvw])\}/g, (_, name) => parts[name]);
}

const written = (term) => (term.text !== undefined ? term.text : isGroup(term) ? expression(term) : about(term));

// Whether brackets have to keep a term together beside others.
const loose = (term) => (term.text === undefined ? isGroup(term) && term.terms.length > 1 : !SIMPLE.test(term.text));

export function expression({ terms, joint }) {
  const parts = terms.map((term) => [term, written(term)]).filter(([, text]) => text);
  if (parts.length === 1) return parts[0][1];
  return parts.map(([term, text]) => (loose(term) ? `(${text})` : text)).join(` ${joint || "and"} `);
}

// Where a term stands: its place in the terms, and in those of the terms around it, such as [1, 0].
export const termAt = (sentence, place) => place.reduce((level, at) => level.terms[at], sentence);

// The sentence with another term at a place; without one the term goes, and groups that nothing is left in.
export function replaced(sentence, [at, ...deeper], term) {
  const terms = [...sentence.terms];
  let next = term;
  if (deeper.length) next = replaced(terms[at], deeper, term);
  if (deeper.length && isGroup(next)) next = next.terms.length > 1 ? next : (next.terms[0] ?? null);
  if (next === null || next === undefined) terms.splice(at, 1);
  else terms[at] = next;
  return { ...sentence, terms };
}

// The sentence with one term more at the end of a level.
export function added(sentence, place, term) {
  if (!place.length) return { ...sentence, terms: [...sentence.terms, term] };
  const [at, ...deeper] = place;
  return { ...sentence, terms: sentence.terms.map((one, i) => (i === at ? added(one, deeper, term) : one)) };
}

const other = (joint) => (joint === "or" ? "and" : "or");

// The sentence with a term beside the last one of a level, in brackets of their own: A and (B or C).
export function bracketed(sentence, place, term) {
  if (place.length) {
    const [at, ...deeper] = place;
    return { ...sentence, terms: sentence.terms.map((one, i) => (i === at ? bracketed(one, deeper, term) : one)) };
  }
  const { joint, terms } = sentence;
  const last = terms.at(-1);
  if (terms.length < 2) return { ...sentence, joint: other(joint), terms: [...terms, term] };
  const inside = isGroup(last) && last.joint === other(joint) ? last.terms : [last];
  return { ...sentence, terms: [...terms.slice(0, -1), { joint: other(joint), terms: [...inside, term] }] };
}

export function joined(sentence, place, joint) {
  if (!place.length) return { ...sentence, joint };
  const [at, ...deeper] = place;
  return { ...sentence, terms: sentence.terms.map((one, i) => (i === at ? joined(one, deeper, joint) : one)) };
}
