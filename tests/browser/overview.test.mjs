// The overview: from an empty ledger to a moving picture.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { eventually, launch, open, Server } from "./support.mjs";

let server, browser;
before(async () => {
  server = await Server.start();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

test("an empty ledger says what to do, and a button fills it", async () => {
  const page = await open(browser, server);
  await page.goTo("");
  await page.getByRole("button", { name: "Fill in demo data" }).click();
  const totals = page.getByRole("region", { name: "Totals per currency" });
  await totals.getByRole("row", { name: /^JPY/ }).waitFor();
  await eventually("all accounts", async () =>
    /10/.test(await page.locator('[data-stage="models"] .main').innerText()),
  );
  await page.getByText("Every cent is conserved").waitFor();
  await eventually("the last of the commands", async () => (await fetch(`${server.url}/commands/demo-data-35`)).ok);
  // The same keys: what the program does beside it changes nothing.
  const { headSequence } = await server.get("/stats");
  server.demoData();
  assert.equal((await server.get("/stats")).headSequence, headSequence);
  await page.close();
});

test("the pipeline moves with the commands", async () => {
  const page = await open(browser, server);
  await page.goTo("#/overview");
  await page.getByText("Live", { exact: true }).waitFor();
  const shown = page.locator('[data-stage="journal"] .main');
  const drawn = () => page.locator(".pipeline canvas").evaluate((canvas) => canvas.toDataURL());
  const still = await drawn();
  let [sent, moved] = [0, false];
  await eventually("a rate in the journal, and dots on the way", async () => {
    await server.command("deposit", { accountId: "demo-ada", amount: "0.01" });
    sent += 1;
    moved ||= (await drawn()) !== still;
    return moved && /^[1-9]/.test(await shown.innerText());
  });
  assert.ok(sent > 0);
  await page.getByText("Every cent is conserved").waitFor();
  const newest = page.locator("section", { hasText: "Newest events" }).locator(".event-line").first();
  const { headSequence } = await server.get("/stats");
  await eventually(
    "the newest event",
    async () => (await newest.getAttribute("data-sequence")) === String(headSequence),
  );
  await page.close();
});
