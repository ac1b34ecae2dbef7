// A time of the server in the reader's clock; the exact one, in UTC, is in the title.

import { html } from "../vendor.js";
import { localTime } from "../lib/format.js";

/** @param {{ at: string | undefined }} props */
export function Time({ at }) {
  if (at === undefined)
    return html`
      <span>–</span>
    `;
  return html`
    <time datetime=${at} title=${`${at.replace("T", " ").replace("Z", "")} UTC`}>${localTime(at)}</time>
  `;
}
