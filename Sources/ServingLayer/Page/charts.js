"use strict";

// Drawing: each function takes a card and rows, and brings its chart up to date.

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

const faded = (hex) => `${hex}66`;

const Format = {
  count: (n) => n == null ? "–" : n.toLocaleString("en", n >= 100000 ? { notation: "compact", maximumFractionDigits: 1 } : {}),
  fraction: (n) => n == null ? "–" : `${(n * 100).toFixed(1)} %`,
  milliseconds: (n) => n == null ? "–" : `${Math.round(n / 1000)} s`,
  time(iso, granularity) {
    const date = new Date(iso);
    const clock = date.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
    if (granularity === "minute") return clock;
    const day = date.toLocaleDateString("en-GB", { day: "numeric", month: "short" });
    return granularity === "hour" ? `${day} ${clock}` : day;
  },
  moment: (iso) => iso ? new Date(iso).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "medium" }) : "–",
};

// Grid, ticks and labels that all charts share.
function baseOptions(extra = {}) {
  const soft = colour("soft");
  const line = colour("line");
  const axis = (own = {}) => ({
    grid: { color: line, drawBorder: false },
    ticks: { color: soft, maxRotation: 0, autoSkipPadding: 18, precision: 0 },
    beginAtZero: true,
    ...own,
  });
  return {
    responsive: true,
    maintainAspectRatio: false,
    animation: false,
    interaction: { mode: "index", intersect: false, ...(extra.interaction ?? {}) },
    indexAxis: extra.indexAxis ?? "x",
    plugins: {
      legend: {
        display: extra.legend ?? true,
        position: "bottom",
        labels: {
          color: soft, boxWidth: 10, boxHeight: 10, usePointStyle: true, pointStyle: "rectRounded",
          filter: (item) => !item.text.startsWith("·"),
        },
      },
      tooltip: {
        filter: (item) => !(item.dataset.label ?? "").startsWith("·"),
        callbacks: extra.tooltip ?? {},
      },
    },
    scales: extra.scales ? extra.scales(axis) : {},
  };
}

function draw(card, type, data, options) {
  const isEmpty = data.labels.length === 0;
  card.empty.hidden = !isEmpty;
  card.canvas.hidden = isEmpty;
  if (!window.Chart || isEmpty) return;
  if (card.chart) {
    card.chart.data.labels = data.labels;
    // Datasets keep their identity, so that what the reader has hidden stays hidden.
    data.datasets.forEach((set, i) => {
      card.chart.data.datasets[i] = Object.assign(card.chart.data.datasets[i] ?? {}, set);
    });
    card.chart.data.datasets.length = data.datasets.length;
    card.chart.options = options;
    card.chart.update("none");
  } else {
    card.chart = new Chart(card.canvas, { type, data, options });
  }
}

function redrawEverything(cards) {
  for (const card of Object.values(cards)) {
    card.chart?.destroy();
    card.chart = null;
    card.redraw?.();
  }
}

// Listens by bucket: batch below, speed on top. A bucket that may still grow is drawn lighter.
function drawLayers(card, rows, granularity) {
  card.redraw = () => drawLayers(card, rows, granularity);
  const shade = (name) => rows.map((r) => r.is_final === false && name === "batch" ? faded(colour(name)) : colour(name));
  const bars = (label, name, values) => ({
    label, data: values, backgroundColor: shade(name), borderColor: colour(name),
    borderWidth: 0, stack: "listens", categoryPercentage: 0.95, barPercentage: 0.9,
  });
  const data = {
    labels: rows.map((r) => Format.time(r.time, granularity)),
    datasets: [
      bars("batch layer", "batch", rows.map((r) => r.listens_batch ?? 0)),
      bars("speed layer", "speed", rows.map((r) => (r.listens ?? 0) - (r.listens_batch ?? 0))),
    ],
  };
  draw(card, "bar", data, baseOptions({
    scales: (axis) => ({ x: axis({ stacked: true, grid: { display: false } }), y: axis({ stacked: true }) }),
    tooltip: {
      footer: (items) => {
        const row = rows[items[0].dataIndex];
        return `${Format.count(row.listens)} listens${row.is_final === false ? ", provisional" : ""}`;
      },
      // The swatch of the tooltip must match the legend, not the lighter bar.
      labelColor: (item) => ({ borderColor: item.dataset.borderColor, backgroundColor: item.dataset.borderColor }),
    },
  }));
}

// Lines over time; dashed where provisional. `band` adds the 95 % interval of a distinct count.
function drawLines(card, rows, granularity, series, unit = "count") {
  card.redraw = () => drawLines(card, rows, granularity, series, unit);
  const provisional = (context) => rows[context.p1DataIndex]?.is_final === false ? [4, 4] : undefined;
  const datasets = series.flatMap(({ name, label, tint, band }) => {
    const line = {
      label, data: rows.map((r) => r[name] ?? null), borderColor: colour(tint), backgroundColor: colour(tint),
      borderWidth: 2, pointRadius: rows.length > 40 ? 0 : 2, tension: 0.25, segment: { borderDash: provisional },
    };
    if (!band) return [line];
    const edge = (suffix, fill) => ({
      label: `·${name}${suffix}`, data: rows.map((r) => r[name + suffix] ?? null), borderWidth: 0, pointRadius: 0,
      tension: 0.25, backgroundColor: `${colour(tint)}26`, fill,
    });
    return [line, edge("_low", false), edge("_high", "-1")];
  });
  const data = { labels: rows.map((r) => Format.time(r.time, granularity)), datasets };
  draw(card, "line", data, baseOptions({
    scales: (axis) => ({
      x: axis({ grid: { display: false } }),
      y: axis(unit === "fraction" ? { ticks: { color: colour("soft"), callback: (v) => `${Math.round(v * 100)} %` } } : {}),
    }),
    tooltip: {
      label: (item) => `${item.dataset.label}: ${Format[unit](item.parsed.y)}`,
      footer: (items) => rows[items[0].dataIndex]?.is_final === false ? "provisional" : "",
    },
  }));
}

// The greatest first, as horizontal bars.
function drawTop(card, rows, labelOf, metric) {
  card.redraw = () => drawTop(card, rows, labelOf, metric);
  const data = {
    labels: rows.map(labelOf),
    datasets: [{ label: metric, data: rows.map((r) => r[metric]), backgroundColor: colour("batch"), borderRadius: 4, barPercentage: 0.85 }],
  };
  draw(card, "bar", data, baseOptions({
    indexAxis: "y", legend: false, interaction: { mode: "nearest", axis: "y" },
    scales: (axis) => ({
      x: axis(),
      y: axis({
        grid: { display: false },
        ticks: { color: colour("ink"), autoSkip: false, callback(value) {
          const text = this.getLabelForValue(value);
          return text.length > 26 ? `${text.slice(0, 25)}…` : text;
        } },
      }),
    }),
  }));
}

// Plans side by side for each gender.
function drawAudience(card, rows) {
  card.redraw = () => drawAudience(card, rows);
  const genders = [...new Set(rows.map((r) => r.gender ?? "unknown"))].sort();
  const plans = [...new Set(rows.map((r) => r.level ?? "unknown"))].sort();
  const tints = { free: "c6", paid: "c3", unknown: "c4" };
  const value = (g, p) => rows.find((r) => (r.gender ?? "unknown") === g && (r.level ?? "unknown") === p)?.listens ?? 0;
  const data = {
    labels: genders.map((g) => ({ F: "Women", M: "Men" })[g] ?? g),
    datasets: plans.map((p) => ({
      label: p, data: genders.map((g) => value(g, p)), backgroundColor: colour(tints[p] ?? "c5"), borderRadius: 4, barPercentage: 0.8,
    })),
  };
  draw(card, "bar", data, baseOptions({
    scales: (axis) => ({ x: axis({ grid: { display: false } }), y: axis() }),
  }));
}

function drawShares(card, rows, labelOf, metric) {
  card.redraw = () => drawShares(card, rows, labelOf, metric);
  const tints = ["batch", "c3", "c4", "c5", "speed", "c6"];
  const total = rows.reduce((sum, r) => sum + r[metric], 0);
  const data = {
    labels: rows.map(labelOf),
    datasets: [{
      data: rows.map((r) => r[metric]), backgroundColor: rows.map((_, i) => colour(tints[i % tints.length])),
      borderColor: colour("surface"), borderWidth: 2,
    }],
  };
  const options = baseOptions({
    interaction: { mode: "nearest" },
    tooltip: { label: (item) => `${item.label}: ${Format.count(item.parsed)} (${Format.fraction(item.parsed / total)})` },
  });
  options.cutout = "62%";
  options.plugins.legend.position = "right";
  draw(card, "doughnut", data, options);
}
