// The process: what is in memory, where things are stored, with which settings it runs, and where to read on.

import { html, useEffect } from "../vendor.js";
import { get, Problem } from "../lib/api.js";
import { offers, version } from "../lib/contract.js";
import { count, duration, rate } from "../lib/format.js";
import { connection, reconnects, sampled, samples, stats } from "../lib/live.js";
import { useReading, whileVisible } from "../lib/refresh.js";
import { Badge } from "../parts/badge.js";
import { asCurl, Copy } from "../parts/copy.js";
import { Figure, Panel } from "../parts/panel.js";
import { Trouble } from "../parts/problem.js";

/** @typedef {{ name: string, value: string, source: string }} Setting */

const LOOK_EVERY_MS = 5_000;

export function SystemPage() {
  void sampled.value;
  const ready = useReading("ready", async () => {
    try {
      await get("/readyz");
      return { words: "ready", tone: "good", why: "" };
    } catch (error) {
      if (error instanceof Problem)
        return { words: String(error.members.code ?? "not ready"), tone: "bad", why: error.message };
      throw error;
    }
  });
  useEffect(() => whileVisible(ready.again, LOOK_EVERY_MS), []);
  const now = stats.value;
  const newest = samples[samples.length - 1];
  const actors = now?.actors;
  const journal = now?.journal;
  return html`
    <div class="title">
      <h1>System</h1>
      <span class="muted">Bursar ${version.value}</span>
      ${
        ready.value &&
        html`
          <${Badge} word=${ready.value.words} tone=${ready.value.tone} />
        `
      }
    </div>
    <${Trouble} words=${ready.error || (ready.value?.why ?? "")} again=${ready.again} />
    <div class="two">
      <${Panel} title="Accounts in memory">
        <dl class="figures small">
          <${Figure} name="Resident actors">${count(actors?.resident)}<//>
          <${Figure} name="Loaded since start">${count(actors?.loaded)}<//>
          <${Figure} name="Left memory" title="Not asked for lately, and others needed the room">
            ${count(actors?.passivated)}
          <//>
          <${Figure} name="Shards" title="Threads for account actors">${count(actors?.shards)}<//>
          <${Figure} name="In mailboxes" title="Commands that wait for a decision">${count(actors?.mailboxes)}<//>
          <${Figure} name="Commands in flight">
            ${count(actors?.commandsInFlight)} of ${count(actors?.commandsInFlightMax)}
          <//>
        </dl>
      <//>
      <${Panel} title="Journal">
        <dl class="figures small">
          <${Figure} name="Events in the log">${count(now?.headSequence)}<//>
          <${Figure} name="Commits" title="Of this process">${count(journal?.batches)}<//>
          <${Figure} name="Events committed" title="Of this process">${count(journal?.events)}<//>
          <${Figure} name="Waiting for a commit">${count(journal?.queued)}<//>
          <${Figure} name="Last commit">${duration(journal === undefined ? null : journal.lastCommitMicros / 1000)}<//>
          <${Figure} name="Commit p99" title="Of the last second with commits">${duration(newest?.commitP99)}<//>
        </dl>
      <//>
      <${Panel} title="Live subscribers">
        <dl class="figures small">
          <${Figure} name="Connected">${count(now?.feed.subscribers)}<//>
          <${Figure} name="Ended for silence" title="Clients that left a Ping unanswered">${count(now?.feed.reaped)}<//>
          <${Figure} name="This page"><span>${connection.value.state}</span><//>
          <${Figure} name="Reconnected">${count(reconnects.value)}<//>
          <${Figure} name="Events per second">${rate(newest?.events)}<//>
        </dl>
      <//>
      <${Panel} title="Read on">
        <ul class="plain links">
          <li>
            <a href="/docs">API documentation</a>
            , browsable
          </li>
          <li>
            <a href="/openapi.json">openapi.json</a>
            ${" "}and${" "}
            <a href="/asyncapi.json">asyncapi.json</a>
            , for machines
          </li>
          <li>
            <a href="/metrics">Metrics</a>
            , for Prometheus
          </li>
          <li>
            <a href="/problems">Problems</a>
            : every code, and what helps
          </li>
          <li>
            <a href="/readyz">Readiness</a>
            ,${" "}
            <a href="/livez">liveness</a>
          </li>
        </ul>
      <//>
    </div>
    ${
      offers("/config") &&
      html`
        <${Node} />
      `
    }
  `;
}

/** Where this process keeps things, what it serves, and with which settings; secrets are masked by the server. */
function Node() {
  const reading = useReading("/config", async () => {
    /** @type {Setting[]} */
    const settings = (await get("/config")).body;
    return settings;
  });
  const value = (/** @type {string} */ name) => reading.value?.find((setting) => setting.name === name)?.value ?? "";
  const stored = (/** @type {string} */ url, /** @type {string} */ server) =>
    value(url) === "" ? `SQLite, in ${value("data-dir")}` : `${server}, ${value(url)}`;
  return html`
    ${
      reading.value !== null &&
      html`
        <${Panel} title="Stores, and this node">
          <dl class="pairs">
            <div>
              <dt>Log</dt>
              <dd>${stored("database-url", "Postgres")}</dd>
            </div>
            <div>
              <dt>Read models</dt>
              <dd>${stored("redis-url", "Redis")}</dd>
            </div>
            <div>
              <dt>Serves</dt>
              <dd>${value("facades").replaceAll(",", ", ")}</dd>
            </div>
            <div>
              <dt>Listens on</dt>
              <dd>${value("host")}</dd>
            </div>
          </dl>
        <//>
      `
    }
    <${Panel}
      title="Configuration in force"
      flush
      aside=${html`
        <${Copy} text=${() => asCurl("/config")}>Copy as curl<//>
      `}
    >
      <${Trouble} words=${reading.error} again=${reading.again} />
      ${
        reading.value !== null &&
        html`
          <div class="scroll" tabindex="0" role="region" aria-label="Configuration in force">
            <table>
              <thead>
                <tr>
                  <th scope="col">Setting</th>
                  <th scope="col">Value</th>
                  <th scope="col">Source</th>
                </tr>
              </thead>
              <tbody>
                ${reading.value.map(
                  ({ name, value, source }) => html`
                    <tr key=${name}>
                      <th scope="row" class="mono">${name}</th>
                      <td class="mono wrap">
                        ${
                          value === ""
                            ? html`
                                <span class="muted">not set</span>
                              `
                            : value
                        }
                      </td>
                      <td class=${source === "default" ? "muted" : ""}>${source}</td>
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
