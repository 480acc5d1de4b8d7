// How values are given: as an option, as text with fields in it, as a field, or as an expression; and how each is written.
const LITERAL = /^'((?:[^'\\]|\\.)*)'$|^"((?:[^"\\]|\\.)*)"$/s;
const PATH = /^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*){0,5}$/;
const WORDS = new Set(["true", "false", "null"]);
const NUMBER = /^-?\d+(\.\d+)?$/;
const ESCAPES = { n: "\n", t: "\t" };

export const quote = (text) => `'${String(text).replaceAll("\\", "\\\\").replaceAll("'", "\\'").replaceAll("\n", "\\n").replaceAll("\t", "\\t")}'`;

// The text of a literal; null where it is none.
export function literal(source) {
  const found = LITERAL.exec(source.trim());
  return found ? (found[1] ?? found[2]).replace(/\\(.)/gs, (_, sign) => ESCAPES[sign] ?? sign) : null;
}

export const isPath = (source) => PATH.test(source) && !WORDS.has(source);
export const isNumber = (source) => NUMBER.test(source);

// The source of a value of a document: numbers, yes and no need no quotes there.
export const sourceOf = (value) => (value === undefined ? "" : String(value));

// The pieces of 'text' & field & 'text': [{text} or {path}]; null where it says anything else.
export function pieces(source) {
  const found = [];
  let rest = source.trim();
  while (rest) {
    const next = /^('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[a-z][a-z0-9_.]*)\s*(?:&\s*|$)/s.exec(rest);
    if (!next) return null;
    const text = literal(next[1]);
    if (text === null && !isPath(next[1])) return null;
    if (text !== null && /[{}]/.test(text)) return null;
    found.push(text === null ? { path: next[1] } : { text });
    if (next[0].length === rest.length && /&\s*$/.test(next[0])) return null;
    rest = rest.slice(next[0].length);
  }
  return found;
}

// "Renew {Title}" as 'Renew ' & title. What stands in brackets and is no field stays as it is.
export function joined(text, pathOf) {
  const parts = [];
  let said = "";
  const keep = () => said && parts.push(quote(said));
  for (const part of text.split(/(\{[^{}]*\})/)) {
    const path = part.startsWith("{") ? pathOf(part.slice(1, -1)) : "";
    if (!path) said += part;
    else {
      keep();
      said = "";
      parts.push(path);
    }
  }
  keep();
  return parts.join(" & ") || "''";
}

export const spoken = (parts, labelOf) => parts.map((part) => part.text ?? `{${labelOf(part.path)}}`).join("");

// The options of a field as [[source, label]]; also of yes and no.
export const optionsOf = (field) => field?.choices ?? [];

// In which of the four ways a source is given.
export function wayOf(source, field, canText = true) {
  const text = source.trim();
  const options = optionsOf(field);
  if (options.some(([one]) => one === text) || (options.length && (text === "null" || text === ""))) return "option";
  if (isPath(text)) return "field";
  if (text === "") return canText ? "text" : "field";
  if (literal(text) !== null || (isNumber(text) && isNumeric(field))) return "text";
  return canText && pieces(text) ? "text" : "expression";
}

export const isNumeric = (field) => field?.gives === "number";

// The way that a new value of a field begins with.
export function firstWay(field) {
  if (optionsOf(field).length) return "option";
  return field?.link ? "field" : "text";
}
