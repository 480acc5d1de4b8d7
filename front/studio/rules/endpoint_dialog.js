// An endpoint made from within a rule: its name, its address, its secret from the environment, and a test message.
import { make, one } from "../../dom.js";
import { dialog } from "../../dialog.js";
import { reason, send } from "../../http.js";
import { toast } from "../../toasts.js";
import { nameOf } from "../schema.js";

const BYTES = 24;

// A secret that nobody has seen before; it is kept nowhere but where it is put.
function secret() {
  const bytes = crypto.getRandomValues(new Uint8Array(BYTES));
  return `whsec_${btoa(String.fromCharCode(...bytes))}`;
}

function field(id, label, input, help = "") {
  return make("div", { class: "field wide" }, make("label", { for: id }, label), input, help ? make("span", { class: "help" }, help) : null);
}

export function makeEndpoint(desk, run) {
  const label = make("input", { class: "input", id: "endpoint-label", required: true, autocomplete: "off" });
  const url = make("input", { class: "input", id: "endpoint-url", type: "url", required: true, placeholder: "https://hooks.example.com/desk", autocomplete: "off" });
  const env = make("input", { class: "input mono", id: "endpoint-env", autocomplete: "off", placeholder: "DESK_SECRET" });
  const said = make("p", { class: "mid bad", role: "alert" });
  const shown = make("div", {});
  label.addEventListener("input", () => {
    if (!env.dataset.own) env.value = label.value.trim() ? `${nameOf(label.value).toUpperCase()}_SECRET` : "";
  });
  env.addEventListener("input", () => (env.dataset.own = "true"));
  const generate = make("button", { class: "btn slim", type: "button", onclick: () => {
    const value = `${env.value || "ENDPOINT_SECRET"}=${secret()}`;
    shown.replaceChildren(make("p", { class: "small" }, "Put this line into the environment of Fluvial and start it again. It is kept nowhere here:"), make("input", { class: "input mono", readonly: true, value, "aria-label": "The line for the environment" }));
    one("input", shown).select();
  } }, "Generate a secret");
  const save = async () => {
    if (!label.reportValidity() || !url.reportValidity()) return false;
    const body = { kind: "endpoint", label: label.value.trim(), url: url.value.trim(), ...(env.value.trim() ? { secret: { env: env.value.trim() } } : {}) };
    const answer = await send("POST", "/studio/endpoint/new/save", { body });
    if (!answer.ok) {
      said.textContent = answer.data.href ? "This goes beyond your own rights. Ask an administrator to make the endpoint." : reason(answer);
      return false;
    }
    toast(`${body.label} is an endpoint now`);
    run({ name: answer.data.name, label: body.label, url: body.url, trouble: env.value.trim() && answer.data.notes ? answer.data.notes.join(" ") : "" });
    return true;
  };
  const box = dialog("A new endpoint", [
    make("p", { class: "mid dim" }, "The address of another system that messages are posted to."),
    field("endpoint-label", "Name", label),
    field("endpoint-url", "Address", url),
    field("endpoint-env", "Environment variable with the secret", env, "Messages are signed with it, so that the other side knows them. Empty: they are not signed."),
    make("div", { class: "stack" }, make("div", {}, generate), shown),
    said,
  ], [{ label: "Cancel" }, { label: "Make it", primary: true, run: save }]);
  label.focus();
  return box;
}

export async function testEndpoint(found) {
  toast("A test message is on its way", { tone: "info" });
  const answer = await send("POST", `/studio/endpoints/${found.name}/test`);
  const words = make("p", { class: `mid ${answer.ok ? "" : "bad"}` }, answer.ok ? answer.data.said : reason(answer));
  dialog(`Test of ${found.label}`, [words, make("p", { class: "small faint" }, found.url)], [{ label: "Close", primary: true }]);
}
