// Pages before sign-in: nothing here is needed to read or to send a form.
import { one } from "./dom.js";
import { start } from "./forms.js";
import { prove } from "./proof.js";

start();
prove();
if (one("form[data-logic], [data-depends-on]")) import("./logic.js").then((module) => module.start());

// An embedded form tells the page around it how tall it is.
const embedded = one(".stage.embedded");
if (embedded && parent !== window) {
  const tell = () => parent.postMessage({ fluvial: "height", height: Math.ceil(document.documentElement.getBoundingClientRect().height) }, "*");
  new ResizeObserver(tell).observe(document.body);
}
