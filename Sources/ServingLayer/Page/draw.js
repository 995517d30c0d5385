// How each kind of chart gets its figures and is drawn: `load` asks, and returns what `show` draws and the table.

import { NotCounted, askable, part, query } from "./api.js";
import { seriesMetrics } from "./catalogue.js";
import { DIMENSION_NAMES, bucketName, named } from "./format.js";
import { drawStates } from "./grids.js";
import { drawGroups, drawList, drawShares, pairsOf } from "./lists.js";
import { lateIn, marksIn, oddHours } from "./marks.js";
import { DAY, bucketEnd, buckets, compared, floor } from "./range.js";
import { ENDING, SETTLING, byTime, gaps, isCut, knownUntil, series, values } from "./series.js";
import { COMPARISONS, SERVER_COMPARES, state } from "./state.js";
import { drawTime } from "./timechart.js";
import { drawToday } from "./today.js";
import { isBeforeAll, learn, settledBefore, world } from "./world.js";

export const filters = () => state.filters;
const filterDimensions = () => [...new Set(state.filters.map((f) => f.dimension))];
const before = () => state.compare ? COMPARISONS[state.compare].toLowerCase() : null;

// Whether the reader wants a comparison with a time before the first event.
const isUncompared = (range) => before() !== null && isBeforeAll(compared(range));

// A chart of some hours or weeks reaches further back than the range that the reader has chosen, if that is shorter.
export function spanOf(definition, range) {
  const { span } = definition;
  if (!span) return range;
  const grain = range.to - range.from > 14 * DAY && span.least < 14 * DAY ? "day" : span.grain;
  return { ...range, grain, from: Math.min(range.from, floor(range.zone, range.to - span.least, grain)) };
}

// The measures that the filters leave: others of the same meaning may stand in.
export async function measuresOf(definition) {
  const all = [...definition.measures, ...(definition.instead ?? [])];
  const dimensions = [...filterDimensions(), ...(definition.by ?? [])];
  const can = new Set(filterDimensions().length ? await askable(all.map((m) => m.metric), dimensions) : all.map((m) => m.metric));
  let measures = definition.measures.filter((m) => can.has(m.metric));
  if (!measures.length) measures = (definition.instead ?? []).filter((m) => can.has(m.metric));
  if (!measures.length) throw new NotCounted(`Not counted by ${filterDimensions().map((d) => DIMENSION_NAMES[d].toLowerCase()).join(" and ")}`);
  return measures;
}

// MARK: Over time

export function timeModel(definition, range, rows, envelope, sets) {
  const times = buckets(range.zone, range.from, range.to, range.grain);
  const ends = times.map((t) => bucketEnd(range, t));
  const end = knownUntil(range, envelope);
  const holes = sets.holes ?? [];
  const marks = marksIn(range);
  const late = lateIn(range);
  const odd = definition.id === "listens" ? oddHours(range) : [];
  const settles = sets.some((s) => ENDING.has(s.metric));
  const cut = times.map((t) => isCut(range, t, end, rows.get(t)) || (settles && rows.get(t)?.settled === "part"));
  return {
    times, zone: range.zone, grain: range.grain, cut, sets, isStacked: definition.isStacked || definition.kind === "layers",
    frame: { times, ends, knownUntil: end, until: range.moves ? ends.at(-1) : range.to, finalBefore: world.finalBefore, settledBefore: settles ? settledBefore() : null, gaps: holes, marks, late, odd },
    remarks: (i) => [
      times[i] >= end ? "not known yet" : null,
      cut[i] && times[i] < end ? "part of it only: the range or the present cuts it" : null,
      settles && ends[i] > settledBefore() && times[i] < end ? "plays are still open" : null,
      rows.get(times[i])?.is_final === false ? "may still grow" : null,
      ...odd.filter((a) => a.end > times[i] && a.t < ends[i]).map(({ text }) => text),
      ...late.filter((s) => s.end > times[i] && s.t < ends[i]).map(({ text }) => text),
      ...marks.filter(({ t }) => t >= times[i] && t < ends[i]).map(({ text }) => text),
    ].filter(Boolean),
  };
}

export function timeTable(model, range) {
  return {
    columns: [{ name: "time", label: "Time" }, ...model.sets.map((s) => ({ name: s.name ?? s.metric, label: s.label, unit: s.unit }))],
    rows: model.times.map((t, i) => [new Date(t).toISOString(), ...model.sets.map((s) => s.values[i])]),
    show: (value, i) => i === 0 ? bucketName(Date.parse(value), range.grain) : undefined,
  };
}

const askedFor = async (definition) => {
  const all = seriesMetrics(definition.section, definition.span);
  const dimensions = filterDimensions();
  return { metrics: dimensions.length ? await askable(all, dimensions) : all, filters: filters() };
};

async function loadTime(definition, chosen) {
  const range = spanOf(definition, chosen);
  const measures = await measuresOf(definition);
  const question = await askedFor(definition);
  const [now, then] = await Promise.all([series(question, range), before() ? series(question, compared(range)) : null]);
  const rows = byTime(now.rows);
  const times = buckets(range.zone, range.from, range.to, range.grain);
  const end = knownUntil(range, now.envelope);
  const holes = filters().length || range.grain === "day" ? [] : gaps(times, rows, end);
  const sets = measures.map((m) => ({
    ...m, values: values(m.metric, times, rows, range, end, holes),
    band: m.hasBand ? { low: times.map((t) => rows.get(t)?.[`${m.metric}_low`] ?? null), high: times.map((t) => rows.get(t)?.[`${m.metric}_high`] ?? null) } : undefined,
  }));
  if (then) {
    const other = compared(range);
    const old = byTime(then.rows);
    for (const m of measures.slice(0, definition.isStacked ? 0 : 2)) {
      const line = times.map((t) => { const at = floor(range.zone, other.shift(t), range.grain); return at < world.first ? null : old.get(at)?.[m.metric] ?? null; });
      if (line.some((v) => v !== null)) sets.push({ ...m, name: `${m.metric}_before`, label: `${m.label}, ${before()}`, style: "line", isBefore: true, tint: measures.length > 1 ? m.tint : "soft", values: line });
    }
  }
  sets.holes = holes;
  const model = timeModel(definition, range, rows, now.envelope, sets);
  return { model, isEmpty: now.rows.length === 0, table: timeTable(model, range), question: { ...question, metrics: measures.map((m) => m.metric), granularity: range.grain }, range, envelope: now.envelope, isUncompared: isUncompared(range), isInstead: !definition.measures.includes(measures[0]) };
}

async function loadLayers(definition, range) {
  await measuresOf(definition);
  const question = await askedFor(definition);
  const now = await series(question, range);
  const isLive = now.rows.some((r) => r.listens_batch !== undefined);
  const layers = isLive ? [] : (await series({ metrics: ["listens"], by: ["layer"], filters: filters() }, range)).rows;
  const batch = new Map(layers.filter((r) => r.layer === "batch").map((r) => [Date.parse(r.time), r.listens]));
  const rows = new Map([...byTime(now.rows)].map(([t, row]) => {
    const loaded = isLive ? row.listens_batch : Math.min(batch.get(t) ?? 0, row.listens);
    return [t, { ...row, loaded, added: row.listens - loaded }];
  }));
  const times = buckets(range.zone, range.from, range.to, range.grain);
  const end = knownUntil(range, now.envelope);
  const holes = filters().length || range.grain === "day" ? [] : gaps(times, rows, end);
  const sets = [["loaded", "batch layer", "batch"], ["added", "speed layer", "speed"]]
    .map(([metric, label, tint]) => ({ metric, label, tint, unit: "count", style: "bars", stack: "l", values: values(metric, times, rows, range, end, holes) }));
  if (before()) {
    const other = compared(range);
    const old = byTime((await series(question, other)).rows);
    const line = times.map((t) => { const at = floor(range.zone, other.shift(t), range.grain); return at < world.first ? null : old.get(at)?.listens ?? null; });
    if (line.some((v) => v !== null)) sets.push({ metric: "before", label: `listens, ${before()}`, tint: "soft", unit: "count", style: "line", isBefore: true, stack: "b", values: line });
  }
  sets.holes = holes;
  const model = timeModel(definition, range, rows, now.envelope, sets);
  return { model, isEmpty: now.rows.length === 0, table: timeTable(model, range), question: { metrics: ["listens"], by: ["layer"], filters: filters(), granularity: range.grain }, range, envelope: now.envelope, isUncompared: isUncompared(range) };
}

// MARK: Lists and maps

// Where plays are what is divided by, a list ends where they have settled.
function settledRange(range, measures) {
  const settled = settledBefore();
  const needs = SETTLING.has(measures[0].metric) && settled !== null && settled < range.to && settled > range.from;
  return needs ? { ...range, to: settled, moving: null } : range;
}

const question = (definition, measures) => ({
  metrics: measures.map((m) => m.metric), by: definition.by, limit: definition.isKnownOnly ? definition.limit + 1 : definition.limit, filters: filters(), granularity: "none",
});

function listTable(rows, by, measures, extra) {
  const dimensions = by.flatMap((d) => ({ song: ["song", "artist"], city: ["city", "state", "country"], album: ["album", "artist"], state: ["state", "country"] })[d] ?? [d]);
  return {
    columns: [...dimensions.map((d) => ({ name: d, label: DIMENSION_NAMES[d] })), ...measures.map((m) => ({ name: m.metric, label: m.label, unit: m.unit })), ...(extra ? [{ name: "before", label: extra.label, unit: measures[0].unit }] : [])],
    rows: rows.map((r) => [...dimensions.map((d) => r[d]), ...measures.map((m) => r[m.metric]), ...(extra ? [extra.of(r)] : [])]),
    show: (value, i) => dimensions[i] ? named(dimensions[i], value) : undefined,
  };
}

// Counts by two dimensions, which another chart asks for as well, as counts by one of them.
function summed(rows, by, metric) {
  const sums = new Map();
  for (const row of rows) {
    const key = JSON.stringify(pairsOf(row, by));
    sums.set(key, { ...row, [metric]: (sums.get(key)?.[metric] ?? 0) + row[metric] });
  }
  return [...sums.values()].sort((a, b) => b[metric] - a[metric]);
}

async function loadList(definition, chosen) {
  const measures = await measuresOf(definition);
  const wanted = settledRange(chosen, measures);
  const isCompared = before() !== null && definition.kind === "list" && !isBeforeAll(compared(wanted));
  const byServer = isCompared ? SERVER_COMPARES[state.compare] : undefined;
  const asked = { ...question(definition, measures), compare: byServer };
  const answer = await query(definition.outOf ? { ...asked, by: definition.outOf } : asked, { ...wanted, ...wanted.moving });
  // The range of the answer, which may be one of a moment before.
  const range = wanted.moving ? { ...wanted, from: Date.parse(answer.query.from), to: Date.parse(answer.query.to) } : wanted;
  learn(answer);
  let { rows } = answer;
  if (definition.outOf) rows = summed(rows, definition.by, measures[0].metric);
  // Who only looked at pages is in the answer with no listens.
  if (measures[0].unit === "count") rows = rows.filter((r) => r[measures[0].metric] > 0);
  if (definition.isKnownOnly) rows = rows.filter((r) => r[definition.by[0]] !== null).slice(0, definition.limit);
  let extra;
  if (isCompared && rows.length) {
    const [dimension] = definition.by;
    const values = [...new Set(rows.map((r) => r[dimension] ?? ""))].map((value) => ({ dimension, value }));
    const then = byServer ? answer.previous : await query({ ...asked, limit: 1000, filters: [...filters().filter((f) => f.dimension !== dimension), ...values] }, compared(range));
    const key = (r) => JSON.stringify(pairsOf(r, definition.by));
    const old = new Map(then.rows.map((r) => [key(r), r[measures[0].metric]]));
    extra = { label: before(), of: (r) => old.get(key(r)) ?? (SETTLING.has(measures[0].metric) ? null : 0) };
  }
  return { model: { rows, by: definition.by, metrics: measures, before: extra }, isEmpty: rows.length === 0, table: listTable(rows, definition.by, measures, extra), question: asked, range, envelope: answer, isSettled: wanted !== chosen, isUncompared: definition.kind === "list" && isUncompared(range) };
}

export const loadMap = (definition, range) => loadList({ ...definition, limit: 1000 }, range);

export const overTime = (card, model) => { card.needsCanvas(); return drawTime(card, model); };

// What a card knows of its kind from the start, and how it is drawn, or in which part of the page that is.
export const KINDS = {
  time: { load: loadTime, show: overTime, isTime: true }, layers: { load: loadLayers, show: overTime, isTime: true }, timeBy: { part: "members", isTime: true }, newcomers: { part: "members" },
  list: { load: loadList, show: drawList }, shares: { load: loadMap, show: drawShares }, groups: { load: loadMap, show: drawGroups }, states: { load: loadMap, show: drawStates }, world: { part: "worldmap" },
  week: { part: "hours" }, userHours: { part: "hours" }, hours: { part: "hours", isTime: true, isFixed: true },
  trending: { part: "marts" }, anomalies: { part: "marts" }, loads: { part: "loads", isTable: true }, loadBars: { part: "loads" }, today: drawToday,
};

export async function drawing(kind) {
  const known = KINDS[kind];
  return known.part ? (await part(known.part)).KINDS[kind] : known;
}
