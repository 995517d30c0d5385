// A chart as a file: CSV of its table, PNG of what is seen.

import { colour, element, inkOn, tinted } from "./dom.js";
import { Format } from "./format.js";

function save(blob, name) {
  const url = URL.createObjectURL(blob);
  const link = element("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

// RFC 4180. A leading sign of a formula gets an apostrophe, as spreadsheets would run it.
function field(value) {
  if (value == null) return "";
  const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll("\"", "\"\"")}"` : text;
}

export const csv = (table) => [table.columns.map((c) => c.name), ...table.rows].map((row) => row.map(field).join(",")).join("\r\n") + "\r\n";

export const saveCSV = (card) => save(new Blob([csv(card.table)], { type: "text/csv;charset=utf-8" }), `${card.definition.id}.csv`);

const FONT = "system-ui, sans-serif";

function paintGrid(context, grid, width, height) {
  const margin = grid.lines ? 76 : 0;
  const size = Math.min((width - margin) / grid.across, height / grid.down);
  context.font = `${Math.max(8, size * 0.34)}px ${FONT}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (const { x, y, code, share } of grid.cells) {
    const [left, top] = [margin + x * size, y * size];
    context.fillStyle = share > 0 ? tinted(grid.tint, share) : colour("ground");
    context.fillRect(left + 1, top + 1, size - 2, size - 2);
    context.fillStyle = share > 0 ? inkOn(grid.tint, share) : colour("ink");
    context.fillText(code, left + size / 2, top + size / 2);
  }
  context.textAlign = "left";
  context.fillStyle = colour("soft");
  context.font = `12px ${FONT}`;
  grid.lines?.forEach((line, y) => context.fillText(line.slice(0, 12), 0, (y + 0.5) * size));
}

function paintRows(context, table, width, height) {
  const numbers = table.columns.map((c, i) => c.unit ? i : -1).filter((i) => i >= 0);
  const main = numbers[0] ?? -1;
  const greatest = Math.max(...table.rows.map((r) => r[main] ?? 0), 0) || 1;
  const step = Math.min(30, height / Math.max(1, table.rows.length));
  context.textBaseline = "alphabetic";
  context.font = `13px ${FONT}`;
  table.rows.slice(0, Math.floor(height / step)).forEach((row, i) => {
    const y = i * step;
    context.fillStyle = colour("ink");
    context.textAlign = "left";
    context.fillText(row.filter((_, c) => !table.columns[c].unit).join(" · ").slice(0, 60), 0, y + step - 12);
    context.textAlign = "right";
    context.fillText(numbers.map((c) => Format[table.columns[c].unit](row[c])).join("   "), width, y + step - 12);
    context.fillStyle = colour("m1");
    context.fillRect(0, y + step - 7, width * (row[main] ?? 0) / greatest, 4);
  });
}

export function savePNG(card) {
  const [width, height, head, pad, scale] = [900, 420, 64, 24, 2];
  const canvas = element("canvas", { width: (width + 2 * pad) * scale, height: (height + head + pad) * scale });
  const context = canvas.getContext("2d");
  context.scale(scale, scale);
  context.fillStyle = colour("surface");
  context.fillRect(0, 0, width + 2 * pad, height + head + pad);
  context.fillStyle = colour("ink");
  context.font = `600 18px ${FONT}`;
  context.fillText(card.definition.title, pad, 30);
  context.fillStyle = colour("soft");
  context.font = `13px ${FONT}`;
  context.fillText(card.rangeText ?? card.definition.sub, pad, 50);
  context.translate(pad, head);
  if (card.chart) {
    const drawn = Math.min(width / card.canvas.clientWidth, height / card.canvas.clientHeight);
    context.drawImage(card.canvas, 0, 0, card.canvas.clientWidth * drawn, card.canvas.clientHeight * drawn);
  } else if (card.grid) paintGrid(context, card.grid, width, height);
  else paintRows(context, card.table, width, height);
  canvas.toBlob((blob) => save(blob, `${card.definition.id}.png`), "image/png");
}
