// Asking the server. One question that several charts ask at once is asked once.

export class Refusal extends Error {
  // `kind`: "unreachable" (no answer at all), "unavailable" (the database is away), "refused" (the question makes no
  // sense to the server, such as a measure with a filter that it does not have).
  constructor(kind, message, code = "") {
    super(message);
    this.kind = kind;
    this.code = code;
  }
}

// What the filters, or the chart itself, leave nothing to be shown of.
export class NotCounted extends Error {}

// The server's clock less this one's, in milliseconds; by the header of its answers.
export const clock = { ahead: 0, now: () => Date.now() + clock.ahead };

const inFlight = new Map();
const kept = new Map();
const KEEP_MS = 3000;

async function ask(url) {
  let response;
  try {
    response = await fetch(url, { headers: { Accept: "application/json" }, credentials: "same-origin" });
  } catch {
    throw new Refusal("unreachable", "The server does not answer");
  }
  const date = Date.parse(response.headers.get("Date") ?? "");
  // The header has whole seconds, so smaller differences say nothing.
  if (!Number.isNaN(date)) clock.ahead = Math.abs(date - Date.now()) < 2000 ? 0 : date - Date.now();
  let body = {};
  try { body = await response.json(); } catch { /* An answer that is no JSON has its status alone. */ }
  if (response.ok) return body;
  const { code = "", message = `HTTP ${response.status}` } = body.error ?? {};
  throw new Refusal(response.status >= 500 ? "unavailable" : "refused", message, code);
}

export function get(url) {
  const known = kept.get(url);
  if (known && Date.now() - known.at < KEEP_MS) return Promise.resolve(known.body);
  if (!inFlight.has(url)) {
    const asked = ask(url).then((body) => {
      for (const [other, { at }] of kept) if (Date.now() - at > KEEP_MS) kept.delete(other);
      kept.set(url, { at: Date.now(), body });
      return body;
    }).finally(() => inFlight.delete(url));
    inFlight.set(url, asked);
  }
  return inFlight.get(url);
}

export const forget = () => kept.clear();

// A time, or the server's words for one that moves.
const iso = (t) => typeof t === "string" ? t : new Date(t).toISOString().replace(".000Z", "Z");

// A comma of a value would part two values.
const escaped = (value) => String(value).replace(/[\\,]/g, "\\$&");

// `question`: metrics, by, granularity, limit, filters and further parameters of docs/api.md.
export function address(question, range, format = "json") {
  const query = new URLSearchParams();
  query.set("metrics", question.metrics.join(","));
  if (question.by?.length) query.set("by", question.by.join(","));
  if (question.granularity) query.set("granularity", question.granularity);
  for (const name of ["limit", "top", "compare"]) if (question[name]) query.set(name, question[name]);
  query.set("from", iso(range.from));
  query.set("to", iso(range.to));
  if (range.zone !== "UTC") query.set("tz", range.zone);
  for (const { dimension, value } of question.filters ?? []) query.append("filter", `${dimension}:${escaped(value)}`);
  if (format !== "json") query.set("format", format);
  return `/api/v1/query?${query}`;
}

export const query = (question, range) => get(address(question, range));

// MARK: What goes with what

let catalogue = null;

// The measures of a list that can be asked for with these dimensions: each dimension must have the measure alone.
export async function askable(metrics, dimensions) {
  if (dimensions.length === 0) return metrics;
  catalogue ??= get("/api/v1/catalog").catch((error) => { catalogue = null; throw error; });
  const { rollups } = await catalogue;
  const has = (metric, dimension) => rollups.some((r) => r.dimensions.includes(dimension) && r.metrics.includes(metric));
  return metrics.filter((metric) => dimensions.every((dimension) => has(metric, dimension)));
}

// MARK: Parts of the page

// Those that only some sections need are fetched when one of their cards is seen.
const parts = new Map();
const failures = new Map();

// A browser may remember that it could not fetch a module, and asks again under another address only. For that a part must not bring
// modules that the page does not have from the start.
export function part(name) {
  if (!parts.has(name)) {
    const again = failures.has(name) ? `?again=${failures.get(name)}` : "";
    parts.set(name, import(`./${name}.js${again}`).catch((error) => {
      parts.delete(name);
      failures.set(name, (failures.get(name) ?? 0) + 1);
      throw error instanceof TypeError ? new Refusal("unreachable", "The server does not answer") : error;
    }));
  }
  return parts.get(name);
}
