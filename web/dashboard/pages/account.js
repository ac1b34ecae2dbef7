// One account: what it holds, how it came to that, and what can be done with it.

import { html, useEffect, useMemo, useRef, useState } from "../vendor.js";
import { get, getText, nextPage, numberHeader, Problem, withQuery } from "../lib/api.js";
import { commandForms, offers } from "../lib/contract.js";
import { compact, count, spaced, typeWords } from "../lib/format.js";
import { onEvents } from "../lib/live.js";
import { forChart, money, rememberCurrency } from "../lib/money.js";
import { useReading } from "../lib/refresh.js";
import { href, refine, route } from "../lib/route.js";
import { Badge } from "../parts/badge.js";
import { Chart } from "../parts/chart.js";
import { CommandForm } from "../parts/command-form.js";
import { asCurl, Copy } from "../parts/copy.js";
import { Empty } from "../parts/empty.js";
import { Json } from "../parts/json.js";
import { AccountLink, EventLink } from "../parts/links.js";
import { Modal } from "../parts/modal.js";
import { Moment } from "../parts/moment.js";
import { Money } from "../parts/money.js";
import { Figure, Panel } from "../parts/panel.js";
import { Trouble } from "../parts/problem.js";
import { Time } from "../parts/time.js";

/** @typedef {import("../../types/api").components["schemas"]["Account"]} Account */
/** @typedef {import("../../types/api").components["schemas"]["Statement"]} Statement */
/** @typedef {import("../lib/contract.js").CommandForm} Form */

/** Entries of the statement on a page, and in the chart. */
const PAGE = 25;
const CHART_ENTRIES = 1_000;
const REFRESH_GAP_MS = 500;
/** Members of an account that are shown apart, or say what the address says already. */
const SHOWN = new Set([
  "accountId",
  "balance",
  "available",
  "held",
  "currency",
  "status",
  "owner",
  "version",
  "sequence",
  "createdAt",
  "lastUpdated",
  "transactionCount",
  "frozen",
  "overdraftLimit",
  "metadata",
]);

/**
 * Whether a command makes sense for an account in that state; what the server would refuse anyway is not put forward.
 * @param {string} route
 * @param {Account} account
 * @returns {boolean}
 */
function fits(route, account) {
  switch (route) {
    case "freeze-account":
      return account.status === "open";
    case "unfreeze-account":
      return account.status === "frozen";
    case "reopen-account":
      return account.status === "closed";
    case "create-account":
    case "capture-hold":
    case "release-hold":
      return false;
    default:
      return account.status !== "closed";
  }
}

/**
 * The member of a command's body by which it is about this account.
 * @param {Form} form
 * @returns {string | undefined}
 */
function ownField(form) {
  return form.fields.find(({ name }) => name === "accountId" || name === "fromAccountId")?.name;
}

/**
 * A path's answer with what is known to have happened in it; where the read model stands still, the one that there is.
 * @param {string} path
 * @param {number | undefined} atLeast
 */
async function freshest(path, atLeast) {
  try {
    return await get(withQuery(path, { atLeast }));
  } catch (error) {
    if (error instanceof Problem && error.members.code === "not-caught-up") return get(path);
    throw error;
  }
}

/** @param {{ id: string }} props */
export function AccountPage({ id }) {
  const base = `/accounts/${encodeURIComponent(id)}`;
  /** What is known to have happened to the account; the read model is waited for. */
  const awaited = useRef(/** @type {number | undefined} */ (undefined));
  const account = useReading(
    base,
    async () => {
      /** @type {Account} */
      const body = (await freshest(base, awaited.current)).body;
      rememberCurrency(body.accountId, body.currency);
      // The read model stands still, or is far behind: it is waited for again, however long that takes.
      if (body.sequence < (awaited.current ?? 0)) account.again();
      return body;
    },
    REFRESH_GAP_MS,
  );
  const [moved, setMoved] = useState(0);
  useEffect(
    () =>
      onEvents((events) => {
        const own = events.filter(({ aggregateId }) => aggregateId === id);
        if (own.length === 0) return;
        awaited.current = own[own.length - 1]?.sequenceNumber;
        setMoved((times) => times + 1);
      }),
    [id],
  );
  useEffect(() => {
    if (moved > 0) account.again();
  }, [moved]);
  const [doing, setDoing] = useState(/** @type {{ form: Form, given: Record<string, string> } | null} */ (null));
  const [sending, setSending] = useState(false);
  const now = account.value;

  if (now === null) {
    if (account.problem?.status === 404) {
      return html`
        <h1>${id}</h1>
        <${Empty} title="There is no such account.">
          <div class="row center">
            <a class="button primary" href=${href(["commands", "create-account"], { accountId: id })}>Create it</a>
            <a class="button" href=${href(["accounts"])}>All accounts</a>
          </div>
        <//>
      `;
    }
    return html`
      <h1>${id}</h1>
      <${Trouble} words=${account.error} again=${account.again} />
    `;
  }
  const forms = commandForms.value.filter((form) => ownField(form) !== undefined && fits(form.route, now));
  const begin = (/** @type {Form} */ form, /** @type {Record<string, string>} */ more = {}) =>
    setDoing({ form, given: { [ownField(form) ?? "accountId"]: id, ...more } });
  const limits = Object.entries(now).filter(
    ([name, value]) => !SHOWN.has(name) && value !== null && typeof value !== "object",
  );
  return html`
    <div class="title">
      <h1>${id}</h1>
      <${Badge} word=${now.status} />
      ${
        now.frozen &&
        now.frozen !== "all" &&
        html`
          <span class="muted">${now.frozen} only</span>
        `
      }${
        now.owner &&
        html`
          <span class="muted">${now.owner}</span>
        `
      }
      <span class="row end">
        <a class="button" href=${href(["time-travel"], { account: id, at: now.sequence })}>Time travel</a>
        <a class="button" href=${href(["events"], { account: id })}>Events</a>
      </span>
    </div>
    <${Trouble} words=${account.error} again=${account.again} />
    <dl class="figures panel">
      <${Figure} name="Balance" size="large"><${Money} amount=${now.balance} currency=${now.currency} /><//>
      <${Figure} name="Available" title="Balance, less what is held, plus the overdraft limit">
        <${Money} amount=${now.available} currency=${now.currency} />
      <//>
      <${Figure} name="Held"><${Money} amount=${now.held} currency=${now.currency} /><//>
      <${Figure} name="Overdraft limit"><${Money} amount=${now.overdraftLimit} currency=${now.currency} /><//>
      ${limits.map(
        ([name, value]) => html`
          <${Figure} key=${name} name=${spaced(name)}>
            ${
              typeof value === "number"
                ? html`
                    <${Money} amount=${value} currency=${now.currency} />
                  `
                : String(value)
            }
          <//>
        `,
      )}
      <${Figure} name="Moves">${count(now.transactionCount)}<//>
      <${Figure} name="Version" title="Events of this account">${count(now.version)}<//>
      <${Figure} name="Opened"><${Time} at=${now.createdAt} /><//>
      <${Figure} name="Last event"><${EventLink} sequence=${now.sequence} /><//>
    </dl>
    <div class="actions" role="group" aria-label="What can be done">
      ${forms.map(
        (form, place) => html`
          <button key=${form.route} type="button" class=${place < 3 ? "primary" : ""} onClick=${() => begin(form)}>
            ${spaced(form.route.replace("-account", ""))}
          </button>
        `,
      )}
    </div>
    ${
      doing &&
      html`
        <${Modal} title=${`${spaced(doing.form.route)}: ${id}`} busy=${sending} onClose=${() => setDoing(null)}>
          <${CommandForm}
            form=${doing.form}
            given=${doing.given}
            fixed=${Object.keys(doing.given)}
            currency=${now.currency}
            autofocus
            onSending=${setSending}
            onDone=${account.again}
          />
        <//>
      `
    }
    ${
      offers("/accounts/{accountId}/holds") &&
      html`
        <${Holds} base=${base} account=${now} begin=${begin} />
      `
    }
    <${History} base=${base} account=${now} />
    <${StatementPanel} base=${base} account=${now} />
    <details class="panel">
      <summary>As JSON</summary>
      <${Json} value=${now} path=${base} label="The account as JSON" />
    </details>
  `;
}

/** @param {{ base: string, account: Account, begin: (form: Form, more: Record<string, string>) => void }} props */
function Holds({ base, account, begin }) {
  const path = `${base}/holds`;
  const holds = useReading(
    path,
    async () => {
      /** @type {Record<string, any>[]} */
      const body = (await get(path)).body;
      return body;
    },
    REFRESH_GAP_MS,
  );
  useEffect(() => holds.again(), [account.version]);
  const settle = commandForms.value.filter(({ route: name }) => name === "capture-hold" || name === "release-hold");
  return html`
    <${Panel} title="Open holds" flush>
      <${Trouble} words=${holds.error} again=${holds.again} />
      ${
        holds.value?.length === 0 &&
        html`
          <p class="note">Nothing is held. A hold sets money aside until it is captured or released.</p>
        `
      }
      ${
        (holds.value?.length ?? 0) > 0 &&
        html`
          <div class="scroll">
            <table class="folding">
              <thead>
                <tr>
                  <th scope="col">Hold</th>
                  <th scope="col" class="number">Amount</th>
                  <th scope="col">Expires</th>
                  <th scope="col" class="roomy">Description</th>
                  <th scope="col"><span class="hidden">Actions</span></th>
                </tr>
              </thead>
              <tbody>
                ${holds.value?.map(
                  (hold) => html`
                    <tr key=${hold.holdId}>
                      <th scope="row" class="lead"><span class="id" title=${hold.holdId}>${hold.holdId}</span></th>
                      <td class="number sum"><${Money} amount=${hold.amount} currency=${account.currency} /></td>
                      <td>
                        ${
                          hold.expiresAt
                            ? html`
                                <${Time} at=${hold.expiresAt} />
                              `
                            : "–"
                        }
                      </td>
                      <td class="roomy">
                        <span class="aside" title=${hold.description}>${hold.description ?? ""}</span>
                      </td>
                      <td>
                        <div class="row end">
                          ${settle.map(
                            (form) => html`
                              <button
                                key=${form.route}
                                type="button"
                                class="small"
                                onClick=${() => begin(form, { holdId: hold.holdId })}
                              >
                                ${spaced(form.route.replace("-hold", ""))}
                              </button>
                            `,
                          )}
                        </div>
                      </td>
                    </tr>
                  `,
                )}
              </tbody>
            </table>
          </div>
        `
      }
    <//>
  `;
}

/** @param {{ base: string, account: Account }} props */
function History({ base, account }) {
  const reading = useReading(
    base,
    async () => {
      /** @type {Statement} */
      const body = (await get(withQuery(`${base}/statement`, { limit: CHART_ENTRIES }))).body;
      return body.entries.reverse();
    },
    1_000,
  );
  useEffect(() => reading.again(), [account.version]);
  const entries = reading.value;
  const data = useMemo(() => {
    if (entries === null) return null;
    const at = entries.map(({ timestamp }) => Date.parse(timestamp) / 1000);
    return [at, entries.map(({ balance }) => forChart(balance))];
  }, [entries]);
  return html`
    <${Panel} title="Balance over time">
      <${Trouble} words=${reading.error} again=${reading.again} />
      ${
        data !== null &&
        (data[0]?.length ?? 0) > 1 &&
        html`
          <${Chart}
            data=${data}
            lines=${[{ label: "Balance", color: "--accent", fill: true, stepped: true }]}
            height=${170}
            label="Balance over time"
            summary=${`${count(data[0]?.length)} changes; now ${money(account.balance, account.currency)}`}
            format=${compact}
            exact=${(/** @type {number} */ balance) => money(balance, account.currency)}
          />
        `
      }
      ${
        data !== null &&
        (data[0]?.length ?? 0) <= 1 &&
        html`
          <p class="note">There is one event so far; a line begins with the second.</p>
        `
      }
      ${
        (entries?.length ?? 0) >= CHART_ENTRIES &&
        html`
          <p class="note">The newest ${count(CHART_ENTRIES)} changes.</p>
        `
      }
    <//>
  `;
}

/**
 * A day of the reader's, as the moment it begins or ends.
 * @param {string | undefined} day
 * @param {string} time
 * @returns {string}
 */
function moment(day, time) {
  if (!day) return "";
  const date = new Date(`${day}T${time}`);
  return Number.isNaN(date.getTime()) ? "" : date.toISOString();
}

/** @param {{ base: string, account: Account }} props */
function StatementPanel({ base, account }) {
  const { from = "", to = "", after = "" } = route.value.query;
  const period = { from: moment(from, "00:00:00"), to: moment(to, "23:59:59.999") };
  const path = withQuery(`${base}/statement`, { ...period, limit: PAGE, after });
  const reading = useReading(
    path,
    async () => {
      const answer = await get(path);
      /** @type {Statement} */
      const body = answer.body;
      const next = nextPage(answer.headers);
      return {
        statement: body,
        older: next === null ? null : new URL(next, location.href).searchParams.get("after"),
        reached: numberHeader(answer.headers, "X-Sequence"),
      };
    },
    REFRESH_GAP_MS,
  );
  useEffect(() => reading.again(), [account.version]);
  const [saving, setSaving] = useState("");
  const save = async () => {
    setSaving("Reading…");
    try {
      await saveCsv(withQuery(`${base}/statement`, { ...period, limit: 1000 }), `${account.accountId}.csv`);
      setSaving("");
    } catch (error) {
      setSaving(error instanceof Error ? error.message : String(error));
    }
  };
  const pick = (/** @type {string} */ name) => (/** @type {string} */ day) => refine({ [name]: day, after: "" });
  const shown = reading.value;
  const aside = html`
    <label class="inline">
      From${" "}
      <${Moment} type="date" value=${from} onPick=${pick("from")} />
    </label>
    <label class="inline">
      to${" "}
      <${Moment} type="date" value=${to} onPick=${pick("to")} />
    </label>
    <button type="button" class="small" onClick=${save}>Save as CSV</button>
    <${Copy} text=${() => asCurl(path)}>Copy as curl<//>
  `;
  return html`
    <${Panel} title="Statement" aside=${aside} flush class="statement">
      <p role="status" class="note">${saving}</p>
      <${Trouble} words=${reading.error} again=${reading.again} />
      ${
        shown?.statement.entries.length === 0 &&
        html`
          <p class="note">Nothing happened in this period.</p>
        `
      }
      ${
        shown !== null &&
        shown.statement.entries.length > 0 &&
        html`
          <div class="scroll" tabindex="0" role="region" aria-label="Statement, newest first">
            <table class="folding">
              <thead>
                <tr>
                  <th scope="col">Event</th>
                  <th scope="col">When</th>
                  <th scope="col">What</th>
                  <th scope="col" class="roomy">With</th>
                  <th scope="col" class="number">Amount</th>
                  <th scope="col" class="number">Balance</th>
                </tr>
              </thead>
              <tbody>
                ${shown.statement.entries.map(
                  (entry) => html`
                    <tr key=${entry.version}>
                      <td><${EventLink} sequence=${entry.sequence} /></td>
                      <td class="muted"><${Time} at=${entry.timestamp} /></td>
                      <td class="lead">
                        ${typeWords(entry.type)}${
                          entry.description &&
                          html`
                            <span class="aside" title=${entry.description}>${entry.description}</span>
                          `
                        }
                      </td>
                      <td class="roomy">
                        ${
                          entry.counterparty &&
                          html`
                            <${AccountLink} id=${entry.counterparty} />
                          `
                        }
                      </td>
                      <td class="number sum">
                        <${Money} amount=${entry.amount} currency=${account.currency} signed tone />
                      </td>
                      <td class="number strong"><${Money} amount=${entry.balance} currency=${account.currency} /></td>
                    </tr>
                  `,
                )}
              </tbody>
            </table>
          </div>
          <div class="pager">
            <span class="muted">
              From${" "}
              <${Money} amount=${shown.statement.opening.balance} currency=${account.currency} />
              ${" "}to${" "}
              <${Money} amount=${shown.statement.closing.balance} currency=${account.currency} />
            </span>
            <span class="row">
              <button type="button" disabled=${after === ""} onClick=${() => refine({ after: "" })}>Newest</button>
              <button type="button" disabled=${shown.older === null} onClick=${() => refine({ after: shown.older })}>
                Older
              </button>
            </span>
          </div>
        `
      }
    <//>
  `;
}

/**
 * All pages of a statement as one file, oldest last, as the server writes them.
 * @param {string} first
 * @param {string} name
 */
async function saveCsv(first, name) {
  const parts = [];
  for (let path = /** @type {string | null} */ (first); path !== null;) {
    const { headers, text } = await getText(path, "text/csv");
    // Every page begins with the names of the columns.
    parts.push(parts.length === 0 ? text : text.slice(text.indexOf("\n") + 1));
    path = nextPage(headers);
  }
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(parts, { type: "text/csv" }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
