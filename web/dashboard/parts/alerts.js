// What stands still and should not, on every page, with the button that helps; and that nothing is heard from the server.

import { html, useState } from "../vendor.js";
import { get, post, words } from "../lib/api.js";
import { count, localTime } from "../lib/format.js";
import { connection, stats } from "../lib/live.js";
import { href } from "../lib/route.js";

/** @typedef {import("../../types/api").components["schemas"]["Projection"]} Projection */

// What is read out is what changes seldom: a figure that moves with every second is for the eye.

export function Alerts() {
  const { lostAt } = connection.value;
  const standing = (stats.value?.projections ?? []).filter(({ state }) => state === "paused" || state === "faulted");
  return html`
    <div class="alerts" role="status">
      ${
        lostAt !== null &&
        html`
          <p class="trouble">
            No word from the server since ${localTime(new Date(lostAt).toISOString())}. What is shown is as it was then.
          </p>
        `
      }
      ${standing.map(
        (projection) => html`
          <${Standing} key=${projection.name} projection=${projection} />
        `,
      )}
    </div>
  `;
}

/** @param {{ projection: Projection }} props */
function Standing({ projection: { name, state, lagEvents } }) {
  const [trouble, setTrouble] = useState("");
  const resume = async () => {
    try {
      await post(`/projections/${encodeURIComponent(name)}/resume`);
      stats.value = (await get("/stats")).body;
    } catch (error) {
      setTrouble(words(error));
    }
  };
  return html`
    <p class="trouble">
      <span>
        The read model${" "}
        <a href=${href(["projections"])}>${name}</a>
        ${" "}is ${state}
        <span aria-hidden="true">, ${count(lagEvents)} ${lagEvents === 1 ? "event" : "events"} behind</span>
        . ${trouble}
      </span>
      <button type="button" class="small" onClick=${resume}>Resume</button>
    </p>
  `;
}
