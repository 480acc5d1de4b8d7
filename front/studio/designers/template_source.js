// The source of a template as parts that can be edited, and back. What nobody touched is written as it was read.
// A block is {type, raw}: para, table, list, if, for, gap (space between blocks) or protected (what is not understood).

const JINJA = /\{\{[\s\S]*?\}\}|\{%[\s\S]*?%\}|\{#[\s\S]*?#\}/g;
const TAG = /<!--[\s\S]*?-->|<!doctype[^>]*>|<\/?[a-zA-Z][^<>]*>/gi;
const PLACES = /\{\{|\{%|\{#/;
const KNOWN_TAG = /^<\/?([a-zA-Z][a-zA-Z0-9]*)/;
const VOID = new Set(["br", "hr", "img", "meta", "link", "input", "col"]);
const INLINE = new Set(["strong", "b", "em", "i", "u", "a", "br", "small", "s", "code"]);
const PARAS = new Set(["p", "h1", "h2", "h3", "h4", "li", "td", "th", "blockquote"]);
const HTML = /<!doctype\b|<!--|<\/?(?:a|abbr|article|b|blockquote|body|br|caption|center|code|col|colgroup|dd|div|dl|dt|em|font|footer|h[1-6]|head|header|hr|html|i|img|li|link|main|meta|ol|p|pre|s|section|small|span|strong|style|sub|sup|table|tbody|td|tfoot|th|thead|title|tr|u|ul)(?=[\s/>])/i;

// Words and places in their order.
function lexed(source) {
  const found = [];
  let at = 0;
  for (const match of source.matchAll(JINJA)) {
    if (match.index > at) found.push({ text: source.slice(at, match.index) });
    found.push({ place: match[0] });
    at = match.index + match[0].length;
  }
  if (at < source.length) found.push({ text: source.slice(at) });
  return found;
}

export const isHtml = (source) => lexed(source).some((part) => part.text !== undefined && HTML.test(part.text));

function place(raw) {
  if (raw.startsWith("{{")) return { is: "out", raw, inner: raw.slice(2, -2).replace(/^-|-$/g, "").trim() };
  if (raw.startsWith("{#")) return { is: "comment", raw };
  const inner = raw.slice(2, -2).replace(/^[-+]|[-+]$/g, "").trim();
  const word = inner.split(/\s/)[0];
  return { is: "do", raw, word, rest: inner.slice(word.length).trim() };
}

function tag(raw) {
  const name = (KNOWN_TAG.exec(raw)?.[1] ?? "").toLowerCase();
  return { is: name ? "tag" : "comment", raw, name, close: raw.startsWith("</"), alone: VOID.has(name) || raw.endsWith("/>") };
}

// A tag whose attributes hold places is one token with them.
function tokens(source, html) {
  const found = [];
  if (!html) {
    for (const part of lexed(source)) {
      if (part.place) found.push(place(part.place));
      else for (const text of part.text.split(/(\n[ \t]*\n\s*)/)) if (text) found.push({ is: /^\n[ \t]*\n\s*$/.test(text) ? "gap" : "text", raw: text });
    }
    return found;
  }
  const places = [];
  const marked = lexed(source).map((part) => (part.place ? `\ue000${places.push(part.place) - 1}\ue001` : part.text)).join("");
  const back = (text) => text.replace(/\ue000(\d+)\ue001/g, (_, at) => places[at]);
  const words = (text) => {
    for (const part of text.split(/(\ue000\d+\ue001)/)) {
      const mark = /^\ue000(\d+)\ue001$/.exec(part);
      if (mark) found.push(place(places[mark[1]]));
      else if (part) found.push({ is: "text", raw: part });
    }
  };
  let at = 0;
  for (const match of marked.matchAll(TAG)) {
    words(marked.slice(at, match.index));
    found.push({ ...tag(back(match[0])), marked: match[0].includes("\ue000") });
    at = match.index + match[0].length;
  }
  words(marked.slice(at));
  return found;
}

const plainTag = (token) => !token.marked && (token.close || token.alone ? true : token.name === "a" ? /^<a\s+href="[^"]*"\s*>$/i.test(token.raw) : /^<[a-z]+\s*>$/i.test(token.raw));
const blank = (token) => token.is === "text" && !token.raw.trim();
const joined = (list) => list.map((token) => token.raw).join("");

// Where what begins here ends: the index of its closing token, or -1.
function closing(list, at) {
  const first = list[at];
  let depth = 0;
  for (let i = at; i < list.length; i += 1) {
    const token = list[i];
    if (first.is === "tag" && token.is === "tag" && token.name === first.name && !token.alone) depth += token.close ? -1 : 1;
    if (first.is === "do" && token.is === "do") depth += token.word === first.word ? 1 : token.word === `end${first.word}` ? -1 : 0;
    if (depth === 0) return i;
  }
  return -1;
}

const fitsInline = (list) => {
  const open = [];
  for (const token of list) {
    if (token.is === "gap" || token.is === "comment") return false;
    if (token.is === "do" && token.word === "for") return false;
    if (token.is !== "tag") continue;
    if (!INLINE.has(token.name) || !plainTag(token)) return false;
    if (token.alone) continue;
    if (token.close ? open.pop() !== token.name : !open.push(token.name)) return false;
  }
  return !open.length;
};

const para = (open, inside, close, name) => ({ type: "para", tag: name, open, close, inside, raw: open + joined(inside) + close });

class Reader {
  constructor(list, html) {
    Object.assign(this, { list, html });
  }

  blocks(from, to, within = "") {
    const found = [];
    for (let at = from; at < to; ) {
      const [block, next] = this.block(at, to, within);
      found.push(block);
      at = next;
    }
    return found;
  }

  block(at, to, within) {
    const token = this.list[at];
    if (token.is === "gap" || blank(token)) return [{ type: "gap", raw: token.raw }, at + 1];
    if (token.is === "do" && (token.word === "if" || token.word === "for")) {
      const made = this.statement(at, to, within);
      if (made) return made;
    }
    if (token.is === "tag" && !token.close && !token.alone && !INLINE.has(token.name)) return this.element(at, to);
    if (within === "table" || within === "list") return this.protect(at, to);
    return this.loose(at, to);
  }

  protect(at, to) {
    const end = ["tag", "do"].includes(this.list[at].is) && !this.list[at].close && !this.list[at].alone ? closing(this.list, at) : at;
    const next = end < 0 || end >= to ? at + 1 : end + 1;
    return [{ type: "protected", raw: joined(this.list.slice(at, next)) }, next];
  }

  element(at, to) {
    const token = this.list[at];
    const end = closing(this.list, at);
    if (end < 0 || end >= to || token.marked) return this.protect(at, to);
    const inside = this.list.slice(at + 1, end);
    if (PARAS.has(token.name) && fitsInline(inside)) return [para(token.raw, inside, this.list[end].raw, token.name), end + 1];
    if (["table", "ul", "ol", "tr", "tbody", "thead"].includes(token.name)) {
      const children = this.blocks(at + 1, end, ["ul", "ol"].includes(token.name) ? "list" : "table");
      return [{ type: token.name === "tr" ? "row" : "box", tag: token.name, open: token.raw, children, close: this.list[end].raw, get raw() { return this.open + written(this.children) + this.close; } }, end + 1];
    }
    return this.protect(at, to);
  }

  statement(at, to, within) {
    const token = this.list[at];
    const end = closing(this.list, at);
    if (end < 0 || end >= to) return null;
    const inside = this.list.slice(at + 1, end);
    const nested = (index) => inside.slice(0, index).reduce((depth, one) => depth + (one.is !== "do" ? 0 : one.word === "if" || one.word === "for" ? 1 : /^end(if|for)$/.test(one.word) ? -1 : 0), 0);
    if (inside.some((one, index) => one.is === "do" && (one.word === "else" || one.word === "elif") && nested(index) === 0)) {
      return token.word === "if" && fitsInline(inside) && !within ? null : this.protect(at, to);
    }
    const large = inside.some((one) => one.is === "gap" || (one.is === "tag" && !INLINE.has(one.name)) || (one.is === "do" && one.word === "for"));
    if (token.word === "if" && !large && !within) return null; // stands in a line
    if (token.word === "for" && !/^[a-z_]\w*\s+in\s+[a-z_]\w*(\.[a-z_]\w*)+$/.test(token.rest)) return this.protect(at, to);
    const children = this.blocks(at + 1, end, within);
    const made = { type: token.word, open: token.raw, rest: token.rest, children, close: this.list[end].raw, get raw() { return this.open + written(this.children) + this.close; } };
    if (token.word === "for") [made.name, made.path] = token.rest.split(/\s+in\s+/);
    return [made, end + 1];
  }

  // Words without a tag around them, up to the next block.
  loose(at, to) {
    let end = at;
    while (end < to) {
      const token = this.list[end];
      if (token.is === "gap" || (token.is === "tag" && !INLINE.has(token.name)) || token.is === "comment") break;
      if (token.is === "do" && (token.word === "if" || token.word === "for")) {
        const close = closing(this.list, end);
        if (close < 0 || close >= to || this.statement(end, to, "")) break;
        end = close + 1;
      } else if (token.is === "do" && !/^(else|elif)$/.test(token.word)) break;
      else end += 1;
    }
    const inside = this.list.slice(at, end);
    if (end === at || !fitsInline(inside)) return this.protect(at, to);
    return [para("", inside, "", ""), end];
  }
}

export const written = (blocks) => blocks.map((block) => block.raw).join("");

// {html, blocks}: what is read is written again letter by letter, or is protected as a whole.
export function read(source) {
  const html = isHtml(source);
  if (/\{%-?\s*raw\b/.test(source)) return { html, blocks: source ? [{ type: "protected", raw: source }] : [] };
  const list = tokens(source, html);
  const blocks = new Reader(list, html).blocks(0, list.length);
  return { html, blocks: written(blocks) === source ? blocks : [{ type: "protected", raw: source }] };
}

// chips
const CHIP = /^([a-z_]\w*(?:\.\w+)*)\s*(?:\|\s*(date|datetime|money|number|image))?\s*(?:or\s*("[^"\\]*"|'[^'\\]*'))?$/;

// {path, format, empty} of a place that is a field; null of another one.
export function chipOf(inner) {
  const found = CHIP.exec(inner);
  return found ? { path: found[1].split("."), format: found[2] ?? "", empty: found[3] ? found[3].slice(1, -1) : "" } : null;
}

export const chipSource = ({ path, format, empty }) => `{{ ${path.join(".")}${format ? ` | ${format}` : ""}${empty ? ` or "${empty.replace(/["\\{}]/g, "")}"` : ""} }}`;

const PATH = "[a-z_]\\w*(?:\\.\\w+)*";
const COMPARED = new RegExp(`^(${PATH})\\s*(==|!=|>=|<=|>|<)\\s*("[^"\\\\]*"|'[^'\\\\]*'|-?\\d+(?:\\.\\d+)?)$`);

// {path, op, value} of a condition that is one comparison; null of another one.
export function conditionOf(text) {
  if (new RegExp(`^${PATH}$`).test(text) && text !== "not") return { path: text.split("."), op: "filled", value: "" };
  const not = new RegExp(`^not\\s+(${PATH})$`).exec(text);
  if (not) return { path: not[1].split("."), op: "empty", value: "" };
  const found = COMPARED.exec(text);
  return found ? { path: found[1].split("."), op: found[2], value: found[3].replace(/^["']|["']$/g, ""), text: /^["']/.test(found[3]) } : null;
}

export function conditionSource({ path, op, value, text }) {
  if (op === "filled") return path.join(".");
  if (op === "empty") return `not ${path.join(".")}`;
  return `${path.join(".")} ${op} ${text === false ? Number(value) || 0 : `"${String(value).replace(/["\\{}%]/g, "")}"`}`;
}
