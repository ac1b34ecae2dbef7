// A field for a day or a time. Browsers tell a change with every digit that is typed; this tells it when it was meant.

import { html, useEffect, useRef, useState } from "../vendor.js";

/** Who typed nothing for so long has said it: a picker leaves the field as it was. */
const SAID_AFTER_MS = 1_000;

/**
 * What was typed stands until the field is left, whatever became of it.
 * @param {{ type: "date" | "datetime-local", value: string, onPick: (text: string) => void, step?: number }} props `onPick` is
 *   told nothing of years before 1000, which are on the way to others
 */
export function Moment({ type, value, onPick, step }) {
  const [typed, setTyped] = useState(/** @type {string | null} */ (null));
  const timer = useRef(/** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined));
  const told = useRef(value);
  useEffect(() => () => clearTimeout(timer.current), []);
  const tell = (/** @type {string} */ text) => {
    clearTimeout(timer.current);
    if (text === told.current || /^0/.test(text)) return;
    told.current = text;
    onPick(text);
  };
  const change = (/** @type {Event} */ event) => {
    if (!(event.target instanceof HTMLInputElement)) return;
    const text = event.target.value;
    if (typed === null) told.current = value;
    setTyped(text);
    clearTimeout(timer.current);
    timer.current = setTimeout(tell, SAID_AFTER_MS, text);
  };
  const leave = () => {
    if (typed !== null) tell(typed);
    setTyped(null);
  };
  return html`
    <input
      type=${type}
      step=${step}
      value=${typed ?? value}
      onInput=${change}
      onBlur=${leave}
      onKeyDown=${(/** @type {KeyboardEvent} */ event) => {
        if (event.key === "Enter" && typed !== null) tell(typed);
      }}
    />
  `;
}
