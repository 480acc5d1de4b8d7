// The data model as the server tells it, level by level; each level is asked for once.
import { one } from "../dom.js";
import { send } from "../http.js";

const known = new Map();

function ask(address) {
  if (!known.has(address)) {
    const answer = send("GET", address).then((result) => (result.ok ? result.data : (known.delete(address), { members: [], found: [], fault: result.data.detail ?? "" })));
    known.set(address, answer);
  }
  return known.get(address);
}

const address = (object, asked) => {
  const query = new URLSearchParams(Object.entries(asked).filter(([, value]) => value));
  return `/studio/model/${encodeURIComponent(object)}?${query}`;
};

// {object, label, icon, record, members, found}; `asked` may hold record, holder, q and purpose.
export const level = (object, asked = {}) => ask(address(object, asked));

export const forget = () => known.clear();

export const functions = () => ask("/studio/functions");

// The member at the end of a path and the level that it is in; null where the path leads nowhere.
export async function memberAt(object, path, purpose = "") {
  let current = object;
  let found = null;
  for (const name of path) {
    if (!current) return null;
    const { members } = await level(current, { purpose });
    found = members.find((member) => member.name === name) ?? null;
    if (!found) return null;
    current = found.to;
  }
  return found;
}

// Pages outside the studio get the sheet of its widgets when they are first used.
export function sheet() {
  const address = one("[data-studio-sheet]")?.dataset.studioSheet;
  if (!address || one(`link[href="${address}"]`)) return Promise.resolve();
  return new Promise((done) => {
    const link = document.createElement("link");
    Object.assign(link, { rel: "stylesheet", href: address, onload: done, onerror: done });
    document.head.append(link);
  });
}
