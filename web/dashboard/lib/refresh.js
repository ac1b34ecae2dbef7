// When a page reads again: never two reads at once, never more often than its gap, never while nobody looks.

import { useEffect, useRef, useState } from "../vendor.js";
import { Problem, words } from "./api.js";

/** @type {Set<() => void>} Asks for every read that the page lives on. */
const standing = new Set();

/** Reads all again: the server was away, and what it said before may be wrong by now, or have failed. */
export function readAgain() {
  for (const ask of standing) ask();
}

/**
 * A function that may be called as often as one likes; `read` then runs at most once per `gapMs`, and once more after
 * the last call. Calls on a hidden page are made up for when it is seen again, and a server that was away is asked again.
 * @param {() => Promise<void>} read never rejects
 * @param {number} gapMs
 * @returns {{ ask: () => void, stop: () => void }}
 */
export function coalesced(read, gapMs) {
  let running = false;
  let wanted = false;
  let stopped = false;

  const run = async () => {
    if (stopped || running || !wanted || document.visibilityState === "hidden") return;
    running = true;
    wanted = false;
    await read();
    setTimeout(() => {
      running = false;
      void run();
    }, gapMs);
  };
  const seen = () => void run();
  const ask = () => {
    wanted = true;
    void run();
  };

  document.addEventListener("visibilitychange", seen);
  standing.add(ask);
  return {
    ask,
    stop() {
      stopped = true;
      standing.delete(ask);
      document.removeEventListener("visibilitychange", seen);
    },
  };
}

/**
 * Calls at once, every `everyMs` while the page is visible, and when it becomes visible.
 * @param {() => void} call
 * @param {number} everyMs
 * @returns {() => void} stops it
 */
export function whileVisible(call, everyMs) {
  const tick = () => {
    if (document.visibilityState !== "hidden") call();
  };
  const timer = setInterval(tick, everyMs);
  document.addEventListener("visibilitychange", tick);
  tick();
  return () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", tick);
  };
}

/**
 * @template T
 * @typedef {object} Reading
 * @property {T | null} value what was read last, of this key
 * @property {string} error why the last read failed, in words; empty when it did not
 * @property {Problem | null} problem the server's own words, where it answered
 * @property {boolean} busy nothing was read yet
 * @property {() => void} again
 */

/**
 * Reads for a component: at once, whenever `key` changes, and when asked again, at most once per `gapMs`. While the next
 * value is under way the last one stands, unless it is of another key.
 * @template T
 * @param {string | null} key names what is read; null reads nothing
 * @param {() => Promise<T>} read
 * @param {number} [gapMs]
 * @returns {Reading<T>}
 */
export function useReading(key, read, gapMs = 500) {
  const [state, setState] = useState(
    /** @type {{ key: string | null, value: T | null, error: unknown }} */ ({ key: null, value: null, error: null }),
  );
  const latest = useRef(read);
  latest.current = read;
  const ask = useRef(() => {});
  useEffect(() => {
    if (key === null) return;
    let current = true;
    const reader = coalesced(async () => {
      try {
        const value = await latest.current();
        if (current) setState({ key, value, error: null });
      } catch (error) {
        if (current) setState((before) => ({ key, value: before.key === key ? before.value : null, error }));
      }
    }, gapMs);
    ask.current = reader.ask;
    reader.ask();
    return () => {
      current = false;
      reader.stop();
    };
  }, [key]);
  const own = state.key === key;
  return {
    value: own ? state.value : null,
    error: own && state.error !== null ? words(state.error) : "",
    problem: own && state.error instanceof Problem ? state.error : null,
    busy: !own && key !== null,
    again: () => ask.current(),
  };
}
