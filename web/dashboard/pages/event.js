// One event: what it says, where it stands in the log and in its account's stream, which command it came of, what
// followed, and whether it is what was committed.

import { html } from "../vendor.js";
import { get, withQuery } from "../lib/api.js";
import { offers } from "../lib/contract.js";
import { count, duration, typeWords } from "../lib/format.js";
import { end as newest, stats } from "../lib/live.js";
import { checkProof } from "../lib/proof.js";
import { useReading } from "../lib/refresh.js";
import { href } from "../lib/route.js";
import { Badge } from "../parts/badge.js";
import { Empty } from "../parts/empty.js";
import { amountOf, EventLine, whom } from "../parts/event-line.js";
import { Json } from "../parts/json.js";
import { AccountLink, CommandLink, EventLink } from "../parts/links.js";
import { Money } from "../parts/money.js";
import { Panel } from "../parts/panel.js";
import { Trouble } from "../parts/problem.js";
import { Time } from "../parts/time.js";

/** @typedef {import("../lib/feed.js").LedgerEvent} LedgerEvent */

/** Lines of the command log that are looked through for a command's latency. */
const LINES = 200;
/** Movements, which may be taken back. */
const REVERSIBLE = new Set(["MONEY_DEPOSITED", "MONEY_WITHDRAWN", "MONEY_TRANSFERRED"]);

/** @param {{ sequence: number }} props */
export function EventPage({ sequence }) {
  const end = newest.value;
  const possible = Number.isSafeInteger(sequence) && sequence > 0;
  // A place beyond the head is an error to the server; until the head is known, nothing is asked.
  const wanted = possible && sequence <= end;
  const path = withQuery("/events", { fromSequence: sequence - 1, limit: 1 });
  const reading = useReading(wanted ? path : null, async () => {
    /** @type {LedgerEvent[]} */
    const found = (await get(path)).body;
    return found[0] ?? null;
  });
  const event = reading.value;
  const title = html`
    <div class="title">
      <h1>Event ${possible ? count(sequence) : ""}</h1>
      ${
        event &&
        html`
          <span class="type">${event.type}</span>
        `
      }
      <span class="row end">
        <a class="button" aria-disabled=${sequence <= 1} href=${href(["events", String(Math.max(1, sequence - 1))])}>
          Older
        </a>
        <a class="button" aria-disabled=${sequence >= end} href=${href(["events", String(sequence + 1)])}>Newer</a>
        ${
          event &&
          REVERSIBLE.has(event.type) &&
          offers("/commands/reverse", "post") &&
          html`
            <a class="button" href=${href(["commands", "reverse"], { sequenceNumber: sequence })}>Reverse</a>
          `
        }
        <a class="button" href=${href(["events"], { at: sequence })}>In the log</a>
        <a class="button" href=${href(["time-travel"], { at: sequence, account: event?.aggregateId })}>Time travel</a>
      </span>
    </div>
  `;
  if (event === null) {
    return html`
      ${title}
      <${Trouble} words=${reading.error} again=${reading.again} />
      ${
        !wanted &&
        stats.value !== null &&
        html`
          <${Empty} title=${`The log has no event ${possible ? count(sequence) : "of this name"}.`}>
            <p class="muted">It ends at ${count(end)} so far.</p>
            <a class="button" href=${href(["events"])}>All events</a>
          <//>
        `
      }
    `;
  }
  const { amount, tone } = amountOf(event);
  return html`
    ${title}
    <div class="two">
      <${Panel} title=${typeWords(event.type)}>
        <dl class="pairs">
          <div>
            <dt>Account</dt>
            <dd><${AccountLink} id=${event.aggregateId} /></dd>
          </div>
          ${
            whom(event) !== event.aggregateId &&
            html`
              <div>
                <dt>Movement</dt>
                <dd>${whom(event)}</dd>
              </div>
            `
          }
          ${
            amount !== undefined &&
            html`
              <div>
                <dt>Amount</dt>
                <dd>
                  <${Money}
                    amount=${amount}
                    currency=${event.data.currency}
                    account=${event.aggregateId}
                    signed=${tone !== "none"}
                    tone
                  />
                </dd>
              </div>
            `
          }
          ${
            (event.data.description ?? event.data.reason) &&
            html`
              <div>
                <dt>Said</dt>
                <dd>${event.data.description ?? event.data.reason}</dd>
              </div>
            `
          }
          <div>
            <dt>When</dt>
            <dd><${Time} at=${event.timestamp} /></dd>
          </div>
          <div>
            <dt>Version</dt>
            <dd>${count(event.version)} of ${event.aggregateId}</dd>
          </div>
          <div>
            <dt>Command</dt>
            <dd><${CommandLink} id=${event.commandId} /></dd>
          </div>
          <div>
            <dt>Correlation</dt>
            <dd>
              <a class="id mono" href=${href(["events"], { correlation: event.correlationId })}>
                ${event.correlationId}
              </a>
            </dd>
          </div>
          ${
            event.causationId !== event.commandId &&
            html`
              <div>
                <dt>Caused by</dt>
                <dd><${CommandLink} id=${event.causationId} /></dd>
              </div>
            `
          }
        </dl>
      <//>
      <${Followed} event=${event} />
    </div>
    <${Neighbours} event=${event} />
    ${
      offers("/audit/proofs/{sequence}") &&
      html`
        <${Proof} sequence=${sequence} />
      `
    }
    <${Panel} title="As JSON"><${Json} value=${event} path=${path} label="The event as JSON" /><//>
  `;
}

/** From the command to the read models, with times where they are known. */
/** @param {{ event: LedgerEvent }} props */
function Followed({ event }) {
  const path = `/commands/${encodeURIComponent(event.commandId)}`;
  const reading = useReading(path, async () => {
    const [outcome, lines] = await Promise.all([
      get(path),
      get(withQuery("/commands/log", { accountId: event.aggregateId, limit: LINES })),
    ]);
    /** @type {LedgerEvent[]} */
    const events = outcome.body.events;
    /** @type {number | undefined} */
    const latency = lines.body.find(
      (/** @type {Record<string, any>} */ line) => line.commandId === event.commandId,
    )?.latencyMs;
    return { status: String(outcome.body.status), events, latency };
  });
  const proofs = `/audit/proofs/${event.sequenceNumber}`;
  const batch = useReading(offers("/audit/proofs/{sequence}") ? proofs : null, async () => {
    /** @type {{ committedAt: string, firstSequence: number, lastSequence: number }} */
    const checkpoint = (await get(proofs)).body.checkpoint;
    return checkpoint;
  }).value;
  const found = reading.value;
  const projections = stats.value?.projections ?? [];
  return html`
    <${Panel} title="What followed">
      <${Trouble} words=${reading.error} again=${reading.again} />
      <ol class="chain">
        <li>
          <span class="strong">Command</span>
          ${" "}
          <${CommandLink} id=${event.commandId} />
          ${" "}${
            found &&
            html`
              <${Badge} word=${found.status} />
            `
          }
          <span class="aside">
            decided${" "}
            <${Time} at=${event.timestamp} />
            ${found?.latency !== undefined && `, answered after ${duration(found.latency)}`}
          </span>
        </li>
        <li>
          <span class="strong">
            ${found === null ? "Events" : found.events.length === 1 ? "One event" : `${found.events.length} events, in one commit`}
          </span>
          ${
            batch &&
            html`
              <span class="aside">
                committed${" "}
                <${Time} at=${batch.committedAt} />
                , ${duration(between(event.timestamp, batch.committedAt))} after the decision, in a batch of${" "}
                ${count(batch.lastSequence - batch.firstSequence + 1)}
              </span>
            `
          }
          <ul class="plain">
            ${found?.events.map(
              (other) => html`
                <li key=${other.sequenceNumber} class=${other.sequenceNumber === event.sequenceNumber ? "own" : ""}>
                  <${EventLink} sequence=${other.sequenceNumber} />
                  ${" "}${typeWords(other.type)}, ${other.aggregateId}
                </li>
              `,
            )}
          </ul>
        </li>
        <li>
          <span class="strong">Read models</span>
          <ul class="plain">
            ${projections.map(
              ({ name, checkpoint, state }) => html`
                <li key=${name}>
                  ${name}${" "}
                  ${
                    checkpoint >= event.sequenceNumber
                      ? html`
                          <${Badge} word="applied" tone="good" />
                        `
                      : html`
                          <${Badge}
                            word=${state === "running" ? `${count(event.sequenceNumber - checkpoint)} before it` : state}
                            tone="warn"
                          />
                        `
                  }
                </li>
              `,
            )}
          </ul>
        </li>
      </ol>
    <//>
  `;
}

/**
 * From one time of the server to another, in ms, with the microseconds that a Date would drop.
 * @param {string} from
 * @param {string} to
 * @returns {number}
 */
function between(from, to) {
  const micros = (/** @type {string} */ text) => Number((/\.\d{3}(\d{1,3})Z$/.exec(text)?.[1] ?? "").padEnd(3, "0"));
  return Date.parse(to) - Date.parse(from) + (micros(to) - micros(from)) / 1000;
}

/** Its neighbours in its account's stream. */
/** @param {{ event: LedgerEvent }} props */
function Neighbours({ event }) {
  const path = withQuery(`/events/${encodeURIComponent(event.aggregateId)}`, {
    fromVersion: Math.max(0, event.version - 3),
    limit: 5,
  });
  const reading = useReading(path, async () => {
    /** @type {LedgerEvent[]} */
    const events = (await get(path)).body;
    return events;
  });
  return html`
    <${Panel}
      title=${html`
        In the stream of ${event.aggregateId}
      `}
      flush
      aside=${html`
        <a class="button small" href=${href(["events"], { account: event.aggregateId })}>All of it</a>
      `}
    >
      <${Trouble} words=${reading.error} again=${reading.again} />
      <ol class="events stream">
        ${reading.value?.map(
          (other) => html`
            <li
              key=${other.version}
              class=${other.version === event.version ? "line own" : "line"}
              aria-current=${other.version === event.version ? "true" : undefined}
            >
              <${EventLine} event=${other} />
            </li>
          `,
        )}
      </ol>
    <//>
  `;
}

/** The event's proof, checked here and not by the server. */
/** @param {{ sequence: number }} props */
function Proof({ sequence }) {
  const reading = useReading(`/audit/proofs/${sequence}`, () => checkProof(sequence));
  const result = reading.value;
  return html`
    <${Panel}
      title="Proof"
      aside=${html`
        <button type="button" class="small" onClick=${reading.again}>Check again</button>
      `}
    >
      <${Trouble} words=${reading.error} />
      ${
        result &&
        html`
          <p role="status">
            <${Badge} word=${result.holds ? "proved" : "does not hold"} tone=${result.holds ? "good" : "bad"} />
            ${" "}${result.words}
          </p>
          <ol class="plain steps">
            ${result.steps.map(
              (step) => html`
                <li>
                  <span>${step.name}</span>
                  ${" "}
                  <code>${step.hash}</code>
                </li>
              `,
            )}
          </ol>
          <details>
            <summary>The proof as JSON</summary>
            <${Json} value=${result.proof} path=${`/audit/proofs/${sequence}`} label="The proof as JSON" />
          </details>
        `
      }
    <//>
  `;
}
