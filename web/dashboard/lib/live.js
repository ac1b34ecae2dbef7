// What the page knows of the running system: the newest events from the feed, and once a second what the server counts.
// Everything is bounded, and drawn a few times a second however fast it comes.

import { batch, computed, signal } from "../vendor.js";
import { get, getText, numberHeader, Problem } from "./api.js";
import { contract, loadContract, offers } from "./contract.js";
import { doubt, startFeed } from "./feed.js";
import { commonCurrency, rememberCurrency } from "./money.js";
import { difference, quantile, read } from "./prometheus.js";
import { coalesced, readAgain, whileVisible } from "./refresh.js";

/** @typedef {import("./feed.js").LedgerEvent} LedgerEvent */
/** @typedef {import("./feed.js").FeedState} FeedState */
/** @typedef {import("../../types/api").components["schemas"]["Stats"]} Stats */
/** @typedef {import("../../types/api").components["schemas"]["LedgerLine"]} LedgerLine */

/** Events that the page keeps; also how far before the head it begins. */
export const EVENTS_KEPT = 500;
/** Seconds of the charts. */
export const SECONDS_KEPT = 600;
const DRAW_GAP_MS = 120;
const SAMPLE_EVERY_MS = 1_000;
/** A server that answers no sample for so long, and sends no event meanwhile, is taken for lost. */
const UNANSWERED_MAX_MS = 6_000;
const LEDGER_GAP_MS = 2_000;

/** `lostAt` is when the server was lost; null while it is there. */
export const connection = signal({
  state: /** @type {FeedState} */ ("connecting"),
  waitMs: 0,
  lostAt: /** @type {number | null} */ (null),
});
/** The newest events, oldest first; a new array each time that they are drawn. */
export const recent = signal(/** @type {LedgerEvent[]} */ ([]));
/** The newest sequence number that was seen. */
export const head = signal(0);
/** Events that came while this page was open, none twice. */
export const received = signal(0);
/** Times that the connection was lost and found again. */
export const reconnects = signal(0);
/** Times that the feed began anew, with what does not continue what was shown. */
export const restarts = signal(0);
export const stats = signal(/** @type {Stats | null} */ (null));
/** The log's last sequence number, as far as the page knows. */
export const end = computed(() => Math.max(head.value, stats.value?.headSequence ?? 0));
export const ledger = signal(/** @type {LedgerLine[] | null} */ (null));
/** What the auditor says, where the contract has it. */
export const audit = signal(/** @type {Record<string, any> | null} */ (null));

/**
 * One second of the system. What could not be read is null.
 * @typedef {object} Sample
 * @property {number} at in seconds since the epoch
 * @property {number} events per second that were committed
 * @property {number | null} commands per second that were accepted
 * @property {number | null} refused commands per second
 * @property {number | null} batchSize events per commit
 * @property {number | null} commandP50 in milliseconds, like the others
 * @property {number | null} commandP99
 * @property {number | null} commitP50
 * @property {number | null} commitP99
 * @property {number | null} loads of accounts per second
 * @property {Record<string, number>} lag of each projection, in events
 * @property {Record<string, number>} rates of each projection, in events per second
 */

/** @type {Sample[]} Oldest first; `sampled` grows with it. */
export const samples = [];
export const sampled = signal(0);

/** @type {LedgerEvent[]} */
let kept = [];
let fresh = 0;
/** Whether the history was read to its end once. */
let begun = false;
/** Whether this process audits the log, as far as is known. */
let audited = true;
let drawnAt = 0;
let asked = false;
/** @type {Set<(events: LedgerEvent[]) => void>} */
const listeners = new Set();
/** @type {import("./feed.js").Feed | null} */
let feed = null;

/**
 * Tells of events as they come, several at once; at the beginning of the newest that were there before.
 * @param {(events: LedgerEvent[]) => void} listener
 * @returns {() => void} ends it
 */
export function onEvents(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Connects now rather than after the wait. */
export function reconnect() {
  feed?.hurry();
}

export function startLive() {
  feed = startFeed(
    { history: EVENTS_KEPT },
    {
      onEvents(events) {
        for (const event of events) {
          if (event.type === "ACCOUNT_CREATED") rememberCurrency(event.data.accountId, event.data.currency);
        }
        kept.push(...events);
        if (kept.length > 2 * EVENTS_KEPT) kept = kept.slice(-EVENTS_KEPT);
        // What was there before the page was is history and not news; but it may be newer than what the page has read.
        if (begun) fresh += events.length;
        for (const listener of listeners) listener(events);
        draw();
      },
      onRestart() {
        kept = [];
        begun = false;
        batch(() => {
          recent.value = [];
          head.value = 0;
          restarts.value += 1;
        });
      },
      onState(state, waitMs) {
        const before = connection.peek();
        if (before.state === state && waitMs === 0) return;
        if (state === "waiting" && before.state === "live") reconnects.value += 1;
        if (state !== "live") {
          const lostAt = before.lostAt ?? (state === "waiting" ? Date.now() : null);
          connection.value = { state, waitMs, lostAt };
          return;
        }
        connection.value = { state, waitMs, lostAt: null };
        begun = true;
        audited = true;
        totals.ask();
        // What could not be read while the server was away can be read again; it may be another version.
        const back = before.lostAt !== null;
        if (back) readAgain();
        if (back || contract.peek() === null) void loadContract().catch(() => {});
      },
    },
  );
  whileVisible(() => void sample(), SAMPLE_EVERY_MS);
  onEvents(() => totals.ask());
}

/** Draws with one of the next frames; a hidden page has none and only gathers. */
function draw() {
  if (asked) return;
  asked = true;
  const wait = Math.max(0, drawnAt + DRAW_GAP_MS - performance.now());
  setTimeout(
    () =>
      requestAnimationFrame(() => {
        asked = false;
        drawnAt = performance.now();
        batch(() => {
          recent.value = kept.slice(-EVENTS_KEPT);
          head.value = kept[kept.length - 1]?.sequenceNumber ?? head.peek();
          received.value += fresh;
          fresh = 0;
        });
      }),
    wait,
  );
}

const totals = coalesced(async () => {
  try {
    const { headers, body } = await get("/ledger");
    /** @type {LedgerLine[]} */
    const lines = body;
    // The read model, and below the auditor, may be a moment behind; nothing else would bring the rest.
    if ((numberHeader(headers, "X-Sequence") ?? Infinity) < head.peek()) totals.ask();
    commonCurrency.value = lines.length === 1 ? (lines[0]?.currency ?? "") : "";
    ledger.value = lines;
    if (audited && offers("/audit")) {
      const checked = (await get("/audit")).body;
      if (checked.auditedTo < checked.head && checked.error === null) totals.ask();
      audit.value = checked;
    }
  } catch (error) {
    // A process that does not audit says so once.
    if (error instanceof Problem && error.status === 404) audited = false;
    // The connection's state says so already; the next event or the next connection asks again.
  }
}, LEDGER_GAP_MS);

/** @type {{ at: number, head: number, stats: Stats, metrics: import("./prometheus.js").Metrics | null } | null} */
let before = null;
let sampling = false;
/** @type {number | null} when the server was first asked without an answer; null: it has answered */
let unanswered = null;

async function sample() {
  if (unanswered !== null && Date.now() - unanswered > UNANSWERED_MAX_MS) doubt(UNANSWERED_MAX_MS);
  if (sampling) return;
  sampling = true;
  unanswered ??= Date.now();
  try {
    const [{ body }, metrics] = await Promise.all([
      get("/stats"),
      getText("/metrics", "text/plain").then(
        ({ text }) => read(text),
        () => null,
      ),
    ]);
    /** @type {Stats} */
    const now = body;
    const at = performance.now();
    unanswered = null;
    feed?.expect(now.headSequence);
    const last = before;
    before = { at, head: now.headSequence, stats: now, metrics };
    batch(() => {
      stats.value = now;
      if (last !== null && at - last.at < 5 * SAMPLE_EVERY_MS && now.headSequence >= last.head) {
        samples.push(between(last, { at, head: now.headSequence, stats: now, metrics }));
        if (samples.length > SECONDS_KEPT) samples.shift();
      }
      sampled.value += 1;
    });
  } catch (error) {
    // A refusal is an answer.
    if (error instanceof Problem) unanswered = null;
    before = null;
  }
  sampling = false;
}

/**
 * @param {NonNullable<typeof before>} last
 * @param {NonNullable<typeof before>} now
 * @returns {Sample}
 */
function between(last, now) {
  const seconds = (now.at - last.at) / 1000;
  const per = (/** @type {number} */ count) => Math.max(0, count) / seconds;
  const grown = (/** @type {string} */ name) => {
    if (now.metrics === null || last.metrics === null) return null;
    return per(now.metrics.value(name) - last.metrics.value(name));
  };
  const ms = (/** @type {string} */ name, /** @type {number} */ part) => {
    if (now.metrics === null || last.metrics === null) return null;
    const value = quantile(difference(now.metrics.histogram(name), last.metrics.histogram(name)), part);
    return value === null ? null : value * 1000;
  };
  const batches = now.stats.journal.batches - last.stats.journal.batches;
  const committed = now.stats.journal.events - last.stats.journal.events;
  /** @type {Record<string, number>} */
  const lag = {};
  /** @type {Record<string, number>} */
  const rates = {};
  for (const projection of now.stats.projections) {
    lag[projection.name] = projection.lagEvents;
    const earlier = last.stats.projections.find(({ name }) => name === projection.name);
    // A replay begins again from the start; nothing was taken back.
    rates[projection.name] = per(projection.totalProcessed - (earlier?.totalProcessed ?? 0));
  }
  return {
    at: Date.now() / 1000,
    events: per(now.head - last.head),
    commands: grown('bursar_commands_total{outcome="accepted"}'),
    refused: grown('bursar_commands_total{outcome="refused"}'),
    batchSize: batches > 0 ? committed / batches : null,
    commandP50: ms("bursar_command_seconds", 0.5),
    commandP99: ms("bursar_command_seconds", 0.99),
    commitP50: ms("bursar_commit_seconds", 0.5),
    commitP99: ms("bursar_commit_seconds", 0.99),
    loads: per(now.stats.actors.loaded - last.stats.actors.loaded),
    lag,
    rates,
  };
}
