// "Why this number": a press on a calculated value opens what it is made of, and leads on into its parts.
import { all, make, one } from "./dom.js";
import { place, release } from "./float.js";
import { fragment } from "./http.js";
import { toast } from "./toasts.js";

let box = null;
let anchor = null;

function close(focus = true) {
  if (!box) return;
  release(box);
  box.remove();
  box = null;
  anchor.setAttribute("aria-expanded", "false");
  if (focus && anchor.isConnected) anchor.focus();
}

function show(part) {
  const trail = one(".reasons", box);
  if (trail) {
    const back = make("button", { class: "btn slim quiet", type: "button", onclick: () => (part.replaceWith(trail), focusIn()) }, "Back");
    part.prepend(back);
    trail.replaceWith(part);
  } else box.append(part);
  focusIn();
}

const focusIn = () => (one(".reasons a, .reasons button", box) ?? box).focus({ preventScroll: true });

async function open(link) {
  const inside = box?.contains(link);
  const part = await fragment(link.href).catch(() => null);
  if (!part) return toast("The reasons could not be read. Try again in a moment.", { tone: "bad" });
  if (inside && box) return show(part);
  close(false);
  anchor = link;
  box = make("div", { class: "pop why-pop", role: "dialog", "aria-label": one("h3", part)?.textContent ?? "Why", tabindex: "-1" });
  document.body.append(box);
  link.setAttribute("aria-expanded", "true");
  show(part);
  return place(link, box);
}

export function start() {
  addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-why]");
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      if (link === anchor && box) close();
      else open(link);
    } else if (box && event.target.isConnected && !box.contains(event.target)) close(false);
  });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && box) (event.stopPropagation(), close());
    if (event.key !== "Tab" || !box?.contains(document.activeElement)) return;
    const stops = [...all("a, button", box)];
    const last = event.shiftKey ? stops[0] : stops[stops.length - 1];
    if (document.activeElement === last || document.activeElement === box) (event.preventDefault(), close());
  }, true);
}
