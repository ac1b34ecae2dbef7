// JSON laid out to be read, with what can be done with it.

import { html } from "../vendor.js";
import { asCurl, Copy } from "./copy.js";

/** @param {{ value: unknown, path?: string, label: string }} props */
export function Json({ value, path, label }) {
  const text = JSON.stringify(value, null, 2);
  return html`
    <div class="json">
      <div class="row end">
        <${Copy} text=${() => text}>Copy JSON<//>
        ${
          path &&
          html`
            <${Copy} text=${() => asCurl(path)}>Copy as curl<//>
          `
        }
      </div>
      <pre tabindex="0" role="region" aria-label=${label}>${text}</pre>
    </div>
  `;
}
