// The batch layer's runs.

import { colour, element } from "./dom.js";
import { Format, duration, moment, none, shortMoment } from "./format.js";
import { learnLoads } from "./marks.js";

const took = (load) => load.finished_at ? Date.parse(load.finished_at) - Date.parse(load.started_at) : null;

async function load() {
  const loads = await learnLoads();
  const columns = [["load_run_id", "Load"], ["kind", "Kind"], ["status", "Status"], ["started_at", "Started"], ["took_ms", "Took"], ["events_read", "Events", "count"],
    ["late", "Late", "count"], ["redelivered", "Redelivered", "count"], ["quarantined", "Quarantined", "count"]];
  return {
    model: { loads }, isEmpty: loads.length === 0, emptyText: "No load has run yet. The first one is due at the next tick of the schedule, or by: polyrhythm load full",
    link: "/api/v1/loads",
    table: {
      columns: columns.map(([name, label, unit]) => ({ name, label, unit })),
      rows: loads.map((l) => columns.map(([name]) => name === "took_ms" ? took(l) : l[name])),
      show: (value, i) => columns[i][0] === "started_at" ? moment(value) : columns[i][0] === "took_ms" ? (value === null ? none : duration(value)) : undefined,
    },
  };
}

function showHistory(card, { loads }) {
  const cell = (text, className = "") => element("td", { textContent: text ?? none, className });
  const rows = loads.map((l) => {
    const number = (name) => cell(Format.exact(l[name]), l[name] > 0 && name === "quarantined" ? "num bad" : "num");
    const lead = [cell(`#${l.load_run_id}`), cell(l.kind), element("td", {}, element("span", { className: `load-state ${l.status}`, textContent: l.status })),
      cell(moment(l.started_at)), cell(took(l) === null ? none : duration(took(l)), "num")];
    if (l.status === "failed") return element("tr", {}, ...lead, element("td", { textContent: l.error ?? "", colSpan: 4, className: "wrap" }));
    return element("tr", {}, ...lead, number("events_read"), number("late"), number("redelivered"), number("quarantined"));
  });
  const head = ["Load", "Kind", "Status", "Started", "Took", "Events", "Late", "Redelivered", "Quarantined"]
    .map((text, i) => element("th", { textContent: text, scope: "col", className: i > 3 ? "num" : "" }));
  card.body.replaceChildren(element("div", { className: "scroll", tabIndex: 0, role: "region", "aria-label": "Load history" },
    element("table", {}, element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...rows))));
}

function showBars(card, { loads }) {
  const done = loads.filter((l) => l.status === "published").slice(0, 7);
  const greatest = Math.max(...done.map((l) => Number(l.events_read ?? 0)), 1);
  card.body.replaceChildren(element("ol", { className: "list" }, ...done.map((l) => {
    const bar = element("span", { className: "bar-line" });
    bar.style.setProperty("width", `${100 * Number(l.events_read ?? 0) / greatest}%`);
    bar.style.setProperty("background", colour("batch"));
    return element("li", {}, element("span", { className: "pick-row plain" }, element("span", { className: "name", textContent: `#${l.load_run_id} ${l.kind}` }), element("span", { className: "second", textContent: shortMoment(Date.parse(l.started_at)) })),
      element("span", { className: "num", textContent: Format.exact(l.events_read) }), bar);
  })));
}

export const KINDS = { loads: { load, show: showHistory }, loadBars: { load, show: showBars } };
