// Numbers and lengths of time as people write them; the server reads them in the same way (metamodel/written).
const UNSEEN = /[\u200b\u200e\u200f\u061c\u2066-\u2069\ufeff]/g;
const GROUPED = {
  ".": /^\d{1,3}([,'\u2019 ])\d{3}(?:\1\d{3})*$|^\d{1,2}([,'\u2019 ])(?:\d{2}\2)+\d{3}$/,
  ",": /^\d{1,3}([.'\u2019 ])\d{3}(?:\1\d{3})*$|^\d{1,2}([.'\u2019 ])(?:\d{2}\2)+\d{3}$/,
};
const UNITS = {};
const HOUR = "h hr hrs hour hours std stunde stunden heure heures";
for (const [size, words] of [[1, "s sec secs second seconds sek sekunde sekunden"], [60, "m min mins minute minutes minuten"], [3600, HOUR]]) {
  for (const word of words.split(" ")) UNITS[word] = size;
}
const PART = /(\d[\d.,' ]*?) ?(\p{L}+)\.?(?: |,|$|(?=\d))+/gu;
const DAYS = ["d", "day", "days", "tag", "tage", "jour", "jours"];

// The mark that the person's language writes before decimals.
export const mark = () => document.documentElement.dataset.decimal ?? ".";

// A number as an input holds it.
export const inMarks = (plain, decimal = mark()) => String(plain).replace(".", decimal);

function cleaned(text) {
  return text.replace(UNSEEN, "").replace(/[\u2212\u2012\u2013]/g, "-").replace(/\s/g, " ").trim();
}

// As the API has it. What is not a number stays as it is, for the API to refuse; null for what may be read in two ways.
export function plainNumber(text, decimal = mark()) {
  const [, sign, digits] = /^([-+]?) *(.*)$/.exec(cleaned(text));
  const at = digits.indexOf(decimal);
  const written = at < 0 ? digits : digits.slice(0, at);
  const part = at < 0 ? null : digits.slice(at + 1);
  const whole = GROUPED[decimal].test(written) ? written.replace(/\D/g, "") : written;
  if (part === "000" && /^\d{1,3}$/.test(whole) && Number(whole)) return null;
  return `${sign === "-" ? "-" : ""}${part !== null && !whole ? "0" : whole}${part === null ? "" : `.${part}`}`;
}

// Without the sign or unit that stands beside the input.
export function alone(text, ...beside) {
  let plain = cleaned(text);
  for (const sign of beside.filter(Boolean)) {
    if (plain.endsWith(sign)) plain = plain.slice(0, -sign.length).trim();
    else if (plain.startsWith(sign)) plain = plain.slice(sign.length).trim();
  }
  return plain;
}

// So many units of so many seconds, to the nearest second; NaN for what is not a number.
function counted(text, size, decimal) {
  const sure = /^(\d+)[.,](\d{1,2}|\d{4,})$/.exec(text);
  const plain = sure ? `${sure[1]}.${sure[2]}` : plainNumber(text, decimal);
  const found = /^(\d{1,12})(?:\.(\d{1,30}))?$/.exec(plain ?? "");
  if (!found || !size) return NaN;
  const ten = 10n ** BigInt(found[2]?.length ?? 0);
  return Number((BigInt(found[1] + (found[2] ?? "")) * BigInt(size) * 2n + ten) / (2n * ten));
}

// The seconds of a length of time; a plain number counts hours. A day is 24 hours, or a working day of a calendar.
// What is not one stays as it is, for the API to refuse.
export function seconds(value, day = 86400, decimal = mark()) {
  const typed = cleaned(value).toLowerCase();
  const bare = /^.*[\d ](\p{L}+)\.? ?[0-5]?\d$/u.exec(typed); // 1h 30
  const said = bare && UNITS[bare[1]] === 3600 ? `${typed}m` : typed;
  if (said === "") return null;
  const clock = /^(\d{1,9}):([0-5]\d)(?::([0-5]\d))?$/.exec(said);
  if (clock) return Number(clock[1]) * 3600 + Number(clock[2]) * 60 + Number(clock[3] ?? 0);
  const plain = /^\d[\d.,' ]*$/.test(said);
  const parts = plain ? [[said, said, "h"]] : [...said.matchAll(PART)];
  const whole = plain || said.replace(PART, "") === "";
  const size = (unit) => (DAYS.includes(unit) ? day : UNITS[unit]);
  const sum = parts.reduce((total, [, text, unit]) => total + counted(text, size(unit), decimal), 0);
  return whole && Number.isFinite(sum) ? sum : value;
}
