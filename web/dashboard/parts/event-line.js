// An event in one line: its number, what happened, to whom, how much, when.

import { html, useMemo } from "../vendor.js";
import { count, typeWords } from "../lib/format.js";
import { href } from "../lib/route.js";
import { Money } from "./money.js";
import { Time } from "./time.js";

/** @typedef {import("../lib/feed.js").LedgerEvent} LedgerEvent */

const IN = new Set(["MONEY_DEPOSITED", "TRANSFER_RECEIVED"]);
const OUT = new Set(["MONEY_WITHDRAWN", "MONEY_TRANSFERRED"]);

/**
 * Whom an event is about.
 * @param {LedgerEvent} event
 * @returns {string}
 */
export function whom({ type, data, aggregateId }) {
  if (type === "MONEY_TRANSFERRED") return `${data.fromAccountId} → ${data.toAccountId}`;
  if (type === "TRANSFER_RECEIVED") return `${data.toAccountId} ← ${data.fromAccountId}`;
  return aggregateId;
}

/**
 * How much it moved, as signed text for the account whose event it is.
 * @param {LedgerEvent} event
 * @returns {{ amount: unknown, tone: string }}
 */
export function amountOf({ type, data }) {
  const amount =
    data.amount ?? (type === "ACCOUNT_CREATED" && data.initialBalance !== 0 ? data.initialBalance : undefined);
  if (amount === undefined) return { amount, tone: "none" };
  if (IN.has(type) || type === "ACCOUNT_CREATED") return { amount, tone: "in" };
  return OUT.has(type) ? { amount: `-${amount}`, tone: "out" } : { amount, tone: "none" };
}

/** @param {{ event: LedgerEvent }} props */
export function EventLine({ event }) {
  // An event never changes; its line is made once, however often the list around it moves.
  return useMemo(() => line(event), [event]);
}

/** @param {LedgerEvent} event */
function line(event) {
  const { amount, tone } = amountOf(event);
  return html`
    <a class="event-line" href=${href(["events", String(event.sequenceNumber)])} data-sequence=${event.sequenceNumber}>
      <span class="sequence">${count(event.sequenceNumber)}</span>
      <span class="type" data-tone=${tone}>${typeWords(event.type)}</span>
      <span class="whom" title=${whom(event)}>${whom(event)}</span>
      <span class="number">
        ${
          amount !== undefined &&
          html`
            <${Money}
              amount=${amount}
              currency=${event.data.currency}
              account=${event.aggregateId}
              signed=${tone !== "none"}
              tone
            />
          `
        }
      </span>
      <${Time} at=${event.timestamp} />
    </a>
  `;
}
