// Time travel, projections and the system: what is looked at when something is to be understood or mended.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { eventually, launch, open, Server } from "./support.mjs";

let server, browser;
before(async () => {
  server = await Server.start();
  server.demoData();
  await server.settled();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

test("an account is seen as of any sequence or time, by slider, number and clock", async () => {
  const page = await open(browser, server);
  await page.goTo("#/time-travel?account=demo-ada");
  const then = page.locator(".figure", { hasText: "Balance then" });
  await then.getByText("3,717.20 USD").waitFor();
  const slider = page.getByRole("slider", { name: "Sequence" });
  await slider.fill("20");
  await eventually("the place in the address", () => page.url().includes("at=20"));
  const { balance } = await server.get("/accounts/demo-ada?asOfSequence=20");
  await then.getByText(balance.toLocaleString("en", { minimumFractionDigits: 2 })).waitFor();
  // Before it was opened, which was the fifth command.
  await page.getByLabel("After event").fill("4");
  await page.getByLabel("After event").press("Enter");
  await page.getByText("It did not exist then.").waitFor();
  await page.getByLabel("or at").fill("2020-01-01T00:00:01");
  await page.getByText("The log had not begun then.").waitFor();
  await page.getByLabel("or at").fill("2099-01-01T00:00:01");
  await then.getByText("3,717.20 USD").waitFor();
  // The whole list, where the server has it.
  const contract = await server.get("/openapi.json");
  if (contract.paths["/accounts"].get.parameters.some(({ name }) => name === "asOfSequence")) {
    await slider.fill("3");
    const list = page.getByRole("region", { name: "All accounts then" });
    await eventually(
      "the three accounts that there were",
      async () => (await list.getByRole("rowheader").count()) === 3,
    );
  }
  await page.close();
});

test("a time that is typed digit by digit is gone to when it was said, with all of its second", async () => {
  const page = await open(browser, server);
  await page.clock.install();
  await page.goTo("#/time-travel?account=demo-ada&at=3");
  const field = page.getByLabel("or at");
  await page.locator(".dial").getByRole("link").first().waitFor();
  await field.focus();
  // However slowly it is typed.
  await page.clock.pauseAt(Date.now() + 1_000);
  // Month, day, year; hours, minutes, seconds, half of the day.
  await field.pressSequentially("12312098", { delay: 20 });
  await field.press("ArrowRight");
  await field.pressSequentially("101112AM", { delay: 20 });
  assert.equal(await field.inputValue(), "2098-12-31T10:11:12");
  assert.match(page.url(), /at=3$/);
  await field.press("Enter");
  await page.clock.resume();
  const { headSequence } = await server.get("/stats");
  await eventually("the end of the log", () => page.url().includes(`at=${headSequence}`));
  // The second of an event, as the field has it, is not over before the event.
  const [event] = await server.get("/events?fromSequence=6&limit=1");
  const local = await page.evaluate((text) => {
    const at = new Date(text);
    return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
  }, event.timestamp);
  await field.fill(local);
  await field.press("Enter");
  const second = `${event.timestamp.slice(0, 19)}.999Z`;
  const then = await fetch(`${server.url}/accounts?limit=1&asOf=${second}`);
  const place = Number(then.headers.get("X-Sequence"));
  assert.ok(place >= 7, `${place}`);
  await eventually("the last event of that second", () => page.url().includes(`at=${place}`));
  await page.goTo("#/accounts/demo-ada");
  const asked = [];
  page.on("request", (request) => asked.push(request.url()));
  const from = page.getByLabel("From", { exact: true });
  await from.pressSequentially("12012026", { delay: 20 });
  await from.press("Enter");
  await eventually("the day in the address", () => page.url().includes("from=2026-12-01"));
  assert.deepEqual(
    asked.filter((url) => /statement.*from=0/.test(url)),
    [],
  );
  await page.close();
});

test("accounts of then are found behind pages that have none", async () => {
  const page = await open(browser, server);
  await page.route(/\/accounts\?asOfSequence=3&limit=\d+$/, (route) =>
    route.fulfill({
      contentType: "application/json",
      headers: { Link: '</accounts?asOfSequence=3&limit=10&after=a>; rel="next"' },
      body: "[]",
    }),
  );
  await page.goTo("#/time-travel?account=demo-ada&at=3");
  const list = page.getByRole("region", { name: "All accounts then" });
  await eventually("the accounts", async () => (await list.getByRole("rowheader").count()) === 3);
  await page.close();
});

test("what moved no money is told without an amount", async () => {
  await server.command("place-hold", { accountId: "demo-grace", amount: 3 });
  const page = await open(browser, server);
  await page.goTo("#/time-travel?account=demo-grace");
  const last = page.getByText("Last before:");
  await last.getByRole("link", { name: "Hold placed" }).waitFor();
  assert.doesNotMatch(await last.innerText(), /USD/);
  await page.close();
});

test("a projection is paused, falls behind, and catches up when it is resumed", async () => {
  const page = await open(browser, server);
  await page.goTo("#/projections");
  const card = page.locator(".projection", { hasText: "volume" });
  await card.getByRole("button", { name: "Pause volume" }).click();
  await card.getByText("paused", { exact: true }).waitFor();
  for (let place = 0; place < 3; place += 1) await server.command("deposit", { accountId: "demo-ada", amount: 1 });
  await card.locator(".figure", { hasText: "Behind" }).getByText("3", { exact: true }).waitFor();
  await card.getByText("It stands still because somebody paused it").waitFor();
  await card.getByRole("button", { name: "Resume volume" }).click();
  await card.getByText("running", { exact: true }).waitFor();
  await card.locator(".figure", { hasText: "Behind" }).getByText("0", { exact: true }).waitFor();
  await page.close();
});

test("an account is shown as it is when its read model goes on", async () => {
  const page = await open(browser, server);
  page.watch.forgive = /503/;
  await page.goTo("#/accounts/demo-grace");
  const balance = page.locator(".figure", { hasText: "Balance" });
  const before = await balance.innerText();
  await server.post("/projections/accounts/pause");
  const late = page.waitForResponse((response) => response.status() === 503);
  await server.command("deposit", { accountId: "demo-grace", amount: 7 });
  await late;
  await server.post("/projections/accounts/resume");
  await eventually("the deposit", async () => (await balance.innerText()) !== before);
  await page.close();
});

test("a faulted projection is explained, on every page, with the event that it can't apply", async () => {
  const page = await open(browser, server);
  // No client can fault one; what the server would say of it is put into its answer.
  await page.route(/\/stats$/, async (route) => {
    const response = await route.fetch();
    const stats = await response.json();
    const fault = { state: "faulted", lastError: "the balance would leave its bounds", poisonSequence: 12 };
    Object.assign(
      stats.projections.find(({ name }) => name === "ledger"),
      fault,
      { checkpoint: 11, lagEvents: 44, errors: 1 },
    );
    await route.fulfill({ response, json: stats });
  });
  await page.goTo("#/overview");
  await page.getByText("The read model ledger is faulted, 44 events behind.").waitFor();
  await page.getByRole("link", { name: "ledger", exact: true }).click();
  const card = page.locator(".projection", { hasText: "ledger" });
  await card.getByText("It can't go on at event 12.").waitFor();
  await card.getByText("the balance would leave its bounds").waitFor();
  const resumed = page.waitForResponse(/\/projections\/ledger\/resume/);
  await card.getByRole("button", { name: "Resume ledger" }).click();
  assert.equal((await resumed).status(), 200);
  await card.getByRole("link", { name: "event 12" }).click();
  await page.getByRole("heading", { name: "Event 12" }).waitFor();
  await page.close();
});

test("a replay shows how far it is, also after a reload, and ends in a new generation", async () => {
  const page = await open(browser, server);
  await page.goTo("#/projections");
  const generation = page
    .locator(".projection", { hasText: "accounts" })
    .locator(".figure", { hasText: "Generation" })
    .locator("dd");
  const before = Number(await generation.innerText());
  await page.getByRole("button", { name: "Replay all" }).click();
  await page.getByRole("button", { name: "Begin" }).click();
  await page.getByText(/events were applied anew/).waitFor();
  await eventually("the next generation", async () => Number(await generation.innerText()) > before);
  await page.reload();
  await page.getByText(/events were applied anew/).waitFor();
  await page.close();
});

test("the system says with which settings it runs, where each came from, and where to read on", async () => {
  const page = await open(browser, server);
  await page.goTo("#/system");
  await page.getByText("ready", { exact: true }).waitFor();
  const config = page.getByRole("region", { name: "Configuration in force" });
  await config.getByRole("row", { name: /^data-dir .*bursar-browser.* flag$/ }).waitFor();
  await config.getByRole("row", { name: /^log-format text default$/ }).waitFor();
  await page.getByRole("link", { name: "API documentation" }).click();
  await page.getByRole("heading", { name: "Bursar API" }).waitFor();
  await page.getByLabel("Find").fill("getStatement");
  await page.getByText("1 found").waitFor();
  await page.close();
});
