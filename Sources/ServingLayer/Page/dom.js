// Elements, and colours as the present theme has them.

export const $ = (id) => document.getElementById(id);

// Properties of the element; `data-`, `aria-` and `role` are attributes.
export function element(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value == null) continue;
    if (/^(data-|aria-|role$|for$|scope$)/.test(name)) node.setAttribute(name, value);
    else node[name] = value;
  }
  node.append(...children.filter((child) => child != null));
  return node;
}

export const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

// A colour of the theme, let through: `share` 0 to 1.
export function tinted(name, share) {
  const hex = colour(name);
  return `${hex}${Math.round(share * 255).toString(16).padStart(2, "0")}`;
}

const channels = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255);

// Black or white, whichever is read more easily on a colour of the theme that is let through over a card.
export function inkOn(name, share) {
  const [over, under] = [channels(colour(name)), channels(colour("surface"))];
  const linear = over.map((c, i) => c * share + under[i] * (1 - share)).map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  const luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  return luminance > 0.179 ? "#000000" : "#ffffff";
}

// Text changes only where it differs, so that screen readers are not told the same again.
export function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function showTheme(theme) {
  document.documentElement.dataset.theme = theme;
}
