// The list of accounts, short and long: it follows what happens, and keeps the reader's place.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { eventually, launch, open, Server } from "./support.mjs";

const ACCOUNTS = 1_000;
const id = (place) => `acc-${String(place).padStart(4, "0")}`;

let server, browser;
before(async () => {
  server = await Server.start();
  const commands = Array.from({ length: ACCOUNTS }, (_, place) => ({
    type: "create-account",
    accountId: id(place),
    initialBalance: place,
  }));
  await server.command("batch", { commands });
  await server.settled();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

test("a list that is shorter than the page follows what happens", async () => {
  const page = await open(browser, server);
  await page.goTo("#/accounts?prefix=acc-000");
  const row = page.getByRole("row", { name: /acc-0007/ });
  await row.getByText("7.00 USD").first().waitFor();
  // Two seconds, in which nothing is to be read.
  for (let second = 0; second < 3; second += 1) await page.waitForResponse(/\/stats$/);
  await server.command("deposit", { accountId: id(7), amount: 3 });
  await row.getByText("10.00 USD").first().waitFor();
  await server.command("freeze-account", { accountId: id(7) });
  await row.getByText("frozen").waitFor();
  await page.close();
});

test("a list is found where it was left, and another one from its top", async () => {
  const page = await open(browser, server);
  await page.goTo("#/accounts");
  const list = page.getByRole("table", { name: "Accounts" });
  const row = (place) => list.getByRole("link", { name: id(place), exact: true });
  await row(0).waitFor();
  // Each answer of the list makes room for the next one.
  await eventually("a row far down", async () => {
    await list.evaluate((rows) => (rows.scrollTop = 500 * 44));
    return row(505).isVisible();
  });
  await row(505).click();
  await page.getByRole("heading", { name: id(505) }).waitFor();
  await page.goBack();
  await row(505).waitFor();
  await server.command("deposit", { accountId: id(506), amount: 1 });
  await list
    .getByRole("row", { name: /acc-0506/ })
    .getByText("507.00 USD")
    .first()
    .waitFor();
  await list.getByRole("button", { name: "Balance" }).click();
  await row(999).waitFor();
  assert.equal(await list.evaluate((rows) => rows.scrollTop), 0);
  await page.close();
});
