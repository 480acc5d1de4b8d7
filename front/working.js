// Working time by a calendar, as metamodel/calendars/calendar.py has it: places on one line of time worked.
// Days are counted from 0001-01-01, which is a Monday; moments are microseconds (BigInt), durations seconds (BigInt).
import { EARLIEST, FIRST, LAST, LATEST, beginning, localDay } from "./calendar.js";

const MICROS = 1_000_000n;
const MOST = 10n ** 12n;
const DAY = 86_400;
const END = LAST - FIRST;

// The first place of a sorted list whose value is not below (or, behind equal ones, above) what is asked for.
function search(length, is) {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (is(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

const begin = (day, zone) => beginning(day + FIRST, zone);
const down = (value, unit) => (value - (((value % unit) + unit) % unit)) / unit;

export class Calendar {
  constructor({ zone, week, before, usual, special }) {
    Object.assign(this, { zone, week, before, usual });
    this.special = special.map(([day, reached, after, spans]) => ({ day, before: reached, after, spans }));
  }

  #behind(day) {
    return search(this.special.length, (at) => this.special[at].day >= day);
  }

  spans(day) {
    const found = this.special[this.#behind(day)];
    return found?.day === day ? found.spans : this.week[day % 7];
  }

  #plain(day) {
    return Math.floor(day / 7) * this.before[7] + this.before[day % 7];
  }

  #until(day) {
    const at = this.#behind(day);
    if (!at) return this.#plain(day);
    const last = this.special[at - 1];
    return last.after + this.#plain(day) - this.#plain(last.day + 1);
  }

  // The day of a moment and the microseconds since it began.
  #day(moment) {
    const found = localDay(moment, this.zone);
    let day = found === null ? (moment < 0n ? 0 : END) : found - FIRST;
    let start = begin(day, this.zone);
    if (moment < start && day > 0) {
      day -= 1;
      start = begin(day, this.zone);
    } else if (day < END) {
      const following = begin(day + 1, this.zone);
      if (moment >= following) [day, start] = [day + 1, following];
    }
    return [day, moment - start];
  }

  #place(moment) {
    const [day, passed] = this.#day(moment);
    let worked = BigInt(this.#until(day)) * MICROS;
    for (const [start, end] of this.spans(day)) {
      const since = passed - BigInt(start) * MICROS;
      const long = BigInt(end - start) * MICROS;
      worked += since < 0n ? 0n : since < long ? since : long;
    }
    return worked;
  }

  between(start, end) {
    return (this.#place(end) - this.#place(start)) / MICROS;
  }

  add(moment, seconds) {
    if (seconds === 0n) return moment;
    if (seconds > MOST || seconds < -MOST) return null;
    const place = this.#place(moment) + seconds * MICROS;
    return this.#at(place, seconds > 0n);
  }

  // The first moment at which so much has been worked, or the last until which no more has.
  #at(place, first) {
    const reached = (at) => BigInt(this.special[at].before) * MICROS;
    const at = search(this.special.length, (one) => (first ? reached(one) >= place : reached(one) > place));
    let [base, rest] = [0, place];
    if (at) {
      const last = this.special[at - 1];
      const after = BigInt(last.after) * MICROS;
      if (first ? place <= after : place < after) return this.#within(last.day, place - reached(at - 1), first);
      [base, rest] = [last.day + 1, place - after];
    }
    const week = BigInt(this.before[7]) * MICROS;
    const whole = rest + BigInt(this.#plain(base)) * MICROS;
    const weeks = down(first ? whole - 1n : whole, week);
    const left = whole - weeks * week;
    const seconds = first ? -down(-left, MICROS) : down(left, MICROS);
    const weekday = search(this.before.length, (one) => (first ? this.before[one] >= seconds : this.before[one] > seconds)) - 1;
    return this.#within(Number(weeks) * 7 + weekday, left - BigInt(this.before[weekday]) * MICROS, first);
  }

  #within(day, given, first) {
    if (day < 0 || day > END) return null;
    let rest = given;
    let found = [0, 0];
    for (const [start, end] of this.spans(day)) {
      found = [start, end];
      const long = BigInt(end - start) * MICROS;
      if (rest < long || (first && rest === long)) break;
      rest -= long;
    }
    const passed = begin(day, this.zone) + BigInt(found[0]) * MICROS + rest;
    return passed >= EARLIEST && passed <= LATEST ? passed : null;
  }

  isOpen(moment) {
    const [day, passed] = this.#day(moment);
    return this.spans(day).some(([start, end]) => BigInt(start) * MICROS <= passed && passed < BigInt(end) * MICROS);
  }

  days(seconds) {
    const size = seconds < 0n ? -seconds : seconds;
    const made = (size * BigInt(this.usual) * 2n + BigInt(DAY)) / BigInt(2 * DAY);
    return made > MOST ? null : seconds > 0n ? made : -made;
  }
}

export const OPERATIONS = {
  working_time: (start, end, calendar) => calendar.between(start, end),
  add_working_time: (moment, seconds, calendar) => calendar.add(moment, seconds),
  working_days: (seconds, calendar) => calendar.days(seconds),
  is_open: (moment, calendar) => calendar.isOpen(moment),
  is_working_day: (day, calendar) => calendar.spans(day - FIRST).length > 0,
};

// The calendars of a page by name, each read once.
export function calendars(written = {}) {
  const read = new Map();
  return (name) => {
    if (!read.has(name) && written[name]) read.set(name, new Calendar(written[name]));
    return read.get(name);
  };
}
