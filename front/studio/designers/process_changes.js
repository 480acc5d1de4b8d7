// What drawing on the map of a process changes in its document; each change is one step back.
import { humanise, labelText } from "../schema.js";

export const START = "start";
export const END = "end";

const stages = (model) => model.get("/stages") ?? [];
const routes = (model) => model.get("/routes") ?? [];
const kept = (model, change) => model.replace({ ...model.body, ...change });

export const stageAt = (model, name) => stages(model).findIndex((one) => one.name === name);
export const routesBetween = (model, from, to) => routes(model).flatMap((one, index) => (one.from === from && one.to === to ? [index] : []));

export function titleOf(model, name) {
  if (name === START) return "Start";
  if (name === END) return "End";
  const stage = stages(model)[stageAt(model, name)];
  return stage ? labelText(stage.label) || humanise(stage.name) : name;
}

// A technical name of a label that no other stage has.
export function named(model, label) {
  const plain = label.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/[^a-z0-9]+/g, "_").replace(/^[^a-z]+|_+$/g, "");
  const stem = (plain || "stage").slice(0, 34);
  const taken = new Set([START, END, ...stages(model).map((one) => one.name)]);
  for (let at = 1; ; at += 1) {
    const name = at === 1 ? stem : `${stem}_${at}`;
    if (!taken.has(name)) return name;
  }
}

// A stage after another one: into its only way on, or on a way of its own to the end.
export function addStage(model, label, after, to = "") {
  const name = named(model, label);
  const before = after === START ? -1 : stageAt(model, after);
  const list = [...stages(model)];
  list.splice(after && after !== START && before < 0 ? list.length : before + 1, 0, { name, label });
  const ways = [...routes(model)];
  const own = ways.filter((one) => one.from === after);
  const only = own.length === 1 && !own[0].fails && !to ? ways.indexOf(own[0]) : -1;
  if (only >= 0) {
    const next = ways[only].to;
    ways.splice(only, 1, { ...ways[only], to: name }, { from: name, to: next });
  } else {
    const last = ways.findLastIndex((one) => one.from === after);
    ways.splice(last + 1, 0, ...(after ? [{ from: after, to: name }] : []), { from: name, to: to || END });
  }
  kept(model, { stages: list, routes: ways });
  return name;
}

// Why a route cannot be drawn; nothing where it can.
export function refusal(model, from, to) {
  if (from === END) return "Nothing comes after the end.";
  if (to === START) return "No route leads back to the start. Lead it to the first stage.";
  if (from === START && to === END) return "A run that begins and ends at once does nothing.";
  return "";
}

export function connect(model, from, to) {
  const ways = [...routes(model)];
  if (routesBetween(model, from, to).length) return;
  const own = ways.filter((one) => one.from === from);
  // What goes straight to the end is led on; a second way is for people to choose, or for a condition.
  const ending = own.length === 1 && own[0].to === END && !own[0].outcome && !own[0].when && !own[0].fails && to !== END;
  if (ending) ways[ways.indexOf(own[0])] = { ...own[0], to };
  else ways.splice(ways.findLastIndex((one) => one.from === from) + 1, 0, { from, to });
  kept(model, { routes: ways });
}

// Without a stage those before it lead to where it led, if that is one place.
export function removeStage(model, name) {
  const list = stages(model).filter((one) => one.name !== name);
  if (!list.length) return false;
  const ahead = [...new Set(routes(model).filter((one) => one.from === name && one.to !== name).map((one) => one.to))];
  const next = ahead.length === 1 ? ahead[0] : ahead.length ? "" : END;
  const seen = new Set();
  const ways = routes(model).filter((one) => one.from !== name).flatMap((one) => {
    if (one.to !== name) return [one];
    return next && next !== one.from && !(one.from === START && next === END) ? [{ ...one, to: next }] : [];
  }).filter((one) => {
    const key = JSON.stringify(one);
    return !seen.has(key) && seen.add(key);
  });
  if (!ways.some((one) => one.from === START)) ways.unshift({ from: START, to: list[0].name });
  const timed = list.map((one) => (one.timeout?.to === name ? Object.fromEntries(Object.entries(one).filter(([key]) => key !== "timeout")) : one));
  kept(model, { stages: timed, routes: ways });
  return true;
}

export function removeRoutes(model, from, to, byTime) {
  if (byTime) return model.remove(`/stages/${stageAt(model, from)}/timeout`);
  const ways = routes(model).filter((one) => one.from !== from || one.to !== to);
  if (!ways.length) return undefined;
  return kept(model, { routes: ways });
}

export function moveStage(model, name, step) {
  const at = stageAt(model, name);
  if (at < 0 || !stages(model)[at + step]) return false;
  model.move("/stages", at, at + step);
  return true;
}

// Routes are tried in their order: one goes before or behind the next one of its stage.
export function moveRoute(model, index, step) {
  const ways = routes(model);
  const own = ways.flatMap((one, at) => (one.from === ways[index].from ? [at] : []));
  const to = own[own.indexOf(index) + step];
  if (to === undefined) return index;
  model.move("/routes", index, to);
  return to;
}
