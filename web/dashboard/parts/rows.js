// A long list of which only the rows in sight are in the page: thousands cost what fifty do.

import { html, useLayoutEffect, useRef, useState } from "../vendor.js";

/** Rows beyond either edge of the window, so that a quick scroll shows no gap. */
const MARGIN = 8;

/**
 * Every row has the same height, in pixels. `row` draws one of them, as the children of an element with role row or
 * listitem. `onEnd` is told when the last rows come into sight, `onWindow` which rows are. Another list (`of` names it) is
 * seen from its top, the first one from the row `start`.
 * @param {{ count: number, height: number, label: string, row: (place: number) => unknown, keyOf: (place: number) => string | number,
 *   onEnd?: () => void, onWindow?: (first: number, last: number) => void, head?: unknown, role?: string,
 *   columns?: string, total?: number, of?: string, start?: number, class?: string }} props
 */
export function Rows({
  count,
  height,
  label,
  row,
  keyOf,
  onEnd,
  onWindow,
  head,
  role = "list",
  columns,
  total,
  of = "",
  start = 0,
  class: name = "",
}) {
  const scroller = useRef(/** @type {HTMLDivElement | null} */ (null));
  const [view, setView] = useState({ first: 0, last: 40 });
  const measured = useRef(view);
  const top = useRef(start);

  const look = () => {
    const element = scroller.current;
    if (element === null) return;
    const { scrollTop, clientHeight } = element;
    const seen = { first: Math.floor(scrollTop / height), last: Math.ceil((scrollTop + clientHeight) / height) };
    const [first, last] = [Math.max(0, seen.first - MARGIN), seen.last + MARGIN];
    const before = measured.current;
    if (before.first !== first || before.last !== last) {
      measured.current = { first, last };
      setView({ first, last });
    }
    if (onWindow) onWindow(seen.first, seen.last);
    if (onEnd && last >= count) onEnd();
  };

  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const observer = new ResizeObserver(look);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  useLayoutEffect(() => {
    if (scroller.current !== null) scroller.current.scrollTop = top.current * height;
    top.current = 0;
  }, [of]);
  useLayoutEffect(look, [count]);

  const first = Math.min(view.first, Math.max(0, count - 1));
  const last = Math.min(view.last, count);
  const item = role === "table" ? "row" : "listitem";
  const shown = [];
  for (let place = first; place < last; place += 1) {
    shown.push(html`
      <div
        key=${keyOf(place)}
        class="line"
        role=${item}
        aria-rowindex=${role === "table" ? place + 2 : undefined}
        aria-posinset=${role === "list" ? place + 1 : undefined}
        aria-setsize=${role === "list" ? (total ?? count) : undefined}
      >
        ${row(place)}
      </div>
    `);
  }
  return html`
    <div
      class=${`rows ${name}`}
      ref=${scroller}
      onScroll=${look}
      tabindex="0"
      role=${role}
      aria-label=${label}
      aria-rowcount=${role === "table" ? (total ?? count) + 1 : undefined}
      style=${{ "--columns": columns, "--row": `${height}px` }}
    >
      ${
        head &&
        html`
          <div class="line heads" role="row">${head}</div>
        `
      }
      <div class="space" role="presentation" style=${{ height: `${first * height}px` }}></div>
      ${shown}
      <div class="space" role="presentation" style=${{ height: `${Math.max(0, count - last) * height}px` }}></div>
    </div>
  `;
}
