// Links to the things that the page knows by name.

import { html } from "../vendor.js";
import { count } from "../lib/format.js";
import { href } from "../lib/route.js";

/** @param {{ id: string | undefined }} props */
export function AccountLink({ id }) {
  if (id === undefined)
    return html`
      <span class="muted">–</span>
    `;
  return html`
    <a class="id" title=${id} href=${href(["accounts", id])}>${id}</a>
  `;
}

/** @param {{ sequence: number | undefined }} props */
export function EventLink({ sequence }) {
  if (sequence === undefined)
    return html`
      <span class="muted">–</span>
    `;
  return html`
    <a class="sequence" href=${href(["events", String(sequence)])}>${count(sequence)}</a>
  `;
}

/** @param {{ id: string | undefined }} props */
export function CommandLink({ id }) {
  if (id === undefined)
    return html`
      <span class="muted">–</span>
    `;
  return html`
    <a class="id mono" href=${href(["commands", "log", id])}>${id}</a>
  `;
}
