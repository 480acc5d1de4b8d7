// Toasts repeat what the page shows; they are never the only copy of an error.
import { icon, make, one } from "./dom.js";

const LIFE = 6000;
const TONES = { good: ["check", "good-i"], bad: ["alert-triangle", "bad-i"], info: ["bell", "acc-i"] };

export function toast(text, { tone = "good", action = null, life = LIFE } = {}) {
  const [name, classes] = TONES[tone] ?? TONES.info;
  const node = make("div", { class: "toast", role: tone === "bad" ? "alert" : "status" }, icon(name, classes), make("span", {}, text));
  if (action?.href) node.append(make("a", { class: "btn quiet slim", href: action.href }, action.label));
  else if (action) node.append(make("button", { class: "btn quiet slim", type: "button", onclick: () => (node.remove(), action.run()) }, action.label));
  one("#toasts")?.append(node);
  let timer = setTimeout(() => node.remove(), life);
  node.addEventListener("pointerenter", () => clearTimeout(timer));
  node.addEventListener("pointerleave", () => (timer = setTimeout(() => node.remove(), LIFE / 2)));
  return node;
}

// A toast that is shown on the next page.
export function toastNext(text) {
  try {
    sessionStorage.setItem("toast", text);
  } catch { /* storage is off */ }
}

export function start() {
  try {
    const text = sessionStorage.getItem("toast");
    sessionStorage.removeItem("toast");
    if (text) toast(text);
  } catch { /* storage is off */ }
}
