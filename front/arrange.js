// Things that are put in order: dragged by mouse and touch, or picked up by Space, moved by arrows and put back by Esc.
// What shows the lists anew waits while something is in hand: busy() says so, free() is called after it.
// lists: elements whose children match `item`. moved(node, list) runs after a drop that changed something.
import { speak } from "./dom.js";

const STEPS = { ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1 };

export async function arrange({ root, lists, item, group = null, handle = null, label = (node) => node.dataset.label ?? node.textContent.trim(), moved, free = null }) {
  const { default: Sortable } = await import("sortablejs");
  let lifted = null;
  let held = false; // by the mouse or a finger
  const items = (list) => [...list.children].filter((node) => node.matches(item));
  const all = () => lists().filter((list) => !list.closest("[hidden]"));
  const spot = (node) => ({ list: node.parentElement, next: node.nextElementSibling });
  const said = (node) => {
    const list = node.parentElement;
    const place = items(list);
    const of = list.dataset.label ? `${list.dataset.label}, ` : "";
    return `${of}place ${place.indexOf(node) + 1} of ${place.length}`;
  };
  const put = ({ list, next }, node) => (next?.parentElement === list ? next.before(node) : list.append(node));

  const sort = (list) => {
    if (list.dataset.sorts) return;
    list.dataset.sorts = "true";
    let home = null;
    Sortable.create(list, {
      group, handle, draggable: item, animation: 140, forceFallback: true, fallbackTolerance: 5, delay: 160, delayOnTouchOnly: true, filter: "input, select, textarea, button, a", preventOnFilter: false,
      onChoose: () => (held = true),
      onUnchoose: () => setTimeout(() => ((held = false), free?.()), 0),
      onStart: ({ item: node }) => (home = spot(node)),
      onEnd: ({ item: node }) => {
        if (node.parentElement !== home.list || node.nextElementSibling !== home.next) moved(node, node.parentElement);
      },
    });
  };

  const lift = (node) => {
    lifted = { node, home: spot(node) };
    node.classList.add("lifted");
    speak(`Picked up ${label(node)}. ${said(node)}. Arrows move it, Space drops it, Escape puts it back.`);
  };
  const drop = (back) => {
    const { node, home } = lifted;
    lifted = null;
    node.classList.remove("lifted");
    if (back) put(home, node);
    node.focus();
    const changed = node.parentElement !== home.list || node.nextElementSibling !== home.next;
    speak(back ? `${label(node)} is back.` : `${label(node)}: ${said(node)}.`);
    if (changed && !back) moved(node, node.parentElement);
    free?.();
  };
  const step = (node, way, across) => {
    const list = node.parentElement;
    const others = items(list);
    const at = others.indexOf(node);
    const open = all();
    const beside = group ? open[open.indexOf(list) + way] : null;
    if (across && beside) (way > 0 ? beside.prepend(node) : beside.append(node));
    else if (others[at + way]) (way > 0 ? others[at + way].after(node) : others[at + way].before(node));
    else if (beside) (way > 0 ? beside.prepend(node) : beside.append(node));
    else return;
    node.focus();
    node.scrollIntoView({ block: "nearest", inline: "nearest" });
    speak(said(node));
  };

  const refresh = () => lists().forEach(sort);
  root.addEventListener("keydown", (event) => {
    const node = event.target;
    if (!node.matches?.(item) || !lists().includes(node.parentElement)) return;
    const way = STEPS[event.key];
    if (event.key === " ") lifted ? drop(false) : lift(node);
    else if (event.key === "Escape" && lifted) drop(true);
    else if (way && (lifted || event.altKey)) {
      const was = lifted;
      lifted ??= { node, home: spot(node) };
      step(node, way, group && ["ArrowLeft", "ArrowRight"].includes(event.key) && node.parentElement.dataset.rows !== undefined);
      if (!was) drop(false);
    } else if (way) {
      const shown = all().flatMap(items);
      const next = shown[shown.indexOf(node) + way];
      if (!next) return;
      next.focus();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });
  root.addEventListener("focusout", (event) => {
    // A press elsewhere drops what was lifted where it stands.
    if (lifted && event.target === lifted.node && event.relatedTarget) drop(false);
  });
  refresh();
  return { refresh, lifted: () => lifted?.node ?? null, busy: () => held || Boolean(lifted) };
}
