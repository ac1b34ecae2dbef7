// Figures and times as people read them.

/**
 * A count with separators.
 * @param {unknown} value
 * @returns {string}
 */
export function count(value) {
  return typeof value === "number" && Number.isFinite(value) ? value.toLocaleString("en") : "–";
}

/**
 * A count of at most four characters or so, for labels that must not grow; a small one keeps its fraction.
 * @param {number} value
 * @returns {string}
 */
export function compact(value) {
  if (!Number.isFinite(value)) return "–";
  if (Math.abs(value) < 10_000)
    return value.toLocaleString("en", { maximumFractionDigits: Math.abs(value) < 10 ? 2 : 0 });
  return new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 }).format(value);
}

/**
 * A rate per second.
 * @param {number | null | undefined} value
 * @returns {string}
 */
export function rate(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  return value > 0 && value < 10 ? value.toFixed(1) : compact(value);
}

/**
 * A length of time, from milliseconds.
 * @param {number | null | undefined} ms
 * @returns {string}
 */
export function duration(ms) {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return "–";
  if (ms < 1) return `${Math.round(ms * 1000)} µs`;
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes} min ${Math.round((ms % 60_000) / 1000)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/**
 * `overdraftLimit` becomes `Overdraft limit`, `place-hold` becomes `Place hold`.
 * @param {string} name
 * @returns {string}
 */
export function spaced(name) {
  const spread = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).replace(/[-_]/g, " ");
  const words = spread.replace(/\bid\b/g, "id").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/**
 * `MONEY_DEPOSITED` becomes `Money deposited`.
 * @param {string} type
 * @returns {string}
 */
export function typeWords(type) {
  return spaced(type.toLowerCase());
}

/**
 * A time of the server in the reader's clock.
 * @param {string | undefined} timestamp
 * @returns {string}
 */
export function localTime(timestamp) {
  const date = new Date(timestamp ?? "");
  if (Number.isNaN(date.getTime())) return "–";
  const clock = date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
  if (date.toDateString() === new Date().toDateString()) return clock;
  return `${date.toLocaleDateString([], { day: "numeric", month: "short", year: "numeric" })}, ${clock}`;
}
