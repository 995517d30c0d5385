// A chart's frame: its title, its menu, its table, and what it says while there is nothing to show.

import { NotCounted, address, part } from "./api.js";
import { KINDS, drawing } from "./draw.js";
import { element, write } from "./dom.js";
import { Format, clock, none, shortMoment } from "./format.js";
import { brush } from "./frame.js";
import { DAY, MINUTE } from "./range.js";
import { SETTLING } from "./series.js";
import { change, state } from "./state.js";
import { world } from "./world.js";

// Rows of a table that are put into the page; a file has all of them.
const TABLE_ROWS = 500;
const TABLE_EVERY_MS = 10000;
const AGAIN_MS = 5000;

async function save(kind, card) {
  if (!card.table) return card.mark("nothing to save");
  try {
    return (await part("pictures"))[`save${kind}`](card);
  } catch (error) {
    return card.mark(`not saved: ${error.message}`);
  }
}

export class Card {
  constructor(definition) {
    this.definition = definition;
    this.kind = KINDS[definition.kind];
    this.loadedAt = 0;
    this.took = 0;
    this.generation = 0;
    this.isVisible = false;
    this.table = null;
    this.build();
  }

  build() {
    const { id, title, sub, size, kind, measures, scrolls } = this.definition;
    const item = (text, action) => {
      const button = element("button", { type: "button", textContent: text });
      button.addEventListener("click", () => { this.menu.open = false; action(); this.menu.firstChild.focus(); });
      return button;
    };
    this.toggle = item("Show as table", () => this.showTable(!this.element.classList.contains("as-table")));
    this.link = element("a", { textContent: "Open as JSON", href: "#" });
    this.menu = element("details", { className: "menu" }, element("summary", { textContent: "⋯", "aria-label": `${title}: table and files`, title: "Table and files" }),
      element("div", { className: "menu-items" }, this.kind.isTable ? null : this.toggle, item("Save as CSV", () => save("CSV", this)), item("Save as PNG", () => save("PNG", this)), this.link));
    this.menu.addEventListener("keydown", (event) => { if (event.key === "Escape") { this.menu.open = false; this.menu.firstChild.focus(); } });
    this.menu.addEventListener("focusout", (event) => { if (event.relatedTarget && !this.menu.contains(event.relatedTarget)) this.menu.open = false; });
    this.sub = element("p", { className: "sub", textContent: sub });
    this.badge = element("span", { className: "badge", hidden: true });
    this.body = element("div", { className: "body" });
    this.words = element("p", { className: "words", textContent: "Loading…" });
    this.figures = element("div", { className: "figures", tabIndex: -1 });
    // What will be said further is known to be long, and has room from the start.
    const isLong = kind === "trending" || (kind === "list" && SETTLING.has(measures[0].metric));
    this.element = element("article", { className: `card ${size} kind-${kind}${isLong ? " long" : ""}${scrolls ? " scrolls" : ""} is-loading`, id: `card-${id}`, "aria-labelledby": `title-${id}` },
      element("header", { className: "card-head" }, element("div", {}, element("h2", { id: `title-${id}`, textContent: title }), this.sub), this.badge, this.menu),
      element("div", { className: "plot" }, this.body, this.words, this.figures));
    this.element.style.setProperty("--rows", String(this.definition.rows ?? this.definition.limit ?? 6));
    if (measures?.length > 1) this.element.style.setProperty("--head", "1.2rem");
    this.element.card = this;
  }

  needsCanvas() {
    if (this.canvas) return;
    this.canvas = element("canvas", { role: "img", "aria-label": `${this.definition.title}: ${this.definition.sub}. The table has the figures.` });
    this.body.replaceChildren(this.canvas);
    if (!this.kind.isFixed) brush(this.canvas, () => this.chart, (from, to) => this.zoom(from, to));
  }

  // Whole buckets, five minutes at least.
  zoom(from, to) {
    const { times, ends } = this.canvas.frame;
    const start = times.findLast((t) => t <= from) ?? from;
    change({ from: start, to: Math.max(start + 5 * MINUTE, ends.find((t) => t >= to) ?? to) });
  }

  showTable(isTable) {
    this.element.classList.toggle("as-table", isTable);
    this.toggle.textContent = isTable ? "Show as chart" : "Show as table";
    this.figures.tabIndex = isTable ? 0 : -1;
    this.writeTable(true);
  }

  // How long figures stay good: a range of hours asks less often than one of minutes.
  isDue(range) {
    if (this.hasFailed) return performance.now() - this.failedAt > AGAIN_MS;
    const length = range.to - range.from;
    const period = this.kind.isTime ? { minute: 10000, hour: 60000, day: 120000 }[range.grain] : length > DAY ? 120000 : 60000;
    return Date.now() - this.loadedAt > Math.max(period, 5 * this.took);
  }

  async refresh(range) {
    const generation = ++this.generation;
    const started = Date.now();
    try {
      const { load } = await drawing(this.definition.kind);
      const result = await load(this.definition, range);
      if (generation !== this.generation) return;
      this.hasFailed = false;
      this.took = Date.now() - started;
      this.loadedAt = Date.now();
      this.shownAt = Date.now();
      await this.show(result);
    } catch (error) {
      if (generation !== this.generation) return;
      this.loadedAt = Date.now();
      this.fail(error);
    }
  }

  async show(result) {
    this.table = result.table;
    this.result = result;
    const link = result.link ?? (result.question && address(result.question, result.range));
    this.link.hidden = !link;
    if (link) this.link.href = link;
    if (result.note && !result.range) write(this.sub, `${this.definition.sub}; ${result.note}`);
    if (result.range) {
      this.rangeText = `${this.definition.sub}; ${shortMoment(result.range.from)} to ${shortMoment(result.range.to)}, ${result.range.zone}`;
      const notes = [this.definition.sub];
      if (result.isInstead) notes[0] = "listeners, as users without a listen have nothing to be filtered by";
      if (result.isUncompared) notes.push(`no data before ${shortMoment(world.first)} to compare with`);
      if (result.note) notes.push(result.note);
      if (result.isSettled) notes.push(`until ${clock(result.range.to)}, later plays are open`);
      if (result.envelope?.covers_until !== undefined) notes.push(result.envelope.covers_until === null ? "nothing is loaded yet" : `loaded until ${shortMoment(Date.parse(result.envelope.covers_until))}`);
      write(this.sub, notes.join("; "));
    }
    if (result.isEmpty) {
      this.clear(result.emptyText ?? (state.filters.length ? "No events with these filters in this range" : "No events in this range"), "is-empty");
      return;
    }
    await this.draw(result.model);
    this.isDrawn = true;
    this.say("", "");
    this.writeTable(false);
  }

  // A name that has the keyboard's focus keeps it when the figures are drawn anew.
  async draw(model) {
    const { show } = await drawing(this.definition.kind);
    const held = this.body.contains(document.activeElement) ? document.activeElement.title : "";
    await show(this, model);
    if (!held || this.body.contains(document.activeElement)) return;
    const names = [...this.body.querySelectorAll("button")];
    (names.find((b) => b.title === held) ?? names[0])?.focus({ preventScroll: true });
  }

  clear(text, className) {
    this.chart?.destroy();
    this.chart = this.canvas = this.grid = null;
    this.isDrawn = false;
    this.body.replaceChildren();
    this.figures.replaceChildren();
    this.say(text, className);
  }

  // Figures that could not be refreshed stay, and say of when they are.
  fail(error) {
    const isRefused = error instanceof NotCounted || error.kind === "refused";
    this.hasFailed = !isRefused;
    this.failedAt = performance.now();
    if (isRefused) {
      this.table = null;
      return this.clear(error.code === "no_such_combination" ? "Not counted with these filters" : error.message, "is-refused");
    }
    if (this.isDrawn) {
      this.mark(`as of ${clock(this.shownAt)}`);
      this.element.classList.add("is-stale");
      return undefined;
    }
    this.clear(`${error.message}. Trying again.`, "is-failed");
    return this.writeTable(true);
  }

  mark(text) {
    this.badge.hidden = false;
    write(this.badge, text);
  }

  say(text, className) {
    this.element.classList.remove("is-loading", "is-empty", "is-refused", "is-failed", "is-stale");
    if (className) this.element.classList.add(className);
    this.badge.hidden = true;
    write(this.words, text);
    this.words.hidden = text === "";
  }

  // The table is there for screen readers where it is not shown; it need not follow each second.
  writeTable(isNow) {
    if (!this.table || this.kind.isTable || (!isNow && Date.now() - (this.wroteAt ?? 0) < TABLE_EVERY_MS)) return;
    this.wroteAt = Date.now();
    const { columns, rows, show } = this.table;
    const cell = (value, i) => {
      const text = show?.(value, i) ?? (value == null ? none : columns[i].unit ? (columns[i].unit === "count" ? Format.exact : Format[columns[i].unit])(value) : String(value));
      return i === 0 ? element("th", { textContent: text, scope: "row" }) : element("td", { textContent: text, className: columns[i].unit ? "num" : "" });
    };
    const caption = element("caption", { textContent: this.rangeText?.split("; ").at(-1) ?? this.definition.title });
    const shown = rows.length > TABLE_ROWS ? rows.slice(-TABLE_ROWS) : rows;
    const scrolled = this.figures.scrollTop;
    this.figures.replaceChildren(element("table", {}, caption,
      element("thead", {}, element("tr", {}, ...columns.map((c, i) => element("th", { textContent: c.label, scope: "col", className: c.unit && i ? "num" : "" })))),
      element("tbody", {}, ...shown.map((row) => element("tr", {}, ...row.map(cell))))));
    this.figures.scrollTop = scrolled;
  }

  // Colours are of the theme, so a chart is drawn anew in another one.
  async redraw() {
    this.chart?.destroy();
    this.chart = null;
    if (this.result && !this.result.isEmpty && this.table && !this.element.classList.contains("is-refused")) {
      this.canvas = null;
      await this.draw(this.result.model);
    }
  }
}
