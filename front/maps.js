// Route maps that are wider than their place show where the run stands.
import { all, one } from "./dom.js";

export function start() {
  for (const box of all(".mapbox")) {
    const here = one("[data-state=current]", box)?.getBoundingClientRect();
    if (!here || box.scrollWidth <= box.clientWidth) continue;
    const around = box.getBoundingClientRect();
    box.scrollLeft += here.left + here.width / 2 - around.left - around.width / 2;
  }
}
