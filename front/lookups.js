// Look-ups that search while one types; the plain select stays what is sent.
import TomSelect from "tom-select/base";
import clearButton from "tom-select/plugins/clear_button/plugin.js";
import removeButton from "tom-select/plugins/remove_button/plugin.js";
import { all, icon, make, one } from "./dom.js";
import { reason, send } from "./http.js";
import { toast } from "./toasts.js";

TomSelect.define("clear_button", clearButton);
TomSelect.define("remove_button", removeButton);

const REST = 800; // milliseconds after a pick in which only a press or a key opens the list

// The select of a link to any object that says which object is searched.
const objectOf = (select) => one("select[data-any]", select.closest("[data-field]") ?? select);

const address = (select, words) => {
  const object = objectOf(select)?.value ?? "";
  const base = select.dataset.url + (object ? encodeURIComponent(object) : "");
  // What may be picked can depend on other fields of the form.
  const given = (select.dataset.depends ?? "").split(",").filter(Boolean).map((name) => [name, select.form?.elements[name]?.value]);
  const others = given.filter(([, value]) => value !== undefined).map(([name, value]) => `&record.${name}=${encodeURIComponent(value)}`);
  return `${base}${base.includes("?") ? "&" : "?"}q=${encodeURIComponent(words)}${others.join("")}`;
};

const line = (item) => make("div", {}, make("span", { class: "grow clip" }, item.label ?? item.text ?? ""), item.hint ? make("span", { class: "small faint" }, item.hint) : "");

// A new record: at once from the words alone, or by the questions that it needs answered. What was typed is kept.
async function create(select, words, done) {
  const made = (data) => done({ value: data.id, label: data.title ?? words });
  if (select.dataset.create) {
    const result = await send("POST", select.dataset.create, { title: words });
    if (result.ok) return made(result.data);
    if (!select.dataset.quick || result.status !== 422) return toast(reason(result), { tone: "bad" }), done();
  }
  const { ask } = await import("./asking.js");
  const result = await ask(`${select.dataset.quick}?words=${encodeURIComponent(words)}`, (values, form) => send("POST", form.dataset.asking, values));
  if (result?.ok) return made(result.data);
  done();
  const control = select.tomselect;
  control.setTextboxValue(words);
  return control.focus();
}

// Which records the server found for which words: an answer counts only for the words that it answers.
class Answers {
  constructor() {
    this.words = null;
    this.found = new Map();
  }

  take(words, results) {
    this.words = words;
    this.found = new Map(results.map((item, at) => [item.value, results.length - at]));
  }

  rank(words) {
    return this.words === words ? (item) => this.found.get(item.value) ?? 0 : null;
  }
}

// Enter and Tab wait for the answer to what was typed: the first of an older list is another record.
// A form that is sent meanwhile waits, too.
class Waiting {
  constructor(control, answers, select) {
    Object.assign(this, { control, answers, select, key: null, after: null });
    control.control_input.addEventListener("keydown", (event) => this.early(event), true);
    select.form?.addEventListener("submit", (event) => this.hold(event), true);
  }

  get words() {
    return this.control.control_input.value.trim();
  }

  early(event) {
    if (!["Enter", "Tab"].includes(event.key) || event.shiftKey || event.isComposing || !this.words || this.answers.words === this.words) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.key = event.key;
    this.control.wrapper.setAttribute("aria-busy", "true");
    this.insist();
  }

  // Nobody answers words that were asked for already and whose answer was not taken: ask once more.
  insist() {
    if (!this.key || this.control.loading) return;
    delete this.control.loadedSearches[this.words];
    this.control.load(this.words);
  }

  hold(event) {
    if (!this.key) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.after = () => this.select.form.requestSubmit(event.submitter);
  }

  answered() {
    if (!this.key || this.answers.words !== this.words) return;
    const [key, after] = [this.key, this.after];
    Object.assign(this, { key: null, after: null });
    this.control.wrapper.removeAttribute("aria-busy");
    const option = [...this.control.selectable()].find((one) => !one.classList.contains("create"));
    if (option) this.control.onOptionSelect(new Event("keydown"), option);
    if (after) after();
    else if (option && key === "Tab") next(this.select, this.control);
  }
}

function next(select, control) {
  const scope = select.form ?? select.closest("dialog") ?? document.body;
  const stops = all("a[href], button, input:not([type=hidden]), select:not([tabindex='-1']), textarea", scope).filter((node) => node.tabIndex >= 0 && !node.disabled && node.offsetParent);
  stops[stops.indexOf(control.control_input) + 1]?.focus();
}

// Words for which nothing was chosen stay, and say so; a form is not sent without them by mistake.
function unchosen(select, control, waiting) {
  const field = select.closest("[data-field]");
  const said = () => one(".unchosen", field ?? control.wrapper.parentElement);
  const forget = () => (said()?.remove(), control.wrapper.classList.remove("bad-in"));
  const tell = () => {
    forget();
    const words = control.control_input.value.trim();
    if (!words) return false;
    control.wrapper.classList.add("bad-in");
    (field ?? control.wrapper.parentElement).append(make("span", { class: "err unchosen", role: "alert" }, `Nothing is chosen for “${words}”. Pick one from the list, or clear it.`));
    return true;
  };
  control.on("blur", () => setTimeout(() => !control.isFocused && !waiting.key && !one("dialog .asking") && tell(), 150));
  control.on("item_add", forget);
  control.control_input.addEventListener("input", forget);
  select.form?.addEventListener("submit", (event) => {
    if (event.defaultPrevented || !control.control_input.value.trim() || !tell()) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    control.focus();
  }, true);
}

function dress(select) {
  const many = select.multiple;
  let pickedAt = -REST;
  let settled = false; // one was chosen: emptying the search does not open the list again
  const answers = new Answers();
  let waiting = null;
  const control = new TomSelect(select, {
    plugins: many ? { remove_button: { label: "×", title: "Remove" } } : { clear_button: { title: "Clear", html: () => '<div class="clear-button" title="Clear">×</div>' } },
    valueField: "value",
    labelField: "label",
    searchField: ["label", "hint"],
    placeholder: select.getAttribute("placeholder") || (many ? "Add" : "Search"),
    maxOptions: 50,
    loadThrottle: 120,
    score: (words) => answers.rank(words.trim()) ?? control.getScoreFunction(words),
    openOnFocus: true,
    preload: "focus",
    closeAfterSelect: !many,
    hidePlaceholder: !many,
    selectOnTab: true,
    create: select.dataset.create || select.dataset.quick ? (words, done) => void create(select, words, done) : false,
    shouldLoad: (words) => Boolean(words) || !settled,
    onType: (words) => {
      settled = settled && !words;
      control.loadedSearches = {}; // what was found for other words stands elsewhere by now
      if (answers.words !== words.trim()) answers.words = null;
    },
    onItemAdd: () => {
      if (many) return;
      settled = true;
      pickedAt = performance.now();
      clearTimeout(control.refreshTimeout); // of what was typed just before
      control.refreshTimeout = null;
      control.lastValue = "";
      control.setTextboxValue("");
      control.close(false);
    },
    // An answer, or a timer of what was typed before the pick, opens nothing any more.
    onDropdownOpen: () => {
      if (!many && performance.now() - pickedAt < REST) control.close(false);
      else settled = false;
    },
    load: (words, done) => {
      fetch(address(select, words), { headers: { Accept: "application/json" } })
        .then((answer) => (answer.ok ? answer.json() : { results: [] }))
        .then((found) => {
          if (words && words.trim() !== control.control_input.value.trim()) { // of older words
            done([]);
            return waiting?.insist();
          }
          answers.take(words.trim(), found.results);
          done(found.results);
          return waiting?.answered();
        })
        .catch(() => done([]));
    },
    render: {
      option: line,
      item: (item) => make("div", {}, item.label ?? item.text ?? ""),
      option_create: (given) => make("div", { class: "create" }, icon("plus"), `${select.dataset.createLabel || "New"} “${given.input}”`),
      no_results: () => make("div", { class: "no-results" }, "Nothing found"),
      loading: () => null,
    },
  });
  waiting = new Waiting(control, answers, select);
  // What is typed stays until one is chosen or it is cleared, wherever the focus goes.
  control.hook("instead", "close", (emptied = true) => Object.getPrototypeOf(control).close.call(control, emptied && !control.control_input.value.trim()));
  unchosen(select, control, waiting);
  // What was found for other answers is forgotten.
  const names = (select.dataset.depends ?? "").split(",").filter(Boolean);
  if (names.length) select.form?.addEventListener("change", (event) => names.includes(event.target.name) && control.clearOptions());
  const awake = () => (pickedAt = -REST);
  control.control.addEventListener("mousedown", awake, true);
  control.control_input.addEventListener("keydown", awake, true);
  control.dropdown.addEventListener("click", () => (pickedAt = performance.now()), true);
  select.setAttribute("aria-hidden", "true");
  select.addEventListener("change", () => rows(select));
  if (select.getAttribute("aria-invalid")) control.wrapper.classList.add("bad-in");
  const any = objectOf(select);
  any?.addEventListener("change", () => (control.clear(), control.clearOptions(), control.load("")));
  return control;
}

// Each link that has fields of its own is a row: those that are added come, those that are taken out go.
function rows(select) {
  const table = one(`[data-links="${CSS.escape(select.id)}"]`);
  const blank = one(`template[data-blank="${CSS.escape(select.id)}"]`);
  if (!table || !blank) return;
  const chosen = [...select.selectedOptions].filter((option) => option.value);
  const ids = chosen.map((option) => option.value);
  for (const row of all("tr[data-link]", table)) if (!ids.includes(row.dataset.link)) row.remove();
  for (const option of chosen.filter(({ value }) => !one(`tr[data-link="${CSS.escape(value)}"]`, table))) {
    const row = one("tr", blank.content.cloneNode(true));
    row.dataset.link = option.value;
    one("td", row).textContent = option.textContent;
    for (const input of all("[name]", row)) {
      input.name = input.name.replace(".ID.", `.${option.value}.`);
      input.setAttribute("aria-label", `${input.getAttribute("aria-label")}${option.textContent}`);
    }
    one("tbody", table).append(row);
  }
  table.hidden = !ids.length;
}

export function start(root = document) {
  return all("select[data-lookup]:not(.tomselected)", root).map(dress);
}
