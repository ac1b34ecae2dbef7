// The read models: how far each is, how it came there, what ails it, and what can be done about it.

import { html, useEffect, useState } from "../vendor.js";
import { get, post, Problem, words } from "../lib/api.js";
import { count, duration, rate } from "../lib/format.js";
import { sampled, samples, SECONDS_KEPT, stats } from "../lib/live.js";
import { href, refine, route } from "../lib/route.js";
import { Badge } from "../parts/badge.js";
import { Chart } from "../parts/chart.js";
import { Figure, Panel } from "../parts/panel.js";
import { Trouble } from "../parts/problem.js";

/** @typedef {import("../../types/api").components["schemas"]["Projection"]} Projection */
/** @typedef {import("../../types/api").components["schemas"]["Replay"]} Replay */

const PROGRESS_EVERY_MS = 300;
const COLORS = ["--accent", "--busy", "--warn", "--bad", "--violet"];

export function ProjectionsPage() {
  void sampled.value;
  const now = stats.value;
  const projections = now?.projections ?? [];
  const names = projections.map(({ name }) => name);
  const at = samples.map((sample) => sample.at);
  return html`
    <div class="title">
      <h1>Projections</h1>
      <span class="muted">Read models, folded from the log. They may be thrown away at any time.</span>
    </div>
    <${ReplayPanel} />
    ${
      now === null &&
      html`
        <p class="note">Reading how far they are…</p>
      `
    }
    <div class="cards">
      ${projections.map(
        (projection) => html`
          <${Card} key=${projection.name} projection=${projection} head=${now?.headSequence ?? 0} />
        `,
      )}
    </div>
    ${
      names.length > 0 &&
      html`
        <div class="two">
          <${Panel} title="Lag, in events">
            <${Chart}
              data=${[at, ...names.map((name) => samples.map(({ lag }) => lag[name] ?? null))]}
              lines=${names.map((name, place) => ({ label: name, color: COLORS[place % COLORS.length] ?? "--accent" }))}
              label="Lag of each projection over the last minutes"
              format=${count}
              summary=${projections.map(({ name, lagEvents }) => `${name} ${count(lagEvents)}`).join(", ")}
            />
          <//>
          <${Panel} title="Applied per second">
            <${Chart}
              data=${[at, ...names.map((name) => samples.map(({ rates }) => rates[name] ?? null))]}
              lines=${names.map((name, place) => ({ label: name, color: COLORS[place % COLORS.length] ?? "--accent" }))}
              label="Events that each projection applied per second"
              format=${rate}
            />
          <//>
        </div>
        <p class="note">Since this page was opened, up to ${SECONDS_KEPT / 60} minutes.</p>
      `
    }
  `;
}

/** @param {{ projection: Projection, head: number }} props */
function Card({ projection, head }) {
  const {
    name,
    state,
    checkpoint,
    lagEvents,
    lagMs,
    totalProcessed,
    eventsPerSecond,
    errors,
    restarts,
    lastError,
    poisonSequence,
    generation,
  } = projection;
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState("");
  const act = async (/** @type {"pause" | "resume"} */ action) => {
    setBusy(true);
    setTrouble("");
    try {
      await post(`/projections/${encodeURIComponent(name)}/${action}`);
      stats.value = (await get("/stats")).body;
    } catch (error) {
      setTrouble(words(error));
    }
    setBusy(false);
  };
  const stands = state === "paused" || state === "faulted";
  return html`
    <${Panel}
      title=${html`
        ${name}${" "}
        <${Badge} word=${state} />
      `}
      class="projection"
      aside=${html`
        <button
          type="button"
          class=${stands ? "primary" : ""}
          disabled=${busy}
          aria-label=${`${stands ? "Resume" : "Pause"} ${name}`}
          onClick=${() => act(stands ? "resume" : "pause")}
        >
          ${stands ? "Resume" : "Pause"}
        </button>
      `}
    >
      <${Trouble} words=${trouble} />
      <progress
        max=${Math.max(1, head)}
        value=${checkpoint}
        aria-label=${`${name} has applied ${count(checkpoint)} of ${count(head)} events`}
      ></progress>
      <dl class="figures small">
        <${Figure} name="Checkpoint">${count(checkpoint)}<//>
        <${Figure} name="Behind" tone=${lagEvents > 0 && stands ? "bad" : undefined}>${count(lagEvents)}<//>
        <${Figure} name="Lag">${duration(lagMs)}<//>
        <${Figure} name="Rate" title="Events per second">${rate(eventsPerSecond)}/s<//>
        <${Figure} name="Applied" title="Since this process started">${count(totalProcessed)}<//>
        <${Figure} name="Errors" tone=${errors > 0 ? "bad" : undefined}>${count(errors)}<//>
        <${Figure} name="Restarts">${count(restarts)}<//>
        ${
          generation !== null &&
          generation !== undefined &&
          html`
            <${Figure} name="Generation" title="Grows with each replay">${count(generation)}<//>
          `
        }
      </dl>
      ${
        state === "paused" &&
        html`
          <p class="note">
            It stands still because somebody paused it; what it serves stays as it was at event ${count(checkpoint)}.
          </p>
        `
      }
      ${
        state === "faulted" &&
        html`
          <div class="outcome" data-kind="refused" role="alert">
            <p class="headline">
              It can't go
              on${
                poisonSequence
                  ? html`
                      ${" "}at${" "}
                      <a href=${href(["events", String(poisonSequence)])}>event ${count(poisonSequence)}</a>
                    `
                  : ""
              }.
            </p>
            <p>${lastError ?? "It said no more."}</p>
            <p>
              Until it is resumed it serves what it had. Resume tries the event again; if the read model itself is
              wrong, a replay fills it anew.
            </p>
          </div>
        `
      }
      ${
        state !== "faulted" &&
        lastError &&
        html`
          <p class="note">Last error, since overcome: ${lastError}</p>
        `
      }
    <//>
  `;
}

/** Starts a replay, and follows the one that the address names. */
function ReplayPanel() {
  const id = route.value.query.replay;
  const [replay, setReplay] = useState(/** @type {Replay | null} */ (null));
  const [trouble, setTrouble] = useState("");
  const [asking, setAsking] = useState(false);
  const begin = async () => {
    setAsking(false);
    setTrouble("");
    try {
      /** @type {Replay} */
      const started = (await post("/replay")).body;
      setReplay(started);
      refine({ replay: started.replayId }, { replace: true });
    } catch (error) {
      const running = error instanceof Problem ? error.members.replayId : undefined;
      if (typeof running === "string") refine({ replay: running }, { replace: true });
      else setTrouble(words(error));
    }
  };
  useEffect(() => {
    if (!id) return;
    let current = true;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    const look = async () => {
      try {
        /** @type {Replay} */
        const found = (await get(`/replays/${encodeURIComponent(id)}`)).body;
        if (!current) return;
        setReplay(found);
        setTrouble("");
        if (found.state !== "running") return;
      } catch (error) {
        if (!current) return;
        if (error instanceof Problem && error.status === 404) {
          setReplay(null);
          setTrouble("This process knows no such replay: it was started before the server was.");
          return;
        }
        setTrouble(words(error));
      }
      timer = setTimeout(look, PROGRESS_EVERY_MS);
    };
    void look();
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [id]);
  const running = replay?.state === "running";
  return html`
    <${Panel}
      title="Replay"
      aside=${html`
        <button type="button" disabled=${running} onClick=${() => setAsking(true)}>Replay all</button>
      `}
    >
      ${
        asking &&
        html`
          <div class="row wrap" role="group" aria-label="Replay?">
            <span>
              Every read model is filled anew from the log, beside the one that is served; readers notice nothing.
            </span>
            <button type="button" class="primary" onClick=${begin}>Begin</button>
            <button type="button" onClick=${() => setAsking(false)}>Not now</button>
          </div>
        `
      }
      <${Trouble} words=${trouble} />
      ${
        replay !== null &&
        html`
          <div role=${running ? undefined : "status"}>
            <progress
              max=${Math.max(1, replay.total)}
              value=${replay.state === "done" ? Math.max(1, replay.total) : replay.done}
              aria-label="Replay"
            ></progress>
            <p>
              ${replay.state === "running" && `${count(replay.done)} of ${count(replay.total)} events, ${rate(replay.eventsPerSecond)}/s, about ${duration(replay.secondsLeft * 1000)} left.`}
              ${
                replay.state === "done" &&
                html`
                  <${Badge} word="done" />
                  ${" "}${count(replay.total)} events were applied anew.
                `
              }
              ${
                replay.state === "failed" &&
                html`
                  <${Badge} word="failed" />
                  ${" "}${replay.error ?? ""} What is served is what was served before.
                `
              }
            </p>
          </div>
        `
      }
      ${
        replay === null &&
        !asking &&
        trouble === "" &&
        html`
          <p class="note">
            Fills every read model anew, for example after its code changed. What is served meanwhile is the one before.
          </p>
        `
      }
    <//>
  `;
}
