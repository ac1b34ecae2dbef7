// Bursar's dashboard: starts the feed, and shows the page that the address names.

import { html, render } from "./vendor.js";
import { loadContract } from "./lib/contract.js";
import { startLive } from "./lib/live.js";
import { Shell } from "./parts/shell.js";

const place = document.getElementById("app");
if (place === null) throw new Error("index.html has no #app");
place.replaceChildren();
render(
  html`
    <${Shell} />
  `,
  place,
);
startLive();
// Where it fails, the connection says so, and it is asked again when there is one.
loadContract().catch(() => {});
