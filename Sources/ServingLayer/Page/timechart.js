// Lines and bars over time, by Chart.js, which is fetched when the first chart is drawn.

import { colour, tinted } from "./dom.js";
import { Format, bucketName, clock, day, weekday } from "./format.js";
import { frame } from "./frame.js";
import { DAY, HOUR, MINUTE, offset } from "./range.js";
import { isSparse } from "./series.js";

let library = null;

export function chartLibrary() {
  library ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = "/assets/chart.js";
    script.onload = () => {
      globalThis.Chart.defaults.font.family = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif";
      resolve(globalThis.Chart);
    };
    script.onerror = () => {
      library = null;
      reject(new Error("The server does not give Chart.js: it is away, or has none (Debian: apt install libjs-chart.js). Tables and CSV work without it"));
    };
    document.head.append(script);
  });
  return library;
}

const STEPS = [1, 2, 5, 10, 15, 30].map((n) => n * MINUTE).concat([1, 2, 3, 6, 12].map((n) => n * HOUR), [1, 2, 3, 7, 14, 28, 91].map((n) => n * DAY));

// Round times only, as many as there is room for.
function ticks(scale, times, zone, grain) {
  const room = Math.max(2, Math.floor(scale.width / 72));
  const span = times.at(-1) - times[0];
  const step = STEPS.find((s) => span / s <= room && s >= { minute: MINUTE, hour: HOUR, day: DAY }[grain]) ?? STEPS.at(-1);
  const at = (t) => t + offset(zone, t);
  const isTick = (t, i) => step < DAY ? at(t) % step === 0 : grain === "day" ? i % (step / DAY) === 0 : at(t) % DAY === 0 && Math.round(at(t) / DAY) % (step / DAY) === 0;
  scale.ticks = times.flatMap((t, i) => isTick(t, i) ? [{ value: i }] : []);
}

function label(t, times, zone, grain) {
  if (grain === "day") return day(t);
  const isMidnight = (t + offset(zone, t)) % DAY === 0;
  return isMidnight && times.at(-1) - times[0] > 12 * HOUR ? `${weekday(t)} ${day(t)}` : clock(t);
}

// Chart.js draws a point without neighbours only where it has a radius.
const lonely = (data, i) => data[i] != null && data[i - 1] == null && data[i + 1] == null;

function dataset(set, model) {
  const { cut } = model;
  const tint = colour(set.tint);
  const common = { label: set.label, data: set.values, unit: set.unit, hidden: set.hidden };
  if (set.style === "bars") {
    return {
      ...common, type: "bar", backgroundColor: set.values.map((_, i) => cut[i] ? tinted(set.tint, 0.45) : tint), hoverBackgroundColor: tint, borderColor: tint, stack: set.stack ?? set.label,
      categoryPercentage: model.times.length > 40 ? 0.92 : 0.8, barPercentage: 1, borderWidth: 0, borderRadius: 1, maxBarThickness: 48, order: 2,
    };
  }
  return {
    ...common, type: "line", borderColor: tint, backgroundColor: tint, borderWidth: set.isBefore || set.values.length > 150 ? 1.25 : 2, tension: 0,
    borderDash: set.isBefore ? [2, 3] : undefined, stepped: isSparse(set.unit, set.values) ? "middle" : false, spanGaps: false,
    pointRadius: (context) => lonely(set.values, context.dataIndex) ? 2.5 : 0, pointHoverRadius: 4, pointHitRadius: 12, order: 1,
    segment: { borderDash: ({ p0DataIndex: from, p1DataIndex: to }) => cut[from] || cut[to] ? [4, 4] : undefined },
  };
}

// The interval has the shape of its line.
function bands(set, stepped) {
  if (!set.band) return [];
  const edge = (values, fill) => ({
    type: "line", label: "", isBand: true, data: values, borderWidth: 0, pointRadius: 0, pointHoverRadius: 0, stepped, backgroundColor: tinted(set.tint, 0.15), fill, tension: 0, order: 3,
  });
  return [edge(set.band.low, false), edge(set.band.high, "-1")];
}

// Time is not counted in tens.
function roundTime(sets) {
  const greatest = Math.max(...sets.flatMap((s) => s.values).map((v) => v ?? 0));
  return [5, 10, 15, 30, 60, 120, 300, 600].map((s) => s * 1000).find((step) => greatest / step <= 6) ?? 1800000;
}

function options(model) {
  const soft = colour("soft");
  const grid = { color: colour("line"), drawBorder: false, drawTicks: false };
  const units = [...new Set(model.sets.map((s) => s.unit))];
  const axis = (unit, position) => ({
    position, beginAtZero: true, stacked: model.isStacked, grid: position === "left" ? grid : { display: false, drawBorder: false }, suggestedMax: unit === "count" ? 4 : undefined,
    ticks: { color: soft, padding: 6, maxTicksLimit: 6, stepSize: unit === "milliseconds" ? roundTime(model.sets) : undefined, precision: unit === "count" ? 0 : undefined, callback: (v) => unit === "fraction" ? `${+(v * 100).toFixed(1)} %` : Format[unit](v) },
  });
  return {
    responsive: true, maintainAspectRatio: false, animation: false, normalized: true, layout: { padding: { top: 6 } },
    interaction: { mode: "index", intersect: false },
    scales: {
      x: {
        type: "category", stacked: model.isStacked, offset: true, grid: { display: false, drawBorder: false, drawTicks: false },
        ticks: { color: soft, maxRotation: 0, autoSkip: false, padding: 7, callback: (v) => model.names?.[v] ?? label(model.times[v], model.times, model.zone, model.grain) },
        afterBuildTicks: (scale) => ticks(scale, model.times, model.zone, model.grain),
      },
      y: axis(units[0], "left"),
      ...(units[1] ? { y2: axis(units[1], "right") } : {}),
    },
    plugins: {
      legend: {
        display: model.sets.length > 1, position: "bottom", align: "start",
        labels: { color: colour("ink"), boxWidth: 10, boxHeight: 10, padding: 12, usePointStyle: true, pointStyle: "rectRounded", filter: (item, data) => !data.datasets[item.datasetIndex].isBand,
          generateLabels: (chart) => globalThis.Chart.defaults.plugins.legend.labels.generateLabels(chart).map((item) => {
            const { borderColor, borderDash } = chart.data.datasets[item.datasetIndex];
            return borderDash ? { ...item, fillStyle: "transparent", strokeStyle: borderColor, lineWidth: 1.5, lineDash: [2, 2] } : { ...item, fillStyle: borderColor, lineWidth: 0 };
          }) },
      },
      tooltip: {
        backgroundColor: colour("tip"), titleColor: colour("tip-ink"), bodyColor: colour("tip-ink"), footerColor: colour("tip-ink"), footerFont: { weight: "normal" },
        padding: 10, boxPadding: 5, cornerRadius: 6, displayColors: true, usePointStyle: true,
        filter: (item) => !item.dataset.isBand && item.raw != null,
        callbacks: {
          title: (items) => items.length ? model.names?.[items[0].dataIndex] ?? bucketName(model.times[items[0].dataIndex], model.grain) : "",
          label: (item) => ` ${item.dataset.label}: ${(item.dataset.unit === "count" ? Format.exact : Format[item.dataset.unit])(item.raw)}`,
          labelColor: (item) => ({ borderColor: item.dataset.borderColor, backgroundColor: item.dataset.borderColor }),
          footer: (items) => items.length ? model.remarks(items[0].dataIndex) : "",
        },
      },
    },
  };
}

export async function drawTime(card, model) {
  const Chart = await chartLibrary();
  const units = [...new Set(model.sets.map((s) => s.unit))];
  const datasets = model.sets.flatMap((set) => {
    const drawn = dataset(set, model);
    return [{ ...drawn, yAxisID: units[1] === set.unit ? "y2" : "y" }, ...bands(set, drawn.stepped)];
  });
  const data = { labels: model.times, datasets };
  card.canvas.frame = model.frame;
  const chart = card.chart;
  if (chart && chart.canvas === card.canvas) {
    // What the reader has switched off or on in the legend stays so.
    const seen = new Map(chart.data.datasets.map((d, i) => [d.label, chart.isDatasetVisible(i)]));
    chart.data = data;
    chart.options = options(model);
    chart.update("none");
    const isChanged = chart.data.datasets.map((d, i) => d.label && seen.has(d.label) && seen.get(d.label) !== chart.isDatasetVisible(i) && chart.setDatasetVisibility(i, seen.get(d.label)) === undefined);
    if (isChanged.some(Boolean)) chart.update("none");
  } else {
    card.chart?.destroy();
    card.chart = new Chart(card.canvas, { type: "bar", data, options: options(model), plugins: [frame] });
  }
}
