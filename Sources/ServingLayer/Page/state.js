// What the reader looks at: section, range, zone, comparison and filters. The address holds all of it, so that a link
// is a view.

export const SECTIONS = [
  ["overview", "Overview"], ["engagement", "Engagement"], ["content", "Content"], ["devices", "Devices"],
  ["places", "Places"], ["trends", "Trends"], ["loads", "Loads"],
];

export const PRESETS = {
  "15m": ["15 m", 15], "1h": ["1 h", 60], "6h": ["6 h", 360], "24h": ["24 h", 1440], "7d": ["7 d", 10080], "30d": ["30 d", 43200],
};

export const COMPARISONS = { "": "No comparison", previous: "The time before", yesterday: "Yesterday", week: "Last week", year: "Last year" };

// The comparisons that the server makes itself.
export const SERVER_COMPARES = { previous: "previous", week: "last_week", year: "last_year" };

export const GRAINS = { auto: "Auto", minute: "Minute", hour: "Hour", day: "Day" };

export const FILTERABLE = [
  "song", "artist", "genre", "album", "country", "state", "city", "region", "device_type", "os", "browser", "gender", "level",
  "age_band", "user",
];

const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
export const ownZone = own && own !== "Etc/Unknown" ? own : "UTC";

export function knowsZone(name) {
  try { return Boolean(new Intl.DateTimeFormat("en", { timeZone: name })); } catch { return false; }
}

const initial = () => ({
  section: "overview", range: "1h", from: null, to: null, zone: ownZone, grain: "auto", compare: "", filters: [], wall: false,
});

// What is not in the address, or makes no sense there, is as it is without.
export function parse(search) {
  const query = new URLSearchParams(search);
  const state = initial();
  const among = (name, known) => Object.hasOwn(known, query.get(name) ?? "-") ? query.get(name) : null;
  state.section = SECTIONS.find(([id]) => id === query.get("section"))?.[0] ?? state.section;
  state.range = among("range", PRESETS) ?? state.range;
  const [from, to] = ["from", "to"].map((name) => Date.parse(query.get(name) ?? ""));
  if (from < to) Object.assign(state, { from, to });
  if (query.get("tz") && knowsZone(query.get("tz"))) state.zone = query.get("tz");
  state.grain = among("grain", GRAINS) ?? state.grain;
  state.compare = among("compare", COMPARISONS) ?? state.compare;
  state.wall = query.get("wall") === "1";
  for (const text of query.getAll("filter")) {
    const colon = text.indexOf(":");
    const dimension = text.slice(0, colon);
    if (colon > 0 && FILTERABLE.includes(dimension)) state.filters.push({ dimension, value: text.slice(colon + 1) });
  }
  return state;
}

export function address(state) {
  const query = new URLSearchParams();
  const usual = initial();
  if (state.section !== usual.section) query.set("section", state.section);
  if (state.from !== null) {
    query.set("from", new Date(state.from).toISOString());
    query.set("to", new Date(state.to).toISOString());
  } else if (state.range !== usual.range) query.set("range", state.range);
  if (state.zone !== ownZone) query.set("tz", state.zone);
  if (state.grain !== "auto") query.set("grain", state.grain);
  if (state.compare) query.set("compare", state.compare);
  for (const { dimension, value } of state.filters) query.append("filter", `${dimension}:${value}`);
  if (state.wall) query.set("wall", "1");
  return `?${query}`;
}

export const state = parse(location.search);

const listeners = new Set();
export const onChange = (listener) => listeners.add(listener);

// Changes the view, and the address with it.
export function change(values, { replace = false } = {}) {
  Object.assign(state, values);
  history[replace ? "replaceState" : "pushState"](null, "", address(state));
  for (const listener of listeners) listener(Object.keys(values));
}

addEventListener("popstate", () => {
  Object.assign(state, parse(location.search));
  for (const listener of listeners) listener(Object.keys(state));
});

export const isFiltered = (dimension, value) => state.filters.some((f) => f.dimension === dimension && f.value === (value ?? ""));

// The filters that a click sets are taken off by a second click.
export function toggleFilters(pairs) {
  const areSet = pairs.every(([dimension, value]) => isFiltered(dimension, value));
  const others = state.filters.filter((f) => !pairs.some(([d, v]) => f.dimension === d && f.value === (v ?? "")));
  const added = areSet ? [] : pairs.map(([dimension, value]) => ({ dimension, value: value ?? "" }));
  change({ filters: [...others, ...added] });
}
