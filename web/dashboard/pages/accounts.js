// All accounts: found by the beginning of their id, sorted, filtered, as many as there are.

import { html, useEffect, useRef, useState } from "../vendor.js";
import { get, nextPage, numberHeader, withQuery, words } from "../lib/api.js";
import { statuses } from "../lib/contract.js";
import { count } from "../lib/format.js";
import { head, onEvents } from "../lib/live.js";
import { rememberCurrency } from "../lib/money.js";
import { coalesced } from "../lib/refresh.js";
import { href, refine, route } from "../lib/route.js";
import { Badge } from "../parts/badge.js";
import { asCurl, Copy } from "../parts/copy.js";
import { Empty, EmptyLedger } from "../parts/empty.js";
import { Money } from "../parts/money.js";
import { Trouble } from "../parts/problem.js";
import { Rows } from "../parts/rows.js";
import { Time } from "../parts/time.js";

/** @typedef {import("../../types/api").components["schemas"]["Account"]} Account */
/** @typedef {{ path: string, rows: Account[], at: number }} Chunk one answer, how to ask for it again, and as of which sequence it is */

const CHUNK = 200;
const ROW_HEIGHT = 44;
const TYPING_PAUSE_MS = 200;
const REFRESH_GAP_MS = 1_000;
/** Accounts that changed while they were not in sight; more are counted as many. */
const CHANGED_MAX = 10_000;

export function AccountsPage() {
  const { query } = route.value;
  const { sort = "accountId", order = sort === "accountId" ? "asc" : "desc", status = "", prefix = "" } = query;
  const first = withQuery("/accounts", { sort, order, status, prefix, limit: CHUNK });
  const list = useAccounts(first);
  const [typed, setTyped] = useState(prefix);
  const typing = useRef(/** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined));
  useEffect(() => setTyped(prefix), [prefix]);
  const search = (/** @type {Event} */ event) => {
    if (!(event.target instanceof HTMLInputElement)) return;
    const text = event.target.value.trim();
    setTyped(text);
    clearTimeout(typing.current);
    typing.current = setTimeout(() => refine({ prefix: text }, { replace: true }), TYPING_PAUSE_MS);
  };
  const sortBy = (/** @type {string} */ by) => {
    const turned = order === "asc" ? "desc" : "asc";
    refine({ sort: by === "accountId" ? "" : by, order: by === sort ? turned : "" });
  };
  const heading = (/** @type {string} */ by, /** @type {string} */ name, kind = "") => html`
    <div
      role="columnheader"
      class=${kind}
      aria-sort=${by !== sort ? "none" : order === "asc" ? "ascending" : "descending"}
    >
      <button type="button" class="quiet" onClick=${() => sortBy(by)}>
        ${name}
        ${
          by === sort &&
          html`
            <span aria-hidden="true">${order === "asc" ? "↑" : "↓"}</span>
          `
        }
      </button>
    </div>
  `;
  const plain = (/** @type {string} */ name, kind = "") => html`
    <div role="columnheader" class=${kind}>${name}</div>
  `;
  const filtered = prefix !== "" || status !== "";
  return html`
    <div class="title">
      <h1>
        Accounts${
          list.total !== null &&
          html`
            ${" "}
            <span class="tally">${count(list.total)}</span>
          `
        }
      </h1>
      <a class="button primary" href=${href(["commands", "create-account"])}>Create account</a>
    </div>
    <div class="toolbar">
      <label class="grow">
        <span class="hidden">Search by the beginning of the id</span>
        <input
          type="search"
          placeholder="Id begins with…"
          value=${typed}
          onInput=${search}
          maxlength="128"
          autocapitalize="none"
          spellcheck=${false}
        />
      </label>
      <label>
        <span class="hidden">Status</span>
        <select
          value=${status}
          onChange=${(/** @type {Event} */ event) => {
            if (event.target instanceof HTMLSelectElement) refine({ status: event.target.value });
          }}
        >
          <option value="">Any status</option>
          ${statuses.value.map(
            (name) => html`
              <option value=${name}>${name}</option>
            `,
          )}
        </select>
      </label>
      <${Copy} text=${() => asCurl(first)}>Copy as curl<//>
    </div>
    <${Trouble} words=${list.error} again=${list.again} />
    ${
      list.stale > 0 &&
      html`
        <button type="button" class="fresh" onClick=${list.again}>
          ${count(list.stale)} changed since. Show them as they are now
        </button>
      `
    }
    ${
      list.rows.length > 0
        ? html`
            <div class="panel flush">
              <${Rows}
                class="accounts tall"
                role="table"
                label="Accounts"
                count=${list.rows.length}
                total=${list.total ?? list.rows.length}
                height=${ROW_HEIGHT}
                columns="minmax(0,1fr) 5rem minmax(10rem,max-content) minmax(10rem,max-content) 4rem 10rem"
                head=${html`
                  ${heading("accountId", "Account")}${plain("Status", "roomy")}${heading("balance", "Balance", "number")}${plain("Available", "number roomy ample")}${plain("Moves", "number roomy")}${heading("lastUpdated", "Updated", "number roomy")}
                `}
                keyOf=${(/** @type {number} */ place) => list.rows[place]?.accountId ?? place}
                row=${(/** @type {number} */ place) => accountRow(list.rows[place])}
                onEnd=${list.more}
                onWindow=${list.look}
                of=${first}
                start=${list.start}
              />
            </div>
          `
        : !list.busy &&
          list.error === "" &&
          (filtered
            ? html`
                <${Empty} title="No account fits.">
                  <p class="muted">
                    ${prefix !== "" && `None has an id that begins with “${prefix}”${status !== "" ? ` and is ${status}` : ""}.`}${prefix === "" && `None is ${status}.`}
                  </p>
                  <button type="button" onClick=${() => refine({ prefix: "", status: "" })}>Show all accounts</button>
                <//>
              `
            : html`
                <${EmptyLedger} />
              `)
    }
  `;
}

/** @param {Account | undefined} account */
function accountRow(account) {
  if (account === undefined) return null;
  const { accountId, owner, status, balance, available, currency, transactionCount, lastUpdated } = account;
  return html`
    <div role="rowheader">
      <a class="id" href=${href(["accounts", accountId])}>${accountId}</a>
      ${
        owner &&
        html`
          <span class="aside" title=${owner}>${owner}</span>
        `
      }
    </div>
    <div role="cell" class="roomy"><${Badge} word=${status} /></div>
    <div role="cell" class="number strong"><${Money} amount=${balance} currency=${currency} /></div>
    <div role="cell" class="number roomy ample muted"><${Money} amount=${available} currency=${currency} /></div>
    <div role="cell" class="number roomy muted">${count(transactionCount)}</div>
    <div role="cell" class="number roomy muted"><${Time} at=${lastUpdated} /></div>
  `;
}

/** A list of which nothing was read yet. */
const newList = () => ({
  first: "",
  chunks: /** @type {Chunk[]} */ ([]),
  rows: /** @type {Account[]} */ ([]),
  next: /** @type {string | null} */ (null),
  total: /** @type {number | null} */ (null),
  changed: /** @type {Set<string>} */ (new Set()),
  error: "",
  loading: false,
  /** The last event that was told of. */
  newest: 0,
  seen: { first: 0, last: CHUNK },
  refresh: () => {},
});
/** The list that was left last: whoever comes back finds it as it was. */
let left = newList();

/**
 * The accounts that a query finds, loaded as far as they were scrolled to. What is in sight is kept up to date; what has
 * another order by now is told, and changes when the reader says so.
 * @param {string} first the path of the first answer
 */
function useAccounts(first) {
  const [, redraw] = useState(0);
  // By id, an account stays where it is; by anything else, only the top is worth following.
  const byId = !/[?&]sort=(balance|lastUpdated)/.test(first);
  const own = useRef(byId && left.first === first ? left : newList());
  const state = own.current;
  const start = useRef(state.seen.first);
  if (state.first !== first)
    Object.assign(state, { first, next: first, total: null, error: "", changed: new Set(), loading: false });

  const draw = () => {
    /** @type {Map<string, Account>} */
    const unique = new Map();
    // An account that moved from one answer to another between the two stands where it was seen last.
    for (const chunk of state.chunks) for (const account of chunk.rows) unique.set(account.accountId, account);
    state.rows = [...unique.values()];
    redraw((times) => times + 1);
  };

  // What is drawn follows what is told.
  const newest = () => Math.max(state.newest, head.peek());

  /** Reads one answer and puts it at its place. @param {string} path @param {number} place */
  const load = async (path, place) => {
    const asked = state.first;
    try {
      const answer = await get(path);
      if (asked !== state.first) return false;
      /** @type {Account[]} */
      const rows = answer.body;
      for (const account of rows) rememberCurrency(account.accountId, account.currency);
      state.total = numberHeader(answer.headers, "X-Total-Count");
      const next = nextPage(answer.headers);
      // What follows an answer that now ends elsewhere is read again when it comes into sight.
      if (place < state.chunks.length - 1 && state.chunks[place + 1]?.path !== next) state.chunks.length = place;
      if (place >= state.chunks.length - 1) state.next = next;
      const reached = numberHeader(answer.headers, "X-Sequence") ?? head.peek();
      state.chunks[place] = { path, rows, at: reached };
      for (const account of rows) state.changed.delete(account.accountId);
      state.error = "";
      if (reached < newest()) state.refresh();
      return true;
    } catch (error) {
      if (asked === state.first) state.error = `The accounts can't be read. ${words(error)}`;
      return false;
    }
  };

  const more = async () => {
    if (state.loading || state.next === null) return;
    state.loading = true;
    const path = state.next;
    const fresh = path === state.first;
    if (fresh) state.chunks = [];
    await load(path, fresh ? 0 : state.chunks.length);
    if (path === state.next) state.next = null;
    state.loading = false;
    draw();
  };

  const again = async () => {
    state.next = state.first;
    state.changed.clear();
    state.loading = false;
    await more();
  };

  /** The chunks in sight that are of another time than now, by their places. */
  const outdated = () => {
    let at = 0;
    return [...state.chunks.entries()].filter(([place, chunk]) => {
      const inSight = at <= state.seen.last && at + chunk.rows.length >= state.seen.first;
      at += chunk.rows.length;
      return inSight && (byId || place === 0) && chunk.at !== newest();
    });
  };

  useEffect(() => {
    const reader = coalesced(async () => {
      if (state.next === first || state.chunks.length === 0) return void (await again());
      for (const [place, chunk] of outdated()) {
        // The answer before this one may have moved it.
        if (state.chunks[place] !== chunk) break;
        if (!state.loading) await load(chunk.path, place);
      }
      draw();
    }, REFRESH_GAP_MS);
    reader.ask();
    state.refresh = reader.ask;
    const ended = onEvents((events) => {
      for (const event of events) {
        state.newest = event.sequenceNumber;
        if (state.changed.size < CHANGED_MAX) state.changed.add(event.aggregateId);
      }
      reader.ask();
    });
    return () => {
      left = state;
      ended();
      reader.stop();
    };
  }, [first]);

  const deep = !byId && state.seen.first > CHUNK / 2;
  return {
    rows: state.rows,
    total: state.total,
    error: state.error,
    busy: state.total === null,
    stale: deep ? state.changed.size : 0,
    more: () => void more(),
    again: () => void again(),
    look: (/** @type {number} */ from, /** @type {number} */ to) => {
      state.seen = { first: from, last: to };
      if (outdated().length > 0) state.refresh();
    },
    start: start.current,
  };
}
