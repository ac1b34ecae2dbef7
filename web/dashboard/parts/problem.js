// What went wrong, in words and numbers, with a way on.

import { html } from "../vendor.js";
import { Problem } from "../lib/api.js";
import { spaced } from "../lib/format.js";
import { Money } from "./money.js";

/** Members that frame a problem and say nothing about the case. */
const FRAME = new Set(["type", "title", "status", "detail", "error", "code", "instance", "success", "commandId"]);
const AMOUNTS = new Set([
  "balance",
  "available",
  "required",
  "held",
  "overdraftLimit",
  "amount",
  "limit",
  "remaining",
  "maxBalance",
  "perTransaction",
  "perDay",
  "spent",
  "captured",
  "left",
]);

/** A line for a read that failed, with the button that reads again. */
/** @param {{ words: string, again?: () => void }} props */
export function Trouble({ words, again }) {
  if (words === "") return null;
  return html`
    <p class="trouble" role="status">
      <span>${words}</span>
      ${
        again &&
        html`
          <button type="button" class="small" onClick=${again}>Try again</button>
        `
      }
    </p>
  `;
}

/** A refusal or a failure of a command. */
/** @param {{ problem: Problem, account?: string | undefined, id?: string }} props */
export function Refusal({ problem, account, id }) {
  const { members } = problem;
  const code = typeof members.code === "string" ? members.code : "";
  const facts = Object.entries(members).filter(([name, value]) => !FRAME.has(name) && value !== null);
  const currency = typeof members.currency === "string" ? members.currency : undefined;
  return html`
    <div class="outcome" data-kind=${problem.isUnsettled ? "unknown" : "refused"} role="alert">
      <p class="headline" id=${id}>${problem.message}</p>
      ${
        problem.isUnsettled &&
        html`
          <p>Sending it again is safe: it goes out with the same key, and is carried out once.</p>
        `
      }
      <dl class="pairs">
        ${facts.map(
          ([name, value]) => html`
            <div key=${name}>
              <dt>${spaced(name)}</dt>
              <dd>
                ${
                  AMOUNTS.has(name)
                    ? html`
                        <${Money}
                          amount=${value}
                          currency=${currency}
                          account=${String(members.accountId ?? account ?? "")}
                        />
                      `
                    : typeof value === "object"
                      ? JSON.stringify(value)
                      : String(value)
                }
              </dd>
            </div>
          `,
        )}
        ${
          code &&
          html`
            <div>
              <dt>Code</dt>
              <dd><a href=${`/problems/${code}`}>${code}</a></dd>
            </div>
          `
        }
      </dl>
    </div>
  `;
}
