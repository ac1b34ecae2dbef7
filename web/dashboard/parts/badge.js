// A state in one word, with its colour.

import { html } from "../vendor.js";

/** @type {Record<string, string>} */
const TONES = {
  open: "good",
  frozen: "warn",
  closed: "plain",
  running: "good",
  standby: "plain",
  replaying: "busy",
  paused: "warn",
  faulted: "bad",
  accepted: "good",
  rejected: "bad",
  done: "good",
  failed: "bad",
};

/** @param {{ word: string, tone?: string, title?: string }} props */
export function Badge({ word, tone, title }) {
  return html`
    <span class="badge" data-tone=${tone ?? TONES[word] ?? "plain"} title=${title}>${word}</span>
  `;
}
