// The live stream: minutes as they change, and whether anything stands still.

import { clock } from "./api.js";
import { $, write } from "./dom.js";
import { duration, moment, shortMoment } from "./format.js";
import { forgetSeries, keepLive } from "./series.js";
import { condition, latestEnd, learn, world } from "./world.js";

let source = null;
let onMinutes = () => {};
let wasKind = "";

function receive(event) {
  const message = JSON.parse(event.data);
  world.stream = "open";
  const isNewLoad = world.loadedEpoch !== null && message.loaded_epoch !== null && world.loadedEpoch !== message.loaded_epoch;
  if (message.database === "down" && world.database !== "down") world.since = Date.now();
  world.database = message.database;
  keepLive(message.rows, message.full);
  if (message.as_of) world.asOf = Date.parse(message.as_of);
  world.latest = message.latest_minute ? Date.parse(message.latest_minute) : message.full && message.database === "up" ? null : world.latest;
  if (message.first_minute) world.first = Date.parse(message.first_minute);
  learn({ settled_before: message.settled_before });
  world.loadedEpoch = message.loaded_epoch;
  // A load can change any bucket.
  if (isNewLoad) forgetSeries();
  showCondition();
  onMinutes({ isNewLoad, isFull: message.full, hasRows: message.rows.length > 0 });
}

// A browser opens at most six connections to one server, over all tabs: a hidden tab closes its stream.
export function listen(callback = onMinutes) {
  onMinutes = callback;
  source?.close();
  world.stream = "connecting";
  source = new EventSource("/api/v1/live");
  source.addEventListener("minutes", receive);
  source.onerror = () => {
    if (world.stream !== "lost") world.since = Date.now();
    world.stream = "lost";
    showCondition();
    // The browser connects again by itself, except after an error status.
    if (source?.readyState === EventSource.CLOSED) setTimeout(() => { if (source) listen(); }, 3000);
  };
}

export function pause() {
  source?.close();
  source = null;
  world.stream = "paused";
  showCondition();
}

// MARK: What the reader is told

// A minute is known by its start: what it has came no later than the last commit.
const newest = () => Math.min(latestEnd(), world.asOf ?? Infinity);

function words({ kind, reason, behind }) {
  switch (kind) {
    case "live": return ["Live", ""];
    case "empty": return ["No events", ""];
    case "stale": return reason === "silent"
      ? [`Silent for ${duration(behind)}`, `The speed layer has written nothing for ${duration(behind)}. The newest figures are of ${shortMoment(newest())}; charts stop there, and what is loaded stays right.`]
      : [`${duration(behind)} behind`, `The latest events are of ${shortMoment(latestEnd())}, ${duration(behind)} ago: the service is quiet, or the speed layer is behind. Charts stop there.`];
    case "down": return reason === "server"
      ? ["Server down", `The server has not answered for ${duration(behind)}. Figures stay as they were; the page goes on by itself.`]
      : ["Database down", `The database has not answered for ${duration(behind)}. Figures stay as they were; the page goes on by itself.`];
    default: return [world.stream === "paused" ? "Paused" : "Connecting…", ""];
  }
}

export function showCondition() {
  const now = condition();
  const [short, long] = words(now);
  // Seconds pass without being read aloud each time: what is said is announced when its kind changes.
  const isKnown = wasKind === now.kind;
  document.documentElement.dataset.condition = now.kind;
  $("connection").setAttribute("aria-live", isKnown ? "off" : "polite");
  write($("connection"), short);
  $("as-of").dateTime = world.asOf ? new Date(world.asOf).toISOString() : "";
  write($("as-of"), world.asOf ? moment(world.asOf) : "–");
  $("notice").setAttribute("aria-live", isKnown ? "off" : "polite");
  $("notice").hidden = long === "";
  $("notice").dataset.kind = now.kind;
  write($("notice"), long);
  wasKind = now.kind;
}

export const serverNow = () => clock.now();
