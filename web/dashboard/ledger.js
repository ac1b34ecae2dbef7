// Totals of the whole ledger per currency, and whether what came in less what went out is what the accounts hold.

import { get, numberHeader, words } from "./api.js";
import { byId, count, el } from "./dom.js";
import { money } from "./money.js";
import { coalesced } from "./refresh.js";

const REFRESH_GAP_MS = 1_000;

/** @typedef {{ currency: string, accounts: number, balances: string, in: string, out: string, agrees: boolean }} Total */

/**
 * @param {() => number} newestSequence what the page knows to be committed
 * @returns {{ refresh: () => void }}
 */
export function ledgerPanel(newestSequence) {
  const rows = byId("ledger-rows", HTMLTableSectionElement);
  const scroll = byId("ledger-scroll", HTMLDivElement);
  const note = byId("ledger-note", HTMLParagraphElement);

  const refresh = coalesced(async () => {
    try {
      const { headers, body } = await get("/ledger");
      /** @type {Total[]} */
      const totals = Array.isArray(body) ? body : [];
      scroll.hidden = totals.length === 0;
      note.textContent = totals.length > 0 ? "" : "Nothing to add up yet. The totals of each currency appear with its first account.";
      rows.replaceChildren(...totals.map(row));
      const reached = numberHeader(headers, "X-Sequence");
      if (reached !== null && reached < newestSequence()) refresh();
    } catch (error) {
      note.textContent = `The totals cannot be read. ${words(error)}`;
    }
  }, REFRESH_GAP_MS);

  return { refresh };
}

/**
 * @param {Total} total
 * @returns {HTMLElement}
 */
function row(total) {
  return el(
    "tr",
    {},
    el("th", { scope: "row" }, total.currency),
    el(
      "td",
      {},
      el("span", { class: "badge", "data-tone": total.agrees ? "good" : "bad" }, total.agrees ? "agrees" : "does not agree"),
    ),
    el("td", { class: "number strong" }, sum(total.balances, total.currency)),
    el("td", { class: "number muted" }, sum(total.in, total.currency)),
    el("td", { class: "number muted" }, sum(total.out, total.currency)),
    el("td", { class: "number" }, count(total.accounts)),
  );
}

/**
 * A sum without its currency: the row names it.
 * @param {string} amount
 * @param {string} currency
 * @returns {string}
 */
function sum(amount, currency) {
  return money(amount, currency).replace(`\u00a0${currency}`, "");
}
