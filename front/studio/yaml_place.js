// The line of YAML in block style at which a place of its document stands.

const depth = (line) => line.search(/\S/);

// lineOf("columns:\n- name", "/columns/0") -> where that line begins and ends; the nearest one around it that is found.
export function lineOf(text, pointer) {
  const lines = text.split("\n");
  let found = 0;
  let from = 0; // the first line in which the next step may stand
  for (const step of pointer.split("/").filter(Boolean)) {
    const at = /^\d+$/.test(step) ? itemAt(lines, from, Number(step)) : keyAt(lines, from, step);
    if (at < 0) break;
    found = at;
    from = /^\d+$/.test(step) ? at : at + 1;
  }
  const start = lines.slice(0, found).join("\n").length + (found ? 1 : 0);
  return [start, start + lines[found].length];
}

function itemAt(lines, from, wanted) {
  const first = lines.findIndex((line, at) => at >= from && line.trim());
  if (first < 0 || !/^\s*-( |$)/.test(lines[first])) return -1; // a list on one line: that line is the place
  let left = wanted;
  for (let at = first; at < lines.length; at += 1) {
    if (lines[at].trim() && depth(lines[at]) < depth(lines[first])) return -1;
    if (/^\s*-( |$)/.test(lines[at]) && depth(lines[at]) === depth(lines[first]) && left-- === 0) return at;
  }
  return -1;
}

function keyAt(lines, from, name) {
  const key = new RegExp(`^\\s*(- )*["']?${name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}["']?:`);
  return lines.findIndex((line, at) => at >= from && key.test(line));
}
