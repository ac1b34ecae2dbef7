// A chart in the page's colours, drawn again when its data or the reader's colour scheme changes.

import { html, uPlot, useEffect, useRef } from "../vendor.js";

/** @typedef {{ label: string, color: string, fill?: boolean, stepped?: boolean, dashed?: boolean }} Line colours are names of custom properties */

/** Steps of an axis of places in the log, between which there is nothing. */
const WHOLE = Array.from({ length: 13 }, (_, power) => [1, 2, 5].map((digit) => digit * 10 ** power)).flat();
/** What an axis of times spans where there are no two moments. */
const SPAN_SECONDS = 60;
const DAY_SECONDS = 86_400;

/**
 * A colour of the page, as the style sheet has it now.
 * @param {string} name
 * @returns {string}
 */
function color(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim() || "gray";
}

/**
 * @param {{ data: (number | null)[][], lines: Line[], height?: number, label: string, format?: (value: number) => string,
 *   exact?: (value: number) => string, time?: boolean, mark?: number | null, onPick?: (x: number) => void,
 *   xFormat?: (value: number) => string, summary?: string }} props
 *   `data` begins with the x values; `format` is for the axis, `exact` for the legend; `mark` is an x to draw a line at;
 *   `summary` says in words what the chart shows
 */
export function Chart({
  data,
  lines,
  height = 160,
  label,
  format = String,
  exact = format,
  time = true,
  mark = null,
  onPick,
  xFormat,
  summary,
}) {
  const place = useRef(/** @type {HTMLDivElement | null} */ (null));
  const plot = useRef(/** @type {import("uplot") | null} */ (null));
  const marked = useRef(mark);
  marked.current = mark;
  const newest = useRef(data);
  newest.current = data;
  const tall = useRef(height);
  const pick = useRef(onPick);
  pick.current = onPick;
  const told = useRef(exact);
  told.current = exact;

  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const make = () => {
      plot.current?.destroy();
      const muted = color("--muted");
      const grid = { stroke: color("--line"), width: 1 };
      // On a wall the page's letters are larger, and the chart with them.
      const scale = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
      tall.current = Math.round(height * scale);
      const font = `${Math.round(11 * scale)}px ${getComputedStyle(document.body).fontFamily}`;
      plot.current = new uPlot(
        {
          width: Math.max(120, element.clientWidth),
          height: tall.current,
          padding: [8, 40, 0, 0],
          cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
          legend: { live: true, show: true },
          scales: {
            x: { time, ...(time ? { range: timeSpan } : {}) },
            y: {
              range: (_, least, most) => [
                Math.min(0, least ?? 0),
                (most ?? 0) > 0 ? (most ?? 0) * 1.08 : (least ?? 0) < 0 ? 0 : 1,
              ],
            },
          },
          axes: [
            {
              stroke: muted,
              grid,
              ticks: grid,
              font,
              ...(xFormat ? { values: (_, values) => values.map(xFormat), incrs: WHOLE } : {}),
              ...(time ? { space: (_, __, least, most) => clockWidth(most - least) * scale, values: clockTimes } : {}),
            },
            {
              stroke: muted,
              grid,
              ticks: grid,
              font,
              size: 62 * scale,
              values: (_, values) => values.map(format),
              space: 32 * scale,
            },
          ],
          series: [
            {
              label: xFormat ? "" : "Time",
              value: (_, value) =>
                value === null || value === undefined
                  ? ""
                  : xFormat
                    ? xFormat(value)
                    : new Date(value * 1000).toLocaleString([], { hour12: false }),
            },
            ...lines.map((line) => ({
              label: line.label,
              stroke: color(line.color),
              width: 1.5,
              ...(line.dashed ? { dash: [4, 3] } : {}),
              ...(line.fill ? { fill: `color-mix(in srgb, ${color(line.color)} 14%, transparent)` } : {}),
              ...(line.stepped && uPlot.paths.stepped ? { paths: uPlot.paths.stepped({ align: 1 }) } : {}),
              points: { show: false },
              value: (
                /** @type {import("uplot")} */ self,
                /** @type {number | null} */ value,
                /** @type {number} */ place,
                /** @type {number | null} */ at,
              ) => {
                const shown = at === null || at === undefined ? newestOf(self.data[place] ?? []) : value;
                return shown === null || shown === undefined ? "–" : told.current(shown);
              },
            })),
          ],
          hooks: {
            draw: [
              (self) => {
                if (marked.current === null) return;
                const x = Math.round(self.valToPos(marked.current, "x", true));
                self.ctx.save();
                self.ctx.strokeStyle = color("--accent");
                self.ctx.lineWidth = 2;
                self.ctx.beginPath();
                self.ctx.moveTo(x, self.bbox.top);
                self.ctx.lineTo(x, self.bbox.top + self.bbox.height);
                self.ctx.stroke();
                self.ctx.restore();
              },
            ],
          },
        },
        /** @type {import("uplot").AlignedData} */ (newest.current),
        element,
      );
      plot.current.over.addEventListener("click", (event) => {
        const current = plot.current;
        if (current !== null && pick.current) pick.current(current.posToVal(event.offsetX, "x"));
      });
    };
    make();
    const sized = new ResizeObserver(() => {
      const width = Math.max(120, element.clientWidth);
      if (plot.current !== null && plot.current.width !== width) plot.current.setSize({ width, height: tall.current });
    });
    sized.observe(element);
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    scheme.addEventListener("change", make);
    return () => {
      sized.disconnect();
      scheme.removeEventListener("change", make);
      plot.current?.destroy();
      plot.current = null;
    };
  }, [lines.map((line) => line.label).join(), height, time]);

  useEffect(() => {
    plot.current?.setData(/** @type {import("uplot").AlignedData} */ (data));
  }, [data, mark]);

  return html`
    <figure class="chart">
      <div ref=${place} role="img" aria-label=${summary ? `${label}. ${summary}` : label}></div>
    </figure>
  `;
}

/**
 * @param {ArrayLike<number | null | undefined>} values
 * @returns {number | null}
 */
function newestOf(values) {
  for (let place = values.length - 1; place >= 0; place -= 1) {
    const value = values[place];
    if (value !== null && value !== undefined) return value;
  }
  return null;
}

/**
 * From the first sample to the last; where there is at most one moment, a minute up to it.
 * @param {import("uplot")} self
 * @returns {[number, number]}
 */
function timeSpan({ data: [at] }) {
  const last = at[at.length - 1] ?? Date.now() / 1000;
  const first = at[0] ?? last;
  return first < last ? [first, last] : [last - SPAN_SECONDS, last];
}

/**
 * How wide the labels are, in pixels, of an axis over so many seconds.
 * @param {number} seconds
 * @returns {number}
 */
function clockWidth(seconds) {
  return seconds < 10 || seconds > DAY_SECONDS ? 100 : 70;
}

/**
 * Times as exact as they have to be to tell one from the next.
 * @param {unknown} _
 * @param {number[]} values
 * @param {unknown} __
 * @param {unknown} ___
 * @param {number} step
 * @returns {string[]}
 */
export function clockTimes(_, values, __, ___, step) {
  const spread = (values[values.length - 1] ?? 0) - (values[0] ?? 0);
  /** @type {Intl.DateTimeFormatOptions} */
  const day =
    spread > DAY_SECONDS
      ? { day: "numeric", month: "short", ...(spread > 300 * DAY_SECONDS ? { year: "numeric" } : {}) }
      : {};
  /** @type {Intl.DateTimeFormatOptions} */
  const clock = {
    hour: "2-digit",
    minute: "2-digit",
    ...(step < 60 ? { second: "2-digit" } : {}),
    ...(step < 1 ? { fractionalSecondDigits: 3 } : {}),
    hour12: false,
  };
  const shown = { ...day, ...(step < DAY_SECONDS ? clock : {}) };
  return values.map((value) => new Date(value * 1000).toLocaleString([], shown));
}
