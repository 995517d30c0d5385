// The header: sections, range, zone, comparison, filters, theme and wall.

import { $, element, showTheme } from "./dom.js";
import { DIMENSION_NAMES, named, shortMoment } from "./format.js";
import { MINUTE, instant, offset } from "./range.js";
import { SECTIONS, address, change, knowsZone, ownZone, state } from "./state.js";

const WALL_MS = 20000;

// MARK: Sections

function buildSections() {
  for (const link of $("sections").children) {
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      change({ section: link.dataset.section });
      scrollTo(0, 0);
    });
  }
  $("section-pick").addEventListener("change", (event) => change({ section: event.target.value }));
}

// MARK: Range

function buildRange() {
  for (const button of $("ranges").children) button.addEventListener("click", () => change({ range: button.value, from: null, to: null }));
  $("range-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const [from, to] = ["range-from", "range-to"].map((id) => instant(state.zone, Date.parse(`${$(id).value}Z`)));
    const isWrong = !(from < to);
    $("range-to").setCustomValidity(isWrong ? "The end must lie after the start" : "");
    if (isWrong) { $("range-to").reportValidity(); return; }
    $("range-menu").open = false;
    change({ from, to });
  });
  $("range-to").addEventListener("input", () => $("range-to").setCustomValidity(""));
}

const pick = (id) => $(id).addEventListener("change", (event) => change({ [id]: event.target.value }));

function buildZones() {
  const few = ["UTC", ownZone, "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles", "Europe/London", "Europe/Berlin", "Asia/Kolkata", "Asia/Tokyo", "Australia/Sydney"];
  let isFull = false;
  const fill = (names) => $("zone").replaceChildren(...[...new Set([...names, state.zone])].map((name) => element("option", { value: name, textContent: name.replaceAll("_", " "), selected: name === state.zone })));
  fill(few);
  // Four hundred names are made when somebody looks for one, with the pointer or by keyboard.
  const fillAll = () => { if (!isFull) { isFull = true; fill([...few, ...(Intl.supportedValuesOf?.("timeZone") ?? [])]); } };
  for (const event of ["pointerdown", "focus"]) $("zone").addEventListener(event, fillAll);
  $("zone").addEventListener("change", (event) => { if (knowsZone(event.target.value)) change({ zone: event.target.value }); });
}

// MARK: What is chosen

function chip(text, title, remove) {
  const button = element("button", { type: "button", className: "filter", title, "aria-label": `Remove: ${title}` }, element("span", { textContent: text }), element("span", { textContent: "×", "aria-hidden": "true" }));
  button.addEventListener("click", remove);
  return button;
}

let shownFilters = "";

// Where a chip that had the focus has gone, the next one has it.
function showFilters(chips) {
  const filters = JSON.stringify(state.filters);
  if (filters === shownFilters) return;
  shownFilters = filters;
  const held = [...$("filters").children].indexOf(document.activeElement);
  $("filters").replaceChildren(...chips);
  $("filters").hidden = chips.length === 0;
  if (held >= 0) (chips[Math.min(held, chips.length - 1)] ?? $("main")).focus({ preventScroll: true });
}

export function showControls(range) {
  document.documentElement.dataset.wall = state.wall ? "on" : "off";
  for (const link of $("sections").children) {
    link.href = address({ ...state, section: link.dataset.section });
    if (link.dataset.section === state.section) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  $("section-pick").value = state.section;
  for (const button of $("ranges").children) button.setAttribute("aria-pressed", String(state.from === null && button.value === state.range));
  $("range-summary").textContent = state.from === null ? "Dates" : `${shortMoment(state.from)} – ${shortMoment(state.to)}`;
  $("range-menu").classList.toggle("on", state.from !== null);
  for (const [id, t] of [["range-from", range.from], ["range-to", range.to]]) {
    if (!$("range-menu").open) $(id).value = new Date(Math.floor(t / MINUTE) * MINUTE + offset(range.zone, t)).toISOString().slice(0, 16);
  }
  $("grain").value = state.grain;
  $("compare").value = state.compare;
  if ($("zone").value !== state.zone) {
    if (![...$("zone").options].some((o) => o.value === state.zone)) $("zone").append(element("option", { value: state.zone, textContent: state.zone }));
    $("zone").value = state.zone;
  }
  const chips = state.filters.map((f) => chip(`${DIMENSION_NAMES[f.dimension]}: ${named(f.dimension, f.value)}`, `${DIMENSION_NAMES[f.dimension]} ${named(f.dimension, f.value)}`,
    () => change({ filters: state.filters.filter((other) => other !== f) })));
  if (chips.length > 1) chips.push(element("button", { type: "button", className: "quiet", textContent: "Clear all", onclick: () => change({ filters: [] }) }));
  showFilters(chips);
  $("title-section").textContent = SECTIONS.find(([id]) => id === state.section)[1];
  document.title = `${$("title-section").textContent} · Polyrhythm`;
}

// MARK: Theme and wall

const dark = matchMedia("(prefers-color-scheme: dark)");
const stored = () => { try { return localStorage.getItem("theme"); } catch { return null; } };

// Scrolls to the first row of cards that is not seen whole; false where there is none.
function showsBelow() {
  const edge = document.querySelector(".top").offsetHeight;
  const below = [...document.querySelectorAll("#charts > section:not([hidden]) > article")].map((n) => n.getBoundingClientRect()).find((box) => box.bottom > innerHeight + 1);
  if (!below || below.top <= edge + 20) return false;
  scrollBy(0, below.top - edge - 14);
  return true;
}

export function buildControls(onTheme) {
  const theme = () => state.wall ? "dark" : stored() ?? (dark.matches ? "dark" : "light");
  const paint = () => { if (document.documentElement.dataset.theme !== theme()) { showTheme(theme()); onTheme(); } };
  buildSections();
  buildRange();
  buildZones();
  pick("grain");
  pick("compare");
  $("theme").addEventListener("click", () => {
    try { localStorage.setItem("theme", document.documentElement.dataset.theme === "dark" ? "light" : "dark"); } catch { /* Without storage the choice is the browser's. */ }
    paint();
  });
  dark.addEventListener("change", paint);
  $("wall").addEventListener("click", () => {
    change({ wall: !state.wall });
    if (state.wall) document.documentElement.requestFullscreen?.().catch(() => {});
    else if (document.fullscreenElement) document.exitFullscreen();
  });
  $("tools").addEventListener("click", () => {
    const isOpen = document.body.classList.toggle("tools-open");
    $("tools").setAttribute("aria-expanded", String(isOpen));
  });
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    if ($("range-menu").open) { $("range-menu").open = false; $("range-summary").focus(); } else if (state.wall) change({ wall: false });
  });
  addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details[open]")) if (!menu.contains(event.target)) menu.open = false;
  });
  showTheme(theme());
  // On a wall nobody clicks or scrolls: what is below comes next, and then the next section, but for the loads.
  setInterval(() => {
    if (!state.wall || document.hidden || showsBelow()) return;
    scrollTo(0, 0);
    const turns = SECTIONS.map(([id]) => id).filter((id) => id !== "loads");
    change({ section: turns[(turns.indexOf(state.section) + 1) % turns.length] }, { replace: true });
  }, WALL_MS);
  return paint;
}
