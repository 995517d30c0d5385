"use strict";

// What the page asks for, when it asks again, and how it stays connected. Drawing is in charts.js.

const RANGES = { "15 m": 15, "1 h": 60, "6 h": 360, "24 h": 1440, "7 d": 10080 };
const MINUTE = 60000;
const STEP = { minute: MINUTE, hour: 60 * MINUTE };
// How much of the past the live stream brings; longer ranges are asked for by queries.
const LIVE_MINUTES = 60;
const REFRESH_MS = { short: 5000, long: 15000 };

const SERIES_METRICS = [
  "listens", "active_users", "skip_rate", "completion_rate", "thumbs_up", "playlist_adds", "skipped",
  "logins", "failed_logins", "errors",
];

const TILES = [
  { metric: "listens", title: "Listens", unit: "count", good: 1 },
  { metric: "active_users", title: "Active users", unit: "count", good: 1 },
  { metric: "skip_rate", title: "Skip rate", unit: "fraction", good: -1 },
  { metric: "completion_rate", title: "Completion rate", unit: "fraction", good: 1 },
  { metric: "thumbs_up", title: "Likes", unit: "count", good: 1 },
  { metric: "errors", title: "Errors", unit: "count", good: -1 },
];

const state = {
  minutes: Number(localStorage.getItem("range")) || 60,
  granularity: localStorage.getItem("granularity") || "auto",
  live: new Map(),
  latest: null,
  refreshedAt: 0,
  refreshTook: 0,
  timer: null,
  generation: 0,
};

const $ = (id) => document.getElementById(id);

function element(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

// MARK: Range

function granularity() {
  if (state.granularity !== "auto") return state.granularity;
  return state.minutes <= 360 ? "minute" : "hour";
}

// A range ends now. Where the last events are much older, it ends with them, and the page says so.
function range() {
  const now = Math.ceil(Date.now() / MINUTE) * MINUTE;
  const latest = state.latest ? Date.parse(state.latest) + MINUTE : now;
  const to = now - latest > 15 * MINUTE ? latest : now;
  return { from: to - state.minutes * MINUTE, to, isPast: to !== now };
}

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const zoneParameter = zone && zone.includes("/") && zone !== "Etc/Unknown" ? { tz: zone } : {};

function address(parameters, span = range()) {
  const query = new URLSearchParams({ ...parameters, from: span.from, to: span.to });
  return `/api/v1/query?${query}`;
}

async function ask(url) {
  const response = await fetch(url, { headers: { Accept: "application/json" }, credentials: "same-origin" });
  const body = await response.json();
  if (!response.ok) throw new Error(body.error?.message ?? `HTTP ${response.status}`);
  return body;
}

// Buckets without events are absent from the answer; a chart over time shows them as zero.
function withGaps(rows, span, grain) {
  const step = STEP[grain];
  if (!step) return rows;
  const known = new Map(rows.map((r) => [Date.parse(r.time), r]));
  // What lies after the last event is not zero, but not known yet.
  const end = Math.min(span.to, Math.max(...known.keys()) + step);
  const filled = [];
  let isFinal = true;
  for (let t = Math.floor(span.from / step) * step; t < end; t += step) {
    const row = known.get(t) ?? { time: new Date(t).toISOString(), listens: 0, listens_batch: 0, active_users: 0, is_final: isFinal };
    isFinal = row.is_final;
    filled.push(row);
  }
  return filled;
}

// MARK: Cards

const series = () => ({ granularity: granularity(), limit: 20000, ...zoneParameter });

const CARDS = {
  listens: {
    title: "Listens", sub: "by bucket; what is loaded, and what the speed layer adds", size: "wide",
    query: () => ({ metrics: "listens", by: "layer", ...series() }),
  },
  users: {
    title: "Active users", sub: "distinct users, with the 95 % interval", size: "",
    query: () => ({ metrics: "active_users", ...series() }),
  },
  songs: {
    title: "Top songs", sub: "by listens", size: "half",
    query: () => ({ metrics: "listens,skip_rate", by: "song", limit: 10 }),
    draw: (card, rows) => drawTop(card, rows, (r) => `${r.song ?? "unknown"} · ${r.artist ?? "unknown"}`, "listens"),
  },
  artists: {
    title: "Top artists", sub: "by listens", size: "half",
    query: () => ({ metrics: "listens,skip_rate,listeners", by: "artist", limit: 10 }),
    draw: (card, rows) => drawTop(card, rows, (r) => r.artist ?? "unknown", "listens"),
  },
  audience: {
    title: "Plan by gender", sub: "listens", size: "",
    query: () => ({ metrics: "listens", by: "gender,level" }),
    draw: (card, rows) => drawAudience(card, rows),
  },
  devices: {
    title: "Devices", sub: "listens", size: "",
    query: () => ({ metrics: "listens", by: "device_type" }),
    draw: (card, rows) => drawShares(card, rows, (r) => r.device_type ?? "unknown", "listens"),
  },
  rates: {
    title: "Skips and completions", sub: "share of ended plays", size: "",
    query: () => ({ metrics: "skip_rate,completion_rate", ...series() }),
  },
  engagement: {
    title: "Engagement", sub: "likes, playlist adds, skips", size: "half",
    query: () => ({ metrics: "thumbs_up,playlist_adds,skipped", ...series() }),
  },
  logins: {
    title: "Logins and errors", sub: "logins, failed logins, page errors", size: "half",
    query: () => ({ metrics: "logins,failed_logins,errors", ...series() }),
  },
};

function buildCards() {
  for (const [name, card] of Object.entries(CARDS)) {
    card.canvas = element("canvas", { id: `chart-${name}` });
    card.canvas.setAttribute("role", "img");
    card.canvas.setAttribute("aria-label", `${card.title}, ${card.sub}. The CSV link has the figures.`);
    card.empty = element("p", { className: "empty", textContent: "No events in this range", hidden: true });
    card.chip = element("span", { className: "chip", textContent: "provisional", hidden: true });
    card.csv = element("a", { className: "quiet", textContent: "CSV" });
    card.csv.setAttribute("aria-label", `${card.title} as CSV`);
    const head = element("div", { className: "card-head" },
      element("div", {}, element("h2", { textContent: card.title }), element("p", { className: "sub", textContent: card.sub })),
      element("div", { className: "links" }, card.chip, card.csv));
    $("charts").append(element("article", { className: `card ${card.size}` }, head,
      element("div", { className: "plot" }, card.canvas, card.empty)));
  }
  for (const tile of TILES) {
    tile.value = element("p", { className: "value", textContent: "–" });
    tile.change = element("p", { className: "change", textContent: " " });
    $("tiles").append(element("article", { className: "tile" }, element("h2", { textContent: tile.title }), tile.value, tile.change));
  }
}

function mark(card, rows) { card.chip.hidden = !rows.some((r) => r.is_final === false); }

function drawSeries(rows, grain) {
  drawLayers(CARDS.listens, rows, grain);
  drawLines(CARDS.users, rows, grain, [{ name: "active_users", label: "active users", tint: "c3", band: true }]);
  drawLines(CARDS.rates, rows, grain, [
    { name: "skip_rate", label: "skipped", tint: "speed" }, { name: "completion_rate", label: "completed", tint: "batch" },
  ], "fraction");
  drawLines(CARDS.engagement, rows, grain, [
    { name: "thumbs_up", label: "likes", tint: "c3" }, { name: "playlist_adds", label: "playlist adds", tint: "c4" },
    { name: "skipped", label: "skips", tint: "speed" },
  ]);
  drawLines(CARDS.logins, rows, grain, [
    { name: "logins", label: "logins", tint: "batch" }, { name: "failed_logins", label: "failed logins", tint: "c5" },
    { name: "errors", label: "page errors", tint: "speed" },
  ]);
  for (const name of ["listens", "users", "rates", "engagement", "logins"]) mark(CARDS[name], rows);
}

function drawTiles(answer) {
  const now = answer.rows[0] ?? {};
  const before = answer.previous?.rows[0] ?? {};
  for (const tile of TILES) {
    const value = now[tile.metric];
    const old = before[tile.metric];
    tile.value.textContent = Format[tile.unit](value);
    tile.value.title = tile.metric === "active_users" && value != null
      ? `95 % between ${now.active_users_low} and ${now.active_users_high}` : "";
    const overlaps = now[`${tile.metric}_low`] <= before[`${tile.metric}_high`] && before[`${tile.metric}_low`] <= now[`${tile.metric}_high`];
    tile.change.replaceChildren(...(overlaps ? ["no change beyond the estimate's error"] : change(tile, value, old)));
  }
}

function change(tile, value, old) {
  if (value == null || old == null || (tile.unit === "count" && old === 0)) return ["no previous period"];
  const difference = tile.unit === "fraction" ? (value - old) * 100 : (value / old - 1) * 100;
  const text = tile.unit === "fraction" ? `${Math.abs(difference).toFixed(1)} points` : `${Math.abs(difference).toFixed(1)} %`;
  if (Math.abs(difference) < 0.05) return ["unchanged from the previous period"];
  const isUp = difference > 0;
  const kind = (isUp ? 1 : -1) * tile.good > 0 ? "good" : "bad";
  return [element("span", { className: kind, textContent: `${isUp ? "▲" : "▼"} ${text}` }), " vs previous"];
}

function drawLoads(loads) {
  const took = (load) => load.finished_at ? `${Math.round((Date.parse(load.finished_at) - Date.parse(load.started_at)) / 1000)} s` : "–";
  const cell = (text, className = "") => element("td", { textContent: text ?? "–", className });
  const rows = loads.map((load) => {
    const number = (name) => cell(Format.count(load[name]), "num");
    const status = element("td", {}, element("span", { className: `state ${load.status}`, textContent: load.status }));
    const lead = [cell(`#${load.load_run_id}`), cell(load.kind), status, cell(Format.moment(load.started_at)), cell(took(load), "num")];
    if (load.status !== "failed") {
      return element("tr", {}, ...lead, number("events_read"), number("late"), number("redelivered"), number("quarantined"));
    }
    return element("tr", {}, ...lead, element("td", { textContent: load.error ?? "", colSpan: 4, className: "wrap" }));
  });
  if (rows.length === 0) {
    rows.push(element("tr", {}, element("td", { textContent: "No load has run yet", colSpan: 9, className: "wrap" })));
  }
  $("loads").replaceChildren(...rows);
}

// MARK: Refreshing

// The last hour comes with the stream, so it need not be asked for.
function drawLive(span) {
  if (granularity() !== "minute" || state.minutes > LIVE_MINUTES || state.live.size === 0) return false;
  const rows = [...state.live.values()].filter((r) => Date.parse(r.time) >= span.from && Date.parse(r.time) < span.to);
  drawSeries(withGaps(rows, span, "minute"), "minute");
  return true;
}

async function fetchSeries(span) {
  const grain = granularity();
  const [all, layers] = await Promise.all([
    ask(address({ ...series(), metrics: SERIES_METRICS.join(",") }, span)),
    ask(address(CARDS.listens.query(), span)),
  ]);
  const batch = new Map(layers.rows.filter((r) => r.layer === "batch").map((r) => [r.time, r.listens]));
  const rows = all.rows.map((r) => ({ ...r, listens_batch: Math.min(batch.get(r.time) ?? 0, r.listens) }));
  return () => drawSeries(withGaps(rows, span, grain), grain);
}

async function refresh() {
  const generation = ++state.generation;
  const started = Date.now();
  state.refreshedAt = started;
  const span = range();
  for (const card of Object.values(CARDS)) card.csv.href = address({ ...card.query(), format: "csv" }, span);
  const tops = Object.values(CARDS).filter((card) => card.draw);
  try {
    const isLive = drawLive(span);
    const results = await Promise.all([
      ask(address({ metrics: TILES.map((t) => t.metric).join(","), granularity: "none", compare: "previous" }, span)).then((a) => () => drawTiles(a)),
      ask("/api/v1/loads").then((a) => () => drawLoads(a.loads)),
      ...(isLive ? [] : [fetchSeries(span)]),
      ...tops.map((card) => ask(address(card.query(), span)).then((a) => () => { card.draw(card, a.rows); mark(card, a.rows); })),
    ]);
    // A slow answer to a range that the reader has left must not be drawn over the present one.
    if (generation !== state.generation) return;
    for (const apply of results) apply();
    state.refreshTook = Date.now() - started;
    say(span.isPast ? `The latest events are of ${Format.moment(state.latest)}; the range ends there.` : chartNotice());
  } catch (error) {
    if (generation === state.generation) say(`The figures could not be refreshed: ${error.message}`);
  }
}

const chartNotice = () => window.Chart ? "" :
  "Chart.js is not installed on the server, so there are no charts; on Debian: apt install libjs-chart.js. The CSV links work.";

function say(text) {
  $("notice").textContent = text;
  $("notice").hidden = text === "";
}

function refreshSoon() {
  if (state.timer) return;
  // A range that takes long to answer is asked for less often, so that open pages do not wear the database out.
  const pause = Math.max(state.minutes <= 360 ? REFRESH_MS.short : REFRESH_MS.long, 5 * state.refreshTook);
  const wait = Math.max(0, state.refreshedAt + pause - Date.now());
  state.timer = setTimeout(() => {
    state.timer = null;
    if (!document.hidden) refresh();
  }, wait);
}

// MARK: The live stream

function connection(kind, text) {
  $("dot").className = `dot ${kind}`;
  if ($("connection").textContent !== text) $("connection").textContent = text;
}

function onMinutes(event) {
  const message = JSON.parse(event.data);
  if (message.full) state.live.clear();
  for (const row of message.rows) state.live.set(row.time, row);
  // Minutes come in order of time when full; later ones may be new or changed.
  state.live = new Map([...state.live].sort(([a], [b]) => a < b ? -1 : 1).slice(-2 * LIVE_MINUTES));
  state.latest = message.latest_minute ?? state.latest;
  $("as-of").textContent = Format.moment(message.as_of);
  if (message.as_of) $("as-of").dateTime = message.as_of;
  if (message.database === "down") connection("down", "Database unreachable");
  else connection("live", "Live");
  drawLive(range());
  refreshSoon();
}

// A browser opens at most six connections to one server, over all tabs: a hidden tab closes its stream.
let source = null;

function listen() {
  source?.close();
  source = new EventSource("/api/v1/live");
  source.addEventListener("minutes", onMinutes);
  source.onerror = () => {
    connection("down", "Reconnecting…");
    // The browser connects again by itself, except after an error status.
    if (source?.readyState === EventSource.CLOSED) setTimeout(() => { if (source) listen(); }, 3000);
  };
}

// MARK: Controls

function buildControls() {
  for (const [label, minutes] of Object.entries(RANGES)) {
    const button = element("button", { type: "button", textContent: label });
    button.setAttribute("aria-pressed", String(minutes === state.minutes));
    button.addEventListener("click", () => {
      state.minutes = minutes;
      localStorage.setItem("range", minutes);
      for (const other of $("ranges").children) other.setAttribute("aria-pressed", String(other === button));
      refresh();
    });
    $("ranges").append(button);
  }
  $("granularity").value = state.granularity;
  $("granularity").addEventListener("change", (event) => {
    state.granularity = event.target.value;
    localStorage.setItem("granularity", state.granularity);
    refresh();
  });
  $("theme").addEventListener("click", () => {
    const theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    localStorage.setItem("theme", theme);
    paint(theme);
  });
  const dark = matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", () => { if (!localStorage.getItem("theme")) paint(dark.matches ? "dark" : "light"); });
  paint(localStorage.getItem("theme") ?? (dark.matches ? "dark" : "light"));
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      source?.close();
      source = null;
      connection("", "Paused");
    } else {
      listen();
      refresh();
    }
  });
}

function paint(theme) {
  document.documentElement.dataset.theme = theme;
  redrawEverything(CARDS);
}

buildCards();
buildControls();
listen();
refresh();
// The range moves with the clock even where nothing new comes in.
setInterval(refreshSoon, 30000);
