// Parts that only some sections need, fetched when one of their cards is seen.

import { Refusal } from "./api.js";

const parts = new Map();
const failures = new Map();

// A browser may remember that it could not fetch a module, and asks again under another address only. For that a part must not bring
// modules that the page does not have from the start.
export function part(name) {
  if (!parts.has(name)) {
    const again = failures.has(name) ? `?again=${failures.get(name)}` : "";
    parts.set(name, import(`./${name}.js${again}`).catch((error) => {
      parts.delete(name);
      failures.set(name, (failures.get(name) ?? 0) + 1);
      throw error instanceof TypeError ? new Refusal("unreachable", "The server does not answer") : error;
    }));
  }
  return parts.get(name);
}
