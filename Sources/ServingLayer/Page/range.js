// From when to when, in which buckets, and in whose days.

import { PRESETS, state } from "./state.js";

export const MINUTE = 60000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

// Where the last events are older than this, a range that would end now ends with them.
const PAST_AFTER = 15 * MINUTE;

const clocks = new Map();

// How far a zone's clock is ahead of UTC at a time, in milliseconds.
export function offset(zone, t) {
  if (!clocks.has(zone)) {
    clocks.set(zone, new Intl.DateTimeFormat("en-US", {
      timeZone: zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric",
    }));
  }
  const p = Object.fromEntries(clocks.get(zone).formatToParts(t).map(({ type, value }) => [type, Number(value)]));
  return Date.UTC(p.year, p.month - 1, p.day, p.hour, p.minute, p.second) - Math.floor(t / 1000) * 1000;
}

// The instant at which a zone's clock shows a local time that is given as if it were UTC: the first of two where it shows it twice, and
// where it passes over it, the one as long after the change as it is after the last time that was shown; as the server has it.
export function instant(zone, local) {
  const before = offset(zone, local - DAY);
  const after = offset(zone, local + DAY);
  const first = local - before;
  return before === after || offset(zone, first) === before || offset(zone, local - after) !== after ? first : local - after;
}

export function floor(zone, t, grain) {
  if (grain === "minute") return Math.floor(t / MINUTE) * MINUTE;
  const ahead = offset(zone, t);
  if (grain === "hour") return Math.floor((t + ahead) / HOUR) * HOUR - ahead;
  return instant(zone, Math.floor((t + ahead) / DAY) * DAY);
}

const next = (zone, t, grain) =>
  grain === "minute" ? t + MINUTE : grain === "hour" ? t + HOUR : floor(zone, t + 36 * HOUR, "day");

export function buckets(zone, from, to, grain) {
  const starts = [];
  for (let t = floor(zone, from, grain); t < to && starts.length < 20000; t = next(zone, t, grain)) starts.push(t);
  return starts;
}

export const bucketEnd = (range, t) => next(range.zone, t, range.grain);

function grainFor(length) {
  if (state.grain !== "auto" && length / { minute: MINUTE, hour: HOUR, day: DAY }[state.grain] <= 3000) return state.grain;
  return length <= 6 * HOUR ? "minute" : length <= 14 * DAY ? "hour" : "day";
}

// The range that is looked at. One that moves with the clock begins with a whole bucket, so that only the last one is
// cut. `moving` are the server's words for one that ends now: all who look on ask the same then, whenever they do.
//
// `clock`: `now` by the server's clock, and `latest`, the end of the last minute with events, or null.
export function resolve(clock) {
  const zone = state.zone;
  if (state.from !== null) {
    const grain = grainFor(state.to - state.from);
    return { from: state.from, to: state.to, grain, zone, moves: false, isPast: false };
  }
  const now = Math.ceil(clock.now / MINUTE) * MINUTE;
  const isPast = clock.latest !== null && now - clock.latest > PAST_AFTER;
  const to = isPast ? clock.latest : now;
  const length = PRESETS[state.range][1] * MINUTE;
  const grain = grainFor(length);
  const from = floor(zone, to - length, grain);
  // The server widens it to whole minutes.
  const moving = isPast ? null : { from: grain === "minute" ? `-${length / MINUTE - 1}m` : from, to: "now" };
  return { from, to, grain, zone, moves: true, isPast, moving };
}

// The same hours of the range that is compared with: as long, and cut at the same place. Days and years are those of the
// zone's calendar.
export function compared(range) {
  const shift = (t) => {
    if (state.compare === "previous") return t - (range.to - range.from);
    const local = new Date(t + offset(range.zone, t));
    if (state.compare === "yesterday") local.setUTCDate(local.getUTCDate() - 1);
    if (state.compare === "week") local.setUTCDate(local.getUTCDate() - 7);
    if (state.compare === "year") local.setUTCFullYear(local.getUTCFullYear() - 1);
    return instant(range.zone, local.getTime());
  };
  return { ...range, from: shift(range.from), to: shift(range.to), shift, moves: false, follows: range.moves };
}
