// Proof of work of a web form: a number that makes SHA-256 of `challenge:number` begin with zeros.
// It is looked for while people type. Without it, or without a secure page, the form waits longer.
import { make, one } from "./dom.js";

const encoder = new TextEncoder();
const BATCH = 64;

async function fits(challenge, number, bits) {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", encoder.encode(`${challenge}:${number}`)));
  for (let bit = 0; bit < bits; bit += 8) {
    const left = bits - bit;
    if (left >= 8 ? hash[bit >> 3] : hash[bit >> 3] >> (8 - left)) return false;
  }
  return true;
}

async function search(challenge, bits) {
  for (let first = 0; ; first += BATCH) {
    const numbers = Array.from({ length: BATCH }, (_, at) => first + at);
    const found = await Promise.all(numbers.map((number) => fits(challenge, number, bits)));
    const at = found.indexOf(true);
    if (at >= 0) return first + at;
  }
}

export async function prove() {
  const asked = one('input[name="proof_bits"]');
  const token = one('input[name="token"]', asked?.form);
  if (!asked || !token || !globalThis.crypto?.subtle) return;
  const number = await search(token.value.split(".")[0], Number(asked.value));
  asked.form.append(make("input", { type: "hidden", name: "proof", value: String(number) }));
}
