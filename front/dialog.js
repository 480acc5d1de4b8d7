// Dialogs made by scripts: a title, a body, actions; focus goes in and comes back.
import { make } from "./dom.js";

let number = 0;

export function dialog(title, body, actions = [], classes = "") {
  const id = `dialog-${(number += 1)}`;
  const box = make("dialog", { class: `dialog ${classes}`, "aria-labelledby": id }, make("h2", { id, class: "h-main" }, title), ...[body].flat());
  const back = document.activeElement;
  if (actions.length) {
    const foot = make("div", { class: "foot" });
    for (const action of actions) {
      foot.append(make("button", { class: `btn ${action.primary ? "primary" : "quiet"}`, type: "button", onclick: async () => (await action.run?.(box)) !== false && box.close() }, action.label));
    }
    box.append(foot);
  }
  box.addEventListener("close", () => {
    box.remove();
    if (back?.isConnected) back.focus();
  });
  box.addEventListener("click", (event) => event.target === box && box.close());
  document.body.append(box);
  box.showModal();
  return box;
}
