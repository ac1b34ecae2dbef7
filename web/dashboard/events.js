// The list of live events: newest on top, bounded, drawn a few times a second however fast they come.

import { byId, count, el, time } from "./dom.js";
import { HISTORY } from "./feed.js";
import { currencyOf, money, rememberCurrency } from "./money.js";

/** @typedef {import("./feed.js").LedgerEvent} LedgerEvent */

const ROWS_MAX = HISTORY;
const DRAW_GAP_MS = 100;
const INCOMING = new Set(["MONEY_DEPOSITED", "TRANSFER_RECEIVED"]);
const OUTGOING = new Set(["MONEY_WITHDRAWN", "MONEY_TRANSFERRED"]);

/**
 * @returns {{ add: (events: LedgerEvent[]) => void, restart: () => void, caughtUp: () => void }}
 */
export function eventsPanel() {
  const list = byId("events", HTMLOListElement);
  const scroll = byId("events-scroll", HTMLDivElement);
  const note = byId("events-note", HTMLParagraphElement);
  const pauseButton = byId("events-pause", HTMLButtonElement);

  /** @type {LedgerEvent[]} Not drawn yet, oldest first; only the newest ROWS_MAX of them will be. */
  let undrawn = [];
  let undrawnCount = 0;
  let paused = false;
  let asked = false;
  let drawnAt = 0;

  pauseButton.addEventListener("click", () => {
    paused = !paused;
    pauseButton.setAttribute("aria-pressed", String(paused));
    ask();
  });

  /** Draws with one of the next frames; a hidden page has no frames and only gathers. */
  function ask() {
    if (asked) return;
    asked = true;
    const wait = Math.max(0, drawnAt + DRAW_GAP_MS - performance.now());
    setTimeout(() => requestAnimationFrame(() => {
      asked = false;
      drawnAt = performance.now();
      draw();
    }), wait);
  }

  function draw() {
    pauseButton.textContent = !paused ? "Pause" : undrawnCount > 0 ? `Resume (${count(undrawnCount)} new)` : "Resume";
    if (paused || undrawn.length === 0) return;
    const fresh = undrawn.slice(-ROWS_MAX).reverse();
    undrawn = [];
    undrawnCount = 0;
    while (list.childElementCount > ROWS_MAX - fresh.length) list.lastElementChild?.remove();
    list.prepend(...fresh.map(row));
    scroll.hidden = false;
    note.textContent = "";
  }

  return {
    add(events) {
      for (const event of events) {
        if (event.type === "ACCOUNT_CREATED") rememberCurrency(event.data.accountId, event.data.currency);
      }
      undrawn.push(...events);
      if (undrawn.length > 2 * ROWS_MAX) undrawn = undrawn.slice(-ROWS_MAX);
      undrawnCount += events.length;
      ask();
    },
    restart() {
      undrawn = [];
      undrawnCount = 0;
      list.replaceChildren();
      scroll.hidden = true;
      note.textContent = "Reading the newest events…";
      ask();
    },
    caughtUp() {
      if (list.childElementCount === 0 && undrawnCount === 0) {
        note.textContent = "No events yet. Create an account: what happens to it appears here as it is committed.";
      }
    },
  };
}

/**
 * @param {LedgerEvent} event
 * @returns {HTMLElement}
 */
function row(event) {
  const direction = INCOMING.has(event.type) ? "in" : OUTGOING.has(event.type) ? "out" : "none";
  const details = el(
    "details",
    {},
    el(
      "summary",
      {},
      el("span", { class: "sequence" }, String(event.sequenceNumber)),
      el("span", { class: "what" }, el("span", { class: "type" }, event.type), el("span", { class: "whom" }, whom(event))),
      el(
        "span",
        { class: "figure" },
        el("span", { class: "amount", "data-direction": direction }, amount(event, direction)),
        time(event.timestamp),
      ),
    ),
  );
  // The JSON of a row that nobody opens is never laid out.
  details.addEventListener("toggle", () => {
    if (details.open && details.childElementCount === 1) {
      details.append(el("pre", { tabindex: "0" }, JSON.stringify(event, null, 2)));
    }
  });
  return el("li", {}, details);
}

/**
 * @param {LedgerEvent} event
 * @returns {string}
 */
function whom({ type, data, aggregateId }) {
  if (type === "MONEY_TRANSFERRED") return `${data.fromAccountId} → ${data.toAccountId}`;
  if (type === "TRANSFER_RECEIVED") return `${data.toAccountId} ← ${data.fromAccountId}`;
  return aggregateId;
}

/**
 * @param {LedgerEvent} event
 * @param {"in" | "out" | "none"} direction
 * @returns {string}
 */
function amount({ data, aggregateId }, direction) {
  const figure = data.amount ?? data.initialBalance;
  if (figure === undefined) return "";
  const sign = direction === "in" ? "+" : direction === "out" ? "−" : "";
  return sign + money(figure, data.currency ?? currencyOf(aggregateId));
}
