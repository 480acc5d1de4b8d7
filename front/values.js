// Reads what stands in a widget as the API wants it. What a widget holds is said by its kind's face: data-holds.
import { all, one } from "./dom.js";
import { alone, inMarks, plainNumber, seconds } from "./numbers.js";

const text = (field) => one("input:not([type=hidden]), textarea, select", field)?.value ?? "";
const orNull = (value) => (value.trim() === "" ? null : value.trim());
const chosen = (field) => [...one("select", field).selectedOptions].map((option) => option.value).filter(Boolean);

// A local time in a named zone, as RFC 3339: the offset is asked of the browser, twice for the edges of summer time.
export function zoned(local, zone) {
  if (!local) return null;
  const wall = Date.parse(`${local}Z`);
  const offset = (moment) => {
    const parts = Object.fromEntries(new Intl.DateTimeFormat("en-GB", { timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" }).formatToParts(moment).map((part) => [part.type, part.value]));
    return Date.parse(`${parts.year}-${parts.month}-${parts.day}T${parts.hour}:${parts.minute}:${parts.second}Z`) - moment;
  };
  const first = wall - offset(wall);
  return new Date(wall - offset(first)).toISOString().replace(".000Z", "Z");
}

// What may be read in two ways is sent so that the API refuses it.
function number(typed, ...beside) {
  if (typed.trim() === "") return null;
  const bare = alone(typed, ...beside);
  return plainNumber(bare) ?? `${bare} ?`;
}

const affix = (field) => one("span.affix", field)?.textContent.trim() ?? "";

function symbol(currency) {
  const parts = new Intl.NumberFormat(tongue(), { style: "currency", currency }).formatToParts(0);
  return parts.find((part) => part.type === "currency").value;
}

const person = (value) => {
  const [kind, id] = value.split(":");
  return { [kind]: id };
};

// What a select calls a record or somebody: `ID`, `user:ID`, `role:NAME`.
export const reference = (value) => value.id ?? Object.entries(value)[0].join(":");

const READ = {
  plain: (field) => orNull(text(field)),
  digits: (field) => number(text(field), affix(field)),
  amount: (field) => {
    const input = one("input", field);
    const currency = one("select", field)?.value ?? input.dataset.currency;
    const amount = number(input.value, currency, currency && symbol(currency));
    return amount === null ? null : { amount, currency };
  },
  tick: (field) => {
    const box = one("[type=checkbox]", field);
    return box ? box.checked : ({ true: true, false: false }[text(field)] ?? null);
  },
  day: (field) => orNull(text(field)),
  moment: (field) => zoned(text(field), one("input", field).dataset.zone || "UTC"),
  length: (field) => seconds(text(field), Number(one("input", field).dataset.day || 86400)),
  option: (field) => (one("select", field) ? chosen(field)[0] : one("input:checked", field)?.value) ?? null,
  options: (field) => all("input:checked", field).map((box) => box.value),
  link: (field) => chosen(field)[0] ?? null,
  links: chosen,
  any_link: (field) => {
    const id = one("select[data-lookup]", field).value;
    return id ? { object: one("select[data-any]", field).value, id } : null;
  },
  people: (field) => {
    const many = one("select", field).multiple;
    const found = chosen(field).map(person);
    return many ? found : (found[0] ?? null);
  },
};

export const readable = (field) => field.dataset.holds in READ;
export const read = (field) => READ[field.dataset.holds](field);

const tongue = () => (document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang);

// A value as a person would say it; labels come from the widget where it knows them.
export function say(value, field) {
  if (value === null || value === undefined || value === "") return "empty";
  if (Array.isArray(value)) return value.map((item) => say(item, field)).join(", ") || "empty";
  if (value === true || value === false) return value ? "Yes" : "No";
  if (typeof value === "object") {
    if ("amount" in value) return `${inMarks(value.amount)} ${value.currency}`;
    return say(reference(value), field);
  }
  if (/^\d{4}-\d\d-\d\d$/.test(value)) return new Intl.DateTimeFormat(tongue(), { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" }).format(new Date(value));
  const option = field && all("option", field).find((item) => item.value === String(value));
  return option ? option.textContent.trim() : String(value);
}
