// What a role grants, by itself and by the roles whose rights it includes. Nothing here touches a page.
export const EVERY = "*";

export const actionsOf = (grant, all) => (grant.can?.includes(EVERY) ? all : grant.can ?? []);

// The roles that a role includes, each with the role that brings it, the nearest first.
export function included(names, roles) {
  const found = new Map();
  const waiting = names.map((name) => [name, ""]);
  while (waiting.length) {
    const [name, through] = waiting.shift();
    const role = roles[name];
    if (!role || found.has(name)) continue;
    found.set(name, through);
    waiting.push(...(role.inherits ?? []).map((other) => [other, name]));
  }
  return [...found.keys()];
}

// The grants for an object that come with the included roles: [{role, grant}].
export function inherited(object, names, roles) {
  return included(names, roles).flatMap((name) =>
    (roles[name].grants ?? []).filter((grant) => grant.object === object || grant.object === EVERY).map((grant) => ({ role: name, grant })),
  );
}

// Which roles give an action on an object, beside the role itself.
export const givers = (found, action, all) => [...new Set(found.filter(({ grant }) => actionsOf(grant, all).includes(action)).map(({ role }) => role))];

// The places of the grants for an object.
export const placesOf = (grants, object) => grants.map((grant, at) => [grant, at]).filter(([grant]) => grant.object === object);

// What a grant may do once an action is ticked or not, in the order of the actions.
export function toggled(can, action, on, all) {
  const now = new Set(can?.includes(EVERY) ? all : can ?? []);
  if (on) now.add(action);
  else now.delete(action);
  return all.filter((one) => now.has(one));
}

// The actions of a new grant: nothing can be done with records that are not seen.
export const first = (action, seen, all) => all.filter((one) => one === action || (one === all[0] && !seen));

export const withField = (fields, name, right) => {
  const next = { ...fields };
  if (right) next[name] = right;
  else delete next[name];
  return Object.keys(next).length ? next : undefined;
};
