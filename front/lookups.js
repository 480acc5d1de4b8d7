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

async function create(select, words, done) {
  const result = await send("POST", select.dataset.create, { title: words });
  if (!result.ok) {
    toast(reason(result), { tone: "bad" });
    return done();
  }
  return done({ value: result.data.id, label: result.data.title ?? words });
}

function dress(select) {
  const many = select.multiple;
  let pickedAt = -REST;
  let settled = false; // one was chosen: emptying the search does not open the list again
  const control = new TomSelect(select, {
    plugins: many ? { remove_button: { label: "×", title: "Remove" } } : { clear_button: { title: "Clear", html: () => '<div class="clear-button" title="Clear">×</div>' } },
    valueField: "value",
    labelField: "label",
    searchField: ["label", "hint"],
    placeholder: select.getAttribute("placeholder") || (many ? "Add" : "Search"),
    maxOptions: 50,
    loadThrottle: 120,
    openOnFocus: true,
    preload: "focus",
    closeAfterSelect: !many,
    hidePlaceholder: !many,
    selectOnTab: true,
    create: select.dataset.create ? (words, done) => void create(select, words, done) : false,
    shouldLoad: (words) => Boolean(words) || !settled,
    onType: (words) => (settled = settled && !words),
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
        .then((found) => done(found.results))
        .catch(() => done());
    },
    render: {
      option: line,
      item: (item) => make("div", {}, item.label ?? item.text ?? ""),
      option_create: (given) => make("div", { class: "create" }, icon("plus"), `${select.dataset.createLabel || "New"} “${given.input}”`),
      no_results: () => make("div", { class: "no-results" }, "Nothing found"),
      loading: () => null,
    },
  });
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
