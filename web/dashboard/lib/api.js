// Every request of the page: same origin, JSON, a deadline, and errors as one of two kinds.

const ANSWER_WITHIN_MS = 15_000;
const TRIES_MAX = 4;
const FIRST_PAUSE_MS = 500;
const PAUSE_MAX_MS = 5_000;

/** @typedef {Record<string, any>} Members */
/** @typedef {{ status: number, headers: Headers, body: any }} Answer */

/** The server answered, and the answer is no. `members` is its problem document. */
export class Problem extends Error {
  /**
   * @param {number} status
   * @param {Members} members
   * @param {Headers} headers
   */
  constructor(status, members, headers) {
    const words = members.error ?? members.detail ?? members.title;
    super(typeof words === "string" && words ? words : `The server answered with status ${status}.`);
    this.status = status;
    this.members = members;
    this.headers = headers;
  }

  /** Whether the command may have been carried out all the same, so that only its own key may ask again. */
  get isUnsettled() {
    return this.status >= 500 || this.status === 408;
  }

  /** Whether asking again soon, with the same key, is likely to help. */
  get isPassing() {
    return this.status === 503 || this.status === 408;
  }
}

/** No answer came, or not all of it: what became of the request is not known. */
export class Unreachable extends Error {
  constructor() {
    super("The server cannot be reached.");
  }
}

/**
 * @param {string} path
 * @returns {Promise<Answer>}
 */
export function get(path) {
  return request(path, { headers: { Accept: "application/json" } });
}

/**
 * What a path answers, as text in a media type.
 * @param {string} path
 * @param {string} media
 * @returns {Promise<{ headers: Headers, text: string }>}
 */
export async function getText(path, media) {
  try {
    const response = await fetch(path, {
      headers: { Accept: media },
      cache: "no-store",
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    if (response.ok) return { headers: response.headers, text: await response.text() };
  } catch {
    throw new Unreachable();
  }
  // The answer is a problem; it is read the same way as all others.
  await get(path);
  throw new Unreachable();
}

/**
 * A path with its parameters; those without a value are left out.
 * @param {string} path
 * @param {Record<string, string | number | null | undefined>} parameters
 * @returns {string}
 */
export function withQuery(path, parameters) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined && value !== "") query.set(name, String(value));
  }
  const text = query.toString();
  return text === "" ? path : `${path}?${text}`;
}

/**
 * What a command would do: the same decision, and nothing written.
 * @param {string} route
 * @param {Members} command
 * @returns {Promise<Answer>}
 */
export function preview(route, command) {
  return request(`/commands/${route}?dryRun=true`, {
    method: "POST",
    headers: { Accept: "application/json", "Content-Type": "application/json" },
    body: JSON.stringify(command),
  });
}

/**
 * A POST without a body, for what is not a command.
 * @param {string} path
 * @returns {Promise<Answer>}
 */
export function post(path) {
  return request(path, { method: "POST", headers: { Accept: "application/json" } });
}

/**
 * Sends a command until it has an answer. A try that got none is repeated with the same key, so that the command is
 * carried out once however often it arrives; after a few tries the caller decides.
 * @param {string} route
 * @param {Members} command
 * @param {string} key
 * @param {(tries: number) => void} onRetry
 * @returns {Promise<Answer>}
 */
export async function send(route, command, key, onRetry) {
  for (let tries = 1; ; tries += 1) {
    try {
      return await request(`/commands/${route}`, {
        method: "POST",
        headers: { Accept: "application/json", "Content-Type": "application/json", "Idempotency-Key": key },
        body: JSON.stringify(command),
      });
    } catch (error) {
      const passing = error instanceof Unreachable || (error instanceof Problem && error.isPassing);
      if (!passing || tries === TRIES_MAX) throw error;
      onRetry(tries);
      await pause(error, tries);
    }
  }
}

/**
 * A new idempotency key. `randomUUID` exists only in secure contexts, the rest everywhere.
 * @returns {string}
 */
export function newKey() {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * The path of the next page, from the `Link` header, on this origin whatever host the header names.
 * @param {Headers} headers
 * @returns {string | null}
 */
export function nextPage(headers) {
  for (const [, target = "", parameters = ""] of (headers.get("Link") ?? "").matchAll(/<([^>]*)>([^<]*)/g)) {
    if (!/;\s*rel="?next"?/i.test(parameters)) continue;
    const url = new URL(target, location.href);
    return url.pathname + url.search;
  }
  return null;
}

/**
 * A header that is a whole number.
 * @param {Headers} headers
 * @param {string} name
 * @returns {number | null}
 */
export function numberHeader(headers, name) {
  const text = headers.get(name);
  return text !== null && /^\d+$/.test(text) ? Number(text) : null;
}

/**
 * @param {unknown} error
 * @returns {string}
 */
export function words(error) {
  return error instanceof Error ? error.message : String(error);
}

/**
 * @param {string} path
 * @param {RequestInit} init
 * @returns {Promise<Answer>}
 */
async function request(path, init) {
  let response;
  let text;
  try {
    response = await fetch(path, { ...init, cache: "no-store", signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    text = await response.text();
  } catch {
    throw new Unreachable();
  }
  const { status, headers } = response;
  let body;
  try {
    body = text === "" ? null : JSON.parse(text);
  } catch {
    if (response.ok) throw new Unreachable();
    body = null;
  }
  if (!response.ok) throw new Problem(status, isMembers(body) ? body : {}, headers);
  return { status, headers, body };
}

/**
 * @param {unknown} value
 * @returns {value is Members}
 */
export function isMembers(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * @param {unknown} error
 * @param {number} tries
 */
function pause(error, tries) {
  const asked = error instanceof Problem ? (numberHeader(error.headers, "Retry-After") ?? 0) * 1000 : 0;
  const ms = Math.min(PAUSE_MAX_MS, Math.max(asked, FIRST_PAUSE_MS * 2 ** (tries - 1)));
  return new Promise((resolve) => setTimeout(resolve, ms));
}
