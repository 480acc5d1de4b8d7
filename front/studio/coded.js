// Words in which names stand in backticks.
import { make } from "../dom.js";

export const coded = (text) => text.split("`").map((part, i) => (i % 2 ? make("code", {}, part) : part));
