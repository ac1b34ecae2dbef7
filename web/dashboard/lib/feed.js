// The live feed: a WebSocket that always goes on after the last event it has seen, so that a lost connection loses no
// event and shows none twice.

import { get, numberHeader, Problem, withQuery } from "./api.js";

/** Further behind than this, a feed takes up near the head again: it would only throw the rest away. */
const CATCH_UP_MAX = 50_000;
const FIRST_WAIT_MS = 250;
const WAIT_MAX_MS = 8_000;
const OPEN_WITHIN_MS = 10_000;
/** A socket that delivers nothing for so long, though there is more in the log, is taken for dead. */
const SILENT_MAX_MS = 15_000;

/** @typedef {import("../../types/api").components["schemas"]["Event"]} ContractEvent */

/**
 * @typedef {object} LedgerEvent
 * @property {number} sequenceNumber
 * @property {string} eventId
 * @property {string} aggregateId
 * @property {number} version
 * @property {string} type
 * @property {Record<string, any>} data
 * @property {string} timestamp
 * @property {string} commandId
 * @property {string} correlationId
 * @property {string} causationId
 * @property {Record<string, any>} metadata
 */

/** @typedef {"connecting" | "catching-up" | "live" | "waiting"} FeedState */

/**
 * @typedef {object} Listener
 * @property {(events: LedgerEvent[]) => void} onEvents in order, without gap, each once
 * @property {(state: FeedState, waitMs: number) => void} onState
 * @property {() => void} onRestart what was shown does not continue: another log, or too far behind
 * @property {(words: string) => void} [onRefused] there can be no such filter; the feed has ended
 */

/**
 * @typedef {object} Feed
 * @property {() => number} last the newest sequence that was seen, or passed over by the filter
 * @property {(head: number) => void} expect tells what the log's head is known to be
 * @property {() => void} hurry connects now, if it waits
 * @property {() => void} stop
 */

/** @type {Set<(ms: number) => void>} Of the feeds that run. */
const doubts = new Set();

/**
 * Tells every feed that the server has answered nothing else for so long: a socket that is as silent is taken for dead,
 * though nobody has closed it.
 * @param {number} ms
 */
export function doubt(ms) {
  for (const drop of doubts) drop(ms);
}

/**
 * Starts a feed; it runs until it is stopped.
 * @param {{ filter?: Record<string, string>, history: number }} what the server's filter, and how far before the head to begin
 * @param {Listener} listener
 * @returns {Feed}
 */
export function startFeed({ filter = {}, history }, listener) {
  const gapless = Object.keys(filter).length === 0;
  /** @type {number | null} null: none seen yet */
  let last = null;
  /** @type {WebSocket | null} */
  let socket = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let failures = 0;
  let heardAt = 0;
  let stopped = false;

  const connect = async () => {
    timer = undefined;
    listener.onState("connecting", 0);
    try {
      const { headers } = await get("/events?fromSequence=0&limit=1");
      const head = numberHeader(headers, "X-Head-Sequence") ?? 0;
      // A socket that is refused cannot say why.
      if (!gapless && last === null) await get(withQuery("/events", { ...filter, fromSequence: head, limit: 1 }));
      if (last !== null && (head < last || (gapless && head - last > CATCH_UP_MAX))) restart();
      last ??= Math.max(0, head - history);
    } catch (error) {
      if (!gapless && error instanceof Problem && error.status === 400) listener.onRefused?.(error.message);
      else wait();
      return;
    }
    if (!stopped) open(last);
  };

  /** @param {number} fromSequence */
  const open = (fromSequence) => {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const query = new URLSearchParams({ ...filter, fromSequence: String(fromSequence), frames: "batch" });
    const current = new WebSocket(`${scheme}//${location.host}/ws?${query}`);
    socket = current;
    const late = setTimeout(() => drop(current), OPEN_WITHIN_MS);
    current.onopen = () => {
      clearTimeout(late);
      heardAt = Date.now();
      listener.onState("catching-up", 0);
    };
    current.onmessage = (message) => {
      if (socket === current) hear(current, message.data);
    };
    current.onclose = () => {
      clearTimeout(late);
      drop(current);
    };
  };

  /**
   * @param {WebSocket} from
   * @param {unknown} text
   */
  const hear = (from, text) => {
    heardAt = Date.now();
    let message;
    try {
      message = JSON.parse(String(text));
    } catch {
      drop(from);
      return;
    }
    switch (message.type) {
      case "NEW_EVENT":
        take(from, [message.event]);
        break;
      case "NEW_EVENTS":
        take(from, message.events);
        break;
      case "CAUGHT_UP":
        failures = 0;
        // What the filter passed over is seen as well.
        last = Math.max(last ?? 0, message.sequence);
        listener.onState("live", 0);
        break;
      case "ERROR":
        if (message.code === "log-reset") restart();
        drop(from);
        break;
      default:
        break;
    }
  };

  /**
   * @param {WebSocket} from
   * @param {LedgerEvent[]} events
   */
  const take = (from, events) => {
    const fresh = [];
    for (const event of events) {
      if (last !== null && event.sequenceNumber <= last) continue;
      if (gapless && last !== null && event.sequenceNumber !== last + 1) {
        // Something is missing in between; asking again from the last one brings it.
        drop(from);
        break;
      }
      last = event.sequenceNumber;
      fresh.push(event);
    }
    if (fresh.length > 0) listener.onEvents(fresh);
  };

  const restart = () => {
    last = null;
    listener.onRestart();
  };

  /** @param {WebSocket} which */
  const drop = (which) => {
    if (socket !== which) return;
    socket = null;
    which.close();
    wait();
  };

  /** @param {number} ms */
  const dropSilent = (ms) => {
    if (socket?.readyState === WebSocket.OPEN && Date.now() - heardAt > ms) drop(socket);
  };

  const wait = () => {
    if (stopped) return;
    // Half of the wait is chance, so that many pages do not come back in the same moment.
    const longest = Math.min(WAIT_MAX_MS, FIRST_WAIT_MS * 2 ** failures);
    const ms = Math.round(longest * (0.5 + Math.random() / 2));
    failures += 1;
    listener.onState("waiting", ms);
    timer = setTimeout(() => void connect(), ms);
  };

  const hurry = () => {
    if (timer === undefined || document.visibilityState === "hidden") return;
    clearTimeout(timer);
    void connect();
  };

  doubts.add(dropSilent);
  addEventListener("online", hurry);
  document.addEventListener("visibilitychange", hurry);
  void connect();

  return {
    last: () => last ?? 0,
    expect(head) {
      if (head > (last ?? 0)) dropSilent(SILENT_MAX_MS);
    },
    hurry,
    stop() {
      stopped = true;
      clearTimeout(timer);
      doubts.delete(dropSilent);
      removeEventListener("online", hurry);
      document.removeEventListener("visibilitychange", hurry);
      const open = socket;
      socket = null;
      open?.close();
    },
  };
}
