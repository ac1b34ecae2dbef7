// One command: what was asked, what the answer was, what came of it.

import { html } from "../vendor.js";
import { get } from "../lib/api.js";
import { typeWords } from "../lib/format.js";
import { useReading } from "../lib/refresh.js";
import { href } from "../lib/route.js";
import { Badge } from "../parts/badge.js";
import { Empty } from "../parts/empty.js";
import { Json } from "../parts/json.js";
import { AccountLink, EventLink } from "../parts/links.js";
import { Money } from "../parts/money.js";
import { Panel } from "../parts/panel.js";
import { Trouble } from "../parts/problem.js";

/** @typedef {import("../lib/feed.js").LedgerEvent} LedgerEvent */

/** @param {{ id: string }} props */
export function CommandPage({ id }) {
  const path = `/commands/${encodeURIComponent(id)}`;
  const reading = useReading(path, async () => (await get(path)).body);
  const found = reading.value;
  const title = html`
    <div class="title">
      <h1>
        Command${" "}
        <span class="mono">${id}</span>
      </h1>
      ${
        found &&
        html`
          <${Badge} word=${found.status} />
        `
      }
      <span class="row end"><a class="button" href=${href(["commands"])}>Command log</a></span>
    </div>
  `;
  if (found === null) {
    const nothing = reading.problem?.status === 404;
    return html`
      ${title}${
        nothing
          ? html`
              <${Empty} title="Nothing is recorded under this id.">
                <p class="muted">
                  A command that was refused is recorded when it had an idempotency key. The same key may be sent again:
                  it is carried out once.
                </p>
                <a class="button" href=${href(["commands"])}>Command log</a>
              <//>
            `
          : html`
              <${Trouble} words=${reading.error} again=${reading.again} />
            `
      }
    `;
  }
  /** @type {LedgerEvent[]} */
  const events = found.events;
  return html`
    ${title}
    <${Panel} title=${found.status === "accepted" ? "It was carried out" : "It was refused"}>
      ${
        found.status === "rejected" &&
        html`
          <p>
            ${found.answer.error}${" "}
            <a href=${`/problems/${found.code}`}>${found.code}</a>
          </p>
        `
      }
      <ul class="plain">
        ${events.map(
          (event) => html`
            <li key=${event.sequenceNumber}>
              <${EventLink} sequence=${event.sequenceNumber} />
              ${" "}${typeWords(event.type)},${" "}
              <${AccountLink} id=${event.aggregateId} />
              ${
                event.data.amount !== undefined &&
                html`
                  ,${" "}
                  <${Money} amount=${event.data.amount} account=${event.aggregateId} />
                `
              }
            </li>
          `,
        )}
      </ul>
    <//>
    <${Panel} title="As JSON"><${Json} value=${found} path=${path} label="The command as JSON" /><//>
  `;
}
