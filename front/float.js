// What floats: places menus so that they stay in view, closes them on Esc and on a press elsewhere.
import { autoUpdate, computePosition, flip, offset, shift } from "@floating-ui/dom";
import { all, one } from "./dom.js";

const placed = new WeakMap();

export function place(anchor, box, placement = "bottom-start") {
  release(box);
  const put = async () => {
    const spot = await computePosition(anchor, box, { strategy: "fixed", placement, middleware: [offset(6), flip({ padding: 8 }), shift({ padding: 8 })] });
    Object.assign(box.style, { position: "fixed", inset: "auto", top: `${spot.y}px`, left: `${spot.x}px`, right: "auto", bottom: "auto" });
  };
  placed.set(box, autoUpdate(anchor, box, put));
}

export function release(box) {
  placed.get(box)?.();
  placed.delete(box);
  for (const name of ["position", "inset", "top", "left", "right", "bottom"]) box.style.removeProperty(name);
}

function opened(event) {
  const host = event.target;
  if (!host.matches?.("details.host")) return;
  const box = one(":scope > :is(.menu, .pop)", host);
  if (!box) return;
  if (!host.open) return release(box);
  for (const other of all("details.host[open]")) if (other !== host && !other.contains(host)) other.open = false;
  const narrow = matchMedia("(max-width: 900px)").matches && box.matches(".kinds");
  if (!narrow) place(one("summary", host), box, box.matches(".right") ? "bottom-end" : box.matches(".up") ? "top-start" : "bottom-start");
}

function closeTop() {
  const open = all("details.host[open]").pop();
  if (!open) return false;
  open.open = false;
  one("summary", open).focus();
  return true;
}

export function start() {
  document.addEventListener("toggle", opened, true);
  addEventListener("click", (event) => {
    for (const host of all("details.host[open]")) if (!host.contains(event.target)) host.open = false;
  });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && closeTop()) event.stopPropagation();
    if (!["ArrowDown", "ArrowUp"].includes(event.key)) return;
    const menu = event.target.closest?.("details.host[open]");
    if (!menu || event.target.matches("input, textarea, select")) return;
    const items = all(".menu :is(a, button, input)", menu);
    if (!items.length) return;
    event.preventDefault();
    const step = event.key === "ArrowDown" ? 1 : -1;
    items[(items.indexOf(document.activeElement) + step + items.length) % items.length].focus();
  });
}
