// Forms: errors get the focus, files say their name, nothing typed is lost by accident, nothing is sent twice.
import { all, one } from "./dom.js";

function drops(root) {
  for (const label of all("[data-drop]", root)) {
    const input = one(`#${label.htmlFor}`);
    const show = () => {
      if (input.files.length) one("[data-chosen]", label).textContent = [...input.files].map((file) => file.name).join(", ");
    };
    input.addEventListener("change", show);
    for (const kind of ["dragover", "dragleave", "drop"]) {
      label.addEventListener(kind, (event) => {
        event.preventDefault();
        label.classList.toggle("over", kind === "dragover");
        if (kind !== "drop") return;
        input.files = event.dataTransfer.files;
        input.dispatchEvent(new Event("change", { bubbles: true }));
      });
    }
  }
}

function guard(form) {
  let dirty = false;
  form.addEventListener("input", () => (dirty = true));
  form.addEventListener("submit", () => (dirty = false));
  form.addEventListener("keydown", (event) => event.key === "Enter" && (event.ctrlKey || event.metaKey) && form.requestSubmit());
  addEventListener("beforeunload", (event) => dirty && event.preventDefault());
}

// A place for a value, put in where the cursor stands.
function inserts(event) {
  const select = event.target.closest?.("select[data-insert]");
  if (!select?.value) return;
  const area = one(`#${CSS.escape(select.dataset.insert)}`);
  area.setRangeText(select.value, area.selectionStart, area.selectionEnd, "end");
  select.value = "";
  area.dispatchEvent(new Event("input", { bubbles: true }));
  area.focus();
}

// A second press does nothing while the first is on its way.
function once(event) {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "true";
  setTimeout(() => delete form.dataset.sent, 8000);
  const button = event.submitter;
  if (button?.dataset.busy) button.replaceChildren(button.dataset.busy, "…");
  const bar = one("progress[hidden]", form);
  if (bar) {
    bar.removeAttribute("value");
    bar.hidden = false;
  }
}

export function start(root = document) {
  drops(root);
  all("form[data-form]", root).forEach(guard);
  const summary = one("[data-focus]", root);
  if (summary) summary.focus();
  else if (one("form[data-form]")) one("form[data-form] :is(input:not([type=hidden]), textarea, select)")?.focus();
  addEventListener("submit", once);
  addEventListener("change", inserts);
  for (const link of all(".note.bad a[href^='#']", root)) {
    link.addEventListener("click", () => {
      const target = one(link.getAttribute("href"));
      const input = target?.matches("input, select, textarea") ? target : one("input, select, textarea", target ?? document);
      setTimeout(() => (input?.tomselect ?? input)?.focus(), 0);
    });
  }
  for (const button of all("[data-do=reveal]", root)) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const input = one("input", button.parentElement);
      const on = input.type === "password";
      input.type = on ? "text" : "password";
      button.setAttribute("aria-pressed", String(on));
    });
  }
}

