// Where the form is: its address, the line that embeds it, a code, a link to try it.
import { icon, make } from "../../dom.js";
import { copyLine, labelled, section } from "./parts.js";

export function shareSection(model, context) {
  const slug = make("input", { class: "input", autocomplete: "off", spellcheck: "false", "data-at": "/slug" });
  slug.addEventListener("input", () => model.set("/slug", slug.value.trim().toLowerCase().replace(/[\s_]+/g, "-"), slug));
  slug.addEventListener("blur", () => (model.pause(), sync()));
  const address = copyLine("Address", "");
  const embed = copyLine("Embed line", "");
  const code = make("img", { class: "qr", alt: "The address as a QR code", width: 116, height: 116 });
  const codeLink = make("a", { class: "btn slim", download: "" }, icon("download"), " QR code");
  const test = make("a", { class: "btn slim", target: "_blank", rel: "noopener" }, icon("external-link"), " Try the form");
  const submissions = make("a", { class: "btn slim" }, icon("inbox"), " Submissions");
  const note = make("p", { class: "small dim" });
  const place = () => `${context.address}/forms/${model.get("/slug") ?? ""}`;
  let saved = context.saved;

  function sync(from = null) {
    if (from !== slug) slug.value = model.get("/slug") ?? "";
    address.sync(place());
    embed.sync(`<script src="${place()}.js"><\/script>`);
    const picture = `/preview/webform/${encodeURIComponent(model.get("/slug") || "form")}.svg`;
    if (code.getAttribute("src") !== picture) code.src = codeLink.href = picture;
    test.href = `/forms/${saved}`;
    test.hidden = !saved;
    submissions.href = `/submissions/${context.name}`;
    submissions.hidden = !context.name;
    note.textContent = saved && saved === model.get("/slug") ? "The form is open at this address." : saved ? `Until you save, the form is at /forms/${saved}.` : "The form opens at this address when you save it.";
  }

  sync();
  const lines = make("div", { class: "stack grow" }, address.node, embed.node, make("div", { class: "row wrap" }, test, submissions, codeLink));
  return {
    node: section("Share it", "", make("div", { class: "dshare" }, lines, code), note, labelled("Name in the address", slug, "Small letters, digits and hyphens.")),
    sync,
    saved: () => ((saved = model.get("/slug")), sync()),
  };
}
