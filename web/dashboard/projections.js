// How far the read models are, and what one can do about them: pause, resume, replay.

import { get, isMembers, post, Problem, words } from "./api.js";
import { byId, count, el } from "./dom.js";

const PROGRESS_EVERY_MS = 500;
const REPLAYS_OVER = new Set(["done", "completed", "finished", "failed", "faulted", "cancelled"]);
/** @type {Record<string, string>} */
const TONES = { running: "good", standby: "good", replaying: "busy", paused: "warn", faulted: "bad" };

/** @typedef {{ name: string, state: string, checkpoint: number, lastError?: unknown }} Projection */
/** @typedef {{ item: HTMLElement, draw: (projection: Projection, head: number) => void }} Row */

/**
 * @param {(head: number) => void} onHead told the log's head with every answer
 * @param {() => void} onReplayed
 * @returns {{ refresh: () => Promise<void> }} `refresh` never rejects
 */
export function projectionsPanel(onHead, onReplayed) {
  const figures = byId("stats", HTMLDListElement);
  const list = byId("projections", HTMLUListElement);
  const note = byId("projections-note", HTMLParagraphElement);
  /** @type {Map<string, Row>} */
  const rows = new Map();

  let reading = false;

  async function refresh() {
    if (reading) return;
    reading = true;
    try {
      const { body } = await get("/stats");
      if (isMembers(body)) draw(body);
      note.textContent = "";
    } catch (error) {
      note.textContent = `The projections cannot be read. ${words(error)}`;
    } finally {
      reading = false;
    }
  }

  /** @param {Record<string, any>} stats */
  function draw(stats) {
    const head = typeof stats.headSequence === "number" ? stats.headSequence : 0;
    onHead(head);
    figures.replaceChildren(
      figure("Last processed", count(stats.lastProcessedSequence)),
      figure("Head", count(stats.headSequence)),
      figure("Total processed", count(stats.totalProcessed)),
      figure("Errors", count(stats.errors), stats.errors > 0 ? "bad" : ""),
      figure("Lag", typeof stats.lagMs === "number" ? `${count(Math.round(stats.lagMs))} ms` : "–"),
    );
    /** @type {Projection[]} */
    const projections = Array.isArray(stats.projections) ? stats.projections : [];
    const names = new Set(projections.map(({ name }) => name));
    for (const [name, row] of rows) {
      if (!names.has(name)) {
        row.item.remove();
        rows.delete(name);
      }
    }
    // Rows are kept from one answer to the next, so that a focused button stays focused.
    for (const projection of projections) {
      let row = rows.get(projection.name);
      if (!row) {
        row = newRow(projection.name, refresh);
        rows.set(projection.name, row);
        list.append(row.item);
      }
      row.draw(projection, head);
    }
  }

  wireReplay(() => {
    onReplayed();
    void refresh();
  });
  return { refresh };
}

/**
 * @param {string} name
 * @param {() => Promise<void>} refresh
 * @returns {Row}
 */
function newRow(name, refresh) {
  const badge = el("span", { class: "badge" });
  const place = el("span", { class: "muted small" });
  const button = el("button", { type: "button" });
  const failure = el("p", { class: "failure", role: "status" });
  let action = "pause";
  let refusal = "";

  button.addEventListener("click", async () => {
    button.disabled = true;
    refusal = "";
    try {
      await post(`/projections/${encodeURIComponent(name)}/${action}`);
    } catch (error) {
      refusal = words(error);
    }
    button.disabled = false;
    button.focus();
    failure.textContent = refusal;
    await refresh();
  });

  return {
    item: el(
      "li",
      { class: "projection" },
      el("div", {}, el("span", { class: "strong" }, name), " ", badge, place),
      button,
      failure,
    ),
    draw({ state, checkpoint, lastError }, head) {
      badge.textContent = state;
      badge.dataset.tone = TONES[state] ?? "";
      const behind = Math.max(0, head - checkpoint);
      place.textContent = `at ${count(checkpoint)}${behind > 0 ? `, ${count(behind)} behind` : ""}`;
      action = state === "paused" || state === "faulted" ? "resume" : "pause";
      const label = action === "pause" ? "Pause" : "Resume";
      if (button.textContent !== label) button.textContent = label;
      button.setAttribute("aria-label", `${label} ${name}`);
      const text = refusal || (state === "faulted" ? faultWords(lastError) : "");
      if (failure.textContent !== text) failure.textContent = text;
    },
  };
}

/**
 * @param {unknown} lastError words, or an object that has them
 * @returns {string}
 */
function faultWords(lastError) {
  if (lastError === null || lastError === undefined) return "Stopped by an error.";
  if (!isMembers(lastError)) return String(lastError);
  const said = lastError.error ?? lastError.message ?? lastError.detail;
  return typeof said === "string" ? said : JSON.stringify(lastError);
}

/** @param {() => void} onReplayed */
function wireReplay(onReplayed) {
  const button = byId("replay", HTMLButtonElement);
  const progress = byId("replay-progress", HTMLDivElement);
  const bar = byId("replay-bar", HTMLProgressElement);
  const line = byId("replay-words", HTMLParagraphElement);
  const result = byId("replay-result", HTMLParagraphElement);

  button.disabled = false;
  button.addEventListener("click", async () => {
    button.disabled = true;
    result.textContent = "";
    try {
      const started = await start();
      if (started.path === null) result.textContent = "The replay has begun.";
      else await follow(started.path);
    } catch (error) {
      result.textContent = `The replay: ${words(error)}`;
    }
    progress.hidden = true;
    button.disabled = false;
    button.focus();
    onReplayed();
  });

  /**
   * Starts a replay, or finds the one that is under way.
   * @returns {Promise<{ path: string | null }>}
   */
  async function start() {
    try {
      const { headers, body } = await post("/replay");
      const target = headers.get("Location");
      if (target) return { path: new URL(target, location.href).pathname };
      return { path: body?.replayId ? `/replays/${encodeURIComponent(body.replayId)}` : null };
    } catch (error) {
      const running = error instanceof Problem && error.members.code === "replay-running" && error.members.replayId;
      if (typeof running !== "string") throw error;
      return { path: `/replays/${encodeURIComponent(running)}` };
    }
  }

  /** @param {string} path */
  async function follow(path) {
    progress.hidden = false;
    bar.removeAttribute("value");
    line.textContent = "Starting…";
    for (;;) {
      const { body } = await get(path);
      draw(body);
      if (REPLAYS_OVER.has(body.state)) {
        result.textContent = body.state === "failed" || body.state === "faulted" || body.state === "cancelled"
          ? `The replay ${body.state}. ${faultWords(body.lastError ?? body.error ?? "The accounts shown are the ones from before.")}`
          : `Replayed ${count(body.done)} events.`;
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, PROGRESS_EVERY_MS));
    }
  }

  /** @param {Record<string, any>} replay */
  function draw(replay) {
    if (typeof replay.total === "number" && replay.total > 0) {
      bar.max = replay.total;
      bar.value = replay.done ?? 0;
    }
    const rate = typeof replay.eventsPerSecond === "number" ? `, ${count(Math.round(replay.eventsPerSecond))} per second` : "";
    const left = typeof replay.secondsLeft === "number" ? `, ${count(Math.ceil(replay.secondsLeft))} s left` : "";
    line.textContent = `${count(replay.done)} of ${count(replay.total)} events${rate}${left}`;
  }
}

/**
 * @param {string} term
 * @param {string} value
 * @param {string} [tone]
 * @returns {HTMLElement}
 */
function figure(term, value, tone = "") {
  return el("div", {}, el("dt", {}, term), el("dd", { "data-tone": tone }, value));
}
