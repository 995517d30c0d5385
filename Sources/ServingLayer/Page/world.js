// What is known of the service as a whole: how far the events have come, which part of them is settled and final, and
// whether anything stands still.

import { clock } from "./api.js";
import { MINUTE } from "./range.js";

export const world = {
  // Of the last message of the live stream; instants in milliseconds.
  asOf: null,
  latest: null,
  first: null,
  // Up to which time a load is complete, and up to which plays have ended; by the answers of the server.
  finalBefore: null,
  settledBefore: null,
  loadedEpoch: null,
  database: "up",
  // "connecting", "open", "lost", "paused"
  stream: "connecting",
  since: Date.now(),
  loads: [],
};

// The speed layer commits every 5 s, also where nothing comes in; the server looks each 2.2 s then.
const SILENT_AFTER = 8000;
// Event time stands still between the events of a quiet site, and a minute is known by its start.
const BEHIND_AFTER = 3 * MINUTE;
// Songs last some minutes, and events may come ten minutes late. Only where the server does not say it better.
const SETTLING = 15 * MINUTE;

export const latestEnd = () => world.latest === null ? null : world.latest + MINUTE;

// A stretch that begins before the first event has less of everything, and is nothing to compare with.
export const isBeforeAll = (range) => world.first !== null && range.from < world.first;

export const settledBefore = () =>
  world.settledBefore ?? (world.latest === null ? null : Math.floor((world.latest - SETTLING) / MINUTE) * MINUTE);

export function learn(answer) {
  if (answer.final_before !== undefined) world.finalBefore = answer.final_before === null ? null : Date.parse(answer.final_before);
  // An answer about an old range may know of nothing newer.
  if (answer.settled_before) world.settledBefore = Math.max(world.settledBefore ?? 0, Date.parse(answer.settled_before));
  if (answer.as_of && !(world.asOf > Date.parse(answer.as_of))) world.asOf = Date.parse(answer.as_of);
}

// How the service is, for the reader: `kind` is "live", "stale", "down", "wait" or "empty".
export function condition() {
  const now = clock.now();
  if (world.stream === "paused") return { kind: "wait", behind: 0 };
  if (world.stream === "lost") return { kind: "down", reason: "server", behind: Date.now() - world.since };
  if (world.database === "down") return { kind: "down", reason: "database", behind: Date.now() - world.since };
  if (world.stream === "connecting") return { kind: "wait", behind: 0 };
  if (world.latest === null) return { kind: "empty", behind: 0 };
  const silence = now - (world.asOf ?? 0);
  const behind = now - latestEnd();
  if (silence > SILENT_AFTER) return { kind: "stale", reason: "silent", behind: silence };
  if (behind > BEHIND_AFTER) return { kind: "stale", reason: "behind", behind };
  return { kind: "live", behind: Math.max(0, behind) };
}
