// The title of a record that a widget has not met: the look-up's own address knows it.
import { all, make, one } from "./dom.js";
import { send } from "./http.js";
import { reference } from "./values.js";

export async function learn(field, value) {
  const select = one("select[data-url]", field);
  const id = value && typeof value === "object" && !Array.isArray(value) ? reference(value) : value;
  if (!select || typeof id !== "string" || all("option", select).some((option) => option.value === id)) return;
  const address = `${select.dataset.url}${select.dataset.url.includes("?") ? "&" : "?"}value=${encodeURIComponent(id)}`;
  const found = await send("GET", address);
  const item = found.data.results?.find((result) => result.value === id);
  if (item) select.append(make("option", { value: id }, item.label));
}
