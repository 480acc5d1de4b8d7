// Fills in the form of a document as a person does: every value goes through the control of its place.
async (wanted) => {
  const root = document.querySelector("[data-face-of=form]");
  const quoted = (pointer) => `"${CSS.escape(pointer)}"`;
  const below = (pointer, step) => `${pointer}/${String(step).replaceAll("~", "~0").replaceAll("/", "~1")}`;
  const find = (name, pointer) => root.querySelector(`[data-${name}=${quoted(pointer)}]`);
  const NAMES = ["at", "checks", "list", "choice", "add", "key", "languages"];
  const there = (pointer) => NAMES.some((name) => find(name, pointer) || root.querySelector(`[data-${name}^=${quoted(`${pointer}/`)}]`));
  const until = async (what, says) => {
    for (let turn = 0; turn < 400; turn += 1) {
      const found = what();
      if (found) return found;
      await new Promise((go) => setTimeout(go, 25));
    }
    throw new Error(`Not there: ${says}`);
  };
  const said = (control, value, event) => {
    control.value = value;
    control.dispatchEvent(new Event(event, { bubbles: true }));
  };
  const unfold = async () => {
    for (const fold of root.querySelectorAll("details:not([open])")) fold.open = true;
    await new Promise((go) => setTimeout(go, 0));
  };
  const option = (control, value) => until(() => [...control.options].some((one) => one.value === value), `${value} in ${control.outerHTML.slice(0, 200)}`);

  async function plain(pointer, value) {
    const control = await until(() => find("at", pointer), pointer);
    if (control.matches(".xbox")) {
      [...control.querySelectorAll("[data-way=text]")].forEach((face) => face.click());
      return said(control.querySelector("textarea"), String(value), "input");
    }
    if (control.matches("[type=checkbox]")) {
      if (control.checked === value) control.click();
      return control.click();
    }
    if (control.matches("select")) {
      const own = [...control.options].some((one) => one.value === "(own)") && root.querySelector(`:is(input, textarea)[data-at=${quoted(pointer)}]`);
      if (own && ![...control.options].some((one) => one.value === String(value))) {
        said(control, "(own)", "change");
        return said(own, String(value), "input");
      }
      await option(control, String(value));
      return said(control, String(value), "change");
    }
    said(control, String(value), "input");
    return control.dispatchEvent(new Event("change", { bubbles: true }));
  }

  async function list(pointer, items) {
    const boxes = find("checks", pointer);
    if (boxes) return items.forEach((item) => [...boxes.querySelectorAll("input")].filter((box) => box.value === String(item) && !box.checked).forEach((box) => box.click()));
    for (const [index, item] of items.entries()) {
      const add = await until(() => find("add", pointer), `add of ${pointer}`);
      if (add.matches("select")) {
        const bare = String(item).replace(/^-/, "");
        await option(add, bare);
        said(add, bare, "change");
        if (bare !== item) find("turn", below(pointer, index)).click();
      } else {
        add.click();
        await unfold();
        await fill(below(pointer, index), item);
      }
    }
    return undefined;
  }

  async function members(pointer, value) {
    if (find("languages", pointer)) {
      for (const [language, text] of Object.entries(value)) {
        if (language !== "en") said(find("languages", pointer), language, "change");
        await plain(language === "en" ? pointer : below(pointer, language), text);
      }
      return;
    }
    const add = find("add", pointer);
    for (const [name, one] of Object.entries(value)) {
      const here = below(pointer, name);
      if (add && !there(here)) {
        if (add.matches("select")) {
          await option(add, name);
          said(add, name, "change");
        } else {
          said(find("key", pointer), name, "input");
          add.click();
        }
        await unfold();
      }
      await fill(here, one);
    }
  }

  // Where there is a choice of shapes, the one that has a place for the value.
  async function choose(pointer, value) {
    const choice = find("choice", pointer);
    if (!choice) return;
    const fits = () => {
      if (Array.isArray(value)) return find("list", pointer) || find("checks", pointer);
      if (value !== null && typeof value === "object") return Object.keys(value).every((name) => there(below(pointer, name))) || find("add", pointer)?.matches("select, button") && !find("list", pointer);
      if (find("checks", pointer)) return true;
      const control = find("at", pointer);
      return control && control.matches("[type=checkbox]") === (typeof value === "boolean");
    };
    for (const one of [...choice.options]) {
      said(choice, one.value, "change");
      await unfold();
      if (fits()) return;
    }
    throw new Error(`No choice fits ${pointer}: ${JSON.stringify(value)}`);
  }

  async function fill(pointer, value) {
    await unfold();
    await choose(pointer, value);
    if (Array.isArray(value)) return list(pointer, value);
    if (value !== null && typeof value === "object") return members(pointer, value);
    if (find("checks", pointer)) return list(pointer, [value]);
    return plain(pointer, value);
  }

  const { kind, name, ...rest } = wanted;
  for (const [member, value] of Object.entries({ ...rest, name })) await fill(`/${member}`, value);
  return document.querySelector("[data-document]").model.body;
};
