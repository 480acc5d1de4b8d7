// Exact decimals: a BigInt and how many of its digits stand behind the point. 28 digits, half away from zero.
const DIGITS = 28;
const STORED = 18;
const MAX_SECONDS = 10n ** 15n;

export class Num {
  constructor(units, scale) {
    this.units = units;
    this.scale = scale;
  }
}

const ten = (power) => 10n ** BigInt(power);
const size = (units) => (units < 0n ? -units : units);
const ZERO = new Num(0n, 0);

// The number that a text writes, or null where it writes none.
export function num(text) {
  const found = /^(-?)(\d+)(?:\.(\d+))?$/.exec(String(text));
  if (!found) return null;
  const [, sign, whole, part = ""] = found;
  const units = BigInt(whole + part);
  return new Num(sign ? -units : units, part.length);
}

export function plain({ units, scale }) {
  const digits = String(size(units)).padStart(scale + 1, "0");
  const point = digits.length - scale;
  const part = scale > 0 ? digits.slice(point).replace(/0+$/, "") : "";
  const text = (scale < 0 ? digits + "0".repeat(-scale) : digits.slice(0, point)) + (part && `.${part}`);
  return units < 0n && text !== "0" ? `-${text}` : text;
}

const raised = (one, scale) => one.units * ten(scale - one.scale);

function level(left, right) {
  const scale = Math.max(left.scale, right.scale);
  return [raised(left, scale), raised(right, scale), scale];
}

// To so many decimals, which may be fewer than none.
function rounded(value, scale) {
  if (value.scale <= scale) return new Num(raised(value, scale), scale);
  const unit = ten(value.scale - scale);
  const [whole, rest] = [value.units / unit, size(value.units % unit)];
  const up = rest * 2n >= unit ? (value.units < 0n ? -1n : 1n) : 0n;
  return new Num(whole + up, scale);
}

function kept(units, scale) {
  const extra = String(size(units)).length - DIGITS;
  if (extra <= 0) return new Num(units, scale);
  const made = rounded(new Num(units, scale), scale - extra);
  return made;
}

export function compare(left, right) {
  const [one, two] = level(left, right);
  return one < two ? -1 : Number(one > two);
}

export function add(left, right) {
  const [one, two, scale] = level(left, right);
  return kept(one + two, scale);
}

const negate = (value) => kept(-value.units, value.scale);
const subtract = (left, right) => add(left, new Num(-right.units, right.scale));
const multiply = (left, right) => kept(left.units * right.units, left.scale + right.scale);

function divide(left, right) {
  if (right.units === 0n) return null;
  if (left.units === 0n) return ZERO;
  // Two digits more than are kept, and one that says whether anything is left.
  const more = Math.max(0, DIGITS + 2 + String(size(right.units)).length - String(size(left.units)).length);
  const top = left.units * ten(more);
  const quotient = (top / right.units) * 10n;
  const rest = top % right.units === 0n ? 0n : (top < 0n) === (right.units < 0n) ? 1n : -1n;
  return kept(quotient + rest, left.scale - right.scale + more + 1);
}

const round = (value, digits) => rounded(value, Number(digits));

// As a field of this scale stores it; empty where it has too many digits.
export function fix(value, scale) {
  const made = rounded(value, scale);
  return size(made.units) < ten(STORED) ? made : null;
}

function towards(value, down) {
  if (value.scale <= 0) return value;
  const unit = ten(value.scale);
  const whole = value.units / unit;
  const left = value.units % unit;
  if (left === 0n) return new Num(whole, 0);
  if (down) return new Num(left < 0n ? whole - 1n : whole, 0);
  return new Num(left > 0n ? whole + 1n : whole, 0);
}

function written(value, scale) {
  if (scale < 0n) return plain(value);
  const made = rounded(value, Number(scale));
  const digits = String(size(made.units)).padStart(Number(scale) + 1, "0");
  const point = digits.length - Number(scale);
  const text = scale > 0n ? `${digits.slice(0, point)}.${digits.slice(point)}` : digits;
  return made.units < 0n ? `-${text}` : text;
}

const capped = (seconds) => (size(seconds) <= MAX_SECONDS ? seconds : null);
const seconds = (value, unit) => capped(raised(rounded(multiply(value, new Num(unit, 0)), 0), 0));

function months(value, unit) {
  const whole = value.scale <= 0 ? raised(value, 0) : value.units / ten(value.scale);
  return capped(whole) === null ? null : whole * unit;
}

function split(duration, divisor) {
  const quotient = divide(new Num(duration, 0), divisor);
  return quotient === null ? null : seconds(quotient, 1n);
}

function clock(duration) {
  const all = size(duration);
  const two = (count) => String(count).padStart(2, "0");
  const left = all % 60n ? `:${two(all % 60n)}` : "";
  return `${duration < 0n ? "-" : ""}${all / 3600n}:${two((all % 3600n) / 60n)}${left}`;
}

export const OPERATIONS = {
  add,
  subtract,
  multiply,
  divide,
  negate,
  absolute: (value) => kept(size(value.units), value.scale),
  round,
  floor: (value) => towards(value, true),
  ceiling: (value) => towards(value, false),
  read_number: (text) => (text.replace(/[-.]/g, "").length > DIGITS ? null : num(text)),
  write_number: written,
  seconds,
  months,
  per_unit: (duration, unit) => divide(new Num(duration, 0), new Num(unit, 0)),
  add_durations: (left, right) => capped(left + right),
  subtract_durations: (left, right) => capped(left - right),
  scale_duration: (duration, factor) => seconds(factor, duration),
  split_duration: split,
  ratio: (left, right) => divide(new Num(left, 0), new Num(right, 0)),
  write_duration: clock,
};
