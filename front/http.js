// Calls to the API: the token that guards writes, and problems as one plain shape.
import { one } from "./dom.js";

const SILENT = { detail: "The server did not answer. Check the connection, then try again." };

export const csrf = () => one("meta[name=csrf]")?.content ?? "";

export async function send(method, address, body) {
  const form = body instanceof FormData;
  const headers = { Accept: "application/json", "X-CSRF-Token": csrf() };
  if (body !== undefined && !form) headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(address, { method, headers, body: form || body === undefined ? body : JSON.stringify(body), credentials: "same-origin" });
  } catch {
    return { ok: false, status: 0, data: SILENT };
  }
  const text = await answer.text();
  let content = {};
  try {
    content = text ? JSON.parse(text) : {};
  } catch {
    content = { detail: `The server answered ${answer.status}.` };
  }
  return { ok: answer.ok, status: answer.status, data: content };
}

// What went wrong, in one sentence for a person.
export function reason(result) {
  const faults = result.data.errors ?? [];
  if (faults.length) return faults.map((fault) => fault.message).join(" ");
  return result.data.detail ?? result.data.title ?? `The server answered ${result.status}.`;
}

export async function page(address) {
  const answer = await fetch(address, { headers: { Accept: "text/html" }, credentials: "same-origin" });
  if (!answer.ok) throw new Error(String(answer.status));
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

export async function fragment(address) {
  const answer = await fetch(address, { headers: { Accept: "text/html", "HX-Request": "true" }, credentials: "same-origin" });
  if (!answer.ok) return null;
  const holder = document.createElement("template");
  holder.innerHTML = await answer.text();
  return holder.content.firstElementChild;
}
