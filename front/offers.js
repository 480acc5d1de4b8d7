// What is made of a list or a board with one press, without leaving it: a pin.
import { all } from "./dom.js";
import { csrf, reason } from "./http.js";
import { toast } from "./toasts.js";

const PINS = /\/pins(\?|$)/;

async function pin(form) {
  const answer = await fetch(form.action, { method: "POST", headers: { Accept: "application/json", "X-CSRF-Token": csrf() }, body: new URLSearchParams({ csrf: csrf() }), credentials: "same-origin" }).catch(() => null);
  const data = answer ? await answer.json().catch(() => ({})) : {};
  if (answer?.ok) toast(`“${data.label}” is on your home page.`, { action: { label: "Change", href: data.change } });
  else toast(reason({ status: answer?.status ?? 0, data }), { tone: "bad" });
}

// Forms in menus are no different from those beside the list.
export function start() {
  for (const form of all("form")) {
    if (!PINS.test(form.getAttribute("action") ?? "") || form.closest("[data-arranging]")) continue;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      pin(form);
    });
  }
}
