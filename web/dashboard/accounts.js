// The table of accounts, one page of it at a time, as the read model has it.

import { get, nextPage, numberHeader, words } from "./api.js";
import { byId, count, el, time } from "./dom.js";
import { money, rememberCurrency } from "./money.js";
import { coalesced } from "./refresh.js";

const ROWS_PER_PAGE = 50;
const REFRESH_GAP_MS = 1_000;
const TYPING_PAUSE_MS = 250;

/**
 * @typedef {object} Account
 * @property {string} accountId
 * @property {number} balance
 * @property {number} [available]
 * @property {number} transactionCount
 * @property {string} [currency]
 * @property {string} [status]
 * @property {string} [owner]
 * @property {string} lastUpdated
 */

/**
 * @param {() => number} newestSequence what the page knows to be committed
 * @returns {{ refresh: () => void, read: () => Promise<void> }}
 */
export function accountsPanel(newestSequence) {
  const rows = byId("accounts-rows", HTMLTableSectionElement);
  const scroll = byId("accounts-scroll", HTMLDivElement);
  const note = byId("accounts-note", HTMLParagraphElement);
  const total = byId("accounts-total", HTMLSpanElement);
  const prefix = byId("accounts-prefix", HTMLInputElement);
  const pages = byId("accounts-pages", HTMLElement);
  const pageWords = byId("accounts-page", HTMLSpanElement);
  const firstButton = byId("accounts-first", HTMLButtonElement);
  const nextButton = byId("accounts-next", HTMLButtonElement);
  const known = byId("known-accounts", HTMLDataListElement);
  const headers = [...document.querySelectorAll("th[data-sort]")].filter((th) => th instanceof HTMLTableCellElement);

  let sort = "accountId";
  let order = "asc";
  let page = 1;
  let path = firstPath();
  /** @type {string | null} */
  let next = null;
  let drawn = "";

  const refresh = coalesced(read, REFRESH_GAP_MS);

  function firstPath() {
    const query = new URLSearchParams({ sort, order, limit: String(ROWS_PER_PAGE) });
    if (prefix.value.trim() !== "") query.set("prefix", prefix.value.trim());
    return `/accounts?${query}`;
  }

  function restart() {
    page = 1;
    path = firstPath();
    void read();
  }

  async function read() {
    const asked = path;
    try {
      const answer = await get(asked);
      // The reader has turned the page or sorted in the meantime; that read is already on its way.
      if (asked !== path) return;
      next = nextPage(answer.headers);
      draw(Array.isArray(answer.body) ? answer.body : [], numberHeader(answer.headers, "X-Total-Count"));
      const reached = numberHeader(answer.headers, "X-Sequence");
      if (reached !== null && reached < newestSequence()) refresh();
    } catch (error) {
      note.textContent = `The accounts cannot be read. ${words(error)}`;
    }
  }

  /**
   * @param {Account[]} accounts
   * @param {number | null} totalCount
   */
  function draw(accounts, totalCount) {
    for (const account of accounts) rememberCurrency(account.accountId, account.currency);
    total.hidden = totalCount === null;
    total.textContent = count(totalCount);
    scroll.hidden = accounts.length === 0;
    note.textContent = accounts.length > 0 ? "" : emptyWords();
    pages.hidden = page === 1 && next === null;
    pageWords.textContent = `Page ${page}`;
    firstButton.disabled = page === 1;
    nextButton.disabled = next === null;
    for (const th of headers) {
      if (th.dataset.sort === sort) th.setAttribute("aria-sort", order === "asc" ? "ascending" : "descending");
      else th.removeAttribute("aria-sort");
    }
    // Rows that say the same stay as they are, and with them what the reader has selected.
    const text = JSON.stringify(accounts);
    if (text === drawn) return;
    drawn = text;
    rows.replaceChildren(...accounts.map(row));
    known.replaceChildren(...accounts.map(({ accountId }) => el("option", { value: accountId })));
  }

  function emptyWords() {
    if (page > 1) return "There are no more accounts.";
    const wanted = prefix.value.trim();
    return wanted === ""
      ? "No accounts yet. Create the first one with the form “Create account”."
      : `No account id begins with “${wanted}”. Clear the search to see all.`;
  }

  for (const th of headers) {
    th.querySelector("button")?.addEventListener("click", () => {
      const by = th.dataset.sort ?? "accountId";
      // Names are looked for from A, money and time from the top.
      if (by === sort) order = order === "asc" ? "desc" : "asc";
      else order = by === "accountId" ? "asc" : "desc";
      sort = by;
      restart();
    });
  }
  /** @type {number | undefined} */
  let typing;
  prefix.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(restart, TYPING_PAUSE_MS);
  });
  byId("accounts-search", HTMLFormElement).addEventListener("submit", (submitted) => {
    submitted.preventDefault();
    restart();
  });
  firstButton.addEventListener("click", restart);
  nextButton.addEventListener("click", () => {
    if (next === null) return;
    path = next;
    next = null;
    nextButton.disabled = true;
    page += 1;
    void read();
  });

  return { refresh, read };
}

/**
 * What can be spent, where holds or an overdraft make it another figure than the balance.
 * @param {Account} account
 * @returns {HTMLElement[]}
 */
function available({ balance, available, currency }) {
  if (available === undefined || available === balance) return [];
  return [el("span", { class: "aside muted small" }, `${money(available, currency)} available`)];
}

/**
 * @param {Account} account
 * @returns {HTMLElement}
 */
function row(account) {
  const status = account.status ?? "open";
  return el(
    "tr",
    {},
    el(
      "th",
      { scope: "row" },
      el("span", { class: "id" }, account.accountId),
      ...(status.toLowerCase() === "open" ? [] : [" ", el("span", { class: "badge", "data-tone": "warn" }, status)]),
      ...(account.owner ? [el("span", { class: "muted small owner", title: account.owner }, account.owner)] : []),
    ),
    el("td", { class: "number strong" }, money(account.balance, account.currency), ...available(account)),
    el("td", { class: "number roomy" }, count(account.transactionCount)),
    el("td", { class: "number muted" }, time(account.lastUpdated)),
  );
}
