// A button that copies text; where the browser has no clipboard (not a secure context), it shows the text to be copied by
// hand.

import { html, useEffect, useState } from "../vendor.js";

const SAID_FOR_MS = 1_500;

/** @param {{ text: () => string, children?: unknown }} props */
export function Copy({ text, children }) {
  const [said, setSaid] = useState("");
  const [shown, setShown] = useState("");
  useEffect(() => {
    if (said === "") return;
    const timer = setTimeout(() => setSaid(""), SAID_FOR_MS);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text());
      setSaid("Copied");
    } catch {
      setShown(text());
    }
  };
  return html`
    <button type="button" class="small" onClick=${copy}>${said || children}</button>
    <span class="hidden" role="status">${said}</span>
    ${
      shown &&
      html`
        <textarea
          class="by-hand"
          readonly
          rows="4"
          aria-label="To be copied"
          onFocus=${(/** @type {FocusEvent} */ event) => {
            if (event.target instanceof HTMLTextAreaElement) event.target.select();
          }}
        >
${shown}</textarea>
      `
    }
  `;
}

/**
 * A request as a line for a terminal. Single quotes protect everything but themselves.
 * @param {string} path
 * @param {{ method?: string, body?: unknown, headers?: Record<string, string> }} [request]
 * @returns {string}
 */
export function asCurl(path, { method = "GET", body, headers = {} } = {}) {
  const quoted = (/** @type {string} */ text) => `'${text.replaceAll("'", `'\\''`)}'`;
  const parts = ["curl"];
  if (method !== "GET") parts.push("-X", method);
  parts.push(quoted(new URL(path, location.href).href));
  for (const [name, value] of Object.entries(headers)) parts.push("-H", quoted(`${name}: ${value}`));
  if (body !== undefined)
    parts.push("-H", quoted("Content-Type: application/json"), "-d", quoted(JSON.stringify(body)));
  return parts.join(" ");
}
