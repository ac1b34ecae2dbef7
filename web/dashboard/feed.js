// The live feed: one WebSocket that always goes on after the last event it has seen, so that a lost connection loses
// no event and shows none twice.

import { get, numberHeader } from "./api.js";

/** How many events before the head a page that has seen none asks for; also all that the page keeps. */
export const HISTORY = 200;
/** Further behind than this, the page takes up near the head again: it would only throw the rest away. */
const CATCH_UP_MAX = 2_000;
const FIRST_WAIT_MS = 500;
const WAIT_MAX_MS = 15_000;
const OPEN_WITHIN_MS = 10_000;
/** A socket that delivers nothing for so long, though there is more in the log, is taken for dead. */
const SILENT_MAX_MS = 15_000;

/**
 * @typedef {object} LedgerEvent
 * @property {number} sequenceNumber
 * @property {string} eventId
 * @property {string} aggregateId
 * @property {number} version
 * @property {string} type
 * @property {Record<string, any>} data
 * @property {string} timestamp
 */

/** @typedef {"connecting" | "catching-up" | "live" | "waiting"} FeedState */

/**
 * @typedef {object} Listener
 * @property {(events: LedgerEvent[]) => void} onEvents in order, without gap, each once
 * @property {(state: FeedState, waitMs: number) => void} onState
 * @property {() => void} onRestart what was shown does not continue: another log, or too far behind
 */

/**
 * Starts the feed; it runs until the page ends.
 * @param {Listener} listener
 * @returns {{ last: () => number, expect: (head: number) => void }} `last` is the newest sequence seen, `expect` tells
 * the feed what the log's head is known to be.
 */
export function startFeed(listener) {
  /** @type {number | null} null: none seen yet */
  let last = null;
  /** @type {WebSocket | null} */
  let socket = null;
  /** @type {number | undefined} */
  let timer;
  let failures = 0;
  let heardAt = 0;

  const connect = async () => {
    timer = undefined;
    listener.onState("connecting", 0);
    try {
      const { headers } = await get("/events?fromSequence=0&limit=1");
      const head = numberHeader(headers, "X-Head-Sequence") ?? 0;
      if (last !== null && (head < last || head - last > CATCH_UP_MAX)) restart();
      last ??= Math.max(0, head - HISTORY);
    } catch {
      wait();
      return;
    }
    open(last);
  };

  /** @param {number} fromSequence */
  const open = (fromSequence) => {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const current = new WebSocket(`${scheme}//${location.host}/ws?fromSequence=${fromSequence}`);
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
      if (last !== null && event.sequenceNumber !== last + 1) {
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

  const wait = () => {
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

  addEventListener("online", hurry);
  document.addEventListener("visibilitychange", hurry);
  void connect();

  return {
    last: () => last ?? 0,
    expect(head) {
      const silent = Date.now() - heardAt > SILENT_MAX_MS;
      if (socket?.readyState === WebSocket.OPEN && silent && head > (last ?? 0)) drop(socket);
    },
  };
}
