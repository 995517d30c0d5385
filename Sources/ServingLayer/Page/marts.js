// What stands out, as the server has worked it out: songs and artists that are trending, and hours that are not as usual.

import { NotCounted } from "./api.js";
import { element } from "./dom.js";
import { Format, STATES, shortMoment } from "./format.js";
import { drawList } from "./lists.js";
import { MEASURES, anomalies, askSeldom, wordsOf } from "./marks.js";
import { DAY, HOUR } from "./range.js";
import { change, state } from "./state.js";
import { latestEnd, world } from "./world.js";

const placeOf = (a) => a.scope === "total" ? "Everywhere" : STATES.get(a.state) ?? a.state;

// MARK: Trending

async function loadTrending(definition) {
  if (state.filters.length) throw new NotCounted("Of the whole service only, without filters");
  const { from, to, trending } = await askSeldom("/api/v1/trending");
  const [dimension] = definition.by;
  const rows = trending.filter((t) => t.kind === dimension).slice(0, definition.limit)
    .map((t) => ({ ...(dimension === "song" ? { song: t.title } : {}), artist: t.artist, listens: t.listens, expected: t.expected, score: t.score }));
  const names = dimension === "song" ? ["song", "artist"] : ["artist"];
  const hours = to === null ? "the last six full hours" : `the six hours to ${shortMoment(Date.parse(to))}`;
  return {
    model: { rows, by: definition.by, metrics: definition.measures }, isEmpty: rows.length === 0, emptyText: `Nothing stands out in ${hours}`, link: "/api/v1/trending", note: to === null ? undefined : `${shortMoment(Date.parse(from))} to ${shortMoment(Date.parse(to))}`,
    table: {
      columns: [...names.map((n) => ({ name: n, label: n === "song" ? "Song" : "Artist" })), ...definition.measures.map((m) => ({ name: m.metric, label: m.label, unit: m.unit })), { name: "score", label: "Score" }],
      rows: rows.map((r) => [...names.map((n) => r[n]), r.listens, r.expected, r.score]),
    },
  };
}

// MARK: Hours that are not as usual

async function loadAnomalies(definition) {
  if (state.filters.some((f) => f.dimension !== "state")) throw new NotCounted("Counted as a whole and by state only");
  const all = await anomalies();
  const rows = state.filters.length ? all.filter((a) => state.filters.some((f) => f.value === a.state)) : all;
  const isYoung = world.first !== null && (latestEnd() ?? 0) - world.first < 22 * DAY;
  return {
    model: { rows, limit: definition.limit }, isEmpty: rows.length === 0, link: "/api/v1/anomalies",
    emptyText: isYoung ? `An hour is compared with the same hour of three weeks before, at least; events begin ${shortMoment(world.first)}` : "Every hour of the last two weeks was as usual",
    table: {
      columns: [{ name: "hour", label: "Hour" }, { name: "place", label: "Where" }, { name: "measure", label: "What" }, { name: "value", label: "Was", unit: "count" }, { name: "expected", label: "Usual", unit: "count" }, { name: "score", label: "Score" }],
      rows: rows.map((a) => [a.hour, placeOf(a), a.measure, a.value, a.expected, a.score]),
      show: (value, i) => i === 0 ? shortMoment(Date.parse(value)) : i === 2 ? MEASURES[value] ?? value : undefined,
    },
  };
}

function showAnomalies(card, { rows, limit }) {
  const items = rows.slice(0, limit).map((a) => {
    const t = Date.parse(a.hour);
    const isMore = a.score > 0;
    const button = element("button", { type: "button", className: "pick-row", title: `${wordsOf(a)}. Show these hours` },
      element("span", { className: "name", textContent: shortMoment(t) }), element("span", { className: "second", textContent: placeOf(a) }));
    button.addEventListener("click", () => change({ from: t - 6 * HOUR, to: t + 6 * HOUR }));
    return element("li", {}, button, element("span", { className: `num odd ${isMore ? "more" : "less"}`, textContent: `${isMore ? "▲" : "▼"} ${Format.exact(a.value)} ${MEASURES[a.measure] ?? a.measure}` }),
      element("span", { className: "num soft", textContent: `usually ${Format.exact(a.expected)}` }));
  });
  const rest = rows.length > limit ? element("p", { className: "caption", textContent: `and ${Format.exact(rows.length - limit)} more, in the table` }) : null;
  card.body.replaceChildren(...[element("ol", { className: "list" }, ...items), rest].filter(Boolean));
}

export const KINDS = { trending: { load: loadTrending, show: drawList }, anomalies: { load: loadAnomalies, show: showAnomalies } };
