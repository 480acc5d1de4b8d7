// JSON pointers: the address of a place in a document.
const escaped = (step) => String(step).replaceAll("~", "~0").replaceAll("/", "~1");

export const below = (pointer, step) => `${pointer}/${escaped(step)}`;
export const steps = (pointer) => (pointer ? pointer.split("/").slice(1).map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~")) : []);
export const above = (pointer) => pointer.slice(0, pointer.lastIndexOf("/"));
export const last = (pointer) => steps(pointer).at(-1);

// A pointer beside another one: "../object" from /grants/0/fields is /grants/0/object.
export function beside(pointer, address) {
  if (address.startsWith("/")) return address;
  let at = pointer;
  let rest = address;
  while (rest.startsWith("../")) {
    at = above(at);
    rest = rest.slice(3);
  }
  return rest ? `${at}/${rest}` : at;
}
