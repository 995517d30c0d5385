// Brings the parts together: which cards there are, and when each asks again.

import { clock, forget } from "./api.js";
import { Card } from "./card.js";
import { CHARTS } from "./catalogue.js";
import { buildControls, showControls } from "./controls.js";
import { $, element } from "./dom.js";
import { moment } from "./format.js";
import { listen, pause, showCondition } from "./live.js";
import { learnLoads } from "./marks.js";
import { resolve } from "./range.js";
import { SECTIONS, change, onChange, state } from "./state.js";
import { Tiles } from "./tiles.js";
import { latestEnd, world } from "./world.js";

const TICK_MS = 1000;
const LOADS_MS = 60000;

const range = () => resolve({ now: clock.now(), latest: latestEnd() });

// MARK: Cards

const cards = new Map();
const seen = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    target.card.isVisible = isIntersecting;
    if (isIntersecting && target.card.loadedAt === 0) target.card.refresh(range());
  }
}, { rootMargin: "240px" });

const tiles = new Tiles($("tiles"));

function showSection() {
  for (const [id] of SECTIONS) {
    let grid = $(`section-${id}`);
    if (id === state.section && !grid) {
      grid = element("section", { className: "grid", id: `section-${id}`, "aria-labelledby": "title-section" });
      $("charts").append(grid);
      for (const definition of CHARTS.filter((c) => c.section === id)) {
        const card = new Card(definition);
        cards.set(definition.id, card);
        grid.append(card.element);
        seen.observe(card.element);
      }
    }
    if (grid) grid.hidden = id !== state.section;
  }
  $("tiles").hidden = state.section === "loads";
}

const shown = () => [...cards.values()].filter((card) => card.isVisible && card.definition.section === state.section);

function refresh({ isForced = false, isLive = false } = {}) {
  if (document.hidden) return;
  const span = range();
  if (isForced) for (const card of cards.values()) card.loadedAt = 0;
  for (const card of shown()) {
    if (card.loadedAt === 0 || card.isDue(span) || (isLive && card.kind.isTime && !card.definition.span && span.grain === "minute" && span.to - span.from <= 3600000)) card.refresh(span);
  }
  if (!$("tiles").hidden && (isForced || tiles.isDue())) tiles.refresh(span).catch(() => { tiles.hasFailed = true; });
}

// MARK: What is there at all

function showStart() {
  if (world.stream === "open" && world.database === "up") {
    $("start").hidden = world.latest !== null;
    $("content").hidden = world.latest === null;
  }
  const span = range();
  $("past").hidden = !span.isPast;
  if (span.isPast) $("past").textContent = `The latest events are of ${moment(latestEnd())}; the range ends there.`;
}

// MARK: Life

const paint = buildControls(() => { for (const card of cards.values()) card.redraw(); tiles.at = 0; refresh(); });

onChange((keys) => {
  forget();
  paint();
  showSection();
  showControls(range());
  if (keys.some((key) => key !== "section" && key !== "wall")) refresh({ isForced: true });
  else refresh();
});

showSection();
showControls(range());
listen(({ isNewLoad, isFull, hasRows }) => {
  showStart();
  if (isNewLoad) learnLoads().catch(() => {});
  if (isFull || isNewLoad) refresh({ isForced: true });
  else if (hasRows) refresh({ isLive: true });
});
learnLoads().catch(() => {});

let minute = 0;
setInterval(() => {
  if (document.hidden) return;
  showCondition();
  showStart();
  const now = Math.floor(clock.now() / 60000);
  if (now !== minute) showControls(range());
  minute = now;
  refresh();
}, TICK_MS);
setInterval(() => { if (!document.hidden) learnLoads().catch(() => {}); }, LOADS_MS);

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return pause();
  listen();
  return refresh();
});

for (const button of document.querySelectorAll("[data-range]")) button.addEventListener("click", () => change({ range: button.dataset.range, from: null, to: null }));
