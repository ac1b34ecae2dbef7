// Every command that the server takes, as a form, and what became of those that were sent.

import { html, useEffect, useState } from "../vendor.js";
import { get, nextPage, withQuery } from "../lib/api.js";
import { commandForms, contract } from "../lib/contract.js";
import { duration, spaced } from "../lib/format.js";
import { onEvents } from "../lib/live.js";
import { useReading, whileVisible } from "../lib/refresh.js";
import { href, refine, route } from "../lib/route.js";
import { Badge } from "../parts/badge.js";
import { CommandForm } from "../parts/command-form.js";
import { asCurl, Copy } from "../parts/copy.js";
import { AccountInput } from "../parts/field.js";
import { EventLink } from "../parts/links.js";
import { Money } from "../parts/money.js";
import { Panel } from "../parts/panel.js";
import { Trouble } from "../parts/problem.js";
import { Time } from "../parts/time.js";

const PAGE = 50;
/** A refusal leaves no event, so the log is looked at now and then as well. */
const LOOK_EVERY_MS = 3_000;
const REFRESH_GAP_MS = 750;
/** Parameters of the address that are the log's filters; the others fill the form in. */
const FILTERS = new Set(["status", "by", "before"]);

/** @typedef {Record<string, any>} Line */

/** @param {{ name: string | undefined }} props */
export function CommandsPage({ name }) {
  const forms = commandForms.value;
  const form = forms.find((one) => one.route === name) ?? forms[0];
  const given = Object.fromEntries(Object.entries(route.value.query).filter(([member]) => !FILTERS.has(member)));
  const draft = `${form?.route} ${JSON.stringify(given)}`;
  const [sent, setSent] = useState(0);
  return html`
    <div class="title"><h1>Commands</h1></div>
    <div class="two uneven">
      <${Panel} title=${form === undefined ? "Commands" : spaced(form.route)}>
        ${
          contract.value === null &&
          html`
            <p class="note">Reading what the server offers…</p>
          `
        }
        <div class="choices" role="group" aria-label="Which command">
          ${forms.map(
            (one) => html`
              <a
                key=${one.route}
                class="choice"
                aria-current=${one === form ? "true" : undefined}
                href=${href(["commands", one.route])}
              >
                ${spaced(one.route)}
              </a>
            `,
          )}
        </div>
        ${
          form &&
          html`
            <${CommandForm}
              key=${draft}
              form=${form}
              draft=${draft}
              given=${given}
              autofocus=${name !== undefined}
              onDone=${() => setSent((times) => times + 1)}
            />
          `
        }
      <//>
      <${CommandLog} sent=${sent} />
    </div>
  `;
}

/** @param {{ sent: number }} props */
function CommandLog({ sent }) {
  const { status = "", by = "", before = "" } = route.value.query;
  const path = withQuery("/commands/log", { limit: PAGE, status, accountId: by, before });
  const reading = useReading(
    path,
    async () => {
      const answer = await get(path);
      /** @type {Line[]} */
      const lines = answer.body;
      const next = nextPage(answer.headers);
      return {
        lines: lines.reverse(),
        older: next === null ? null : new URL(next, location.href).searchParams.get("before"),
      };
    },
    REFRESH_GAP_MS,
  );
  useEffect(() => {
    // An older page does not change.
    if (before !== "") return;
    const ended = onEvents(reading.again);
    const stopped = whileVisible(reading.again, LOOK_EVERY_MS);
    return () => {
      ended();
      stopped();
    };
  }, [path]);
  useEffect(reading.again, [sent]);
  const aside = html`
    <label>
      <span class="hidden">Status</span>
      <select
        value=${status}
        onChange=${(/** @type {Event} */ event) => {
          if (event.target instanceof HTMLSelectElement) refine({ status: event.target.value, before: "" });
        }}
      >
        <option value="">Accepted and refused</option>
        <option value="accepted">Accepted</option>
        <option value="rejected">Refused</option>
      </select>
    </label>
    <label>
      <span class="hidden">Account</span>
      <${AccountInput}
        fresh=${false}
        type="search"
        value=${by}
        placeholder="Account"
        onChange=${(/** @type {Event} */ event) => {
          if (event.target instanceof HTMLInputElement) refine({ by: event.target.value.trim(), before: "" });
        }}
      />
    </label>
    <${Copy} text=${() => asCurl(path)}>Copy as curl<//>
  `;
  const shown = reading.value;
  return html`
    <${Panel} title="Command log" aside=${aside} flush>
      <${Trouble} words=${reading.error} again=${reading.again} />
      ${
        shown?.lines.length === 0 &&
        html`
          <p class="note">
            ${
              status !== "" || by !== ""
                ? html`
                    No command fits.${" "}
                    <button type="button" class="small" onClick=${() => refine({ status: "", by: "", before: "" })}>
                      Show all
                    </button>
                  `
                : "No commands yet. Send one with the form."
            }
          </p>
        `
      }
      ${
        shown !== null &&
        shown.lines.length > 0 &&
        html`
          <div class="scroll" tabindex="0" role="region" aria-label="Command log, newest first">
            <table class="folding">
              <thead>
                <tr>
                  <th scope="col">When</th>
                  <th scope="col">Command</th>
                  <th scope="col" class="number">Amount</th>
                  <th scope="col">Outcome</th>
                  <th scope="col" class="number roomy">Latency</th>
                  <th scope="col" class="number">Event</th>
                </tr>
              </thead>
              <tbody>
                ${shown.lines.map(
                  (line) => html`
                    <${LogLine} key=${`${line.commandId} ${line.timestamp}`} line=${line} />
                  `,
                )}
              </tbody>
            </table>
          </div>
          <div class="pager">
            <span></span>
            <span class="row">
              <button type="button" disabled=${before === ""} onClick=${() => refine({ before: "" })}>Newest</button>
              <button type="button" disabled=${shown.older === null} onClick=${() => refine({ before: shown.older })}>
                Older
              </button>
            </span>
          </div>
        `
      }
    <//>
  `;
}

/** @param {{ line: Line }} props */
function LogLine({ line }) {
  const from = line.fromAccountId ?? line.accountId;
  const whom = line.toAccountId ? `${from} → ${line.toAccountId}` : (from ?? "");
  const refused = line.status === "rejected";
  return html`
    <tr>
      <td class="muted"><${Time} at=${line.timestamp} /></td>
      <td class="lead">
        <a href=${href(["commands", "log", line.commandId])}>${spaced(String(line.command).toLowerCase())}</a>
        <span class="aside" title=${whom}>${whom}</span>
      </td>
      <td class="number sum">
        ${
          line.amount !== undefined &&
          html`
            <${Money}
              amount=${line.amount}
              currency=${line.currency}
              account=${refused && line.code === "account-not-found" ? undefined : from}
            />
          `
        }
      </td>
      <td>
        <${Badge}
          word=${refused ? (line.code ?? "rejected") : "accepted"}
          tone=${refused ? "bad" : "good"}
          title=${line.error}
        />
        ${
          refused &&
          line.error &&
          html`
            <span class="aside" title=${line.error}>${line.error}</span>
          `
        }
      </td>
      <td class="number roomy muted">${duration(line.latencyMs)}</td>
      <td class="number"><${EventLink} sequence=${line.sequence} /></td>
    </tr>
  `;
}
