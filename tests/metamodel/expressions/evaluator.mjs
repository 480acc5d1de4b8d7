// Evaluates lines of {tree, letter, values, before, today, now, calendars} with the browser's evaluator, for the corpus.
import { createInterface } from "node:readline";
import { day, instant, writtenDay, writtenMoment } from "../../../front/calendar.js";
import { Num, plain } from "../../../front/decimal.js";
import { ASK, Money, run } from "../../../front/expressions.js";
import { calendars } from "../../../front/working.js";

function written(value, letter) {
  if (Array.isArray(value)) return value.map((one) => written(one, letter));
  if (value instanceof Num) return plain(value);
  if (value instanceof Money) return `${plain(value.amount)} ${value.currency}`;
  if (letter === "d" && typeof value === "number") return writtenDay(value);
  if (typeof value === "bigint") return letter === "i" ? writtenMoment(value) : String(value);
  return value;
}

for await (const line of createInterface({ input: process.stdin })) {
  const { tree, letter, values, before, today, now, ...rest } = JSON.parse(line);
  const env = { calendar: calendars(rest.calendars), read: (path) => values[path], before, today: day(today), now: instant(now, "UTC") };
  let answer;
  try {
    answer = { is: written(run(tree, env), letter) };
  } catch (reason) {
    answer = reason === ASK ? { ask: true } : { fault: String(reason?.stack ?? reason) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
