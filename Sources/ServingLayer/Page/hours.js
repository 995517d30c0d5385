// Hours of the week and of the day.

import { element, tinted } from "./dom.js";
import { filters, measuresOf, spanOf } from "./draw.js";
import { Format, named } from "./format.js";
import { greatest } from "./lists.js";
import { DAY, HOUR, buckets, offset } from "./range.js";
import { byTime, knownUntil, series } from "./series.js";
import { drawTime } from "./timechart.js";
import { settledBefore } from "./world.js";

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

// MARK: Heat maps

// `lines` and `columns` name the rows and columns, `value(line, column)` is null where nothing is known.
function drawHeat(card, { lines, columns, value, tint, unit, titles }) {
  const greatest = Math.max(...lines.flatMap((_, y) => columns.map((_, x) => value(y, x) ?? 0)), 0) || 1;
  const cells = [];
  const grid = element("div", { className: "heat", role: "img", "aria-label": `${card.definition.title}; the table has the figures` });
  grid.style.setProperty("--across", String(columns.length));
  lines.forEach((line, y) => {
    grid.append(element("span", { className: "line-name", textContent: line, title: line }));
    columns.forEach((column, x) => {
      const v = value(y, x);
      const share = v > 0 ? 0.08 + 0.92 * v / greatest : 0;
      const node = element("span", { className: `cell${v == null ? " unknown" : ""}`, title: `${titles(y, x)}: ${v == null ? "not known" : Format[unit](v)}` });
      if (v > 0) node.style.setProperty("background", tinted(tint, share));
      grid.append(node);
      cells.push({ x, y, node, code: "", value: v ?? 0, share });
    });
  });
  grid.append(element("span"), ...columns.map((column, x) => element("span", { className: "column-name", textContent: x % 3 === 0 ? column : "" })));
  card.grid = { cells, across: columns.length, down: lines.length, tint, lines, columns };
  card.body.replaceChildren(grid);
}

export const KINDS = {
  week: { load: loadWeek, show: drawHeat }, userHours: { load: loadUserHours, show: drawHeat }, hours: { load: loadHours, show: drawHours },
};
