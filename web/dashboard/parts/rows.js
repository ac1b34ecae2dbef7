// A long list of which only the rows in sight are in the page: thousands cost what fifty do.

import { html, useLayoutEffect, useRef, useState } from "../vendor.js";

/** Rows beyond either edge of the window, so that a quick scroll shows no gap. */
const MARGIN = 8;

/**
 * Every row has the same height, in pixels. `row` draws one of them, as the children of an element with role row or
 * listitem. `onEnd` is told when the last rows come into sight.
 * @param {{ count: number, height: number, label: string, row: (place: number) => unknown, keyOf: (place: number) => string | number,
 *   onEnd?: () => void, onWindow?: (first: number, last: number) => void, head?: unknown, role?: string, columns?: string, total?: number, class?: string }} props
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
  class: name = "",
}) {
  const scroller = useRef(/** @type {HTMLDivElement | null} */ (null));
  const [view, setView] = useState({ first: 0, last: 40 });
  const measured = useRef(view);

  const look = () => {
    const element = scroller.current;
    if (element === null) return;
    const first = Math.max(0, Math.floor(element.scrollTop / height) - MARGIN);
    const last = Math.ceil((element.scrollTop + element.clientHeight) / height) + MARGIN;
    const before = measured.current;
    if (before.first !== first || before.last !== last) {
      measured.current = { first, last };
      setView({ first, last });
    }
    if (onWindow) onWindow(first + MARGIN, last - MARGIN);
    if (onEnd && last >= count) onEnd();
  };

  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const observer = new ResizeObserver(look);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
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
