// How the form looks: whose it is, a small picture, a colour.
import { icon, make } from "../../dom.js";
import { toast } from "../../toasts.js";
import { labelled, section, words } from "./parts.js";

const HEIGHT = 96; // pixels of a logo, three times as it is shown
const MOST = 100_000; // characters of one as it is kept
const COLOUR = /^#[0-9a-f]{6}$/;

async function small(file) {
  if (file.type === "image/svg+xml") return `data:image/svg+xml;base64,${btoa(unescape(encodeURIComponent(await file.text())))}`;
  const picture = await createImageBitmap(file);
  const scale = Math.min(1, HEIGHT / picture.height, (5 * HEIGHT) / picture.width);
  const canvas = make("canvas", { width: Math.max(1, Math.round(picture.width * scale)), height: Math.max(1, Math.round(picture.height * scale)) });
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL("image/png");
}

// Takes out what says nothing any more.
function drop(model, pointer) {
  model.remove(Object.keys(model.get("/look") ?? {}).length > 1 ? pointer : "/look");
}

function colourInput(model) {
  const pick = make("input", { type: "color", class: "dcolour", "aria-label": "Choose a colour" });
  const text = make("input", { class: "input mono", placeholder: "#0a6885", autocomplete: "off", maxlength: 7, "data-at": "/look/colour" });
  const clear = make("button", { class: "btn quiet slim", type: "button", onclick: () => (drop(model, "/look/colour"), text.focus()) }, "Use ours");
  pick.addEventListener("input", () => model.set("/look/colour", pick.value, pick));
  text.addEventListener("input", () => {
    const typed = text.value.trim().toLowerCase();
    if (COLOUR.test(typed)) model.set("/look/colour", typed, text);
    else if (!typed) drop(model, "/look/colour");
  });
  const sync = () => {
    const colour = model.get("/look/colour") ?? "";
    pick.value = COLOUR.test(colour) ? colour : "#0a6885";
    if (document.activeElement !== text) text.value = colour;
    clear.hidden = !colour;
  };
  const field = labelled("Colour", text, "Of buttons, marks and links. What could not be read is made darker or lighter.");
  const line = make("div", { class: "pairline" });
  text.before(line);
  line.append(pick, text, clear);
  return { node: field, sync };
}

function logoInput(model) {
  const file = make("input", { type: "file", class: "input", accept: "image/png,image/jpeg,image/webp,image/svg+xml" });
  const shown = make("img", { class: "dlogo", alt: "The logo" });
  const clear = make("button", { class: "btn quiet slim", type: "button", onclick: () => (drop(model, "/look/logo"), file.focus()) }, icon("trash"), " Delete the logo");
  file.addEventListener("change", async () => {
    const [chosen] = file.files;
    if (!chosen) return;
    try {
      const logo = await small(chosen);
      if (logo.length > MOST) toast("This picture is too large. Choose a simpler one.", { tone: "bad" });
      else model.set("/look/logo", logo);
    } catch {
      toast("This file is not a picture that can be shown. Choose a PNG, JPEG, WebP or SVG.", { tone: "bad" });
    }
    file.value = "";
  });
  const sync = () => {
    const logo = model.get("/look/logo");
    shown.hidden = clear.hidden = !logo;
    if (logo && shown.src !== logo) shown.src = logo;
  };
  const field = labelled("Logo", file, "It is made small and kept with the form.");
  return { node: make("div", { class: "stack tight" }, field, make("div", { class: "row" }, shown, clear)), sync };
}

export function lookSection(model) {
  const parts = [
    words(model, "/look/name", { label: "Whose form it is", placeholder: "Hill Library" }),
    words(model, "/look/note", { label: "A few words beside it" }),
    colourInput(model),
    logoInput(model),
  ];
  const sync = () => parts.forEach((one) => one.sync());
  sync();
  return { node: section("Look", "", make("div", { class: "form-grid" }, ...parts.map((one) => one.node))), sync };
}
