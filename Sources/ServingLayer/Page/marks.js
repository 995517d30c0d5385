// What the axis of a chart is marked with: loads, the late events they brought, and hours that were not as usual.

import { get } from "./api.js";
import { Format, clock, shortMoment } from "./format.js";
import { HOUR } from "./range.js";
import { state } from "./state.js";
import { world } from "./world.js";

// MARK: Loads

export async function learnLoads() {
  world.loads = (await get("/api/v1/loads")).loads;
  return world.loads;
}

// Into which stretches late events came with a load.
export function lateIn(range) {
  return world.loads.filter((l) => l.status === "published").flatMap((l) => (l.late_days ?? []).map((d) => ({ t: Date.parse(d.first), end: Date.parse(d.last) + 1000, text: `Load #${l.load_run_id} brought ${Format.exact(d.events)} late events, ${shortMoment(Date.parse(d.first))} to ${clock(Date.parse(d.last))}` })))
    .filter(({ t, end }) => end > range.from && t < range.to);
}

export function marksIn(range) {
  return world.loads.filter((l) => l.status === "published" && l.finished_at).map((l) => ({ t: Date.parse(l.finished_at), text: `Load #${l.load_run_id} published: ${Format.exact(l.events_read)} events${l.late ? `, ${Format.exact(l.late)} late` : ""}` }))
    .filter(({ t }) => t >= range.from && t < range.to);
}

// MARK: Hours that are not as usual

// Each of these answers reads weeks of hours, which change slowly.
const AGAIN_MS = 5 * 60000;
const kept = new Map();

export function askSeldom(url) {
  const known = kept.get(url);
  if (known && Date.now() - known.at < AGAIN_MS) return known.answer;
  const answer = get(url).catch((error) => { kept.delete(url); throw error; });
  kept.set(url, { at: Date.now(), answer });
  return answer;
}

export const MEASURES = { listens: "listens", skipped: "skips", logins: "logins", errors: "page errors" };
export const wordsOf = (a) => `${Format.exact(a.value)} ${MEASURES[a.measure] ?? a.measure}, usually ${Format.exact(a.expected)}`;

let known = [];

export async function anomalies() {
  known = (await askSeldom("/api/v1/anomalies")).anomalies;
  return known;
}

// What the axis of a chart of everything shows; what is not known yet is asked for, and is there the next time.
export function oddHours(range) {
  anomalies().catch(() => {});
  if (state.filters.length) return [];
  return known.filter((a) => a.scope === "total").map((a) => ({ t: Date.parse(a.hour), end: Date.parse(a.hour) + HOUR, text: `Not as usual, the hour from ${shortMoment(Date.parse(a.hour))}: ${wordsOf(a)}` }))
    .filter(({ t, end }) => end > range.from && t < range.to);
}
