// How each kind of chart gets its figures and is drawn: `load` asks, and returns what `show` draws and the table.

import { NotCounted, askable, get, query } from "./api.js";
import { seriesMetrics } from "./catalogue.js";
import { DIMENSION_NAMES, Format, bucketName, clock, named, shortMoment } from "./format.js";
import { drawHeat, drawStates, drawWorld } from "./grids.js";
import { drawGroups, drawList, drawShares, pairsOf, tints, titleOf } from "./lists.js";
import { drawAnomalies, drawTrending, oddHours } from "./marts.js";
import { drawLoadBars, drawLoads, drawToday } from "./loads.js";
import { DAY, HOUR, bucketEnd, buckets, compared, floor, offset } from "./range.js";
import { ENDING, SETTLING, byTime, gaps, isCut, knownUntil, series, values } from "./series.js";
import { COMPARISONS, SERVER_COMPARES, state } from "./state.js";
import { drawTime } from "./timechart.js";
import { isBeforeAll, learn, settledBefore, world } from "./world.js";

const filters = () => state.filters;
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
async function measuresOf(definition) {
  const all = [...definition.measures, ...(definition.instead ?? [])];
  const dimensions = [...filterDimensions(), ...(definition.by ?? [])];
  const can = new Set(filterDimensions().length ? await askable(all.map((m) => m.metric), dimensions) : all.map((m) => m.metric));
  let measures = definition.measures.filter((m) => can.has(m.metric));
  if (!measures.length) measures = (definition.instead ?? []).filter((m) => can.has(m.metric));
  if (!measures.length) throw new NotCounted(`Not counted by ${filterDimensions().map((d) => DIMENSION_NAMES[d].toLowerCase()).join(" and ")}`);
  return measures;
}

// MARK: Over time

// Into which stretches late events came with a load.
function lateIn(range) {
  return world.loads.filter((l) => l.status === "published").flatMap((l) => (l.late_days ?? []).map((d) => ({ t: Date.parse(d.first), end: Date.parse(d.last) + 1000, text: `Load #${l.load_run_id} brought ${Format.exact(d.events)} late events, ${shortMoment(Date.parse(d.first))} to ${clock(Date.parse(d.last))}` })))
    .filter(({ t, end }) => end > range.from && t < range.to);
}

function marksIn(range) {
  return world.loads.filter((l) => l.status === "published" && l.finished_at).map((l) => ({ t: Date.parse(l.finished_at), text: `Load #${l.load_run_id} published: ${Format.exact(l.events_read)} events${l.late ? `, ${Format.exact(l.late)} late` : ""}` }))
    .filter(({ t }) => t >= range.from && t < range.to);
}

function timeModel(definition, range, rows, envelope, sets) {
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

function timeTable(model, range) {
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

// Days of a whole past, as the server has counted them.
async function loadNewcomers(definition, chosen) {
  if (filters().length) throw new NotCounted("Of the whole service only, without filters");
  const span = spanOf(definition, chosen);
  // A day that begins within an hour of UTC is made of parts of hours, which nobody has counted.
  const zone = offset(span.zone, span.to) % HOUR || offset(span.zone, span.from) % HOUR ? "UTC" : span.zone;
  const range = { ...span, zone, grain: "day", from: floor(zone, span.from, "day") };
  const link = `/api/v1/newcomers?${new URLSearchParams({ from: new Date(range.from).toISOString(), to: new Date(range.to).toISOString(), tz: zone })}`;
  const answer = await get(link);
  learn(answer);
  const rows = byTime(answer.rows);
  const times = buckets(zone, range.from, range.to, "day");
  const end = knownUntil(range, {});
  const sets = definition.measures.map((m) => ({ ...m, values: values(m.metric, times, rows, range, end) }));
  const model = timeModel(definition, range, rows, {}, sets);
  return { model, isEmpty: answer.rows.length === 0, table: timeTable(model, range), link, range, envelope: {}, note: zone === span.zone ? undefined : "days of UTC" };
}

// The members of a question with `top`, those with the most first.
function greatest(rows, by, metric) {
  const sums = new Map();
  for (const row of rows.filter((r) => !r.is_other)) {
    const key = JSON.stringify(pairsOf(row, by));
    sums.set(key, { row, sum: (sums.get(key)?.sum ?? 0) + (row[metric] ?? 0) });
  }
  return [...sums.values()].filter(({ sum }) => sum > 0).sort((a, b) => b.sum - a.sum).map(({ row }) => row);
}

// The greatest of a dimension over the range, each as a line, and all others.
async function loadTimeBy(definition, range) {
  const [measure] = await measuresOf(definition);
  const [dimension] = definition.by;
  const question = { metrics: [measure.metric], by: [dimension], top: definition.top, filters: filters() };
  const now = await series(question, range);
  const chosen = greatest(now.rows, [dimension], measure.metric);
  const names = chosen.map((r) => r[dimension]);
  const times = buckets(range.zone, range.from, range.to, range.grain);
  const end = knownUntil(range, now.envelope);
  const all = byTime(now.rows);
  const first = Math.min(...all.keys());
  const lineOf = (rows) => times.map((t) => rows.get(t)?.[measure.metric] ?? (t < end && t >= first ? 0 : null));
  const tint = tints(names);
  const sets = chosen.map((member) => {
    const rows = byTime(now.rows.filter((r) => !r.is_other && pairsOf(member, [dimension]).every(([d, v]) => r[d] === v)));
    return { ...measure, name: named(dimension, member[dimension]), label: titleOf(member, [dimension]), tint: tint(member[dimension]), values: lineOf(rows) };
  });
  // All others together are many times the greatest, so that their line is there for who switches it on.
  const others = byTime(now.rows.filter((r) => r.is_other));
  if (others.size) sets.push({ ...measure, name: "others", label: "all others", tint: "soft", hidden: true, values: lineOf(others) });
  const model = timeModel(definition, range, all, now.envelope, sets);
  return { model, isEmpty: now.rows.length === 0, table: timeTable(model, range), question: { ...question, granularity: range.grain }, range, envelope: now.envelope };
}

// MARK: Lists and maps

// Where plays are what is divided by, a list ends where they have settled.
function settledRange(range, measures) {
  const settled = settledBefore();
  const needs = SETTLING.has(measures[0].metric) && settled !== null && settled < range.to && settled > range.from;
  return needs ? { ...range, to: settled } : range;
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

async function loadList(definition, chosen) {
  const measures = await measuresOf(definition);
  const range = settledRange(chosen, measures);
  const isCompared = before() !== null && definition.kind === "list" && !isBeforeAll(compared(range));
  const byServer = isCompared ? SERVER_COMPARES[state.compare] : undefined;
  const asked = { ...question(definition, measures), compare: byServer };
  const answer = await query(asked, range);
  learn(answer);
  let { rows } = answer;
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
  return { model: { rows, by: definition.by, metrics: measures, before: extra }, isEmpty: rows.length === 0, table: listTable(rows, definition.by, measures, extra), question: asked, range, envelope: answer, isSettled: range !== chosen, isUncompared: definition.kind === "list" && isUncompared(range) };
}

const loadMap = (definition, range) => loadList({ ...definition, limit: 1000 }, range);

// MARK: Hours

const WEEK = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const HOURS = Array.from({ length: 24 }, (_, h) => String(h).padStart(2, "0"));
const localHour = (zone, t) => { const local = new Date(t + offset(zone, t)); return [(local.getUTCDay() + 6) % 7, local.getUTCHours()]; };

async function loadWeek(definition, chosen) {
  const [measure] = await measuresOf(definition);
  const range = { ...spanOf(definition, chosen), grain: "hour" };
  const asked = { metrics: [measure.metric], filters: filters() };
  const now = await series(asked, range);
  const sums = WEEK.map(() => HOURS.map(() => ({ sum: 0, count: 0 })));
  const rows = byTime(now.rows);
  const first = Math.min(...rows.keys());
  const end = knownUntil(range, now.envelope);
  for (const t of buckets(range.zone, range.from, range.to, "hour")) {
    if (t < first || t + HOUR > end) continue;
    const [d, h] = localHour(range.zone, t);
    sums[d][h].sum += rows.get(t)?.[measure.metric] ?? 0;
    sums[d][h].count += 1;
  }
  const value = (y, x) => sums[y][x].count ? sums[y][x].sum / sums[y][x].count : null;
  return {
    model: { lines: WEEK, columns: HOURS, value, tint: measure.tint, unit: "count", titles: (y, x) => `${WEEK[y]}, ${HOURS[x]}:00` }, isEmpty: now.rows.length === 0, question: { ...asked, granularity: "hour" }, range, envelope: now.envelope,
    table: { columns: [{ name: "weekday", label: "Day" }, ...HOURS.map((h) => ({ name: h, label: h, unit: "count" }))], rows: WEEK.map((d, y) => [d, ...HOURS.map((_, x) => { const v = value(y, x); return v === null ? null : +v.toFixed(1); })]) },
  };
}

async function loadUserHours(definition, chosen) {
  const [measure] = await measuresOf(definition);
  const range = { ...spanOf(definition, chosen), grain: "hour" };
  const asked = { metrics: [measure.metric], by: ["user"], top: definition.limit + 1, filters: filters() };
  const now = await series(asked, range);
  const users = greatest(now.rows, ["user"], measure.metric).map((r) => r.user).filter((u) => u !== null).slice(0, definition.limit);
  const sums = new Map(users.map((u) => [String(u), HOURS.map(() => 0)]));
  for (const row of now.rows) {
    const [, h] = localHour(range.zone, Date.parse(row.time));
    if (!row.is_other && sums.has(String(row.user))) sums.get(String(row.user))[h] += row[measure.metric];
  }
  const lines = users.map(String);
  return {
    model: { lines: lines.map((u) => named("user", u)), columns: HOURS, value: (y, x) => sums.get(lines[y])[x], tint: measure.tint, unit: "count", titles: (y, x) => `${named("user", lines[y])}, ${HOURS[x]}:00` }, isEmpty: users.length === 0, question: { ...asked, granularity: "hour" }, range, envelope: now.envelope,
    table: { columns: [{ name: "user", label: "User" }, ...HOURS.map((h) => ({ name: h, label: h, unit: "count" }))], rows: lines.map((u) => [u, ...sums.get(u)]) },
  };
}

// A rate by hour of the day is divided after summing, as everywhere.
async function loadHours(definition, chosen) {
  const range = { ...spanOf(definition, chosen), grain: "hour" };
  const [measure] = await measuresOf(definition);
  const asked = { metrics: ["listened_ms", "completed", "skipped", "partial"], filters: filters() };
  const now = await series(asked, range);
  const sums = HOURS.map(() => ({ time: 0, ended: 0 }));
  for (const row of now.rows) {
    const t = Date.parse(row.time);
    if (t + HOUR > settledBefore()) continue;
    const [, h] = localHour(range.zone, t);
    sums[h].time += row.listened_ms ?? 0;
    sums[h].ended += (row.completed ?? 0) + (row.skipped ?? 0) + (row.partial ?? 0);
  }
  const rows = HOURS.map((h, i) => ({ hour: `${h}:00`, [measure.metric]: sums[i].ended ? sums[i].time / sums[i].ended : null }));
  return {
    model: { rows, measure }, isEmpty: now.rows.length === 0, question: { ...asked, granularity: "hour" }, range, envelope: now.envelope,
    table: { columns: [{ name: "hour", label: "Hour" }, { name: measure.metric, label: measure.label, unit: measure.unit }], rows: rows.map((r) => [r.hour, r[measure.metric]]) },
  };
}

function drawHours(card, { rows, measure }) {
  card.needsCanvas();
  const times = rows.map((_, i) => i * HOUR);
  return drawTime(card, {
    times, names: rows.map((r) => r.hour), zone: "UTC", grain: "hour", cut: times.map(() => false), sets: [{ ...measure, style: "bars", values: rows.map((r) => r[measure.metric]) }],
    frame: { times, ends: times.map((t) => t + HOUR), knownUntil: DAY, until: DAY, finalBefore: null, settledBefore: null, gaps: [], marks: [] }, remarks: () => [],
  });
}

const overTime = (card, model) => { card.needsCanvas(); return drawTime(card, model); };

export const KINDS = {
  time: { load: loadTime, show: overTime, isTime: true }, layers: { load: loadLayers, show: overTime, isTime: true }, timeBy: { load: loadTimeBy, show: overTime, isTime: true },
  newcomers: { load: loadNewcomers, show: overTime }, list: { load: loadList, show: drawList }, shares: { load: loadMap, show: drawShares }, groups: { load: loadMap, show: drawGroups },
  states: { load: loadMap, show: drawStates }, world: { load: loadMap, show: drawWorld },
  week: { load: loadWeek, show: drawHeat }, userHours: { load: loadUserHours, show: drawHeat }, hours: { load: loadHours, show: drawHours, isTime: true, isFixed: true },
  trending: drawTrending, anomalies: drawAnomalies, loads: drawLoads, loadBars: drawLoadBars, today: drawToday,
};
