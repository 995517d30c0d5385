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

// Text changes only where it differs, so that screen readers are not told the same again.
export function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function showTheme(theme) {
  document.documentElement.dataset.theme = theme;
}
