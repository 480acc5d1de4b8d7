// Evaluates the JSON form of an expression (metamodel/expressions/browser.py), with the same meaning as the server.
// Values: text, true/false, null for empty, Num, Money, days as numbers, moments (microseconds) and durations (seconds)
// as BigInts, lists as arrays, references as "user:ID". What only the server knows throws ASK.
import { Num, OPERATIONS as ARITHMETIC, compare, fix, num } from "./decimal.js";
import { OPERATIONS as CALENDAR, MAX_MATCHED, day, instant } from "./calendar.js";
import { OPERATIONS as WORKING } from "./working.js";

export const ASK = Symbol("ask the server");

export class Money {
  constructor(amount, currency) {
    this.amount = amount;
    this.currency = currency;
  }
}

const MAX_TEXT = 1_000_000;
const BLANK = " \t\r\n\u00a0";
const single = (text, fold) => [...text].map((one) => ([...fold(one)].length === 1 ? fold(one) : one)).join("").normalize("NFC");
const points = (left, right) => {
  const [one, two] = [[...left], [...right]];
  for (let at = 0; at < Math.min(one.length, two.length); at += 1) {
    if (one[at] !== two[at]) return one[at].codePointAt(0) < two[at].codePointAt(0) ? -1 : 1;
  }
  return Math.sign(one.length - two.length);
};

function trim(text) {
  let [from, to] = [0, text.length];
  while (from < to && BLANK.includes(text[from])) from += 1;
  while (to > from && BLANK.includes(text[to - 1])) to -= 1;
  return text.slice(from, to) || null;
}

function matches(text, pattern) {
  if (text.length > MAX_MATCHED) throw ASK;
  return new RegExp(`^(?:${pattern})$`, "su").test(text);
}

const TEXT = {
  lower: (text) => single(text, (one) => one.toLowerCase()).replaceAll("İ", "i").normalize("NFC"),
  upper: (text) => single(text, (one) => one.toUpperCase()),
  trim,
  length: (text) => num([...text].length),
  contains: (text, part) => text.includes(part),
  starts_with: (text, part) => text.startsWith(part),
  ends_with: (text, part) => text.endsWith(part),
  matches,
  write_boolean: (answer) => (answer ? "true" : "false"),
};

const OPERATIONS = { ...TEXT, ...ARITHMETIC, ...CALENDAR, ...WORKING };

const nothing = (value) => value === null || (Array.isArray(value) && value.length === 0);

function order(left, right) {
  if (left instanceof Num) return compare(left, right);
  if (typeof left === "string") return points(left, right);
  return left < right ? -1 : Number(left > right);
}

export const same = (left, right) => (left instanceof Num ? compare(left, right) === 0 : left === right);

// A value as a form holds it, by the letter of its type.
const READ = {
  t: (value) => String(value).normalize("NFC"),
  b: (value) => value,
  n: (value) => readNumber(value),
  m: (value) => new Money(readNumber(value.amount), value.currency),
  d: (value) => day(value) ?? unread(),
  i: (value) => instant(value, "UTC") ?? unread(),
  s: (value) => (typeof value === "number" ? BigInt(Math.round(value)) : unread()),
  l: (value) => value.map((one) => (typeof one === "string" ? one : one.id)),
  a: (value) => `${value.object}:${value.id}`,
  p: (value) => Object.entries(value)[0].join(":"),
  q: (value) => value.map((one) => Object.entries(one)[0].join(":")),
};

// What cannot be read yet is left to the server.
function unread() {
  throw ASK;
}

function readNumber(value) {
  const [whole, ...rest] = String(value).trim().replace(/[\u00a0\u202f]/g, "").split(".");
  const grouped = /^-?\d{1,3}(,\d{3})+$/.test(whole) ? whole.replaceAll(",", "") : whole;
  return num([grouped, ...rest].join(".")) ?? unread();
}

function taken(value, letter) {
  if (value === undefined) throw ASK;
  return value === null || value === "" || nothing(value) ? (letter === "l" || letter === "q" ? [] : null) : READ[letter](value);
}

const changedTo = (env, name, letter) => [taken(env.before?.[name] ?? null, letter), taken(env.read(name, letter), letter)];

function alike(left, right) {
  if (nothing(left) || nothing(right)) return nothing(left) && nothing(right);
  if (Array.isArray(left)) return left.length === right.length && left.every((one, at) => same(one, right[at]));
  return left instanceof Money ? left.currency === right.currency && same(left.amount, right.amount) : same(left, right);
}

function grown(env, [name, letter, by], sign) {
  let [old, now] = changedTo(env, name, letter);
  const step = by === undefined ? undefined : run(by, env);
  if (old === null || now === null || step === null) return false;
  if (old instanceof Money) {
    if (old.currency !== now.currency) return false;
    [old, now] = [old.amount, now.amount];
  }
  if (sign < 0) [old, now] = [now, old];
  if (step === undefined) return order(now, old) > 0;
  if (letter === "i") return (now - old) / 1_000_000n >= step;
  if (letter === "d") return BigInt(now - old) * 86_400n >= step;
  return old instanceof Num ? compare(ARITHMETIC.subtract(now, old), step) >= 0 : now - old >= step;
}

function compared(left, right, holds) {
  if (left === null || right === null) return false;
  if (left instanceof Money) return left.currency === right.currency && holds(left.amount, right.amount);
  return holds(left, right);
}

const pair = (holds) => ([left, right], env) => compared(run(left, env), run(right, env), holds);

// One that settles the matter counts also where another has to be asked for.
function settles(parts, env, wanted) {
  let asked = false;
  for (const part of parts) {
    try {
      if ((run(part, env) === true) === wanted) return wanted;
    } catch (reason) {
      if (reason !== ASK) throw reason;
      asked = true;
    }
  }
  if (asked) throw ASK;
  return !wanted;
}

function amounts([name, gives, ...sides], env) {
  const values = sides.map((side) => run(side, env));
  if (values.includes(null)) return null;
  const currencies = new Set(values.filter((value) => value instanceof Money).map((value) => value.currency));
  if (currencies.size !== 1) return null;
  const result = OPERATIONS[name](...values.map((value) => (value instanceof Money ? value.amount : value)));
  return result === null || !gives ? result : new Money(result, [...currencies][0]);
}

function extreme(items, env, sign) {
  const values = items.map((item) => run(item, env)).filter((value) => value !== null);
  return values.length ? values.reduce((best, value) => (order(value, best) * sign > 0 ? value : best)) : null;
}

const via = (change) => ([operand, ...rest], env) => {
  const value = run(operand, env);
  return value === null ? null : change(value, ...rest);
};

const FORMS = {
  ask: unread,
  n: ([text]) => num(text),
  m: ([text, currency]) => new Money(num(text), currency),
  d: ([text]) => day(text),
  i: ([text]) => instant(text, "UTC"),
  s: ([text]) => BigInt(text),
  cal: ([name], env) => env.calendar?.(name) ?? unread(),
  list: (items, env) => items.map((item) => run(item, env)).filter((value) => value !== null),
  get: ([path, letter], env) => taken(env.read(path, letter), letter),
  today: (_, env) => env.today,
  now: (_, env) => env.now,
  and: (items, env) => settles(items, env, false),
  or: (items, env) => settles(items, env, true),
  not: ([operand], env) => run(operand, env) !== true,
  if: ([condition, then, other], env) => run(run(condition, env) === true ? then : other, env),
  "==": pair(same),
  "<": pair((left, right) => order(left, right) < 0),
  "<=": pair((left, right) => order(left, right) <= 0),
  ">": pair((left, right) => order(left, right) > 0),
  ">=": pair((left, right) => order(left, right) >= 0),
  in: ([item, ...others], env) => {
    const value = run(item, env);
    return value !== null && others.some((other) => compared(value, run(other, env), same));
  },
  has: ([list, item], env) => {
    const [value, held] = [run(item, env), run(list, env)];
    return value !== null && held !== null && held.includes(value);
  },
  empty: ([operand], env) => nothing(run(operand, env)),
  count: ([operand], env) => num((run(operand, env) ?? []).length),
  join: (items, env) => {
    const text = items.map((item) => run(item, env) ?? "").join("");
    return text.length > MAX_TEXT && [...text].length > MAX_TEXT ? null : text || null;
  },
  coalesce: (items, env) => {
    for (const item of items) {
      const value = run(item, env);
      if (value !== null) return value;
    }
    return null;
  },
  min: (items, env) => extreme(items, env, -1),
  max: (items, env) => extreme(items, env, 1),
  amount: via((value) => value.amount),
  currency: via((value) => value.currency),
  of: via((value, words) => words[value] ?? null),
  money: via((value, currency) => new Money(value, currency)),
  ref: via((value, object) => `${object}:${value}`),
  unref: via((value, object) => (value.startsWith(`${object}:`) ? value.slice(object.length + 1) : null)),
  // `scale`: a number, or those of the currencies that have not two decimals.
  fix: via((value, scale) => {
    if (!(value instanceof Money)) return fix(value, scale);
    const fixed = fix(value.amount, typeof scale === "number" ? scale : scale[value.currency] ?? 2);
    return fixed && new Money(fixed, value.currency);
  }),
  amounts,
  was: ([name, letter], env) => taken(env.before?.[name] ?? null, letter),
  changed: ([name, letter], env) => !alike(...changedTo(env, name, letter)),
  increased: (rest, env) => grown(env, rest, 1),
  decreased: (rest, env) => grown(env, rest, -1),
};

// `env`: read(path) in the form of a form or undefined, today, now, before, calendar(name).
export function run(tree, env) {
  if (!Array.isArray(tree)) return tree;
  const [word, ...rest] = tree;
  const form = FORMS[word];
  if (form) return form(rest, env);
  const values = rest.map((part) => run(part, env));
  return values.includes(null) ? null : OPERATIONS[word](...values);
}

