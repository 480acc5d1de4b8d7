// Pages before sign-in: nothing here is needed to read or to send a form.
import { one } from "./dom.js";
import { start } from "./forms.js";
import { prove } from "./proof.js";

start();
prove();
if (one("form[data-logic], [data-depends-on]")) import("./logic.js").then((module) => module.start());

// Who moves here is somebody who reads: what opens links to look for harm does not.
const read = one("[data-seen]");
if (read) {
  const signs = ["pointermove", "pointerover", "pointerdown", "touchstart", "wheel", "scroll", "keydown"];
  const tell = () => {
    for (const sign of signs) removeEventListener(sign, tell, true);
    removeEventListener("blur", inside);
    fetch(read.dataset.seen, { method: "POST", keepalive: true });
  };
  // What is done in the frame of the document is told here only by the focus that goes there.
  const inside = () => setTimeout(() => document.activeElement?.tagName === "IFRAME" && tell());
  for (const sign of signs) addEventListener(sign, tell, { passive: true, capture: true });
  addEventListener("blur", inside);
}

// An embedded form tells the page around it how tall it is.
const embedded = one(".stage.embedded");
if (embedded && parent !== window) {
  const tell = () => parent.postMessage({ fluvial: "height", height: Math.ceil(document.documentElement.getBoundingClientRect().height) }, "*");
  new ResizeObserver(tell).observe(document.body);
}
