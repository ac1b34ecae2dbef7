// The log as it grows: followed live, held still, or read from any place, all of it or what fits a filter.

import { html, useEffect, useRef, useState } from "../vendor.js";
import { get, nextPage, numberHeader, withQuery, words } from "../lib/api.js";
import { eventTypes } from "../lib/contract.js";
import { startFeed } from "../lib/feed.js";
import { count, typeWords } from "../lib/format.js";
import { connection, end, EVENTS_KEPT, head, received, recent, reconnects, restarts } from "../lib/live.js";
import { useReading } from "../lib/refresh.js";
import { refine, route } from "../lib/route.js";
import { asCurl, Copy } from "../parts/copy.js";
import { Empty, EmptyLedger } from "../parts/empty.js";
import { EventLine } from "../parts/event-line.js";
import { AccountInput } from "../parts/field.js";
import { Trouble } from "../parts/problem.js";
import { Rows } from "../parts/rows.js";

/** @typedef {import("../lib/feed.js").LedgerEvent} LedgerEvent */
/** @typedef {import("../lib/feed.js").FeedState} FeedState */

const PAGE = 100;
const LINE_HEIGHT = 40;
/** With its data; on a phone that takes more lines. */
const EXPANDED_HEIGHT = matchMedia("(max-width: 48rem)").matches ? 168 : 104;
/** How far before the head a filter looks at first; also one step back of a search. */
const FILTER_LOOKS_BACK = 20_000;
const STEPS_BACK_MAX = 50;
const EXPORT_MAX = 100_000;
const DRAW_GAP_MS = 150;
/** What a list says of its own feed. */
const WAITING = "Waiting for the server.";
const STATES = { connecting: WAITING, waiting: WAITING, "catching-up": "Reading…", live: "" };

export function EventsPage() {
  const { query } = route.value;
  const filter = filterOf(query);
  const filtered = Object.keys(filter).length > 0;
  const at = /^[0-9]{1,15}$/.test(query.at ?? "") ? Number(query.at) : null;
  return html`
    <div class="title"><h1>Events</h1></div>
    <${Toolbar} filter=${filter} at=${at} />
    ${
      at !== null
        ? html`
            <${FromPlace} key=${restarts.value} at=${at} filter=${filter} />
          `
        : filtered
          ? html`
              <${Filtered} key=${JSON.stringify(filter)} filter=${filter} />
            `
          : html`
              <${Everything} />
            `
    }
  `;
}

/**
 * The server's parameters for what the address says.
 * @param {Record<string, string>} query
 * @returns {Record<string, string>}
 */
function filterOf({ type, account, correlation }) {
  return {
    ...(account ? { accountId: account } : {}),
    ...(type ? { type } : {}),
    ...(correlation ? { correlationId: correlation } : {}),
  };
}

/** @param {{ filter: Record<string, string>, at: number | null }} props */
function Toolbar({ filter, at }) {
  const { type = "", account = "", correlation = "", expand = "" } = route.value.query;
  const [place, setPlace] = useState(at === null ? "" : String(at));
  const [said, setSaid] = useState("");
  useEffect(() => setPlace(at === null ? "" : String(at)), [at]);
  const take = (/** @type {string} */ name) => (/** @type {Event} */ event) => {
    if (event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement)
      refine({ [name]: event.target.value.trim() });
  };
  const jump = (/** @type {Event} */ event) => {
    event.preventDefault();
    refine({ at: place });
  };
  const save = async () => {
    try {
      const { saved, next } = await exported(filter, at ?? 1, end.peek(), (done) =>
        setSaid(`${count(done)} events read…`),
      );
      const rest = next === null ? "" : ` Newer ones are not in the file: jump to ${next} and export again.`;
      setSaid(`${count(saved)} events saved, in log order.${rest}`);
    } catch (error) {
      setSaid(words(error));
    }
  };
  const path = withQuery("/events", { fromSequence: Math.max(0, (at ?? 1) - 1), limit: PAGE, ...filter });
  return html`
    <div class="toolbar">
      <label>
        <span class="hidden">Type</span>
        <select value=${type} onChange=${take("type")}>
          <option value="">Any type</option>
          ${eventTypes.value.map(
            (name) => html`
              <option value=${name}>${typeWords(name)}</option>
            `,
          )}
        </select>
      </label>
      <label class="grow">
        <span class="hidden">Account</span>
        <${AccountInput}
          fresh=${false}
          type="search"
          value=${account}
          placeholder="Account"
          onChange=${take("account")}
        />
      </label>
      <label class="grow">
        <span class="hidden">Correlation id</span>
        <input type="search" value=${correlation} placeholder="Correlation id" onChange=${take("correlation")} />
      </label>
      <form class="row" onSubmit=${jump}>
        <label>
          <span class="hidden">Jump to sequence</span>
          <input
            class="short"
            inputmode="numeric"
            pattern="[0-9]{1,15}"
            title="A sequence number"
            placeholder="Sequence"
            required
            value=${place}
            onInput=${(/** @type {Event} */ event) => {
              if (event.target instanceof HTMLInputElement) setPlace(event.target.value);
            }}
          />
        </label>
        <button type="submit">Jump</button>
      </form>
      <button type="button" aria-pressed=${expand !== ""} onClick=${() => refine({ expand: expand === "" ? 1 : "" })}>
        Expand all
      </button>
      <button type="button" onClick=${save}>Export</button>
      <${Copy} text=${() => asCurl(path)}>Copy as curl<//>
    </div>
    <p role="status" class="note">${said}</p>
  `;
}

/** The newest events of the whole log. */
function Everything() {
  const events = recent.value;
  return html`
    <${Tail}
      events=${events}
      total=${received.value}
      state=${connection.value.state}
      empty=${html`
        <${EmptyLedger} />
      `}
    />
  `;
}

/** The newest events that fit a filter, by a feed of their own. */
/** @param {{ filter: Record<string, string> }} props */
function Filtered({ filter }) {
  const [events, setEvents] = useState(/** @type {LedgerEvent[]} */ ([]));
  const [state, setState] = useState(/** @type {FeedState} */ ("connecting"));
  const [refused, setRefused] = useState("");
  const total = useRef(0);
  useEffect(() => {
    /** @type {LedgerEvent[]} */
    let kept = [];
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    const draw = () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        setEvents(kept.slice(-EVENTS_KEPT));
      }, DRAW_GAP_MS);
    };
    const feed = startFeed(
      { filter, history: FILTER_LOOKS_BACK },
      {
        onEvents(fresh) {
          kept.push(...fresh);
          total.current += fresh.length;
          if (kept.length > 2 * EVENTS_KEPT) kept = kept.slice(-EVENTS_KEPT);
          draw();
        },
        onRestart() {
          kept = [];
          draw();
        },
        onState: setState,
        onRefused: setRefused,
      },
    );
    return () => {
      clearTimeout(timer);
      feed.stop();
    };
  }, []);
  if (refused !== "")
    return html`
      <${Trouble} words=${refused} />
    `;
  const first = events[0]?.sequenceNumber ?? Math.max(1, head.value - FILTER_LOOKS_BACK + 1);
  const empty = html`
    <${Empty} title=${`Nothing of this kind among the newest ${count(FILTER_LOOKS_BACK)} events.`}>
      <p class="muted">What comes from now on appears here.</p>
      <div class="row center">
        <${Older} before=${first} filter=${filter} />
        <button type="button" onClick=${() => refine({ type: "", account: "", correlation: "" })}>
          Show all events
        </button>
      </div>
    <//>
  `;
  return html`
    <${Tail} events=${events} total=${total.current} state=${state} empty=${empty} filter=${filter} />
  `;
}

/** @param {{ events: LedgerEvent[], total: number, state: FeedState, empty: unknown, filter?: Record<string, string> }} props */
function Tail({ events, total, state, empty, filter = {} }) {
  /** What stood there when the reader said stop. */
  const [held, setHeld] = useState(/** @type {{ events: LedgerEvent[], total: number } | null} */ (null));
  const shown = held?.events ?? events;
  const fresh = held === null ? 0 : total - held.total;
  const lost = reconnects.value;
  const first = shown[0]?.sequenceNumber;
  return html`
    <div class="row tail">
      <button
        type="button"
        class=${held ? "primary" : ""}
        aria-pressed=${held !== null}
        onClick=${() => setHeld(held === null ? { events, total } : null)}
      >
        ${held === null ? "Pause" : "Resume"}
      </button>
      ${
        held !== null &&
        html`
          <span class="strong">${fresh === 0 ? "Nothing new so far." : `${count(fresh)} new.`}</span>
        `
      }
      <span class="muted small" data-received=${received.value}>
        ${STATES[state]} ${count(received.value)} received since this page was opened, none
        missing${lost > 0 ? `; reconnected ${lost === 1 ? "once" : `${lost} times`}` : ""}.
      </span>
      <span class="end row">
        ${
          first !== undefined &&
          html`
            <${Older} before=${first} filter=${filter} />
          `
        }
      </span>
    </div>
    ${
      shown.length === 0
        ? state === "live" && empty
        : html`
            <${EventList} events=${shown} newestFirst />
          `
    }
  `;
}

/** Goes to the events before a place; with a filter it looks for the nearest ones. */
/** @param {{ before: number, filter: Record<string, string> }} props */
function Older({ before, filter }) {
  const [said, setSaid] = useState("");
  const go = async () => {
    if (Object.keys(filter).length === 0) return refine({ at: Math.max(1, before - PAGE) });
    setSaid("Looking…");
    try {
      let end = before;
      let reach = FILTER_LOOKS_BACK;
      for (let step = 0; step < STEPS_BACK_MAX && end > 1; step += 1) {
        const start = Math.max(0, end - 1 - reach);
        const { headers, body } = await get(withQuery("/events", { ...filter, fromSequence: start, limit: 1000 }));
        /** @type {LedgerEvent[]} */
        const found = body.filter((/** @type {LedgerEvent} */ event) => event.sequenceNumber < before);
        if (found.length === body.length && nextPage(headers) !== null) {
          // The nearest ones are beyond this answer, which has the first of its reach.
          reach = Math.ceil(reach / 2);
          continue;
        }
        if (found.length > 0) return refine({ at: found[Math.max(0, found.length - PAGE)]?.sequenceNumber });
        end = start + 1;
        reach = Math.min(FILTER_LOOKS_BACK, 2 * reach);
      }
      setSaid(end <= 1 ? "There are no older ones." : "None found so far; jump to a lower sequence.");
    } catch (error) {
      setSaid(words(error));
    }
  };
  return html`
    <span role="status" class="muted">${said}</span>
    <button type="button" disabled=${before <= 1} onClick=${go}>Older</button>
  `;
}

/** A page of the log from a place on. */
/** @param {{ at: number, filter: Record<string, string> }} props */
function FromPlace({ at, filter }) {
  // A place beyond the head is an error to the server.
  const beyond = at > end.value;
  /** @type {import("../lib/refresh.js").Reading<{ found: LedgerEvent[], readTo: number }>} */
  const reading = useReading(beyond ? null : withQuery("/events", { ...filter, at }), async () => {
    const before = reading.value ?? { found: [], readTo: Math.max(0, at - 1) };
    // One more than is shown, which tells that there is more. Until it is there, only what has come since is read.
    const limit = PAGE + 1 - before.found.length;
    if (limit <= 0) return before;
    const { headers, body } = await get(withQuery("/events", { ...filter, fromSequence: before.readTo, limit }));
    return { found: [...before.found, ...body], readTo: numberHeader(headers, "X-Head-Sequence") ?? before.readTo };
  });
  const shown = reading.value;
  const more = shown !== null && shown.found.length > PAGE;
  useEffect(() => {
    if (shown !== null && !more && end.value > shown.readTo) reading.again();
  }, [end.value, shown]);
  const events = shown?.found.slice(0, PAGE) ?? [];
  const first = events[0]?.sequenceNumber ?? at;
  const last = events[events.length - 1]?.sequenceNumber ?? at;
  return html`
    <div class="row tail">
      <button type="button" class="primary" onClick=${() => refine({ at: "" })}>Follow live</button>
      ${
        !beyond &&
        html`
          <span class="muted small">From ${count(at)} of ${count(end.value)}.</span>
        `
      }
      <span class="end row">
        <${Older} key=${first} before=${Math.min(first, end.value + 1)} filter=${filter} />
        <button type="button" disabled=${!more} onClick=${() => refine({ at: last + 1 })}>Newer</button>
      </span>
    </div>
    <${Trouble} words=${reading.error} again=${reading.again} />
    ${
      (shown !== null || (beyond && end.value > 0)) &&
      (events.length === 0
        ? html`
            <${Empty}
              title=${beyond ? `There is no event ${count(at)} yet: the log ends at ${count(end.value)}.` : "Nothing of this kind from here on."}
            >
              <button type="button" onClick=${() => refine({ at: "" })}>Follow live</button>
            <//>
          `
        : html`
            <${EventList} events=${events} />
          `)
    }
  `;
}

/** @param {{ events: LedgerEvent[], newestFirst?: boolean }} props */
function EventList({ events, newestFirst = false }) {
  const expanded = Boolean(route.value.query.expand);
  const at = (/** @type {number} */ place) => events[newestFirst ? events.length - 1 - place : place];
  return html`
    <div class="panel flush">
      <${Rows}
        class="events tall"
        label=${newestFirst ? "Events, newest first" : "Events in log order"}
        count=${events.length}
        of=${newestFirst ? "" : String(events[0]?.sequenceNumber)}
        height=${expanded ? EXPANDED_HEIGHT : LINE_HEIGHT}
        keyOf=${(/** @type {number} */ place) => at(place)?.sequenceNumber ?? place}
        row=${(/** @type {number} */ place) => {
          const event = at(place);
          if (event === undefined) return null;
          return html`
            <${EventLine} event=${event} />
            ${
              expanded &&
              html`
                <pre class="inline" tabindex="0">
${JSON.stringify(event.data)}${"\n"}version ${event.version} · command ${event.commandId} · correlation ${event.correlationId}${Object.keys(event.metadata ?? {}).length > 0 ? ` · metadata ${JSON.stringify(event.metadata)}` : ""}</pre>
              `
            }
          `;
        }}
      />
    </div>
  `;
}

/**
 * Saves events as a file of JSON lines, in log order.
 * @param {Record<string, string>} filter
 * @param {number} from the first sequence
 * @param {number} end the last one
 * @param {(done: number) => void} onProgress
 * @returns {Promise<{ saved: number, next: number | null }>} how many, and where they go on if these are not all
 */
async function exported(filter, from, end, onProgress) {
  const lines = [];
  let place = Math.max(0, from - 1);
  let more = place < end;
  while (more && lines.length < EXPORT_MAX) {
    const answer = await get(withQuery("/events", { ...filter, fromSequence: place, limit: 1000 }));
    /** @type {LedgerEvent[]} */
    const events = answer.body;
    for (const event of events) if (event.sequenceNumber <= end) lines.push(`${JSON.stringify(event)}\n`);
    onProgress(lines.length);
    place = events[events.length - 1]?.sequenceNumber ?? end;
    more = place < end && nextPage(answer.headers) !== null;
  }
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(lines, { type: "application/x-ndjson" }));
  link.download = "events.ndjson";
  link.click();
  URL.revokeObjectURL(link.href);
  return { saved: lines.length, next: more ? place + 1 : null };
}
