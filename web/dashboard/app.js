// Bursar's dashboard: wires the panels to the feed and to each other; it decides nothing itself.

import { accountsPanel } from "./accounts.js";
import { commandsPanel } from "./commands.js";
import { byId } from "./dom.js";
import { eventsPanel } from "./events.js";
import { startFeed } from "./feed.js";
import { wireForms } from "./forms.js";
import { ledgerPanel } from "./ledger.js";
import { projectionsPanel } from "./projections.js";
import { whileVisible } from "./refresh.js";

const STATS_EVERY_MS = 2_000;
/** Rejected commands leave no event, so the log is looked at now and then as well. */
const LOG_EVERY_MS = 10_000;

/** @type {ReturnType<typeof startFeed> | null} */
let feed = null;

const newestSequence = () => feed?.last() ?? 0;
const accounts = accountsPanel(newestSequence);
const ledger = ledgerPanel(newestSequence);
const commands = commandsPanel();
const events = eventsPanel();
const projections = projectionsPanel((head) => feed?.expect(head), refreshViews);

function refreshViews() {
  accounts.refresh();
  ledger.refresh();
}

function refreshAll() {
  refreshViews();
  commands.refresh();
}

wireForms(refreshAll);
whileVisible(() => void projections.refresh(), STATS_EVERY_MS);
ledger.refresh();

// The accounts come first: they say which currency the amounts of commands and events are in.
await accounts.read();

whileVisible(commands.refresh, LOG_EVERY_MS);

feed = startFeed({
  onEvents(fresh) {
    events.add(fresh);
    refreshAll();
  },
  onRestart() {
    events.restart();
    refreshAll();
  },
  onState(state, waitMs) {
    if (state === "live") {
      events.caughtUp();
      // What could not be read while the server was away can be read again.
      refreshAll();
    }
    showConnection(state, waitMs);
  },
});

/**
 * @param {import("./feed.js").FeedState} state
 * @param {number} waitMs
 */
function showConnection(state, waitMs) {
  const words = {
    connecting: "Connecting…",
    "catching-up": "Catching up…",
    live: "Live",
    waiting: `Not connected. Trying again in ${Math.ceil(waitMs / 1000)} s`,
  };
  byId("connection", HTMLParagraphElement).dataset.state = state;
  byId("connection-words", HTMLSpanElement).textContent = words[state];
}
