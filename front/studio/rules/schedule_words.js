// Schedules in words, and as the five parts of cron.
export const DAYS = [["1", "Monday"], ["2", "Tuesday"], ["3", "Wednesday"], ["4", "Thursday"], ["5", "Friday"], ["6", "Saturday"], ["0", "Sunday"]];
export const RHYTHMS = [["day", "every day"], ["workday", "every weekday"], ["week", "every week"], ["month", "every month"], ["hour", "every hour"], ["cron", "by a cron expression"]];

const two = (text) => String(text).padStart(2, "0");
const WHOLE = /^\d{1,2}$/;

// {rhythm, at, day}: the words of a schedule; the rhythm is cron where words do not reach.
export function read(text) {
  const parts = text.trim().split(/\s+/);
  const [minute, hour, day, month, weekday] = parts;
  const cron = { rhythm: "cron", at: "07:00", day: "1" };
  if (parts.length !== 5 || month !== "*" || !WHOLE.test(minute)) return cron;
  if (hour === "*" && day === "*" && weekday === "*") return { rhythm: "hour", at: `00:${two(minute)}`, day: "1" };
  if (!WHOLE.test(hour)) return cron;
  const at = `${two(hour)}:${two(minute)}`;
  if (day === "*" && weekday === "*") return { rhythm: "day", at, day: "1" };
  if (day === "*" && weekday === "1-5") return { rhythm: "workday", at, day: "1" };
  if (day === "*" && /^[0-6]$/.test(weekday)) return { rhythm: "week", at, day: weekday };
  if (WHOLE.test(day) && weekday === "*") return { rhythm: "month", at, day };
  return cron;
}

export function write({ rhythm, at, day }) {
  const [hour, minute] = at.split(":").map(Number);
  const time = `${minute} ${hour}`;
  return { day: `${time} * * *`, workday: `${time} * * 1-5`, week: `${time} * * ${day}`, month: `${time} ${day} * *`, hour: `${minute} * * * *` }[rhythm];
}

export function inWords(text) {
  const { rhythm, at, day } = read(text);
  const clock = at.replace(/^0/, "");
  if (rhythm === "cron") return `at the times ${text}`;
  if (rhythm === "hour") return `every hour at minute ${Number(at.slice(3))}`;
  if (rhythm === "week") return `every ${DAYS.find(([one]) => one === day)[1]} at ${clock}`;
  if (rhythm === "month") return `on day ${day} of every month at ${clock}`;
  return `${rhythm === "day" ? "every day" : "every weekday"} at ${clock}`;
}
