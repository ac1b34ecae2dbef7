// The page's elements. Text from the server enters the page here and only as text, never as markup.

/**
 * A new element. Attributes are plain attributes; children that are strings become text nodes.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string>} attributes
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/**
 * The element of this id in index.html; that it is missing is a fault of the page.
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} type
 * @returns {T}
 */
export function byId(id, type) {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`index.html has no ${type.name} #${id}`);
  return element;
}

/**
 * The first element below `parent` that the selector names; that it is missing is a fault of the page.
 * @template {HTMLElement} T
 * @param {HTMLElement} parent
 * @param {string} selector
 * @param {new () => T} type
 * @returns {T}
 */
export function within(parent, selector, type) {
  const element = parent.querySelector(selector);
  if (!(element instanceof type)) throw new Error(`index.html has no ${type.name} ${selector}`);
  return element;
}

/**
 * A time of the server in the reader's clock; the exact one is in the title.
 * @param {string | undefined} timestamp
 * @returns {HTMLElement}
 */
export function time(timestamp) {
  const date = new Date(timestamp ?? "");
  if (timestamp === undefined || Number.isNaN(date.getTime())) return el("span", {}, "–");
  const clock = date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
  const today = date.toDateString() === new Date().toDateString();
  const day = date.toLocaleDateString([], { day: "numeric", month: "short", year: "numeric" });
  return el("time", { datetime: timestamp, title: timestamp }, today ? clock : `${day}, ${clock}`);
}

/**
 * A count with separators.
 * @param {unknown} value
 * @returns {string}
 */
export function count(value) {
  return typeof value === "number" && Number.isFinite(value) ? value.toLocaleString("en") : "–";
}
