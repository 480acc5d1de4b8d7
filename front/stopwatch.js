// The stopwatch in the top bar: it counts the minutes, and Stop asks in a dialog how long it took.
import { ask, failed } from "./asking.js";
import { one, speak } from "./dom.js";
import { send } from "./http.js";
import { toast } from "./toasts.js";

const MINUTE = 60000;

function tick(bar) {
  const minutes = Math.max(0, Math.floor((Date.now() - Date.parse(bar.dataset.since)) / MINUTE));
  one("[data-elapsed]", bar).textContent = `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}`;
}

async function stop(bar, link) {
  const title = one("a", bar).title;
  const done = await ask(link.href, (values, form) => send("POST", form.dataset.asking, values));
  if (done === undefined) return location.assign(link.href);
  if (done === null) return undefined;
  if (!done.ok) return failed(done);
  bar.remove();
  toast(`Stopped: ${title}`);
  speak("The stopwatch has stopped");
  return one("#main").focus();
}

export function start() {
  const bar = one("[data-stopwatch]");
  setInterval(() => tick(bar), MINUTE / 6);
  one("[data-stop]", bar).addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    stop(bar, event.currentTarget);
  });
}
