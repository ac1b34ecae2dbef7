// Where the reader is: the page and its filters, all of it in the address, so that links, reload and the back button
// mean what they should.

import { signal } from "../vendor.js";

/** @typedef {{ path: string[], query: Record<string, string> }} Route */

/** @type {import("../vendor.js").Signal<Route>} */
export const route = signal(read());

addEventListener("hashchange", () => {
  route.value = read();
});

/** @returns {Route} */
function read() {
  const [path = "", query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const parts = path.split("/").filter((part) => part !== "");
  return { path: parts.map(decoded), query: Object.fromEntries(new URLSearchParams(query)) };
}

/**
 * A part that somebody typed with a stray % is taken as it stands.
 * @param {string} part
 * @returns {string}
 */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/**
 * The address of a page.
 * @param {string[]} path
 * @param {Record<string, string | number | null | undefined>} [query] without a value, a name is left out
 * @returns {string}
 */
export function href(path, query = {}) {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "") parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return `#/${path.map(encodeURIComponent).join("/")}${text === "" ? "" : `?${text}`}`;
}

/**
 * @param {string[]} path
 * @param {Record<string, string | number | null | undefined>} [query]
 */
export function go(path, query = {}) {
  location.hash = href(path, query);
}

/**
 * Changes filters of this page. What is typed or dragged replaces the entry in the history; a choice makes a new one.
 * @param {Record<string, string | number | null | undefined>} change
 * @param {{ replace?: boolean }} [how]
 */
export function refine(change, { replace = false } = {}) {
  const { path, query } = route.value;
  const address = href(path, { ...query, ...change });
  if (address === location.hash) return;
  if (replace) {
    history.replaceState(null, "", address);
    route.value = read();
  } else {
    location.hash = address;
  }
}
