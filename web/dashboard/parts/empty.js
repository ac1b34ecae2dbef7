// What stands where there is nothing yet: why, and what to do next.

import { html, useState } from "../vendor.js";
import { words } from "../lib/api.js";
import { fillDemoData } from "../lib/demo.js";
import { href } from "../lib/route.js";

/** @param {{ title: string, children?: unknown }} props */
export function Empty({ title, children }) {
  return html`
    <div class="empty">
      <p class="strong">${title}</p>
      ${children}
    </div>
  `;
}

/** For a ledger without any accounts. */
export function EmptyLedger() {
  const [done, setDone] = useState(/** @type {{ count: number, of: number } | null} */ (null));
  const [trouble, setTrouble] = useState("");
  const fill = async () => {
    setTrouble("");
    setDone({ count: 0, of: 1 });
    try {
      await fillDemoData((count, of) => setDone({ count, of }));
    } catch (error) {
      setTrouble(`${words(error)} Pressing it again goes on where it ended.`);
    }
    setDone(null);
  };
  return html`
    <${Empty} title="There are no accounts yet.">
      <p class="muted">Open the first one, or look around with what a small bank does in a month.</p>
      <div class="row center">
        <a class="button primary" href=${href(["commands", "create-account"])}>Create an account</a>
        <button type="button" disabled=${done !== null} onClick=${fill}>Fill in demo data</button>
      </div>
      <p role="status" class="muted">${done && `${done.count} of ${done.of} commands done…`}${trouble}</p>
    <//>
  `;
}
