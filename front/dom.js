// Small helpers around the document.
export const one = (selector, root = document) => root.querySelector(selector);
export const all = (selector, root = document) => [...root.querySelectorAll(selector)];

export function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

const SVG = "http://www.w3.org/2000/svg";
let sprite = null;

export function icon(name, classes = "") {
  sprite ??= one("svg.ic use")?.getAttribute("href").split("#")[0] ?? "/static/vendor/icons.svg";
  const node = document.createElementNS(SVG, "svg");
  node.setAttribute("class", `ic ${classes}`.trim());
  node.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${sprite}#${name}`);
  node.append(use);
  return node;
}

export function speak(text) {
  const live = one("#live");
  if (!live) return;
  live.textContent = "";
  setTimeout(() => (live.textContent = text), 30);
}

export const data = (id) => JSON.parse(one(`#${id}`)?.textContent ?? "null");

export const typing = (event) => event.target.closest?.("input, textarea, select, [contenteditable]") && !event.target.matches("[type=checkbox], [type=radio]");

export function later(run, wait) {
  let timer = null;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => run(...given), wait);
  };
}
