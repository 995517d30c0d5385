// What is drawn around the lines and bars of a chart over time: where the figures end, which part is final, what happened,
// and the stretch that the reader marks with the pointer.

import { colour, tinted } from "./dom.js";

// The place of an instant on the axis, whose steps are buckets.
export function place(chart, t) {
  const { times, ends } = chart.canvas.frame;
  const { left, right } = chart.chartArea;
  const width = (right - left) / times.length;
  if (t <= times[0]) return left;
  const i = times.findLastIndex((start) => start <= t);
  return Math.min(right, left + width * (i + Math.min(1, (t - times[i]) / (ends[i] - times[i]))));
}

export function instantAt(chart, x) {
  const { times, ends } = chart.canvas.frame;
  const { left, right } = chart.chartArea;
  const position = Math.max(0, Math.min(times.length - 1e-6, (x - left) / (right - left) * times.length));
  const i = Math.floor(position);
  return times[i] + (position - i) * (ends[i] - times[i]);
}

function hatch(context, x1, x2, top, bottom, ink) {
  if (x2 - x1 < 1) return;
  context.save();
  context.beginPath();
  context.rect(x1, top, x2 - x1, bottom - top);
  context.clip();
  context.strokeStyle = ink;
  context.lineWidth = 1;
  context.beginPath();
  for (let x = x1 - (bottom - top); x < x2; x += 8) {
    context.moveTo(x, bottom);
    context.lineTo(x + bottom - top, top);
  }
  context.stroke();
  context.restore();
}

function note(context, text, x1, x2, y) {
  context.save();
  context.font = "11px system-ui, sans-serif";
  context.fillStyle = colour("soft");
  const width = context.measureText(text).width;
  if (width + 10 < x2 - x1) context.fillText(text, x2 - width - 5, y);
  context.restore();
}

export const frame = {
  id: "frame",
  beforeDatasetsDraw(chart) {
    const { context, frame: f } = { context: chart.ctx, frame: chart.canvas.frame };
    if (!f?.times.length) return;
    const { top, bottom, right } = chart.chartArea;
    const from = f.times[0];
    if (f.knownUntil < f.until) hatch(context, place(chart, f.knownUntil), right, top, bottom, tinted("soft", 0.22));
    for (const [a, b] of f.gaps) {
      hatch(context, place(chart, a), place(chart, b), top, bottom, tinted("soft", 0.22));
      note(context, "no events", place(chart, a), place(chart, b), top + 12);
    }
    if (f.settledBefore !== null && f.settledBefore < f.knownUntil) {
      const x = place(chart, Math.max(from, f.settledBefore));
      const end = place(chart, f.knownUntil);
      context.fillStyle = tinted("soft", 0.09);
      context.fillRect(x, top, end - x, bottom - top);
      note(context, "plays still open", x, end, top + 12);
    }
  },
  afterDraw(chart) {
    const f = chart.canvas.frame;
    if (!f?.times.length) return;
    const context = chart.ctx;
    const { left, right, top, bottom } = chart.chartArea;
    // Finality stands on the axis: a full strip is final, an open one may still change.
    const end = f.finalBefore === null || f.finalBefore <= f.times[0] ? left : place(chart, f.finalBefore);
    context.fillStyle = tinted("soft", 0.9);
    context.fillRect(left, bottom, end - left, 3);
    context.fillStyle = tinted("soft", 0.25);
    context.fillRect(end, bottom, place(chart, f.knownUntil) - end, 3);
    // Hours that were not as usual are red on the axis.
    context.fillStyle = colour("bad");
    for (const { t, end: until } of f.odd ?? []) {
      const [a, b] = [place(chart, Math.max(t, f.times[0])), place(chart, Math.min(until, f.ends.at(-1)))];
      const middle = (a + b) / 2;
      context.fillRect(a, bottom, Math.max(2, b - a), 3);
      context.beginPath();
      context.moveTo(middle, top);
      context.lineTo(middle + 5, top + 5);
      context.lineTo(middle, top + 10);
      context.lineTo(middle - 5, top + 5);
      context.fill();
    }
    // A bracket is a stretch into which late events came with a load.
    context.strokeStyle = colour("ink");
    context.lineWidth = 1.5;
    for (const { t, end: until } of f.late ?? []) {
      const [a, b] = [place(chart, Math.max(t, f.times[0])), place(chart, Math.min(until, f.ends.at(-1)))];
      const middle = (a + b) / 2;
      const half = Math.max(3, (b - a) / 2);
      context.beginPath();
      context.moveTo(middle - half, bottom - 6);
      context.lineTo(middle - half, bottom - 2);
      context.lineTo(middle + half, bottom - 2);
      context.lineTo(middle + half, bottom - 6);
      context.stroke();
    }
    for (const { t } of f.marks) {
      if (t < f.times[0] || t >= f.ends.at(-1)) continue;
      const x = place(chart, t);
      context.fillStyle = colour("ink");
      context.beginPath();
      context.moveTo(x, bottom - 1);
      context.lineTo(x - 4, bottom - 8);
      context.lineTo(x + 4, bottom - 8);
      context.fill();
    }
    if (chart.$brush) {
      const [a, b] = [...chart.$brush].sort((p, q) => p - q);
      context.fillStyle = tinted("accent", 0.18);
      context.fillRect(Math.max(left, a), top, Math.min(right, b) - Math.max(left, a), bottom - top);
    }
  },
};

// Calls back with the stretch that is drawn over with the pointer.
export function brush(canvas, chartOf, onMark) {
  let start = null;
  canvas.addEventListener("pointerdown", (event) => {
    const chart = chartOf();
    if (!chart || event.button !== 0 || event.pointerType === "touch") return;
    start = event.offsetX;
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    const chart = chartOf();
    if (start === null || !chart) return;
    chart.$brush = Math.abs(event.offsetX - start) > 6 ? [start, event.offsetX] : null;
    chart.draw();
  });
  const finish = (isDone) => {
    const chart = chartOf();
    const marked = chart?.$brush;
    start = null;
    if (!chart) return;
    chart.$brush = null;
    chart.draw();
    if (isDone && marked) onMark(...marked.map((x) => instantAt(chart, x)).sort((a, b) => a - b));
  };
  canvas.addEventListener("pointerup", () => finish(true));
  canvas.addEventListener("pointercancel", () => finish(false));
}
