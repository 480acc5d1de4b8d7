// The pages' script: the shell at once, the rest only where a page has a use for it.
import { all, one } from "./dom.js";
import * as float from "./float.js";
import * as forms from "./forms.js";
import * as keys from "./keys.js";
import * as live from "./live.js";
import * as shell from "./shell.js";
import * as toasts from "./toasts.js";

for (const part of [shell, float, toasts, keys, forms]) part.start();

const WHERE = [
  ["[hx-get], [hx-post]", () => import("htmx.org").then(({ default: htmx }) => htmx.process(document.body))],
  ["form[data-logic], [data-depends-on]", () => import("./logic.js").then((module) => module.start())],
  ["select[data-lookup]", () => import("./lookups.js").then((module) => module.start())],
  ["#board", () => import("./board.js").then((module) => module.start())],
  ["[data-list]", () => Promise.all([import("./list.js"), import("./filter.js")]).then((modules) => modules.forEach((module) => module.start()))],
  ["[data-report]", () => import("./filter.js").then((module) => module.start())],
  ["form[data-offer]", () => import("./offers.js").then((module) => module.start())],
  ["[data-arranging]", () => import("./home.js").then((module) => module.start())],
  ["[data-record]", () => import("./record.js").then((module) => module.start())],
  ["a[data-why]", () => import("./why.js").then((module) => module.start())],
  ["form[data-week]", () => import("./weeks.js").then((module) => module.start())],
  [".mapbox", () => import("./maps.js").then((module) => module.start())],
  ["[data-stopwatch]", () => import("./stopwatch.js").then((module) => module.start())],
  ["form[data-comment]", () => import("./comments.js").then((module) => module.start())],
  ["form[data-talk]", () => Promise.all([import("./comments.js"), import("./talk.js")]).then((modules) => modules.forEach((module) => module.start()))],
  [":is(textarea, input)[data-expression='']", () => import("./studio/expression_box.js").then((module) => module.start())],
  ["[data-submits], [data-again]", () => import("./runs.js").then((module) => module.start())],
  ["[data-document]", () => import("./studio/page.js").then((module) => module.start())],
  ["[data-studio], #new-object, #new-kind", () => import("./studio.js").then((module) => module.start())],
];

const parts = WHERE.filter(([selector]) => one(selector)).map(([, load]) => load());
live.start();

for (const input of all("[data-select]")) input.addEventListener("focus", () => input.select());

// Programs that press what people press wait for it.
Promise.all(parts).then(() => (document.documentElement.dataset.ready = ""));
