// Rows over time, kept between refreshes: what is known already is not asked for again, but for the newest stretch, which
// late events still change.

import { query } from "./api.js";
import { DAY, HOUR, MINUTE, bucketEnd, buckets } from "./range.js";
import { latestEnd, learn, settledBefore, world } from "./world.js";

// Measures of ended plays: in the newest minutes only what was left early has ended.
export const SETTLING = new Set(["skip_rate", "completion_rate", "avg_listen_time", "skipped", "completed", "partial", "listened_ms"]);
// Likes come a while after the play that they are divided by, so that this line ends there too.
export const ENDING = new Set([...SETTLING, "like_rate"]);
const ENDS_BY_ITSELF = new Set(["skip_rate", "completion_rate", "avg_listen_time"]);

// Few events make steps: a slope between them would show values that did not exist.
export function isSparse(unit, line) {
  const present = line.filter((v) => v != null).sort((a, b) => a - b);
  return unit === "count" && present.length > 0 && present[Math.floor(present.length / 2)] < 12;
}
const RATES = new Set(["skip_rate", "completion_rate", "avg_listen_time", "like_rate"]);

const AGAIN = { minute: 30 * MINUTE, hour: 2 * HOUR, day: 2 * DAY };
const WHOLE_MS = 5 * MINUTE;
const LIVE_MINUTES = 60;
const LIMIT = 100000;

const store = new Map();
const live = new Map();

// The stream's first message has the hour that a young page would ask for.
const FIRST_MS = 5000;
let tellFirst;
export const firstMessage = new Promise((resolve) => { tellFirst = resolve; setTimeout(resolve, FIRST_MS); });

export function forgetSeries() { store.clear(); }

// MARK: The live stream

export function keepLive(rows, isFull) {
  if (isFull) live.clear();
  tellFirst();
  for (const row of rows) live.set(Date.parse(row.time), row);
  for (const t of [...live.keys()].sort((a, b) => a - b).slice(0, -2 * LIVE_MINUTES)) live.delete(t);
}

const isLive = (question, range) =>
  range.grain === "minute" && range.moves && !question.by?.length && !question.filters?.length
  && range.to - range.from <= LIVE_MINUTES * MINUTE;

// MARK: Rows

const keyOf = (row, by) => [row.time, row.is_other ?? false, row.artist ?? "", row.state ?? "", ...by.map((d) => row[d] ?? "")].join("\u0000");

// The rows of a question by bucket, and the envelope of the answer.
// Who has the most is decided over the whole range, so that of a question with `top` no part can be asked again.
export async function series(question, range) {
  const by = question.by ?? [];
  if (isLive(question, range)) await firstMessage;
  if (isLive(question, range) && live.size > 0) {
    return { rows: [...live.values()].filter((r) => Date.parse(r.time) >= range.from && Date.parse(r.time) < range.to), envelope: {} };
  }
  const asked = { ...question, granularity: range.grain, limit: LIMIT };
  const moves = range.moves || range.follows;
  const key = JSON.stringify([asked, range.zone, range.moves, moves ? "moves" : range.from, moves ? range.to - range.from > DAY : range.to]);
  const known = store.get(key);
  const isWhole = !known || question.top || known.from > range.from || Date.now() - known.at > WHOLE_MS;
  const from = isWhole ? range.from : Math.max(range.from, Math.min(known.to, range.to) - AGAIN[range.grain]);
  const start = isWhole ? from : Math.max(range.from, buckets(range.zone, from, from + 1, range.grain)[0]);
  const answer = await query(asked, { ...range, from: start, to: range.moving?.to ?? range.to });
  learn(answer);
  const rows = new Map(isWhole ? [] : [...known.rows].filter(([, row]) => Date.parse(row.time) < start && bucketEnd(range, Date.parse(row.time)) > range.from));
  for (const row of answer.rows) rows.set(keyOf(row, by), row);
  const { rows: _, ...envelope } = answer;
  store.set(key, { rows, from: range.from, to: range.to, at: isWhole ? Date.now() : known.at, envelope });
  return { rows: [...rows.values()], envelope };
}

// MARK: Buckets

// Until when the rows of an answer say all: no further than the last event, and than what the facts cover.
export function knownUntil(range, envelope) {
  const ends = [range.to, latestEnd() ?? range.to];
  if (envelope.covers_until !== undefined) ends.push(envelope.covers_until === null ? range.from : Date.parse(envelope.covers_until));
  return Math.min(...ends);
}

// Stretches without any event, where many would have been expected: nothing came, rather than that nobody listened.
export function gaps(times, rows, end) {
  const weights = times.map((t) => { const r = rows.get(t); return r ? (r.listens ?? 0) + (r.page_views ?? 0) + (r.logins ?? 0) : null; });
  const present = weights.filter((w) => w !== null).sort((a, b) => a - b);
  if (present.length < 4) return [];
  const usual = present[Math.floor(present.length / 2)];
  const found = [];
  let start = null;
  times.forEach((t, i) => {
    const isMissing = weights[i] === null && t < end;
    if (isMissing) start ??= i;
    if ((!isMissing || i === times.length - 1) && start !== null) {
      const after = isMissing ? i + 1 : i;
      if (start > 0 && (after - start) * usual >= 20 && after - start >= 3) found.push([times[start], times[after] ?? end]);
      start = null;
    }
  });
  return found;
}

// The value of each bucket. A bucket without a row is 0 for a count where everything is known, and null elsewhere: before
// the first row, after the last event, and in a gap.
export function values(metric, times, rows, range, end, holes = []) {
  const first = Math.min(...rows.keys());
  const settled = settledBefore();
  return times.map((t) => {
    const row = rows.get(t);
    // The server takes such a rate over the plays of a bucket that are settled, and there is none where none is.
    if (ENDS_BY_ITSELF.has(metric) && row?.settled) return row[metric];
    if (ENDING.has(metric) && settled !== null && bucketEnd(range, t) > settled) return null;
    if (row) return row[metric] ?? (RATES.has(metric) ? null : row[metric] === undefined ? 0 : null);
    if (RATES.has(metric) || t < first || t >= end || holes.some(([a, b]) => t >= a && t < b)) return null;
    return 0;
  });
}

export const byTime = (rows) => new Map(rows.map((row) => [Date.parse(row.time), row]));

// A bucket that is not over, by the latest commit.
export const isUnfinished = (range, t) => world.asOf !== null && bucketEnd(range, t) > world.asOf;

// A bucket of which the present, or the range, has only a part: the latter as the server says it of its row.
export const isCut = (range, t, end, row) =>
  isUnfinished(range, t) || (row?.is_partial ?? (t < range.from || bucketEnd(range, t) > Math.max(range.from, Math.min(range.to, end ?? range.to))));

