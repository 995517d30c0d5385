// Members of a dimension over time, and listeners by whether they are new.

import { NotCounted, get } from "./api.js";
import { filters, measuresOf, overTime, spanOf, timeModel, timeTable } from "./draw.js";
import { named } from "./format.js";
import { greatest, pairsOf, tints, titleOf } from "./lists.js";
import { HOUR, buckets, floor, offset } from "./range.js";
import { byTime, knownUntil, series, values } from "./series.js";
import { learn } from "./world.js";

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

export const KINDS = { timeBy: { load: loadTimeBy, show: overTime }, newcomers: { load: loadNewcomers, show: overTime } };
