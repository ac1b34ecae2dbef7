// The way of a command through the system, drawn as it happens: every dot is an event, up to as many as an eye can follow.

import { html, useEffect, useRef } from "../vendor.js";
import { compact, count, duration, rate } from "../lib/format.js";
import { connection, ledger, onEvents, sampled, samples, stats } from "../lib/live.js";
import { href } from "../lib/route.js";

/** Dots that set out per second at the most; more could not be told apart. */
const DOTS_PER_SECOND = 14;
const DOTS_MAX = 160;
/** How long a dot takes for one hop. */
const HOP_MS = 850;

/** @type {[string, string][]} From which stage to which. */
const HOPS = [
  ["commands", "actors"],
  ["actors", "journal"],
  ["journal", "projector"],
  ["projector", "models"],
  ["journal", "subscribers"],
];

/** @typedef {{ x: number, y: number }} Point */
/** @typedef {{ from: Point, over: Point, under: Point, to: Point }} Curve of Bézier */
/** @typedef {{ hop: number, since: number, refused: boolean }} Dot */

/** @param {{ children?: unknown }} props what stands beside the stages */
export function Pipeline({ children }) {
  void sampled.value;
  const now = stats.value;
  const newest = samples[samples.length - 1];
  const actors = now?.actors;
  const journal = now?.journal;
  const projections = now?.projections ?? [];
  const slowest = projections.reduce(
    (/** @type {typeof projections[0] | undefined} */ most, one) =>
      most === undefined || one.lagEvents > most.lagEvents ? one : most,
    undefined,
  );
  const faulted = projections.filter(({ state }) => state === "faulted" || state === "paused");
  const accounts = ledger.value?.reduce((sum, { accounts: own }) => sum + own, 0);
  const commits = newest?.batchSize ? newest.events / newest.batchSize : 0;
  const subscribers = now?.feed.subscribers;
  return html`
    <section class="panel pipeline" aria-label="The pipeline, live">
      <${Flow} />
      <${Stage}
        id="commands"
        name="Commands"
        to=${["commands"]}
        main=${rate(newest?.commands)}
        unit="/s accepted"
        rows=${[
          ["refused", `${rate(newest?.refused)}/s`],
          ["answer p50", duration(newest?.commandP50)],
          ["p99", duration(newest?.commandP99)],
        ]}
        gauge=${[actors?.commandsInFlight ?? 0, actors?.commandsInFlightMax ?? 1, "in flight"]}
      />
      <${Stage}
        id="actors"
        name="Account actors"
        to=${["system"]}
        main=${compact(actors?.resident ?? NaN)}
        unit="in memory"
        rows=${[
          ["loaded", `${rate(newest?.loads)}/s`],
          ["left memory", count(actors?.passivated)],
          ["in mailboxes", count(actors?.mailboxes)],
        ]}
      />
      <${Stage}
        id="journal"
        name="Journal"
        to=${["events"]}
        main=${rate(newest?.events)}
        unit="events/s"
        rows=${[
          ["batch", newest?.batchSize ? `${newest.batchSize.toFixed(1)} events, ${rate(commits)}/s` : "–"],
          ["commit p50", duration(newest?.commitP50 ?? (journal ? journal.lastCommitMicros / 1000 : null))],
          ["p99", duration(newest?.commitP99)],
        ]}
        gauge=${[journal?.queued ?? 0, 256, "waiting"]}
      />
      <${Stage}
        id="projector"
        name="Projector"
        to=${["projections"]}
        tone=${faulted.length > 0 ? "bad" : ""}
        main=${rate(slowest ? newest?.rates[slowest.name] : null)}
        unit="applied/s"
        rows=${[
          ["lag", slowest ? `${count(slowest.lagEvents)} events, ${duration(slowest.lagMs)}` : "–"],
          [
            "state",
            faulted.length > 0
              ? faulted.map(({ name, state }) => `${name} ${state}`).join(", ")
              : projections.length > 0
                ? `${projections.length} running`
                : "–",
          ],
        ]}
        gauge=${[slowest?.lagEvents ?? 0, 1000, "behind"]}
      />
      <${Stage}
        id="models"
        name="Read models"
        to=${["accounts"]}
        main=${accounts === undefined ? "–" : compact(accounts)}
        unit="accounts"
        rows=${[["shown up to", `event ${count(now?.lastProcessedSequence)}`]]}
      />
      <${Stage}
        id="subscribers"
        name="Live subscribers"
        to=${["system"]}
        main=${compact(subscribers ?? NaN)}
        unit="connected"
        rows=${[
          ["delivered", `${rate(newest && subscribers !== undefined ? newest.events * subscribers : null)}/s`],
          ["this page", connection.value.state === "live" ? "live" : "not live"],
        ]}
      />
      ${children}
    </section>
  `;
}

/** @param {{ id: string, name: string, to: string[], main: string, unit: string, rows: [string, string][], gauge?: [number, number, string], tone?: string }} props */
function Stage({ id, name, to, main, unit, rows, gauge, tone = "" }) {
  // A queue of ten is worth seeing beside one of thousands.
  const part = gauge ? Math.min(1, Math.log1p(gauge[0]) / Math.log1p(gauge[1])) : 0;
  return html`
    <div class="stage" data-stage=${id} data-tone=${tone}>
      <h2><a href=${href(to)}>${name}</a></h2>
      <p class="main">
        <span>${main}</span>
        ${" "}
        <small>${unit}</small>
      </p>
      <dl>
        ${rows.map(
          ([term, value]) => html`
            <div key=${term}>
              <dt>${term}</dt>
              <dd>${value}</dd>
            </div>
          `,
        )}
      </dl>
      ${
        gauge &&
        html`
          <div class="gauge">
            <div class="bar" aria-hidden="true"><div style=${{ width: `${part * 100}%` }}></div></div>
            <span>${count(gauge[0])} ${gauge[2]}</span>
          </div>
        `
      }
    </div>
  `;
}

/** The lines between the stages, and what moves along them. */
function Flow() {
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext("2d");
    const stage = element?.parentElement;
    if (!element || !context || !stage) return;
    const still = matchMedia("(prefers-reduced-motion: reduce)");
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    /** @type {(Curve | null)[]} */
    let curves = [];
    /** @type {Dot[]} */
    let dots = [];
    let frame = 0;
    let allowance = DOTS_PER_SECOND;
    let allowedAt = performance.now();
    let colors = { line: "", dot: "", refused: "" };

    const measure = () => {
      const style = getComputedStyle(element);
      colors = {
        line: style.getPropertyValue("--edge-soft"),
        dot: style.getPropertyValue("--accent"),
        refused: style.getPropertyValue("--bad"),
      };
      const ratio = devicePixelRatio || 1;
      const whole = stage.getBoundingClientRect();
      element.width = Math.round(whole.width * ratio);
      element.height = Math.round(whole.height * ratio);
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      const box = (/** @type {string} */ name) =>
        stage.querySelector(`[data-stage="${name}"]`)?.getBoundingClientRect();
      curves = HOPS.map(([from, to]) => {
        const [one, other] = [box(from), box(to)];
        return one && other ? curve(one, other, whole) : null;
      });
      draw(performance.now());
    };

    const draw = (/** @type {number} */ time) => {
      context.clearRect(0, 0, element.width, element.height);
      context.lineWidth = 2;
      context.strokeStyle = colors.line;
      for (const way of curves) {
        if (way === null) continue;
        context.beginPath();
        context.moveTo(way.from.x, way.from.y);
        context.bezierCurveTo(way.over.x, way.over.y, way.under.x, way.under.y, way.to.x, way.to.y);
        context.stroke();
      }
      for (const refused of [false, true]) {
        context.fillStyle = refused ? colors.refused : colors.dot;
        context.beginPath();
        for (const dot of dots) {
          const way = curves[dot.hop];
          if (dot.refused !== refused || !way || time < dot.since) continue;
          const { x, y } = along(way, Math.min(1, (time - dot.since) / HOP_MS));
          context.moveTo(x + 3.5, y);
          context.arc(x, y, 3.5, 0, 2 * Math.PI);
        }
        context.fill();
      }
    };

    const step = (/** @type {number} */ time) => {
      frame = 0;
      /** @type {Dot[]} */
      const going = [];
      for (const dot of dots) {
        if (time - dot.since < HOP_MS) going.push(dot);
        else if (!dot.refused) {
          const at = HOPS[dot.hop]?.[1];
          HOPS.forEach(([from], hop) => {
            if (from === at) going.push({ hop, since: dot.since + HOP_MS, refused: false });
          });
        }
      }
      dots = going.slice(-DOTS_MAX);
      draw(time);
      if (dots.length > 0) frame = requestAnimationFrame(step);
    };

    const send = (/** @type {number} */ wanted, /** @type {boolean} */ refused) => {
      if (still.matches || document.visibilityState === "hidden") return;
      const time = performance.now();
      allowance = Math.min(DOTS_PER_SECOND, allowance + ((time - allowedAt) / 1000) * DOTS_PER_SECOND);
      allowedAt = time;
      const allowed = Math.min(wanted, Math.floor(allowance));
      allowance -= allowed;
      // Those that came together are seen one after the other.
      for (let place = 0; place < allowed; place += 1) dots.push({ hop: 0, since: time + place * 90, refused });
      if (dots.length > 0 && frame === 0) frame = requestAnimationFrame(step);
    };

    const sized = new ResizeObserver(measure);
    sized.observe(stage);
    scheme.addEventListener("change", measure);
    const ended = onEvents((events) => {
      // What is caught up with happened before.
      if (connection.peek().state === "live") send(events.length, false);
    });
    const watched = sampled.subscribe(() => {
      const refused = samples[samples.length - 1]?.refused ?? 0;
      if (refused > 0) send(Math.min(5, Math.ceil(refused)), true);
    });
    measure();
    return () => {
      cancelAnimationFrame(frame);
      sized.disconnect();
      scheme.removeEventListener("change", measure);
      ended();
      watched();
    };
  }, []);
  return html`
    <canvas ref=${canvas} aria-hidden="true"></canvas>
  `;
}

/**
 * From the side of one box to the facing side of another.
 * @param {DOMRect} one
 * @param {DOMRect} other
 * @param {DOMRect} whole
 * @returns {Curve}
 */
function curve(one, other, whole) {
  const at = (/** @type {number} */ x, /** @type {number} */ y) => ({ x: x - whole.left, y: y - whole.top });
  if (other.left >= one.right) {
    const from = at(one.right, one.top + one.height / 2);
    const to = at(other.left, other.top + other.height / 2);
    const middle = (from.x + to.x) / 2;
    return { from, over: { x: middle, y: from.y }, under: { x: middle, y: to.y }, to };
  }
  const down = other.top >= one.bottom;
  const from = at(one.left + one.width / 2, down ? one.bottom : one.top);
  const to = at(other.left + other.width / 2, down ? other.top : other.bottom);
  const middle = (from.y + to.y) / 2;
  return { from, over: { x: from.x, y: middle }, under: { x: to.x, y: middle }, to };
}

/**
 * A point of a Bézier curve.
 * @param {Curve} way
 * @param {number} part of it, from 0 to 1
 * @returns {Point}
 */
function along({ from, over, under, to }, part) {
  const rest = 1 - part;
  const weigh = (/** @type {"x" | "y"} */ axis) =>
    rest ** 3 * from[axis] +
    3 * rest ** 2 * part * over[axis] +
    3 * rest * part ** 2 * under[axis] +
    part ** 3 * to[axis];
  return { x: weigh("x"), y: weigh("y") };
}
