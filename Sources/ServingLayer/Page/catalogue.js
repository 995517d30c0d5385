// The charts, as data: what each is called, what it asks the server, and how it is drawn (`kind`, in draw.js). `size` is its share
// of a row: "s" a quarter, "m" a third, "l" a half, "xl" two thirds, "full" all of it. `rows` is how many a list has room for before
// it is known how many it has, if not `limit`; one that `scrolls` has room for those, and moves within its card.

import { DAY } from "./range.js";

const M = (metric, label, unit, tint, style = "line") => ({ metric, label, unit, tint, style });

// A measure has one colour wherever it is drawn. Blue and orange are the layers', red is for what went wrong.
const listens = M("listens", "listens", "count", "m1");
const users = M("active_users", "active users", "count", "m2");
const listeners = M("listeners", "listeners", "count", "m2");
const songs = M("songs", "songs", "count", "m8");
const skipRate = M("skip_rate", "skip rate", "fraction", "m3");
const completion = M("completion_rate", "completion", "fraction", "m4");
const likeRate = M("like_rate", "like rate", "fraction", "m5");
const listenTime = M("avg_listen_time", "average", "milliseconds", "m6");
const usual = M("expected", "usual", "count", "soft");
const bars = (measure, stack) => ({ ...measure, style: "bars", stack });

// The charts that show days need some, whatever the range.
const aDay = { least: DAY, grain: "hour" };
const month = { least: 28 * DAY, grain: "hour" };

export const TILES = [
  { ...listens, title: "Listens" }, { ...users, title: "Active users", isDistinct: true, instead: "listeners" },
  { ...songs, title: "Songs played", isDistinct: true }, { metric: "logins", title: "Logins", unit: "count", tint: "m6" },
  { ...skipRate, title: "Skip rate" }, { ...completion, title: "Completion rate" },
  { metric: "thumbs_up", title: "Likes", unit: "count", tint: "m5" }, { metric: "errors", title: "Page errors", unit: "count", tint: "bad" },
];

export const CHARTS = [
  // Overview
  { id: "listens", section: "overview", title: "Listens", sub: "by layer: what is loaded, and what the speed layer adds", size: "xl", kind: "layers", measures: [listens] },
  { id: "users", section: "overview", title: "Active users", sub: "distinct users, with the 95 % interval", size: "m", kind: "time", measures: [{ ...users, hasBand: true }], instead: [{ ...listeners, hasBand: true }] },
  { id: "today", section: "overview", title: "Today", sub: "since midnight", size: "s", kind: "today" },
  { id: "plans-by-gender", section: "overview", title: "Plan by gender", sub: "listens", size: "s", kind: "groups", by: ["gender", "level"], measures: [listens] },
  { id: "genders", section: "overview", title: "Gender", sub: "share of listens", size: "s", kind: "shares", by: ["gender"], outOf: ["gender", "level"], measures: [listens], rows: 2 },
  { id: "plans", section: "overview", title: "Plan", sub: "share of listens", size: "s", kind: "shares", by: ["level"], outOf: ["gender", "level"], measures: [listens], rows: 2 },
  { id: "overview-songs", section: "overview", title: "Top songs", sub: "by listens", size: "m", kind: "list", by: ["song"], measures: [listens], limit: 10 },
  { id: "overview-artists", section: "overview", title: "Top artists", sub: "by listens", size: "m", kind: "list", by: ["artist"], measures: [listens], limit: 10 },
  { id: "overview-states", section: "overview", title: "States", sub: "listens", size: "m", kind: "states", by: ["state"], measures: [listens] },

  // Engagement
  { id: "active-users", section: "engagement", title: "Active users over time", sub: "distinct users with any event", size: "l", kind: "time", measures: [{ ...users, hasBand: true }], instead: [{ ...listeners, hasBand: true }] },
  { id: "new-listeners", section: "engagement", title: "New and returning listeners", sub: "each day; new is who never listened before, as far as the log goes back", size: "l", kind: "newcomers", isStacked: true, measures: [bars(M("returning_listeners", "returning", "count", "m2"), "n"), bars(M("new_listeners", "new", "count", "m8"), "n")], span: { least: 28 * DAY, grain: "day" } },
  { id: "rates", section: "engagement", title: "Skips and completions", sub: "share of the plays that have ended", size: "l", kind: "time", measures: [skipRate, completion] },
  { id: "outcomes", section: "engagement", title: "How plays end", sub: "completed, left in between, skipped", size: "l", kind: "time", isStacked: true, measures: [bars(M("completed", "completed", "count", "m4"), "o"), bars(M("partial", "left in between", "count", "m6"), "o"), bars(M("skipped", "skipped", "count", "m3"), "o")] },
  { id: "actions", section: "engagement", title: "Plays, skips, playlist adds", sub: "what listeners do", size: "m", kind: "time", measures: [listens, M("skipped", "skips", "count", "m3"), M("playlist_adds", "playlist adds", "count", "m6")] },
  { id: "likes", section: "engagement", title: "Likes and shares", sub: "Thumbs Up and Down, songs shared", size: "m", kind: "time", measures: [M("thumbs_up", "likes", "count", "m5"), M("thumbs_down", "dislikes", "count", "m3"), M("shares", "shares", "count", "m7")] },
  { id: "logins", section: "engagement", title: "Logins and errors", sub: "logins; failed ones and page errors in red", size: "m", kind: "time", measures: [M("logins", "logins", "count", "m6"), M("failed_logins", "failed logins", "count", "bad"), M("errors", "page errors", "count", "bad2")] },
  { id: "time-by-plan", section: "engagement", title: "Listen time by plan", sub: "average of ended plays", size: "s", kind: "list", by: ["level"], measures: [listenTime, listens], rows: 2 },
  { id: "ages", section: "engagement", title: "Age", sub: "listens, where the catalogue knows the user", size: "s", kind: "list", by: ["age_band"], measures: [listens, skipRate], rows: 7 },
  { id: "user-hours", section: "engagement", title: "Busiest users by hour", sub: "listens in each hour of the day", size: "l", kind: "userHours", by: ["user"], measures: [listens], limit: 12, span: aDay },

  // Content
  { id: "songs", section: "content", title: "Top songs", sub: "by listens", size: "l", kind: "list", by: ["song"], measures: [listens, skipRate], limit: 15 },
  { id: "artists", section: "content", title: "Artists compared", sub: "listens, completion, likes", size: "l", kind: "list", by: ["artist"], measures: [listens, completion, likeRate], limit: 15 },
  { id: "genres", section: "content", title: "Genres", sub: "by listens", size: "m", kind: "list", by: ["genre"], measures: [listens, completion], limit: 15 },
  { id: "genre-skips", section: "content", title: "Skip rate by genre", sub: "highest first", size: "m", kind: "list", by: ["genre"], measures: [skipRate, listens], limit: 15 },
  { id: "albums", section: "content", title: "Albums", sub: "by listens, where the catalogue knows them", size: "m", kind: "list", by: ["album"], measures: [listens], limit: 15, isKnownOnly: true },
  { id: "like-rate", section: "content", title: "Like rate over time", sub: "Thumbs Up over listens", size: "l", kind: "time", measures: [likeRate] },
  { id: "genre-time", section: "content", title: "Genres over time", sub: "the five with most listens", size: "l", kind: "timeBy", by: ["genre"], measures: [listens], top: 5 },

  // Devices
  { id: "device-types", section: "devices", title: "Listens by device", sub: "share of listens", size: "m", kind: "shares", by: ["device_type"], measures: [listens], rows: 3 },
  { id: "device-time", section: "devices", title: "Listen time by device", sub: "average of ended plays", size: "m", kind: "list", by: ["device_type"], measures: [listenTime, listens], rows: 4 },
  { id: "os-completion", section: "devices", title: "Completion by system", sub: "highest first", size: "m", kind: "list", by: ["os"], measures: [completion, listens], rows: 7 },
  { id: "device-series", section: "devices", title: "Devices over time", sub: "listens", size: "xl", kind: "timeBy", by: ["device_type"], measures: [listens], top: 5 },
  { id: "browsers", section: "devices", title: "Browsers and players", sub: "by listens", size: "m", kind: "list", by: ["browser"], measures: [listens, M("errors", "errors", "count", "bad")], rows: 7 },

  // Places
  { id: "world", section: "places", title: "Countries", sub: "listens; a tile for each country", size: "xl", kind: "world", by: ["country"], measures: [listens] },
  { id: "countries", section: "places", title: "Top countries", sub: "by listens; scrolls to all of them", size: "m", kind: "list", by: ["country"], measures: [listens, listeners], limit: 300, rows: 12, scrolls: true },
  { id: "states", section: "places", title: "States", sub: "listens", size: "l", kind: "states", by: ["state"], measures: [listens] },
  { id: "cities", section: "places", title: "Top cities", sub: "by listens", size: "l", kind: "list", by: ["city"], measures: [listens, listeners], limit: 12 },
  { id: "city-time", section: "places", title: "Top cities over time", sub: "the five with most listens", size: "l", kind: "timeBy", by: ["city"], measures: [listens], top: 5 },
  { id: "regions", section: "places", title: "Listeners by region", sub: "distinct users with a listen", size: "l", kind: "list", by: ["region"], measures: [listeners, listens], rows: 5 },

  // Trends
  { id: "hourly", section: "trends", title: "Listens by hour", sub: "a day at least", size: "l", kind: "time", measures: [bars(listens)], span: aDay },
  { id: "hourly-users", section: "trends", title: "Listeners and songs by hour", sub: "distinct", size: "l", kind: "time", measures: [listeners, songs], span: aDay },
  { id: "hourly-rates", section: "trends", title: "Skip and like rates by hour", sub: "a day at least", size: "l", kind: "time", measures: [skipRate, likeRate], span: aDay },
  { id: "hour-time", section: "trends", title: "Listen time by hour of the day", sub: "average of the plays that have ended", size: "l", kind: "hours", measures: [listenTime], span: aDay },
  { id: "trending", section: "trends", title: "Trending songs", sub: "played more than usual", size: "m", kind: "trending", by: ["song"], measures: [listens, usual], limit: 8 },
  { id: "trending-artists", section: "trends", title: "Trending artists", sub: "played more than usual", size: "m", kind: "trending", by: ["artist"], measures: [listens, usual], limit: 8 },
  { id: "anomalies", section: "trends", title: "Anomalies", sub: "hours of the last two weeks that were not as usual", size: "m", kind: "anomalies", limit: 8 },
  { id: "week", section: "trends", title: "Hours of the week", sub: "listens in each hour, average of four weeks", size: "full", kind: "week", measures: [listens], span: month },

  // Loads
  { id: "loads", section: "loads", title: "Load history", sub: "what the batch layer published, newest first", size: "full", kind: "loads" },
  { id: "load-sizes", section: "loads", title: "Events by load", sub: "the newest first", size: "l", kind: "loadBars" },
  { id: "load-layers", section: "loads", title: "Loaded and not loaded", sub: "listens by layer", size: "l", kind: "layers", measures: [listens] },
];

// What the time charts of a section ask for, together, so that it is one question.
export function seriesMetrics(section, span) {
  const charts = CHARTS.filter((c) => c.section === section && ["time", "layers"].includes(c.kind) && c.span?.least === span?.least);
  const tiles = section === "overview" && !span ? TILES : [];
  return [...new Set([...charts.flatMap((c) => [...c.measures, ...(c.instead ?? [])]), ...tiles].map((m) => m.metric))];
}
