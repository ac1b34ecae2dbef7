// How the dashboard behaves on a large ledger under load: first paint, time per frame, memory. Not part of the test run,
// since its figures are those of the machine.
//
//   npm run measure -- http://127.0.0.1:3000 600    against a running server, for so many seconds (default 60)
//
// Meanwhile it sends 500 deposits per second to accounts that it finds there.

import http from "node:http";
import { launch } from "./support.mjs";

const [base = "http://127.0.0.1:3000", seconds = "60"] = process.argv.slice(2);
const PER_SECOND = 500;
const PAGES = ["#/overview", "#/events", "#/accounts", "#/commands", "#/projections"];

const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
const accounts = (await (await fetch(`${base}/accounts?limit=1000`)).json()).map(({ accountId }) => accountId);
let [sent, accepted] = [0, 0];
const started = Date.now();
const load = setInterval(() => {
  const due = ((Date.now() - started) / 1000) * PER_SECOND;
  for (; sent < due; sent += 1) {
    const body = JSON.stringify({ accountId: accounts[sent % accounts.length], amount: "0.01" });
    const request = http.request(
      `${base}/commands/deposit`,
      { agent, method: "POST", headers: { "Content-Type": "application/json" } },
      (response) => {
        response.resume();
        if (response.statusCode === 200) accepted += 1;
      },
    );
    request.on("error", () => {});
    request.end(body);
  }
}, 10);

const browser = await launch();
const page = await (await browser.newContext({ viewport: { width: 1360, height: 900 } })).newPage();
const session = await page.context().newCDPSession(page);
// Time that the main thread computes, and not that it waits for a core which others have.
await session.send("Performance.enable", { timeDomain: "threadTicks" });
const stats = await (await fetch(`${base}/stats`)).json();
const { headers } = await fetch(`${base}/accounts?limit=1`);
console.log(`${stats.headSequence} events, ${headers.get("x-total-count")} accounts`);

/** Time between two frames while the page works, in ms. */
async function frames(forMs) {
  return page.evaluate(
    (ms) =>
      new Promise((resolve) => {
        const [gaps, end] = [[], performance.now() + ms];
        let last = performance.now();
        const step = (time) => {
          gaps.push(time - last);
          last = time;
          if (time < end) requestAnimationFrame(step);
          else {
            gaps.sort((one, other) => one - other);
            const at = (part) => Math.round(gaps[Math.floor(gaps.length * part)] * 10) / 10;
            resolve({ frames: gaps.length, p50: at(0.5), p95: at(0.95), p99: at(0.99) });
          }
        };
        requestAnimationFrame(step);
      }),
    forMs,
  );
}

/** Heap after a collection, and how busy the main thread was since the last look. */
let before = null;
async function used() {
  await session.send("HeapProfiler.collectGarbage");
  const { metrics } = await session.send("Performance.getMetrics");
  const value = (name) => metrics.find((metric) => metric.name === name).value;
  const now = { at: Date.now() / 1000, busy: value("TaskDuration") };
  const busy = before === null ? 0 : (now.busy - before.busy) / (now.at - before.at);
  before = now;
  return {
    heapMiB: Math.round((value("JSHeapUsedSize") / 1024 / 1024) * 10) / 10,
    nodes: value("Nodes"),
    busyPercent: Math.round(busy * 100),
  };
}

/** The main thread's work per frame, on average, in ms. */
async function worked(forMs) {
  const look = async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    return metrics.find(({ name }) => name === "TaskDuration").value * 1000;
  };
  const start = await look();
  const gaps = await frames(forMs);
  return { ...gaps, workPerFrame: Math.round((((await look()) - start) / gaps.frames) * 10) / 10 };
}

for (const hash of PAGES) {
  await page.goto("about:blank");
  await page.goto(`${base}/${hash}`);
  await page.getByRole("heading", { level: 1 }).waitFor();
  const paint = await page.evaluate(() =>
    Math.round(performance.getEntriesByName("first-contentful-paint")[0].startTime),
  );
  console.log(hash, `first paint ${paint} ms`, JSON.stringify(await worked(5_000)));
}

await page.goto("about:blank");
await page.goto(`${base}/#/accounts`);
await page.getByRole("rowheader").first().waitFor();
const scrolling = worked(5_000);
for (let place = 0; place < 60; place += 1) {
  await page.mouse.move(700, 500);
  await page.mouse.wheel(0, 1500);
  await page.evaluate(() => new Promise(requestAnimationFrame));
}
console.log("scrolling the accounts", JSON.stringify(await scrolling));

await page.goto(`${base}/#/overview`);
await page.getByText("Live", { exact: true }).waitFor();
const end = Date.now() + Number(seconds) * 1000;
while (Date.now() < end) {
  await page.goto(`${base}/#/${Math.random() < 0.5 ? "overview" : "events"}`);
  await frames(Math.min(20_000, Math.max(1_000, end - Date.now())));
  console.log(`after ${Math.round((Date.now() - started) / 1000)} s`, JSON.stringify(await used()));
}
clearInterval(load);
console.log(`${accepted} of ${sent} deposits accepted, ${Math.round(accepted / ((Date.now() - started) / 1000))}/s`);
agent.destroy();
await browser.close();
