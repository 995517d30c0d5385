// Maps of tiles: shades of one colour on a grid.

import { colour, element, inkOn, tinted } from "./dom.js";
import { Format, STATES, named } from "./format.js";
import { isFiltered, toggleFilters } from "./state.js";

const USA = [
  "AK.. .. .. .. .. .. .. .. .. .. ME", ".. .. .. .. .. .. .. .. .. .. VT NH", ".. WA ID MT ND MN IL WI MI NY RI MA", ".. OR NV WY SD IA IN OH PA NJ CT ..",
  ".. CA UT CO NE MO KY WV VA MD DE ..", ".. .. AZ NM KS AR TN NC SC DC .. ..", ".. .. .. .. OK LA MS AL GA .. .. ..", "HI .. .. .. TX .. .. .. .. FL .. PR",
].map((line) => line.replace(/ /g, "").match(/../g));

// The eye tells lights apart better than numbers do: shades go by the root.
const shade = (value, greatest) => value > 0 ? 0.14 + 0.86 * Math.sqrt(value / greatest) : 0;

function tile(code, x, y, value, greatest, tint, unit, title, isButton) {
  const share = shade(value, greatest);
  const cell = element(isButton ? "button" : "span", {
    className: `cell${value > 0 ? "" : " none"}`, title: `${title}: ${value == null ? "nothing" : (unit === "count" ? Format.exact : Format[unit])(value)}`, textContent: code,
    ...(isButton ? { type: "button", "aria-label": `${title}: ${Format.exact(value ?? 0)}` } : {}),
  });
  cell.style.setProperty("grid-area", `${y + 1} / ${x + 1}`);
  if (value > 0) {
    cell.style.setProperty("background", tinted(tint, share));
    cell.style.setProperty("color", inkOn(tint, share));
  }
  return cell;
}

// Arrow keys move within a map, so that Tab passes it in one step.
function roam(grid, cells) {
  const at = new Map(cells.map((c) => [`${c.x},${c.y}`, c.node]));
  cells.forEach(({ node }, i) => { node.tabIndex = i === 0 ? 0 : -1; });
  grid.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    const here = cells.find(({ node }) => node === document.activeElement);
    if (!step || !here) return;
    event.preventDefault();
    for (let n = 1; n < 40; n++) {
      const target = at.get(`${here.x + step[0] * n},${here.y + step[1] * n}`);
      if (!target) continue;
      here.node.tabIndex = -1;
      target.tabIndex = 0;
      target.focus();
      return;
    }
  });
}

export function drawMap(card, { rows, metrics: [first] }, layout, dimension, isKnown, isButton) {
  const byCode = new Map(rows.filter(isKnown).map((r) => [r[dimension], r]));
  const greatest = Math.max(...[...byCode.values()].map((r) => r[first.metric] ?? 0), 1);
  const focused = card.body.contains(document.activeElement) ? document.activeElement.textContent : null;
  const cells = [];
  layout.forEach((line, y) => line.forEach((code, x) => {
    if (code === "..") return;
    const row = byCode.get(code);
    byCode.delete(code);
    const node = tile(code, x, y, row?.[first.metric], greatest, first.tint, first.unit, dimension === "state" ? STATES.get(code) : named("country", code), isButton);
    if (isFiltered(dimension, code)) node.classList.add("on");
    if (isButton) node.setAttribute("aria-pressed", String(isFiltered(dimension, code)));
    node.addEventListener("click", () => toggleFilters([[dimension, code]]));
    cells.push({ x, y, node, code, value: row?.[first.metric] ?? 0, share: shade(row?.[first.metric] ?? 0, greatest) });
  }));
  const grid = element("div", { className: `tilemap ${dimension}`, role: isButton ? "group" : "img", "aria-label": `${card.definition.title}; the table has the figures` }, ...cells.map((c) => c.node));
  grid.style.setProperty("--across", String(Math.max(...layout.map((l) => l.length))));
  if (isButton) roam(grid, cells);
  const elsewhere = [...byCode.values(), ...rows.filter((r) => !isKnown(r))].reduce((sum, r) => sum + (r[first.metric] ?? 0), 0);
  const where = dimension === "state" ? "elsewhere or unknown" : "in no known country";
  card.grid = { cells, across: Math.max(...layout.map((l) => l.length)), down: layout.length, tint: first.tint };
  const said = `up to ${Format.exact(greatest)}${elsewhere ? ` · ${Format.exact(elsewhere)} ${where}` : ""}`;
  const moved = card.body.firstChild?.scrollLeft;
  card.body.replaceChildren(grid, element("p", { className: "caption" },
    element("span", { className: "scale", "aria-hidden": "true" }), element("span", { className: "range", textContent: said, title: said })));
  grid.scrollLeft = moved ?? 0;
  card.body.querySelector(".scale").style.setProperty("background", `linear-gradient(90deg, ${tinted(first.tint, 0.14)}, ${colour(first.tint)})`);
  if (focused) cells.find((c) => c.code === focused)?.node.focus();
}

export const drawStates = (card, model) => drawMap(card, model, USA, "state", (r) => r.country == null || r.country === "US", true);
