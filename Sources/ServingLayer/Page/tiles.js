// Key figures: what was, how it compares, and its course.

import { address, askable, query } from "./api.js";
import { TILES, seriesMetrics } from "./catalogue.js";
import { colour, element, write } from "./dom.js";
import { Format, clock, none, shortMoment } from "./format.js";
import { MINUTE, buckets, compared } from "./range.js";
import { SETTLING, byTime, isSparse, isUnfinished, knownUntil, series, values } from "./series.js";
import { COMPARISONS, state } from "./state.js";
import { isBeforeAll, latestEnd, learn, settledBefore, world } from "./world.js";

const SVG = "http://www.w3.org/2000/svg";
const PERIOD_MS = 30000;
const AGAIN_MS = 5000;
const PAST_MS = 5 * MINUTE;

// As tall as wide, stretched by the style; breaks where nothing is known, and steps where a chart would have them.
function sparkline(svg, line, { tint, unit }) {
  const known = line.filter((v) => v != null);
  const top = Math.max(...known, 0) || 1;
  const step = line.length > 1 ? 100 / (line.length - 1) : 0;
  const steps = isSparse(unit, line);
  let path = "";
  line.forEach((v, i) => {
    if (v == null) return;
    const [x, y] = [(i * step).toFixed(1), (29 - 27 * v / top).toFixed(1)];
    path += line[i - 1] == null ? `M${x} ${y}` : steps ? `H${((i - 0.5) * step).toFixed(1)}V${y}H${x}` : `L${x} ${y}`;
  });
  svg.firstChild.setAttribute("d", path);
  svg.firstChild.setAttribute("stroke", colour(tint));
}

export class Tiles {
  constructor(container) {
    this.at = 0;
    this.generation = 0;
    this.past = new Map();
    this.tiles = TILES.map((tile) => {
      const svg = document.createElementNS(SVG, "svg");
      for (const [name, value] of [["viewBox", "0 0 100 30"], ["preserveAspectRatio", "none"], ["class", "spark"], ["aria-hidden", "true"]]) svg.setAttribute(name, value);
      const path = document.createElementNS(SVG, "path");
      path.setAttribute("vector-effect", "non-scaling-stroke");
      svg.append(path);
      const parts = { svg, name: element("h2", { textContent: tile.title }), value: element("p", { className: "value", textContent: none }), change: element("p", { className: "change", textContent: "\u00a0" }) };
      container.append(element("article", { className: "tile" }, parts.name, parts.value, parts.change, svg));
      return { ...tile, ...parts };
    });
  }

  // The notice and the charts say what is wrong; the key figures only try again.
  isDue() { return Date.now() - this.at > (this.hasFailed ? AGAIN_MS : PERIOD_MS); }

  // As long as the range: counts up to the last minute that is over, as one that is not would be compared with a whole one, and rates up to
  // where plays have ended.
  windows(range) {
    const end = latestEnd() > world.asOf ? latestEnd() - MINUTE : latestEnd();
    const until = (known) => {
      const to = Math.min(range.to, known ?? range.to);
      return range.moves ? { ...range, from: range.from - (range.to - to), to } : { ...range, to: Math.max(to, range.from + MINUTE) };
    };
    return { count: until(end), settled: until(settledBefore()) };
  }

  async refresh(range) {
    this.at = Date.now();
    const generation = ++this.generation;
    const filters = state.filters;
    const dimensions = [...new Set(filters.map((f) => f.dimension))];
    const wanted = [...new Set(TILES.flatMap((t) => [t.metric, t.instead ?? t.metric]))];
    const can = new Set(dimensions.length ? await askable(wanted, dimensions) : wanted);
    const chosen = this.tiles.map((t) => can.has(t.metric) ? t.metric : can.has(t.instead) ? t.instead : null);
    const windows = this.windows(range);
    const then = state.compare ? compared : (span) => ({ ...span, from: 2 * span.from - span.to, to: span.from });
    // What lies in the past hardly changes, and is asked again each few minutes; the first time together with the present.
    const ask = async (isSettled) => {
      const metrics = [...new Set(chosen.filter((m) => m && SETTLING.has(m) === isSettled))];
      if (!metrics.length) return [{}, {}];
      const question = { metrics, filters, granularity: "none" };
      const span = windows[isSettled ? "settled" : "count"];
      const spans = [span, then(span)];
      const keys = spans.map((s) => address(question, s));
      const keep = (i, row = {}) => {
        if (i === 1 || isSettled) this.past = new Map([...this.past, [keys[i], { at: Date.now(), row }]].slice(-8));
        return row;
      };
      const kept = keys.map((key) => { const known = this.past.get(key); return known && Date.now() - known.at < PAST_MS ? known.row : null; });
      if (!kept[1] && !state.compare) {
        const answer = await query({ ...question, compare: "previous" }, span);
        learn(answer);
        return [keep(0, answer.rows[0]), keep(1, answer.previous.rows[0])];
      }
      return Promise.all(spans.map(async (s, i) => {
        if (kept[i]) return kept[i];
        const answer = await query(question, s);
        learn(answer);
        return keep(i, answer.rows[0]);
      }));
    };
    const all = seriesMetrics("overview");
    const spark = dimensions.length ? await askable(all, dimensions) : all;
    const [[counts, oldCounts], [rates, oldRates], course] = await Promise.all([ask(false), ask(true), series({ metrics: spark, filters }, range)]);
    if (generation !== this.generation) return;
    this.hasFailed = false;
    const rows = byTime(course.rows);
    const times = buckets(range.zone, range.from, range.to, range.grain);
    const end = knownUntil(range, course.envelope);
    const unknown = outside(range);
    this.tiles.forEach((tile, i) => {
      const metric = chosen[i];
      const isSettled = SETTLING.has(metric);
      write(tile.name, metric === "listeners" && tile.metric !== "listeners" ? "Listeners" : tile.title);
      const [now, old] = isSettled ? [rates, oldRates] : [counts, oldCounts];
      const value = metric && !unknown ? now[metric] ?? (tile.unit === "count" ? 0 : null) : null;
      write(tile.value, Format[tile.unit](value));
      const until = isSettled && windows.settled.to < windows.count.to ? `, until ${clock(windows.settled.to)}` : "";
      tile.value.title = now[`${metric}_low`] != null ? `95 % between ${Format.exact(now[`${metric}_low`])} and ${Format.exact(now[`${metric}_high`])}` : Format.exact(tile.unit === "count" ? value : null);
      const isUncompared = isBeforeAll(then(windows[isSettled ? "settled" : "count"]));
      write(tile.change, unknown ? unknown : !metric ? "not counted with these filters" : (isUncompared ? `no data before ${shortMoment(world.first)}` : difference(tile, now, old, metric)) + until);
      sparkline(tile.svg, metric ? values(metric, times, rows, range, end).map((v, j) => isUnfinished(range, times[j]) ? null : v) : [], tile);
    });
  }
}

// A range in which there cannot be anything is not one in which nothing happened.
function outside(range) {
  if (latestEnd() !== null && range.from >= latestEnd() && !range.moves) return `no data after ${shortMoment(latestEnd())}`;
  return world.first !== null && range.to <= world.first ? `no data before ${shortMoment(world.first)}` : null;
}

function difference(tile, now, old, metric) {
  const on = state.compare ? `on ${COMPARISONS[state.compare].toLowerCase()}` : "on the time before";
  const [value, before] = [now[metric], old[metric]];
  if (value == null || before == null || (tile.unit === "count" && before === 0)) return "nothing to compare with";
  if (tile.isDistinct && now[`${metric}_low`] <= old[`${metric}_high`] && old[`${metric}_low`] <= now[`${metric}_high`]) return `about as many ${on.replace("on ", "as ")}`;
  const change = tile.unit === "fraction" ? (value - before) * 100 : (value / before - 1) * 100;
  const size = Math.abs(change).toFixed(Math.abs(change) >= 100 ? 0 : 1);
  if (Number(size) === 0) return `unchanged ${on}`;
  return `${change > 0 ? "▲" : "▼"} ${size} ${tile.unit === "fraction" ? "points" : "%"} ${on}`;
}
