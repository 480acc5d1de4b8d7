// Days as numbers from 1970-01-01, moments as microseconds from there (BigInt), zones through Intl.
import { num } from "./decimal.js";

export const MAX_MATCHED = 1000; // characters that a pattern is tried on here
const DAY = 86_400n;
const MICROS = 1_000_000n;
export const [FIRST, LAST] = [-719_162, 2_932_896]; // 0001-01-01 and 9999-12-31
export const [EARLIEST, LATEST] = [BigInt(FIRST) * DAY * MICROS, BigInt(LAST + 1) * DAY * MICROS - 1n];
const MOMENT = /^(\d{4}-\d\d-\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?(Z|[+-]\d\d:\d\d)?$/;

const down = (value, unit) => (value - (((value % unit) + unit) % unit)) / unit;
const inDays = (count) => (count >= FIRST && count <= LAST ? count : null);
const inTime = (micros) => (micros >= EARLIEST && micros <= LATEST ? micros : null);

// The calendar of 400 years repeats, so years are counted from a March far back.
function count(year, month, date) {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const place = shifted - era * 400;
  const inYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + date - 1;
  return era * 146_097 + place * 365 + Math.floor(place / 4) - Math.floor(place / 100) + inYear - 719_468;
}

function civil(days) {
  const all = days + 719_468;
  const era = Math.floor(all / 146_097);
  const place = all - era * 146_097;
  const year = Math.floor((place - Math.floor(place / 1460) + Math.floor(place / 36_524) - Math.floor(place / 146_096)) / 365);
  const inYear = place - (365 * year + Math.floor(year / 4) - Math.floor(year / 100));
  const late = Math.floor((5 * inYear + 2) / 153);
  const month = late < 10 ? late + 3 : late - 9;
  return { year: year + era * 400 + (month <= 2 ? 1 : 0), month, date: inYear - Math.floor((153 * late + 2) / 5) + 1 };
}

const monthEnd = (year, month) => count(month === 12 ? year + 1 : year, (month % 12) + 1, 1) - 1 - count(year, month, 1) + 1;

// The day that a text writes, or null.
export function day(text) {
  const found = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text);
  if (!found) return null;
  const [year, month, date] = found.slice(1).map(Number);
  if (year < 1 || month < 1 || month > 12 || date < 1 || date > monthEnd(year, month)) return null;
  return count(year, month, date);
}

export function writtenDay(days) {
  const { year, month, date } = civil(days);
  return `${String(year).padStart(4, "0")}-${String(month).padStart(2, "0")}-${String(date).padStart(2, "0")}`;
}

const formats = new Map();

// How far the clocks of a zone are ahead, in seconds.
function offset(seconds, zone) {
  if (zone === "UTC") return 0n;
  if (!formats.has(zone)) {
    const parts = { year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" };
    formats.set(zone, new Intl.DateTimeFormat("en-US", { ...parts, timeZone: zone, hourCycle: "h23", era: "short", calendar: "gregory" }));
  }
  const found = Object.fromEntries(formats.get(zone).formatToParts(new Date(Number(seconds) * 1000)).map(({ type, value }) => [type, value]));
  // Before 1582 its calendar is the Julian one; no zone had rules then, so any later day of the same clock does.
  if (seconds < -12_219_292_800n) return offset(-5_000_000_000n, zone);
  const year = found.era === "BC" ? 1 - Number(found.year) : Number(found.year);
  const local = BigInt(count(year, Number(found.month), Number(found.day))) * DAY + BigInt(Number(found.hour) * 3600 + Number(found.minute) * 60 + Number(found.second));
  return local - seconds;
}

const ahead = (micros, zone) => offset(down(micros, MICROS), zone) * MICROS;

// The local time of a moment, as if it were UTC.
const local = (micros, zone) => inTime(micros + ahead(micros, zone));

// Of a time that comes twice, the first; one that does not come is taken by the old clock.
function unbounded(wall, zone) {
  const before = ahead(wall - DAY * MICROS, zone);
  const after = ahead(wall + DAY * MICROS, zone);
  const first = wall - before;
  if (before === after || ahead(first, zone) === before) return first;
  const second = wall - after;
  return ahead(second, zone) === after ? second : first;
}

const moment = (wall, zone) => inTime(unbounded(wall, zone));

const startOfDay = (days, zone) => moment(BigInt(days) * DAY * MICROS, zone);

// When a day begins, also where that is before the first moment or behind the last.
export const beginning = (days, zone) => unbounded(BigInt(days) * DAY * MICROS, zone);

export function localDay(micros, zone) {
  const wall = local(micros, zone);
  return wall === null ? null : Number(down(wall, DAY * MICROS));
}

// The moment that a text writes; without an offset it is taken in the zone.
export function instant(text, zone) {
  const plainDay = day(text);
  if (plainDay !== null) return startOfDay(plainDay, zone);
  const found = MOMENT.exec(text);
  const days = found && day(found[1]);
  if (!found || days === null) return null;
  const [hour, minute, second] = [found[2], found[3], found[4] ?? "0"].map(Number);
  if (hour > 23 || minute > 59 || second > 59) return null;
  const wall = (BigInt(days) * DAY + BigInt(hour * 3600 + minute * 60 + second)) * MICROS + BigInt((found[5] ?? "").padEnd(6, "0"));
  if (found[6] === undefined) return moment(wall, zone);
  if (found[6] === "Z") return inTime(wall);
  const [hours, minutes] = found[6].slice(1).split(":").map(Number);
  if (hours > 23 || minutes > 59) return null;
  const shift = BigInt((hours * 60 + minutes) * 60) * MICROS;
  return inTime(found[6][0] === "+" ? wall - shift : wall + shift);
}

export function writtenMoment(micros) {
  const days = down(micros, DAY * MICROS);
  const rest = micros - days * DAY * MICROS;
  const seconds = Number(rest / MICROS);
  const two = (value) => String(Math.floor(value)).padStart(2, "0");
  const part = String(rest % MICROS).padStart(6, "0").replace(/0+$/, "");
  return `${writtenDay(Number(days))}T${two(seconds / 3600)}:${two((seconds % 3600) / 60)}:${two(seconds % 60)}${part && `.${part}`}Z`;
}

// The local time of a moment, as 2026-06-15T13:00:00.
export const localTime = (micros, zone) => writtenMoment(local(micros, zone) ?? micros).replace("Z", "");

const shiftMoment = (micros, seconds) => inTime(micros + seconds * MICROS);
const shiftDay = (days, seconds) => inDays(Number(BigInt(days) + down(seconds, DAY)));

function addMonths(days, months) {
  const { year, month, date } = civil(days);
  const all = BigInt(year * 12 + month - 1) + months;
  const [later, place] = [Number(down(all, 12n)), Number(((all % 12n) + 12n) % 12n) + 1];
  if (later < 1 || later > 9999) return null;
  return count(later, place, Math.min(date, monthEnd(later, place)));
}

function addMonthsToMoment(micros, months, zone) {
  const wall = local(micros, zone);
  if (wall === null) return null;
  const days = down(wall, DAY * MICROS);
  const moved = addMonths(Number(days), months);
  return moved === null ? null : moment(BigInt(moved) * DAY * MICROS + wall - days * DAY * MICROS, zone);
}

// 1 for Monday to 7 for Sunday.
const weekday = (days) => ((((days + 3) % 7) + 7) % 7) + 1;
const FIRSTS = { month: (month) => month, quarter: (month) => month - ((month - 1) % 3), year: () => 1 };
const LENGTHS = { month: 1n, quarter: 3n, year: 12n };

function startOfDate(days, unit) {
  if (unit === "week") return inDays(days - weekday(days) + 1);
  if (!(unit in FIRSTS)) return days;
  const { year, month } = civil(days);
  return count(year, FIRSTS[unit](month), 1);
}

function endOfDate(days, unit) {
  if (unit === "week") return inDays(days - weekday(days) + 7);
  if (!(unit in FIRSTS)) return days;
  const { year, month } = civil(days);
  const last = BigInt(FIRSTS[unit](month)) + LENGTHS[unit] - 1n;
  return count(year, Number(last), monthEnd(year, Number(last)));
}

function startOfMoment(micros, unit, zone) {
  const wall = local(micros, zone);
  if (wall === null) return null;
  if (unit === "hour") return inTime(micros - (wall - down(wall, 3600n * MICROS) * 3600n * MICROS));
  const first = startOfDate(Number(down(wall, DAY * MICROS)), unit);
  return first === null ? null : startOfDay(first, zone);
}

function endOfMoment(micros, unit, zone) {
  if (unit === "hour") {
    const start = startOfMoment(micros, unit, zone);
    return start === null ? null : shiftMoment(start, 3600n);
  }
  const today = localDay(micros, zone);
  const last = today === null ? null : endOfDate(today, unit);
  const after = last === null ? null : inDays(last + 1);
  return after === null ? null : startOfDay(after, zone);
}

export const OPERATIONS = {
  start_of_day: startOfDay,
  local_date: localDay,
  shift_date: shiftDay,
  shift_moment: shiftMoment,
  add_months: addMonths,
  add_months_to_moment: addMonthsToMoment,
  between_dates: (left, right) => BigInt(left - right) * DAY,
  between_moments: (left, right) => (left - right) / MICROS,
  year: (days) => num(civil(days).year),
  month: (days) => num(civil(days).month),
  day: (days) => num(civil(days).date),
  weekday: (days) => num(weekday(days)),
  start_of_date: startOfDate,
  end_of_date: endOfDate,
  start_of_moment: startOfMoment,
  end_of_moment: endOfMoment,
  read_date: day,
  read_moment: instant,
  write_date: writtenDay,
  write_moment: writtenMoment,
};
