// The whole system at a glance, moving as it works.

import { html, useEffect, useState } from "../vendor.js";
import { get, withQuery } from "../lib/api.js";
import { count, duration, rate } from "../lib/format.js";
import { connection, end, ledger, recent, sampled, samples, SECONDS_KEPT, stats } from "../lib/live.js";
import { href } from "../lib/route.js";
import { Chart } from "../parts/chart.js";
import { Conservation, Totals } from "../parts/conservation.js";
import { EmptyLedger } from "../parts/empty.js";
import { EventLine } from "../parts/event-line.js";
import { Figure, Panel } from "../parts/panel.js";
import { Pipeline } from "../parts/pipeline.js";

const NEWEST = 8;

/** @typedef {{ at: number[], events: number[] }} Past */

export function OverviewPage() {
  const accounts = accountsOf();
  return html`
    <div class="title">
      <h1>Overview</h1>
      <span class="end"><${Conservation} /></span>
    </div>
    ${
      accounts === 0 &&
      connection.value.state === "live" &&
      html`
        <${EmptyLedger} />
      `
    }
    <${Pipeline}><${Figures} /><//>
    <${Charts} />
    <div class="two">
      <${Panel}
        title="Newest events"
        flush
        aside=${html`
          <a class="button small" href=${href(["events"])}>All events</a>
        `}
      >
        <${Newest} />
      <//>
      <${Panel} title="Totals" flush>
        ${
          accounts === 0
            ? html`
                <p class="note">The totals of each currency appear with its first account.</p>
              `
            : html`
                <${Totals} />
              `
        }
      <//>
    </div>
  `;
}

/** @returns {number | undefined} how many accounts there are, where that is known */
function accountsOf() {
  return ledger.value?.reduce((sum, line) => sum + line.accounts, 0);
}

// Each part draws when what it shows has changed, and not with the others.

function Figures() {
  void sampled.value;
  const newest = samples[samples.length - 1];
  return html`
    <dl class="figures">
      <${Figure} name="Events in the log" size="large"><${End} /><//>
      <${Figure} name="Accounts" size="large">${count(accountsOf())}<//>
      <${Figure} name="Events per second" size="large">${rate(newest?.events)}<//>
      <${Figure} name="Answered in" title="Half of the commands, within that time" size="large">
        ${duration(newest?.commandP50)}
      <//>
      <${Figure} name="Read models behind" size="large">${count(stats.value?.lagEvents)}<//>
    </dl>
  `;
}

function End() {
  return html`
    <span>${count(end.value)}</span>
  `;
}

function Charts() {
  void sampled.value;
  const past = usePast();
  const newest = samples[samples.length - 1];
  const since = samples[0]?.at ?? Infinity;
  const before = past.at.filter((at) => at < since).length;
  const at = [...past.at.slice(0, before), ...samples.map((sample) => sample.at)];
  const blank = past.at.slice(0, before).map(() => null);
  const throughput = [
    at,
    [...past.events.slice(0, before), ...samples.map(({ events }) => events)],
    [...blank, ...samples.map(({ commands }) => commands)],
  ];
  const latency = [
    at,
    ...["commandP50", "commandP99", "commitP50"].map((name) => [
      ...blank,
      ...samples.map((sample) => /** @type {Record<string, any>} */ (sample)[name]),
    ]),
  ];
  return html`
    <div class="two">
      <${Panel} title="Throughput, per second">
        <${Chart}
          data=${throughput}
          lines=${[
            { label: "Events", color: "--accent", fill: true },
            { label: "Commands", color: "--busy" },
          ]}
          label="Events and commands per second over the last minutes"
          format=${rate}
          summary=${`Now ${rate(newest?.events)} events per second`}
        />
      <//>
      <${Panel} title="Latency">
        <${Chart}
          data=${latency}
          lines=${[
            { label: "Command p50", color: "--accent" },
            { label: "Command p99", color: "--warn" },
            { label: "Commit p50", color: "--busy", dashed: true },
          ]}
          label="Latency of commands and commits over the last minutes"
          format=${duration}
          summary=${`Now ${duration(newest?.commandP50)} for half of the commands`}
        />
      <//>
    </div>
    <p class="note">Commands and latency since this page was opened, up to ${SECONDS_KEPT / 60} minutes.</p>
  `;
}

function Newest() {
  const events = recent.value.slice(-NEWEST).reverse();
  if (events.length === 0)
    return html`
      <p class="note">What happens appears here as it is committed.</p>
    `;
  return html`
    <ol class="events">
      ${events.map(
        (event) => html`
          <li key=${event.sequenceNumber} class="line"><${EventLine} event=${event} /></li>
        `,
      )}
    </ol>
  `;
}

/**
 * Events per second before the page was opened, so that the chart does not begin empty.
 * @returns {Past}
 */
function usePast() {
  const [past, setPast] = useState(/** @type {Past} */ ({ at: [], events: [] }));
  useEffect(() => {
    let current = true;
    const read = async () => {
      const from = new Date(Date.now() - (SECONDS_KEPT / 2) * 1000).toISOString();
      try {
        /** @type {import("../../types/api").components["schemas"]["Volume"]} */
        const { buckets } = (await get(withQuery("/analytics/volume", { bucket: "second", from }))).body;
        if (!current) return;
        setPast({
          at: buckets.map(({ start }) => Date.parse(start) / 1000),
          events: buckets.map(({ types }) => types.reduce((sum, type) => sum + type.count, 0)),
        });
      } catch {
        // The chart then begins with the page.
      }
    };
    void read();
    return () => {
      current = false;
    };
  }, []);
  return past;
}
