// The frame of every page: where one can go, and whether what is shown is live.

import { html, useEffect, useRef } from "../vendor.js";
import { count, spaced } from "../lib/format.js";
import { connection, reconnect } from "../lib/live.js";
import { href, route } from "../lib/route.js";
import { AccountPage } from "../pages/account.js";
import { AccountsPage } from "../pages/accounts.js";
import { CommandPage } from "../pages/command.js";
import { CommandsPage } from "../pages/commands.js";
import { EventPage } from "../pages/event.js";
import { EventsPage } from "../pages/events.js";
import { OverviewPage } from "../pages/overview.js";
import { ProjectionsPage } from "../pages/projections.js";
import { SystemPage } from "../pages/system.js";
import { TimeTravelPage } from "../pages/time-travel.js";
import { Alerts } from "./alerts.js";
import { GoTo } from "./go-to.js";

/** @type {{ path: string, name: string, icon: string }[]} The icons are paths in a box of 24 by 24. */
const AREAS = [
  { path: "overview", name: "Overview", icon: "M3 12h4l3-8 4 16 3-8h4" },
  { path: "accounts", name: "Accounts", icon: "M4 6h16M4 12h16M4 18h10" },
  { path: "time-travel", name: "Time travel", icon: "M12 7v5l3 3M3.5 12a8.5 8.5 0 1 0 2.6-6.1M3 4v4h4" },
  { path: "events", name: "Events", icon: "M5 5h14v4H5zM5 10.500h14v4H5zM5 16h14v4H5z" },
  { path: "commands", name: "Commands", icon: "M5 7l5 5-5 5M12 18h7" },
  { path: "projections", name: "Projections", icon: "M4 19V9M10 19V5M16 19v-7M21 19H3" },
  { path: "system", name: "System", icon: "M5 5h14v6H5zM5 13h14v6H5zM8 8h.01M8 16h.01" },
];

/**
 * What a page is called where only its name is seen, such as on a tab.
 * @param {string[]} path
 * @returns {string}
 */
function titleOf([area = "overview", one, two]) {
  const name = AREAS.find(({ path: own }) => own === area)?.name ?? "No such page";
  if (one === undefined) return name;
  switch (area) {
    case "accounts":
      return one;
    case "events":
      return `Event ${count(Number(one))}`;
    case "commands":
      return one === "log" && two !== undefined ? `Command ${two}` : spaced(one);
    default:
      return name;
  }
}

/** @param {{ path: string[] }} props */
function Page({ path }) {
  const [area = "overview", one, two] = path;
  switch (area) {
    case "overview":
      return html`
        <${OverviewPage} />
      `;
    case "accounts":
      return one === undefined
        ? html`
            <${AccountsPage} />
          `
        : html`
            <${AccountPage} key=${one} id=${one} />
          `;
    case "time-travel":
      return html`
        <${TimeTravelPage} />
      `;
    case "events":
      return one === undefined
        ? html`
            <${EventsPage} />
          `
        : html`
            <${EventPage} sequence=${Number(one)} />
          `;
    case "commands":
      return one === "log" && two !== undefined
        ? html`
            <${CommandPage} key=${two} id=${two} />
          `
        : html`
            <${CommandsPage} name=${one} />
          `;
    case "projections":
      return html`
        <${ProjectionsPage} />
      `;
    case "system":
      return html`
        <${SystemPage} />
      `;
    default:
      return html`
        <h1>There is no such page</h1>
        <p><a href=${href(["overview"])}>Overview</a></p>
      `;
  }
}

export function Shell() {
  const { path } = route.value;
  const area = path[0] ?? "overview";
  const main = useRef(/** @type {HTMLElement | null} */ (null));
  const address = path.join("/");
  const first = useRef(true);
  useEffect(() => {
    document.title = `${titleOf(path)} · Bursar`;
    // Whoever follows a link by keyboard or ear is taken to what it leads to; not at the start.
    if (!first.current) {
      main.current?.focus({ preventScroll: true });
      scrollTo(0, 0);
    }
    first.current = false;
  }, [address]);
  return html`
    <a
      class="skip"
      href=${location.hash || "#/overview"}
      onClick=${(/** @type {Event} */ event) => {
        event.preventDefault();
        main.current?.focus();
      }}
    >
      Skip to the page
    </a>
    <header class="side">
      <p class="brand">
        <svg viewBox="0 0 24 24" aria-hidden="true">
          <path d="M4 17.500h16M6.500 17.500V10m5.500 7.500V5m5.500 12.500V8" />
        </svg>
        <span>Bursar</span>
      </p>
      <nav aria-label="Areas">
        ${AREAS.map(
          ({ path: own, name, icon }) => html`
            <a key=${own} href=${href([own])} aria-current=${own === area ? "page" : undefined}>
              <svg viewBox="0 0 24 24" aria-hidden="true"><path d=${icon} /></svg>
              <span>${name}</span>
            </a>
          `,
        )}
      </nav>
      <${GoTo} />
      <${Connection} />
    </header>
    <main ref=${main} tabindex="-1" data-lost=${connection.value.lostAt !== null}>
      <${Alerts} />
      <${Page} path=${path} />
    </main>
  `;
}

const WORDS = { connecting: "Connecting…", "catching-up": "Catching up…", live: "Live", waiting: "Not connected" };

function Connection() {
  const { state: own, waitMs, lostAt } = connection.value;
  // While the server is away, every try and its failure would be read out.
  const state = lostAt !== null && own === "connecting" ? "waiting" : own;
  return html`
    <div class="connection" data-state=${state}>
      <span class="dot" aria-hidden="true"></span>
      <span>
        <span role="status">${WORDS[state]}</span>
        ${
          state === "waiting" &&
          html`
            <span class="small" aria-hidden="true">
              , trying again${waitMs > 0 ? ` in ${Math.ceil(waitMs / 1000)} s` : ""}
            </span>
          `
        }
      </span>
      ${
        state === "waiting" &&
        html`
          <button type="button" class="small" onClick=${reconnect}>Now</button>
        `
      }
    </div>
  `;
}
