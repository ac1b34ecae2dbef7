// The accounts as they were: at any place of the log, or at any time.

import { html, useEffect, useMemo, useRef, useState } from "../vendor.js";
import { get, nextPage, numberHeader, Problem, withQuery, words } from "../lib/api.js";
import { contract, takes } from "../lib/contract.js";
import { compact, count, typeWords } from "../lib/format.js";
import { head, sampled, stats } from "../lib/live.js";
import { currencyOf, forChart, money, rememberCurrency } from "../lib/money.js";
import { useReading } from "../lib/refresh.js";
import { href, refine, route } from "../lib/route.js";
import { Badge } from "../parts/badge.js";
import { Chart } from "../parts/chart.js";
import { asCurl, Copy } from "../parts/copy.js";
import { Empty, EmptyLedger } from "../parts/empty.js";
import { EventLine } from "../parts/event-line.js";
import { AccountInput } from "../parts/field.js";
import { AccountLink } from "../parts/links.js";
import { Moment } from "../parts/moment.js";
import { Money } from "../parts/money.js";
import { Figure, Panel } from "../parts/panel.js";
import { Trouble } from "../parts/problem.js";
import { Time } from "../parts/time.js";

/** @typedef {import("../../types/api").components["schemas"]["Account"]} Account */
/** @typedef {import("../../types/api").components["schemas"]["Statement"]} Statement */
/** @typedef {import("../lib/feed.js").LedgerEvent} LedgerEvent */

const PAGE = 50;
/** While the slider is dragged, the ledger is read that often; so it is while it plays. */
const DRAG_GAP_MS = 100;
/** Into how many steps playing divides the way from the place to now. */
const PLAY_STEPS = 120;
const CHART_ENTRIES = 1_000;

/**
 * The first event at or after a place.
 * @param {number} sequence
 * @returns {Promise<LedgerEvent | undefined>}
 */
async function eventAt(sequence) {
  /** @type {LedgerEvent[]} */
  const found = (await get(withQuery("/events", { fromSequence: sequence - 1, limit: 1 }))).body;
  return found[0];
}

/**
 * The last event that was committed at or before a time.
 * @param {number} moment in ms
 * @returns {Promise<number>} 0: there was none
 */
async function placeAt(moment) {
  const { headers } = await get(withQuery("/accounts", { asOf: new Date(moment).toISOString(), limit: 1 }));
  return numberHeader(headers, "X-Sequence") ?? 0;
}

export function TimeTravelPage() {
  void sampled.value;
  const { at: asked = "", account = "" } = route.value.query;
  const counted = stats.value?.headSequence ?? 0;
  // Who looks at now sees the ledger of every second, not of every event.
  const end = asked === "" ? counted : Math.max(head.value, counted);
  const at = /^[0-9]{1,15}$/.test(asked) ? Math.min(Number(asked), end) : end;
  if (end === 0)
    return html`
      <h1>Time travel</h1>
      ${
        stats.value !== null &&
        html`
          <${EmptyLedger} />
        `
      }
    `;
  return html`
    <div class="title">
      <h1>Time travel</h1>
      <span class="muted">
        ${at >= end ? "Now. Drag back to see the ledger as it was." : `The ledger as it was after event ${count(at)}.`}
      </span>
    </div>
    <${Dial} at=${at} end=${end} />
    <${AccountThen} id=${account} at=${at} end=${end} />
    ${
      takes("/accounts", "asOfSequence") &&
      html`
        <${ListThen} at=${at} />
      `
    }
  `;
}

/** @param {{ at: number, end: number }} props */
function Dial({ at, end }) {
  const [dragged, setDragged] = useState(/** @type {number | null} */ (null));
  const [said, setSaid] = useState("");
  const timer = useRef(/** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined));
  const wanted = useRef(at);
  /** How many events it goes on with each step; 0 while it does not play. */
  const [playing, setPlaying] = useState(0);
  const shown = dragged ?? at;
  const reading = useReading(at > 0 ? `event ${at}` : null, () => eventAt(at), 0);
  const event = reading.value?.sequenceNumber === at ? reading.value : undefined;
  const drag = (/** @type {Event} */ change) => {
    if (!(change.target instanceof HTMLInputElement)) return;
    const place = Number(change.target.value);
    wanted.current = place;
    setDragged(place);
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      refine({ at: wanted.current >= end ? "" : wanted.current }, { replace: true });
      setDragged(null);
    }, DRAG_GAP_MS);
  };
  useEffect(() => {
    if (playing === 0) return;
    if (at >= end) {
      setPlaying(0);
      return;
    }
    const next = setTimeout(() => refine({ at: Math.min(end, at + playing) }, { replace: true }), DRAG_GAP_MS);
    return () => clearTimeout(next);
  }, [playing, at]);
  const step = (/** @type {number} */ by) => refine({ at: Math.max(0, Math.min(end, at + by)) }, { replace: true });
  const jump = (/** @type {Event} */ change) => {
    if (change.target instanceof HTMLInputElement && /^[0-9]{1,15}$/.test(change.target.value.trim()))
      refine({ at: Math.min(end, Number(change.target.value)) });
  };
  const travel = async (/** @type {string} */ time) => {
    // A second that is named has passed.
    const moment = new Date(time).getTime() + 999;
    if (Number.isNaN(moment)) return;
    setSaid("Looking for that time…");
    try {
      const place = await placeAt(moment);
      setSaid(place === 0 ? "The log had not begun then." : "");
      refine({ at: place });
    } catch (error) {
      setSaid(words(error));
    }
  };
  return html`
    <section class="panel dial" aria-label="Where in the log">
      <div class="row">
        <button type="button" aria-label="One event back" disabled=${at <= 0} onClick=${() => step(-1)}>‹</button>
        <input
          type="range"
          min="0"
          max=${end}
          step="1"
          value=${shown}
          aria-label="Sequence"
          aria-valuetext=${`after event ${count(shown)} of ${count(end)}`}
          onInput=${drag}
        />
        <button type="button" aria-label="One event on" disabled=${at >= end} onClick=${() => step(1)}>›</button>
        <button
          type="button"
          class=${at < end ? "primary" : ""}
          disabled=${at >= end}
          onClick=${() => refine({ at: "" })}
        >
          Now
        </button>
        <button
          type="button"
          disabled=${at >= end}
          aria-pressed=${playing > 0}
          onClick=${() => setPlaying(playing > 0 ? 0 : Math.max(1, Math.ceil((end - at) / PLAY_STEPS)))}
        >
          ${playing > 0 ? "Stop" : "Play"}
        </button>
      </div>
      <div class="row wrap">
        <label class="inline">
          After event${" "}
          <input class="short" inputmode="numeric" pattern="[0-9]{1,15}" value=${shown} onChange=${jump} />
        </label>
        <span class="muted">of ${count(end)}</span>
        <label class="inline">
          or at${" "}
          <${Moment}
            type="datetime-local"
            step=${1}
            value=${event ? localValue(event.timestamp) : ""}
            onPick=${travel}
          />
        </label>
        <span role="status" class="muted">${said}</span>
      </div>
      <${Trouble} words=${reading.error} again=${reading.again} />
      ${
        event
          ? html`
              <div class="events">
                <div class="line"><${EventLine} event=${event} /></div>
              </div>
            `
          : at === 0 &&
            html`
              <p class="note">Before the first event: there is nothing yet.</p>
            `
      }
    </section>
  `;
}

/**
 * A time as a field for local times takes it.
 * @param {string} timestamp
 * @returns {string}
 */
function localValue(timestamp) {
  const date = new Date(timestamp);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

/**
 * An account at a place; null where it did not exist.
 * @param {string} id
 * @param {number} at
 * @returns {Promise<Account | null>}
 */
async function accountAt(id, at) {
  try {
    /** @type {Account} */
    const account = (await get(withQuery(`/accounts/${encodeURIComponent(id)}`, { asOfSequence: at }))).body;
    rememberCurrency(account.accountId, account.currency);
    return account;
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return null;
    throw error;
  }
}

/** @param {{ id: string, at: number, end: number }} props */
function AccountThen({ id, at, end }) {
  const then = useReading(id === "" ? null : `${id} ${at}`, async () => ({ account: await accountAt(id, at) }), 0);
  const now = useReading(id === "" ? null : `${id} now`, async () => ({ account: await accountAt(id, end) }), 500);
  useEffect(() => now.again(), [end]);
  const kept = useRef(/** @type {{ id: string, account: Account | null } | null} */ (null));
  if (then.value !== null) kept.current = { id, account: then.value.account };
  // While the slider moves, the last account stands until the next is read.
  const shown = then.value?.account ?? (kept.current?.id === id && then.value === null ? kept.current.account : null);
  const current = now.value?.account ?? null;
  const choose = html`
    <label class="inline">
      Account${" "}
      <${AccountInput}
        fresh=${false}
        type="search"
        value=${id}
        placeholder="Id"
        onChange=${(/** @type {Event} */ event) => {
          if (event.target instanceof HTMLInputElement) refine({ account: event.target.value.trim() });
        }}
      />
    </label>
  `;
  return html`
    <${Panel}
      title=${
        id === ""
          ? "One account"
          : html`
              <${AccountLink} id=${id} />
            `
      }
      aside=${choose}
    >
      <${Trouble} words=${then.error || now.error} again=${then.again} />
      ${
        id === "" &&
        html`
          <p class="note">Name an account to see it at this place of the log, and its whole way there.</p>
        `
      }
      ${
        id !== "" &&
        then.value !== null &&
        shown === null &&
        html`
          <p role="status">
            <span class="strong">It did not exist then.</span>
            ${" "}${
              current
                ? html`
                    It was opened at${" "}
                    <${Time} at=${current.createdAt} />
                    .
                  `
                : "There is no such account now either."
            }
          </p>
        `
      }
      ${
        shown &&
        html`
          <dl class="figures" data-at=${then.value !== null ? at : ""}>
            <${Figure} name="Balance then" size="large">
              <${Money} amount=${shown.balance} currency=${shown.currency} />
            <//>
            <${Figure} name="Available then"><${Money} amount=${shown.available} currency=${shown.currency} /><//>
            <${Figure} name="Held then"><${Money} amount=${shown.held} currency=${shown.currency} /><//>
            <${Figure} name="Status then"><${Badge} word=${shown.status} /><//>
            <${Figure} name="Version then">${count(shown.version)}<//>
            ${
              current &&
              html`
                <${Figure} name="Balance now"><${Money} amount=${current.balance} currency=${current.currency} /><//>
                <${Figure} name="Version now">${count(current.version)}<//>
              `
            }
          </dl>
        `
      }
      ${
        id !== "" &&
        current &&
        html`
          <${Way} id=${id} at=${at} version=${current.version} />
        `
      }
      ${
        id !== "" &&
        html`
          <div class="row end">
            <${Copy} text=${() => asCurl(withQuery(`/accounts/${encodeURIComponent(id)}`, { asOfSequence: at }))}>
              Copy as curl
            <//>
          </div>
        `
      }
    <//>
  `;
}

/** The account's balance over the log, with the place marked; a click goes there. */
/** @param {{ id: string, at: number, version: number }} props */
function Way({ id, at, version }) {
  const reading = useReading(
    `statement ${id}`,
    async () => {
      /** @type {Statement} */
      const body = (await get(withQuery(`/accounts/${encodeURIComponent(id)}/statement`, { limit: CHART_ENTRIES })))
        .body;
      return body.entries.reverse();
    },
    1_000,
  );
  useEffect(() => reading.again(), [version]);
  const entries = reading.value;
  const data = useMemo(
    () =>
      entries === null
        ? null
        : [entries.map(({ sequence }) => sequence), entries.map(({ balance }) => forChart(balance))],
    [entries],
  );
  const own = entries?.findLast(({ sequence }) => sequence <= at);
  if (data === null || (data[0]?.length ?? 0) < 2) return null;
  return html`
    <${Chart}
      data=${data}
      lines=${[{ label: "Balance", color: "--accent", fill: true, stepped: true }]}
      time=${false}
      height=${150}
      mark=${at}
      label=${`Balance of ${id} over the log`}
      summary=${own ? `At event ${count(at)}: ${money(own.balance, currencyOf(id))}` : "Not yet open"}
      format=${compact}
      exact=${(/** @type {number} */ balance) => money(balance, currencyOf(id))}
      xFormat=${(/** @type {number} */ x) => `#${count(Math.round(x))}`}
      onPick=${(/** @type {number} */ x) => refine({ at: Math.max(0, Math.round(x)) })}
    />
    ${
      own &&
      html`
        <p class="note">
          Last before:${" "}
          <a href=${href(["events", String(own.sequence)])}>${typeWords(own.type)}</a>
          ${
            forChart(own.amount) !== 0 &&
            html`
              ,${" "}
              <${Money} amount=${own.amount} account=${id} signed />
            `
          }
          ,${" "}
          <${Time} at=${own.timestamp} />
          .
        </p>
      `
    }
  `;
}

/** All accounts at a place, in pages by id. */
/** @param {{ at: number }} props */
function ListThen({ at }) {
  void contract.value;
  const { account = "", after = "", prefix = "" } = route.value.query;
  const path = withQuery("/accounts", {
    asOfSequence: at,
    limit: PAGE,
    after,
    prefix: takes("/accounts", "prefix") ? prefix : "",
  });
  const reading = useReading(
    path,
    async () => {
      let answer = await get(path);
      let next = nextPage(answer.headers);
      // Among very many that were opened later there may be none on a page.
      while (answer.body.length === 0 && next !== null) {
        answer = await get(next);
        next = nextPage(answer.headers);
      }
      /** @type {Account[]} */
      const accounts = answer.body;
      for (const one of accounts) rememberCurrency(one.accountId, one.currency);
      return { at, accounts, next: next === null ? null : new URL(next, location.href).searchParams.get("after") };
    },
    0,
  );
  const kept = useRef(reading.value);
  if (reading.value !== null) kept.current = reading.value;
  const shown = reading.value ?? kept.current;
  return html`
    <${Panel}
      title="All accounts then"
      flush
      aside=${html`
        <${Copy} text=${() => asCurl(path)}>Copy as curl<//>
      `}
    >
      <${Trouble} words=${reading.error} again=${reading.again} />
      ${
        shown?.accounts.length === 0 &&
        html`
          <${Empty} title=${after === "" ? "There were no accounts then." : "There were no more accounts."} />
        `
      }
      ${
        shown !== null &&
        shown.accounts.length > 0 &&
        html`
          <div class="scroll" tabindex="0" role="region" aria-label="All accounts then" data-at=${shown.at}>
            <table class="folding">
              <thead>
                <tr>
                  <th scope="col">Account</th>
                  <th scope="col">Status</th>
                  <th scope="col" class="number">Balance then</th>
                  <th scope="col" class="number roomy">Available then</th>
                  <th scope="col" class="number roomy">Version</th>
                </tr>
              </thead>
              <tbody>
                ${shown.accounts.map(
                  (one) => html`
                    <tr key=${one.accountId} class=${one.accountId === account ? "own" : ""}>
                      <th scope="row" class="lead">
                        <a
                          class="id"
                          title=${one.accountId}
                          href=${href(["time-travel"], { ...route.value.query, account: one.accountId })}
                        >
                          ${one.accountId}
                        </a>
                        ${
                          one.owner &&
                          html`
                            <span class="aside" title=${one.owner}>${one.owner}</span>
                          `
                        }
                      </th>
                      <td><${Badge} word=${one.status} /></td>
                      <td class="number sum strong"><${Money} amount=${one.balance} currency=${one.currency} /></td>
                      <td class="number roomy muted"><${Money} amount=${one.available} currency=${one.currency} /></td>
                      <td class="number roomy muted">${count(one.version)}</td>
                    </tr>
                  `,
                )}
              </tbody>
            </table>
          </div>
          <div class="pager">
            <span></span>
            <span class="row">
              <button type="button" disabled=${after === ""} onClick=${() => refine({ after: "" })}>First page</button>
              <button type="button" disabled=${shown.next === null} onClick=${() => refine({ after: shown.next })}>
                Next page
              </button>
            </span>
          </div>
        `
      }
    <//>
  `;
}
