// Paths by their labels and labels by their paths: "Account › Manager" is account.manager.
import { send } from "../../http.js";
import { level } from "../data_model.js";
import { humanise } from "../schema.js";

const BETWEEN = " › ";

export class Paths {
  #levels = new Map();
  #labels = new Map();
  #loads = new Map();
  #recipients = new Map();

  constructor(arrived) {
    this.arrived = arrived;
  }

  // The members of an object that are known by now; the rest is on its way.
  members(object) {
    if (!object) return [];
    if (!this.#levels.has(object)) {
      this.#levels.set(object, []);
      this.load(object).then(() => this.arrived());
    }
    return this.#levels.get(object);
  }

  // The members with how each is given in rules: choices, what is typed, whether it is set at all.
  load(object) {
    if (!this.#loads.has(object)) {
      const asked = Promise.all([level(object), send("GET", `/studio/rules/fields/${object}`)]);
      this.#loads.set(object, asked.then(([found, told]) => {
        if (!told.ok) this.#loads.delete(object); // asked again when it is needed next
        const facts = told.ok ? told.data : { fields: {}, recipients: [] };
        this.#recipients.set(object, facts.recipients);
        this.#levels.set(object, (found.members ?? []).map((one_) => ({ ...one_, ...(one_.collection ? {} : facts.fields[one_.name]) })));
      }));
    }
    return this.#loads.get(object);
  }

  recipients(object) {
    return this.#recipients.get(object) ?? [];
  }

  member(object, path) {
    let here = object;
    let found = null;
    for (const step of path.split(".")) {
      found = this.members(here).find((one) => one.name === step) ?? null;
      if (!found) return null;
      here = found.to || found.of;
    }
    return found;
  }

  // The object at the end of a path of look-ups, with perhaps a collection.
  end(object, path) {
    if (!path) return object;
    const found = this.member(object, path);
    return found ? found.to || found.of : "";
  }

  label(object, path) {
    if (path === "record") return "this record";
    const steps = path.split(".");
    const words = [];
    let here = object;
    if (steps[0] === "record" && steps.length > 1) steps.shift();
    for (const step of steps) {
      const found = this.members(here).find((one) => one.name === step);
      words.push(found?.label ?? humanise(step));
      here = found ? found.to || found.of : "";
    }
    const label = words.join(BETWEEN);
    this.#labels.set(`${object}|${label}`, path);
    return label;
  }

  // The path of a label; empty where there is none.
  path(object, label) {
    const known = this.#labels.get(`${object}|${label}`);
    if (known) return known;
    const steps = [];
    let here = object;
    for (const word of label.split(BETWEEN)) {
      const found = this.members(here).find((one) => one.label === word.trim() || one.name === word.trim());
      if (!found) return "";
      steps.push(found.name);
      here = found.to;
    }
    return steps.join(".");
  }
}
