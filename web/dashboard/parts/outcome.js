// What a command did, or in a preview would do: the events, and the accounts before and after.

import { html } from "../vendor.js";
import { typeWords } from "../lib/format.js";
import { AccountLink, EventLink } from "./links.js";
import { Money } from "./money.js";

/** @typedef {Record<string, any>} Values */

/** @param {{ answer: Values, currency?: string | undefined }} props */
export function Outcome({ answer, currency }) {
  const dry = answer.dryRun === true;
  if (Array.isArray(answer.results))
    return html`
      <${Results} results=${answer.results} dry=${dry} />
    `;
  /** @type {Values[]} */
  const events = answer.events ?? [];
  /** @type {Values[]} */
  const accounts = answer.accounts ?? (answer.account ? [answer.account] : []);
  const created = events.find(({ type }) => type === "ACCOUNT_CREATED")?.data.currency;
  return html`
    <div class="outcome" data-kind=${dry ? "preview" : "accepted"}>
      <p class="headline">${dry ? "It would be accepted. Nothing was written." : "Done: it is in the log, on disk."}</p>
      <ul class="plain">
        ${events.map(
          (event) => html`
            <li>
              ${
                dry
                  ? ""
                  : html`
                      <${EventLink} sequence=${event.sequenceNumber} />
                      ${" "}
                    `
              }${typeWords(event.type)},${" "}
              <${AccountLink} id=${event.aggregateId} />
              ${
                event.data.amount !== undefined &&
                html`
                  ,${" "}
                  <${Money} amount=${event.data.amount} currency=${currency ?? created} account=${event.aggregateId} />
                `
              }
            </li>
          `,
        )}
      </ul>
      <dl class="pairs">
        ${accounts.map(
          (account) => html`
            <div>
              <dt>${dry ? "Then" : "Now"}, ${account.accountId}</dt>
              <dd>
                <${Money} amount=${account.balance} currency=${currency ?? created} account=${account.accountId} />
                ${
                  account.available !== account.balance &&
                  html`
                    ${" "}
                    <span class="muted">
                      (
                      <${Money}
                        amount=${account.available}
                        currency=${currency ?? created}
                        account=${account.accountId}
                      />
                      ${" "}available)
                    </span>
                  `
                }
              </dd>
            </div>
          `,
        )}
      </dl>
    </div>
  `;
}

/** One line for each command of a batch. */
/** @param {{ results: Values[], dry: boolean }} props */
function Results({ results, dry }) {
  const refused = results.filter((result) => (result.status ?? 200) >= 400).length;
  const accepted = results.length - refused;
  return html`
    <div class="outcome" data-kind=${refused > 0 ? "refused" : dry ? "preview" : "accepted"}>
      <p class="headline">
        ${dry ? `${accepted} would be accepted, ${refused} refused. Nothing was written.` : `${accepted} accepted, ${refused} refused.`}
      </p>
      <ol class="plain">
        ${results.map(
          (result, place) => html`
            <li key=${place}>
              ${
                result.code
                  ? `${result.code}: ${result.error ?? result.detail ?? ""}`
                  : html`
                      <${EventLink} sequence=${result.sequence} />
                    `
              }
            </li>
          `,
        )}
      </ol>
    </div>
  `;
}
