// Numbers, times and names as readers see them.

import { state } from "./state.js";

const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

export const none = "–";

export const Format = {
  count: (n) => n == null ? none : Math.abs(n) >= 100000 ? compact.format(n) : whole.format(n),
  exact: (n) => n == null ? none : whole.format(n),
  fraction: (n) => n == null ? none : `${(n * 100).toFixed(1)} %`,
  milliseconds: (n) => {
    if (n == null) return none;
    const seconds = Math.round(n / 1000);
    return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} m ${String(seconds % 60).padStart(2, "0")} s`;
  },
};

const formatters = new Map();
function formatter(options) {
  const key = `${state.zone} ${JSON.stringify(options)}`;
  if (!formatters.has(key)) formatters.set(key, new Intl.DateTimeFormat("en-GB", { timeZone: state.zone, hourCycle: "h23", ...options }));
  return formatters.get(key);
}

const clockOptions = { hour: "2-digit", minute: "2-digit" };
const dayOptions = { day: "numeric", month: "short" };

export const clock = (t) => formatter(clockOptions).format(t);
export const day = (t) => formatter(dayOptions).format(t);
export const weekday = (t) => formatter({ weekday: "short" }).format(t);
export const moment = (t) => t == null ? none : formatter({ ...dayOptions, year: "numeric", ...clockOptions, second: "2-digit" }).format(typeof t === "string" ? Date.parse(t) : t);
const year = (t) => formatter({ year: "numeric" }).format(t);
export const shortMoment = (t) => `${day(t)}${year(t) === year(Date.now()) ? "" : ` ${year(t)}`} ${clock(t)}`;

// When a bucket is, in full.
export function bucketName(t, grain) {
  const date = formatter({ weekday: "short", ...dayOptions, year: "numeric" }).format(t);
  return grain === "day" ? date : `${date}, ${clock(t)}`;
}

export function duration(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`;
}

const US = "AL Alabama,AK Alaska,AZ Arizona,AR Arkansas,CA California,CO Colorado,CT Connecticut,DE Delaware,DC District of Columbia,FL Florida,GA Georgia,HI Hawaii,ID Idaho,IL Illinois,IN Indiana,IA Iowa,KS Kansas,KY Kentucky,LA Louisiana,ME Maine,MD Maryland,MA Massachusetts,MI Michigan,MN Minnesota,MS Mississippi,MO Missouri,MT Montana,NE Nebraska,NV Nevada,NH New Hampshire,NJ New Jersey,NM New Mexico,NY New York,NC North Carolina,ND North Dakota,OH Ohio,OK Oklahoma,OR Oregon,PA Pennsylvania,RI Rhode Island,SC South Carolina,SD South Dakota,TN Tennessee,TX Texas,UT Utah,VT Vermont,VA Virginia,WA Washington,WV West Virginia,WI Wisconsin,WY Wyoming,PR Puerto Rico";
export const STATES = new Map(US.split(",").map((line) => [line.slice(0, 2), line.slice(3)]));

const countries = new Intl.DisplayNames("en", { type: "region", fallback: "code" });
const GENDERS = { F: "Women", M: "Men" };
const UNKNOWN = "unknown";

// The name of a dimension's value; what is not known says so.
export function named(dimension, value) {
  if (value == null || value === "") return UNKNOWN;
  switch (dimension) {
    case "country": case "user_country": try { return countries.of(value); } catch { return value; }
    case "state": return STATES.get(value) ?? value;
    case "gender": return GENDERS[value] ?? value;
    case "level": return value.charAt(0).toUpperCase() + value.slice(1);
    case "user": return `User ${value}`;
    default: return value;
  }
}

export const DIMENSION_NAMES = {
  song: "Song", artist: "Artist", genre: "Genre", album: "Album", country: "Country", state: "State", city: "City", region: "Region",
  device_type: "Device", os: "System", browser: "Browser", gender: "Gender", level: "Plan", age_band: "Age", user: "User", layer: "Layer",
};
