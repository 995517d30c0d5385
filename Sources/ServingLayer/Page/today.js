// The figures of the day.

import { askable, clock, query } from "./api.js";
import { element } from "./dom.js";
import { Format } from "./format.js";
import { HOUR, MINUTE, floor } from "./range.js";
import { firstMessage } from "./series.js";
import { state } from "./state.js";
import { latestEnd, learn } from "./world.js";

async function loadToday() {
  await firstMessage;
  const now = latestEnd() ?? Math.ceil(clock.now() / MINUTE) * MINUTE;
  const zone = state.zone;
  const hour = floor(zone, now - 1, "hour");
  const midnight = floor(zone, now - 1, "day");
  const dimensions = [...new Set(state.filters.map((f) => f.dimension))];
  const all = ["logins", "listens", "active_users"];
  const can = dimensions.length ? await askable(all, dimensions) : all;
  const ask = (metrics, from, to) => query({ metrics: metrics.filter((m) => can.includes(m)), filters: state.filters, granularity: "none" }, { from, to, zone });
  const [day, present, last] = await Promise.all([
    ask(all, midnight, now), ask(["listens"], hour, now), ask(["listens"], hour - HOUR, now - HOUR),
  ]);
  learn(day);
  const d = day.rows[0] ?? {};
  const facts = [
    ...[["Logins today", "logins"], ["Listens today", "listens"], ["Users today", "active_users"]].map(([name, m]) => [name, can.includes(m) ? d[m] ?? 0 : null]),
    ["Listens this hour", present.rows[0]?.listens ?? 0], ["Last hour, to the same minute", last.rows[0]?.listens ?? 0],
  ];
  return {
    model: facts, isEmpty: false, link: null,
    table: { columns: [{ name: "figure", label: "Figure" }, { name: "value", label: "Value", unit: "count" }], rows: facts.map(([name, value]) => [name, value]) },
  };
}

function showToday(card, facts) {
  card.body.replaceChildren(element("dl", { className: "facts" }, ...facts.map(([name, value]) => element("div", {},
    element("dt", { textContent: name }), element("dd", { textContent: Format.exact(value) })))));
}

export const drawToday = { load: loadToday, show: showToday };
