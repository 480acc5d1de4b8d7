// The pages of what rules did: filters show at once, and all that failed is sent again with progress.
import { all, one } from "./dom.js";
import { csrf } from "./http.js";
import { toastNext } from "./toasts.js";

async function portion(form) {
  const body = new URLSearchParams(new FormData(form));
  const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json", "X-CSRF-Token": csrf() } }).catch(() => null);
  return answer?.ok ? answer.json() : null;
}

async function again(form) {
  const button = one("button", form);
  const bar = one("progress", form);
  const said = one("[data-said]", form);
  const capped = button.dataset.total.includes("+");
  const total = Number(button.dataset.total.replace(/\D/g, ""));
  button.disabled = true;
  bar.hidden = false;
  if (!capped) bar.max = total;
  for (let done = 0; ; ) {
    const result = await portion(form);
    if (!result) {
      said.textContent = `Put back ${done.toLocaleString("en")}, then the server did not answer. Press again for the rest.`;
      button.disabled = false;
      return;
    }
    done += result.again;
    if (!capped) bar.value = done;
    said.textContent = `Put back ${done.toLocaleString("en")} of ${button.dataset.total}.`;
    if (result.more) continue;
    toastNext(`${done.toLocaleString("en")} are sent again`);
    location.reload();
    return;
  }
}

export function start() {
  for (const form of all("form[data-submits]")) {
    one("[data-plain]", form)?.remove();
    form.addEventListener("change", () => form.requestSubmit());
  }
  for (const form of all("form[data-again]")) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      again(form);
    });
  }
}
