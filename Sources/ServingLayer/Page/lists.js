// Lists, shares and small groups: plain elements, which a keyboard reaches and a screen reader reads.

import { colour, element } from "./dom.js";
import { DIMENSION_NAMES, Format, named } from "./format.js";
import { isFiltered, toggleFilters } from "./state.js";

// Of the hues of measures, as nothing else tells lines apart; slate would be that of all others together.
const LINES = ["m1", "m2", "m4", "m3", "m8", "m5"];
// Parts of a whole are no measures: they have shades of their own.
const PARTS = ["part1", "part2", "part3", "part4", "part5"];

// A member keeps its colour when its rank changes: colours go by name.
function byName(names, tints) {
  const sorted = [...new Set(names.map(String))].sort();
  return (name) => tints[sorted.indexOf(String(name)) % tints.length];
}

// The colours of members as lines of a chart.
export const tints = (names) => byName(names, LINES);

const exact = (unit) => unit === "count" ? Format.exact : Format[unit];

// The filters that a row stands for: a song brings its artist, a city its state.
export const pairsOf = (row, by) => by.flatMap((d) => ({ song: ["song", "artist"], city: ["city", "state"], album: ["album", "artist"] })[d] ?? [d])
  .filter((d) => row[d] !== undefined).map((d) => [d, row[d]]);

export const titleOf = (row, by) => by.map((d) => named(d, row[d])).join(" · ");

// The members of a question with `top`, those with the most first.
export function greatest(rows, by, metric) {
  const sums = new Map();
  for (const row of rows.filter((r) => !r.is_other)) {
    const key = JSON.stringify(pairsOf(row, by));
    sums.set(key, { row, sum: (sums.get(key)?.sum ?? 0) + (row[metric] ?? 0) });
  }
  return [...sums.values()].filter(({ sum }) => sum > 0).sort((a, b) => b.sum - a.sum).map(({ row }) => row);
}

const SECOND = { song: "artist", album: "artist", city: "state" };

// A name that filters everything by it.
export function filterButton(row, by, className = "pick-row") {
  const pairs = pairsOf(row, by);
  const isOn = pairs.every(([d, v]) => isFiltered(d, v));
  const full = pairs.map(([d, v]) => `${DIMENSION_NAMES[d] ?? d}: ${named(d, v)}`).join("\n");
  const second = by.length === 1 && SECOND[by[0]] && row[SECOND[by[0]]] !== undefined ? named(SECOND[by[0]], row[SECOND[by[0]]]) : null;
  const button = element("button", { type: "button", className, title: full, "aria-pressed": String(isOn) },
    element("span", { className: "name", textContent: titleOf(row, by) }), second === null ? null : element("span", { className: "second", textContent: second }));
  button.addEventListener("click", () => toggleFilters(pairs));
  return button;
}

// The greatest first. Each row: what it is, a bar, the value, and further measures in columns.
export function drawList(card, { rows, by, metrics, before }) {
  const [first, ...others] = metrics;
  const greatest = Math.max(...rows.map((r) => r[first.metric] ?? 0), 0) || 1;
  const head = others.length || before ? element("div", { className: "list-head", "aria-hidden": "true" },
    element("span", { textContent: "" }), ...[first, ...others].map((m) => element("span", { textContent: m.label })), before ? element("span", { textContent: before.label }) : null) : null;
  const items = rows.map((row) => {
    const bar = element("span", { className: "bar-line" });
    bar.style.setProperty("width", `${100 * (row[first.metric] ?? 0) / greatest}%`);
    bar.style.setProperty("background", colour(first.tint));
    const numbers = [first, ...others].map((m) => element("span", { className: "num", textContent: exact(m.unit)(row[m.metric]) }));
    if (before) numbers.push(element("span", { className: "num soft", textContent: exact(first.unit)(before.of(row)) }));
    return element("li", {}, filterButton(row, by), ...numbers, bar);
  });
  const list = element("ol", { className: "list" }, ...items);
  list.style.setProperty("--columns", String(metrics.length + (before ? 1 : 0)));
  head?.style.setProperty("--columns", String(metrics.length + (before ? 1 : 0)));
  card.body.replaceChildren(...[head, list].filter(Boolean));
}

// What a whole is made of: one bar, and a line for each part.
export function drawShares(card, { rows, by, metrics: [first] }) {
  const total = rows.reduce((sum, r) => sum + r[first.metric], 0) || 1;
  const whole = element("div", { className: "whole", "aria-hidden": "true" });
  const tint = byName(rows.map((r) => r[by[0]]), PARTS);
  const items = rows.map((row) => {
    const part = element("span", { title: `${titleOf(row, by)}: ${Format.fraction(row[first.metric] / total)}` });
    part.style.setProperty("flex-grow", String(row[first.metric]));
    part.style.setProperty("background", colour(tint(row[by[0]])));
    whole.append(part);
    const swatch = element("span", { className: "swatch" });
    swatch.style.setProperty("background", colour(tint(row[by[0]])));
    return element("li", {}, swatch, filterButton(row, by), element("span", { className: "num soft", textContent: Format.exact(row[first.metric]) }),
      element("span", { className: "num", textContent: Format.fraction(row[first.metric] / total) }));
  });
  card.body.replaceChildren(whole, element("ul", { className: "shares" }, ...items));
}

// One dimension within another: a group for each value of the first, a bar for each of the second.
export function drawGroups(card, { rows, by, metrics: [first] }) {
  const [outer, inner] = by;
  const greatest = Math.max(...rows.map((r) => r[first.metric]), 1);
  const inners = [...new Set(rows.map((r) => r[inner]))].sort((a, b) => (a === null) - (b === null) || String(a).localeCompare(String(b)));
  const outers = [...new Set(rows.map((r) => r[outer]))].sort((a, b) => (a === null) - (b === null) || String(a).localeCompare(String(b)));
  const tint = byName(inners, PARTS);
  const groups = outers.map((value) => {
    const items = inners.flatMap((name) => {
      const row = rows.find((r) => r[outer] === value && r[inner] === name);
      if (!row) return [];
      const bar = element("span", { className: "bar-line" });
      bar.style.setProperty("width", `${100 * row[first.metric] / greatest}%`);
      bar.style.setProperty("background", colour(tint(name)));
      return [element("li", {}, filterButton({ [inner]: name }, [inner]), element("span", { className: "num", textContent: Format.exact(row[first.metric]) }), bar)];
    });
    return element("div", { className: "group" }, filterButton({ [outer]: value }, [outer], "pick-row group-name"), element("ol", { className: "list" }, ...items));
  });
  card.body.replaceChildren(element("div", { className: "groups" }, ...groups));
}
