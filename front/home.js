// The own home page while it is arranged: pins are dragged or moved by keys; each change is kept at once.
import { arrange } from "./arrange.js";
import { all, one, speak } from "./dom.js";
import { csrf, page } from "./http.js";
import { toast } from "./toasts.js";

const root = () => one("#home");
const lists = () => all("[data-pins]", root());
const tile = (name) => one(`[data-pin="${CSS.escape(name)}"]`, root());
let sorted = null;

// Sends one change, then shows the page as the server knows it now; focus stays where the person is.
async function press(name, what) {
  const body = new URLSearchParams({ csrf: csrf(), pin: name, press: what });
  const answer = await fetch("/home/pins", { method: "POST", headers: { "X-CSRF-Token": csrf() }, body, credentials: "same-origin" }).catch(() => null);
  if (!answer?.ok) toast("This was not kept. Reload the page, then try again.", { tone: "bad" });
  const fresh = await page(location.href).catch(() => null);
  if (!fresh) return;
  root().replaceChildren(...one("#home", fresh).childNodes);
  sorted?.refresh();
}

function next(name, what, button) {
  const again = tile(name);
  if (!again) return one("#others-title", root());
  const label = button?.getAttribute("aria-label");
  const same = label && all("button", again).find((other) => other.getAttribute("aria-label") === label);
  return same ?? again;
}

export async function start() {
  root().addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = event.submitter;
    const name = one("[name=pin]", event.target)?.value ?? "";
    await press(name, button.value);
    next(name, button.value, button)?.focus();
    speak(button.value === "hide" ? "Hidden. It is in the list of pins that are not on the page." : "Done.");
  });
  sorted = await arrange({
    root: root(), lists, item: "[data-pin]",
    moved: async (node) => {
      const name = node.dataset.pin;
      const focused = node.contains(document.activeElement);
      await press(name, `before=${node.nextElementSibling?.dataset.pin ?? ""}`);
      if (focused) tile(name)?.focus();
    },
  });
}
