// A titled part of a page.

import { html, useId } from "../vendor.js";

/** @param {{ title: unknown, aside?: unknown, children?: unknown, class?: string, flush?: boolean }} props */
export function Panel({ title, aside, children, class: name = "", flush = false }) {
  const id = useId();
  return html`
    <section class=${`panel ${flush ? "flush" : ""} ${name}`} aria-labelledby=${id}>
      <div class="head">
        <h2 id=${id}>${title}</h2>
        ${
          aside &&
          html`
            <div class="row">${aside}</div>
          `
        }
      </div>
      ${children}
    </section>
  `;
}

/** A figure under its name. */
/** @param {{ name: string, children?: unknown, tone?: string, title?: string, size?: string }} props */
export function Figure({ name, children, tone, title, size }) {
  return html`
    <div class="figure" data-size=${size}>
      <dt title=${title}>${name}</dt>
      <dd data-tone=${tone}>${children}</dd>
    </div>
  `;
}
