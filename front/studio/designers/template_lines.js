// A line of a template that one types into: words, chips and simple marks, in one element.
import { all, make, one } from "../../dom.js";
import { chip } from "./template_chips.js";

const MARKUP = new Set(["B", "STRONG", "I", "EM", "U", "S", "SMALL", "CODE"]);
const decoder = document.createElement("textarea");

function decoded(text) {
  decoder.innerHTML = text.replaceAll("<", "&lt;");
  return decoder.value;
}

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

// {node, source(), insert(node)} of the tokens of one line.
export function line({ inside, html, scope, label, tag = "", changed, enter, back }) {
  const node = make("div", { class: `tline ${tag ? `t-${tag}` : ""}`, contenteditable: "true", role: "textbox", "aria-label": label, "aria-multiline": html ? "true" : null, spellcheck: "true" });
  const hard = inside.some((token) => /\u00a0|&nbsp;/.test(token.raw));
  const touch = () => {
    pairs(node);
    changed();
  };
  fillLine(node, inside, html, scope, touch);
  node.addEventListener("input", touch);
  node.addEventListener("paste", (event) => pasted(event));
  node.addEventListener("drop", (event) => event.preventDefault());
  node.addEventListener("keydown", (event) => key(event));

  function key(event) {
    if (event.target !== node) return;
    if (event.key === "Enter" && !event.isComposing && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      if (event.shiftKey && html) insertText("\n");
      else enter?.();
    } else if (event.key === "Backspace" && node.textContent === "" && !one(".tchip", node)) {
      if (back?.()) event.preventDefault();
    } else if ((event.ctrlKey || event.metaKey) && "bi".includes(event.key.toLowerCase())) {
      event.preventDefault();
      if (html) markUp(event.key.toLowerCase() === "b" ? "bold" : "italic");
    }
  }

  // What is pasted is words and nothing else.
  function pasted(event) {
    event.preventDefault();
    const text = (event.clipboardData?.getData("text/plain") ?? "").replace(/\r\n?/g, "\n");
    insertText(html || enter ? text : text.replace(/\s*\n\s*/g, " "));
  }

  function insertText(text) {
    const range = selected(node);
    range.deleteContents();
    const made = document.createDocumentFragment();
    text.split("\n").forEach((part, at) => made.append(...(at ? [html ? make("br") : "\n"] : []), part));
    const last = made.lastChild;
    range.insertNode(made);
    after(last);
    touch();
  }

  const markUp = (what) => {
    node.focus();
    document.execCommand("styleWithCSS", false, false);
    document.execCommand(what);
    touch();
  };
  const insert = (made, range = selected(node)) => {
    range.deleteContents();
    range.insertNode(made);
    after(made);
    touch();
  };
  return { node, insert, markUp, html, scope, touch, source: () => sourceOf(node, html, hard) };
}

// Where the cursor is in a line; its end where it is elsewhere.
export function selected(node) {
  const selection = getSelection();
  if (selection.rangeCount && node.contains(selection.getRangeAt(0).commonAncestorContainer)) return selection.getRangeAt(0);
  const range = document.createRange();
  range.selectNodeContents(node);
  range.collapse(false);
  return range;
}

function after(made) {
  const range = document.createRange();
  range.setStartAfter(made);
  range.collapse(true);
  const selection = getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
  made.parentElement?.closest("[contenteditable=true]")?.focus();
}

function fillLine(node, inside, html, scope, touch) {
  const open = [node];
  const marks = [];
  for (const token of inside) {
    const top = open.at(-1);
    if (token.is === "text") top.append(html ? decoded(token.raw) : token.raw);
    else if (token.is === "tag" && token.name === "br") top.append(make("br"));
    else if (token.is === "tag" && token.close) open.pop();
    else if (token.is === "tag") {
      const made = make(token.name, token.name === "a" ? { href: decoded(/href="([^"]*)"/.exec(token.raw)?.[1] ?? ""), tabindex: "-1" } : {});
      top.append(made);
      open.push(made);
    } else {
      const made = chip(token.raw, scope, touch);
      if (token.word === "if") marks.push(String((pairNumber += 1)));
      if (["if", "else", "elif", "endif"].includes(token.word)) made.dataset.pair = marks.at(-1) ?? "";
      if (token.word === "endif") marks.pop();
      top.append(made);
    }
  }
}

let pairNumber = 0;

// A condition in the line, around what is selected.
export function wrapped(lineOf, source, range) {
  const pair = String((pairNumber += 1));
  const [first, last] = [chip(`{% if ${source} %}`, lineOf.scope, lineOf.touch), chip("{% endif %}", lineOf.scope, lineOf.touch)];
  first.dataset.pair = last.dataset.pair = pair;
  const words = range.extractContents();
  range.insertNode(last);
  range.insertNode(words);
  range.insertNode(first);
  lineOf.touch();
  return first;
}

// The other mark goes with one that was taken out.
function pairs(node) {
  const marks = all("[data-pair]", node);
  const count = (pair, word) => marks.filter((one_) => one_.dataset.pair === pair && one_.dataset.mark === word).length;
  for (const mark of marks) if (count(mark.dataset.pair, "if") !== 1 || count(mark.dataset.pair, "endif") !== 1) mark.remove();
}

function sourceOf(node, html, hard) {
  let text = "";
  for (const child of node.childNodes) {
    if (child.nodeType === Node.TEXT_NODE) {
      const words = hard ? child.data : child.data.replaceAll("\u00a0", " ");
      text += html ? escaped(words).replaceAll("\u00a0", "&nbsp;") : words;
    } else if (child.nodeType !== Node.ELEMENT_NODE) continue;
    else if (child.dataset.raw !== undefined) text += child.dataset.raw;
    else if (child.tagName === "BR") text += html ? "<br>" : "\n";
    else if (child.tagName === "A" && html) text += `<a href="${escaped(child.getAttribute("href") ?? "").replaceAll('"', "&quot;")}">${sourceOf(child, html, hard)}</a>`;
    else if (MARKUP.has(child.tagName) && html) text += `<${child.tagName.toLowerCase()}>${sourceOf(child, html, hard)}</${child.tagName.toLowerCase()}>`;
    else text += sourceOf(child, html, hard);
  }
  return text;
}
