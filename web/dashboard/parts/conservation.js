// Whether money was made or lost: per currency, what is in the accounts is what went in less what went out.

import { html } from "../vendor.js";
import { count } from "../lib/format.js";
import { audit, ledger } from "../lib/live.js";
import { money } from "../lib/money.js";

/** @typedef {{ good: boolean, words: string, detail: string }} Light */

/**
 * What the read model and, where there is one, the auditor say together.
 * @returns {Light | null} null: nothing is known yet
 */
function light() {
  const lines = ledger.value;
  if (lines === null) return null;
  const checked = audit.value;
  /** @type {{ sequence: number | null, firstSequence: number, violation: string }[]} */
  const violations = checked?.violations ?? [];
  const found = checked?.violationsTotal ?? violations.length;
  const lost = Object.entries(/** @type {Record<string, boolean>} */ (checked?.conserved ?? {}))
    .filter(([, holds]) => !holds)
    .map(([currency]) => currency);
  const apart = lines.filter(({ agrees }) => !agrees).map(({ currency }) => currency);
  const wrong = [...new Set([...lost, ...apart])];
  const first = violations[0];
  const detail = checked?.error
    ? `The auditor stands still at event ${count(checked.auditedTo)}: ${checked.error}`
    : checked
      ? `The auditor has checked the log up to event ${count(checked.auditedTo)}${checked.head > checked.auditedTo ? ` of ${count(checked.head)}` : ""}.`
      : "Balances are what went in less what went out.";
  if (first !== undefined)
    return {
      good: false,
      words: `The auditor found ${found === 1 ? "a violation" : `${count(found)} violations`}`,
      detail: `At event ${count(first.sequence ?? first.firstSequence)}: ${first.violation}`,
    };
  if (wrong.length > 0) return { good: false, words: `Not conserved: ${wrong.join(", ")}`, detail };
  return { good: true, words: lines.length === 0 ? "Nothing to conserve yet" : "Every cent is conserved", detail };
}

export function Conservation() {
  const now = light();
  if (now === null) return null;
  return html`
    <div class="conservation" data-good=${now.good}>
      <span class="lamp" aria-hidden="true"></span>
      <div>
        <p class="strong" role="status">${now.words}</p>
        <p class="small muted">${now.detail}</p>
      </div>
    </div>
  `;
}

/**
 * An amount without its currency, which its line names.
 * @param {string} amount
 * @param {string} currency
 * @returns {string}
 */
function bare(amount, currency) {
  return money(amount, currency).replace(`\u00a0${currency}`, "");
}

export function Totals() {
  const lines = ledger.value ?? [];
  if (lines.length === 0) return null;
  return html`
    <div class="scroll" tabindex="0" role="region" aria-label="Totals per currency">
      <table>
        <thead>
          <tr>
            <th scope="col">Currency</th>
            <th scope="col" class="number">In the accounts</th>
            <th scope="col" class="number roomy">Went in, and out</th>
          </tr>
        </thead>
        <tbody>
          ${lines.map(
            (line) => html`
              <tr key=${line.currency}>
                <th scope="row">
                  ${line.currency}
                  <span class="aside">${count(line.accounts)} ${line.accounts === 1 ? "account" : "accounts"}</span>
                </th>
                <td class="number strong">${bare(line.balances, line.currency)}</td>
                <td class="number roomy muted">
                  +${bare(line.in, line.currency)}
                  <br />
                  −${bare(line.out, line.currency)}
                </td>
              </tr>
            `,
          )}
        </tbody>
      </table>
    </div>
  `;
}
