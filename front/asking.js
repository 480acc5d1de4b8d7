// What an action asks for first: a dialog with the fields, whose answers go with it; a refusal keeps what was typed.
import { all, make, one, speak } from "./dom.js";
import { dialog } from "./dialog.js";
import { reason } from "./http.js";
import { toast } from "./toasts.js";
import { read, readable } from "./values.js";

export async function form(address) {
  const answer = await fetch(address, { headers: { Accept: "text/html", "HX-Request": "true" }, credentials: "same-origin" });
  if (answer.status === 204) return null;
  if (!answer.ok) throw new Error(String(answer.status));
  const holder = document.createElement("template");
  holder.innerHTML = await answer.text();
  return holder.content.firstElementChild;
}

function faults(box, result) {
  for (const old of all(".err", box)) old.remove();
  for (const input of all("[aria-invalid]", box)) input.removeAttribute("aria-invalid");
  const left = [];
  for (const fault of result.data.errors ?? []) {
    const field = one(`[data-field="${CSS.escape(String(fault.pointer).split("/").filter(Boolean).pop() ?? "")}"]`, box);
    if (!field) {
      left.push(fault.message);
      continue;
    }
    const line = make("span", { class: "err" }, fault.message);
    one("label, legend", field).after(line);
    one("input:not([type=hidden]), select, textarea", field)?.setAttribute("aria-invalid", "true");
  }
  const fault = one("[data-fault]", box);
  const said = result.data.errors?.length ? left.join(" ") : reason(result);
  fault.hidden = !said;
  fault.textContent = said;
  const wrong = one("[aria-invalid]", box);
  (wrong?.tomselect ?? wrong ?? one("[type=submit]", box)).focus();
  speak(reason(result));
}

// Gives what `submit` gave for the answers; null where somebody cancelled, undefined where nothing is asked.
export async function ask(address, submit) {
  const asked = await form(address).catch(() => null);
  if (!asked) return undefined;
  const fields = all("[data-field]", asked);
  if (!fields.every(readable)) return void location.assign(asked.getAttribute("action").replace(/\/actions\/([^/]+)$/, "/ask?action=$1"));
  return new Promise((resolve) => {
    let done = null;
    const box = dialog(asked.dataset.title, asked);
    box.addEventListener("close", () => resolve(done));
    const input = one("[data-field] :is(input:not([type=hidden]), textarea, select)", asked);
    if (one("select[data-lookup]", asked)) import("./lookups.js").then((module) => (module.start(asked), (input.tomselect ?? input).focus()));
    input?.focus();
    one("[data-leave]", asked).addEventListener("click", (event) => (event.preventDefault(), box.close()));
    asked.addEventListener("keydown", (event) => event.key === "Enter" && (event.ctrlKey || event.metaKey) && asked.requestSubmit());
    asked.addEventListener("submit", async (event) => {
      event.preventDefault();
      const button = one("[type=submit]", asked);
      button.disabled = true;
      const result = await submit(Object.fromEntries(fields.map((field) => [field.dataset.field, read(field)])), asked);
      button.disabled = false;
      if (!result.ok) return faults(box, result);
      done = result;
      return box.close();
    });
  });
}

// A refusal that names fields of the record is a question: which of them, as a part of an address.
export const lacking = (result) => (result.status === 422 ? (result.data.errors ?? []).map((fault) => String(fault.pointer).split("/").filter(Boolean)) : []).filter((steps) => steps.length).map((steps) => steps.pop()).join(",");

export const failed = (result) => toast(reason(result), { tone: "bad" });
