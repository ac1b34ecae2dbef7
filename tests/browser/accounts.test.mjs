// Working with accounts: the tasks of every day, from start to end.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
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

/** Fills a form in by its labels and sends it. */
async function fill(place, fields, button) {
  for (const [label, text] of Object.entries(fields))
    await place.getByLabel(label, { exact: false }).first().fill(text);
  await place.getByRole("button", { name: button, exact: true }).click();
}

test("money goes from one account to another, is seen there, and was not there before", async () => {
  const page = await open(browser, server);
  await page.goTo("#/accounts");
  await page.getByText("There are no accounts yet.").waitFor();
  await page.getByRole("link", { name: "Create an account" }).click();
  const form = page.locator("form.command");
  await fill(form, { Id: "anna", Owner: "Anna" }, "Create account");
  await form.getByText("Done: it is in the log, on disk.").waitFor();
  await fill(form, { Id: "ben", "Initial balance": "5.05" }, "Create account");
  await form.getByRole("link", { name: "ben" }).waitFor();

  await page.goTo("#/accounts/anna");
  await page.getByRole("button", { name: "Deposit" }).click();
  const dialog = page.getByRole("dialog");
  await fill(dialog, { Amount: "1234.56", Description: "Salary" }, "Preview");
  await dialog.getByText("It would be accepted. Nothing was written.").waitFor();
  assert.equal((await server.get("/accounts/anna")).balance, 0, "a preview writes nothing");
  await dialog.getByRole("button", { name: "Deposit", exact: true }).click();
  await dialog.getByText("Done: it is in the log, on disk.").waitFor();
  await dialog.getByRole("button", { name: "Close" }).click();
  await page.locator(".figure", { hasText: "Balance" }).getByText("1,234.56 USD").waitFor();

  await page.getByRole("button", { name: "Transfer" }).click();
  await fill(dialog, { "To account": "ben", Amount: "99999" }, "Transfer");
  const refusal = dialog.getByRole("alert");
  await refusal.getByText("1,234.56 USD").first().waitFor();
  await refusal.getByText("99,999.00 USD").waitFor();
  await refusal.getByRole("link", { name: "insufficient-funds" }).waitFor();
  await fill(dialog, { Amount: "234.56" }, "Transfer");
  await dialog.getByText("Done: it is in the log, on disk.").waitFor();
  await dialog.getByRole("link", { name: "ben" }).first().click();

  const statement = page.getByRole("region", { name: "Statement, newest first" });
  const received = statement.getByRole("row", { name: /Transfer received/ });
  await received.getByText("+234.56 USD").waitFor();
  await received.getByText("239.61 USD").waitFor();
  await page.getByRole("img", { name: /Balance over time/ }).waitFor();

  await page.getByRole("link", { name: "Time travel" }).last().click();
  await page.locator(".figure", { hasText: "Balance then" }).getByText("239.61 USD").waitFor();
  // The transfer is the last command, of two events.
  await page.getByRole("button", { name: "One event back" }).click();
  await page.getByRole("button", { name: "One event back" }).click();
  await page.locator(".figure", { hasText: "Balance then" }).getByText("5.05 USD").waitFor();
  await page.locator(".figure", { hasText: "Balance now" }).getByText("239.61 USD").waitFor();
  await page.close();
});

test("an amount goes to the server as it was typed", async () => {
  await server.command("create-account", { accountId: "exact" });
  const page = await open(browser, server);
  await page.goTo("#/commands/deposit?accountId=exact");
  const form = page.locator("form.command");
  const sent = page.waitForRequest(/\/commands\/deposit/);
  // As a float this would be 9999999999999.98 or an exponent somewhere on the way.
  await fill(form, { Amount: "9999999999999.99" }, "Deposit");
  assert.deepEqual(JSON.parse((await sent).postData()), { accountId: "exact", amount: "9999999999999.99" });
  await form.getByText("9,999,999,999,999.99 USD").first().waitFor();
  await page.close();
});

test("accounts are searched, sorted and filtered, and the address and the back button know it", async () => {
  server.demoData();
  await server.command("freeze-account", { accountId: "demo-yen" });
  await server.settled();
  const page = await open(browser, server);
  await page.goTo("#/accounts");
  const table = page.getByRole("table", { name: "Accounts" });
  await page.getByPlaceholder("Id begins with…").fill("demo-");
  await eventually("the search in the address", () => page.url().includes("prefix=demo-"));
  await eventually("ten rows", async () => (await table.getByRole("rowheader").count()) === 10);
  await table.getByRole("button", { name: "Balance" }).click();
  await eventually("the richest first", async () =>
    (await table.getByRole("rowheader").first().innerText()).startsWith("demo-yen"),
  );
  await page.getByLabel("Status").selectOption("frozen");
  await eventually("the frozen one alone", async () => (await table.getByRole("rowheader").count()) === 1);
  await page.goBack();
  await eventually("all of them again", async () => (await table.getByRole("rowheader").count()) === 10);
  assert.match(page.url(), /prefix=demo-&sort=balance|sort=balance.*prefix=demo-/);
  await page.reload();
  await eventually("the same after a reload", async () =>
    (await table.getByRole("rowheader").first().innerText()).startsWith("demo-yen"),
  );
  // Another client's deposit shows without a touch.
  await server.command("deposit", { accountId: "demo-works", amount: "700000" });
  await eventually("the new richest first", async () =>
    (await table.getByRole("rowheader").first().innerText()).startsWith("demo-works"),
  );
  await page.getByPlaceholder("Id begins with…").fill("nobody");
  await page.getByText("No account fits.").waitFor();
  await page.close();
});

test("an account is frozen, thawed and closed, and offers what fits its state", async () => {
  await server.command("create-account", { accountId: "short" });
  const page = await open(browser, server);
  await page.goTo("#/accounts/short");
  const actions = page.getByRole("group", { name: "What can be done" });
  const dialog = page.getByRole("dialog");
  for (const [action, button, then] of [
    ["Freeze", "Freeze account", "frozen"],
    ["Unfreeze", "Unfreeze account", "open"],
    ["Close", "Close account", "closed"],
  ]) {
    await actions.getByRole("button", { name: action, exact: true }).click();
    await dialog.getByRole("button", { name: button, exact: true }).click();
    await dialog.getByText("Done: it is in the log, on disk.").waitFor();
    await page.keyboard.press("Escape");
    await page.locator(".title .badge", { hasText: then }).waitFor();
  }
  assert.deepEqual(await actions.getByRole("button").allInnerTexts(), ["Reopen"]);
  await page.close();
});

test("a dialog takes what is typed, and closes neither by a selection nor before the answer", async () => {
  await server.command("create-account", { accountId: "slow", initialBalance: 100 });
  const page = await open(browser, server);
  await page.goTo("#/accounts/slow");
  await page.getByRole("button", { name: "Withdraw", exact: true }).press("Enter");
  const dialog = page.getByRole("dialog");
  const amount = dialog.getByLabel("Amount");
  await eventually("the focus in the first field", () => amount.evaluate((input) => input === document.activeElement));
  await page.keyboard.type("99999999");
  // Text is selected as far as over the backdrop.
  const { x, y, width, height } = await amount.boundingBox();
  await page.mouse.move(x + width / 2, y + height / 2);
  await page.mouse.down();
  await page.mouse.move(5, y);
  await page.mouse.up();
  assert.equal(await amount.inputValue(), "99999999");

  let answer;
  const asked = new Promise((resolve) => (answer = resolve));
  await page.route("**/commands/withdraw", async (route) => {
    await asked;
    await route.continue();
  });
  await dialog.getByRole("button", { name: "Withdraw", exact: true }).click();
  await dialog.getByText("Sending…").waitFor();
  await page.keyboard.press("Escape");
  await dialog.getByRole("status").getByText("This stays open until there is an answer.").waitFor();
  await page.keyboard.press("Escape");
  await dialog.getByRole("button", { name: "Close" }).click();
  await page.mouse.click(5, 5);
  answer();
  await dialog.getByRole("alert").getByText("insufficient-funds").waitFor();
  await page.mouse.click(5, 5);
  await dialog.waitFor({ state: "detached" });
  await page.close();
});

test("money is held, seen as held, captured in part, and a movement is taken back", async () => {
  await server.command("create-account", { accountId: "hotel" });
  await server.command("create-account", { accountId: "guest", initialBalance: 500 });
  const page = await open(browser, server);
  await page.goTo("#/accounts/guest");
  const actions = page.getByRole("group", { name: "What can be done" });
  const dialog = page.getByRole("dialog");
  const figure = (name) => page.locator(".figure", { hasText: name }).locator("dd").first();
  await actions.getByRole("button", { name: "Place hold" }).click();
  await fill(dialog, { Amount: "200", Hold: "room-7" }, "Place hold");
  await dialog.getByText("Done: it is in the log, on disk.").waitFor();
  await page.keyboard.press("Escape");
  await eventually(
    "what is held",
    async () =>
      (await figure("Held").innerText()) === "200.00\u00a0USD" &&
      (await figure("Available").innerText()) === "300.00\u00a0USD",
  );
  const hold = page.getByRole("row", { name: /room-7/ });
  await hold.getByRole("button", { name: "Capture" }).click();
  await fill(dialog, { Amount: "150", "To account": "hotel" }, "Capture hold");
  await dialog.getByText("Done: it is in the log, on disk.").waitFor();
  await page.keyboard.press("Escape");
  await hold.waitFor({ state: "detached" });
  await eventually(
    "what is left",
    async () =>
      (await figure("Balance").innerText()) === "350.00\u00a0USD" &&
      (await figure("Held").innerText()) === "0.00\u00a0USD",
  );
  // The transfer that the capture made, taken back from its own page.
  await page
    .getByRole("region", { name: "Statement, newest first" })
    .getByRole("row", { name: /Money transferred/ })
    .getByRole("link")
    .first()
    .click();
  await page.getByRole("link", { name: "Reverse" }).click();
  const form = page.locator("form.command");
  assert.match(await form.getByLabel("Sequence number").inputValue(), /^[0-9]+$/);
  await form.getByRole("button", { name: "Preview" }).click();
  await form.getByText("It would be accepted. Nothing was written.").waitFor();
  await form.getByRole("button", { name: "Reverse", exact: true }).click();
  await form.getByText("Done: it is in the log, on disk.").waitFor();
  await page.goTo("#/accounts/guest");
  await eventually("all of it again", async () => (await figure("Balance").innerText()) === "500.00\u00a0USD");
  await page.close();
});

test("limits are set, refuse with their numbers, and are lifted", async () => {
  await server.command("create-account", { accountId: "limited", initialBalance: 500 });
  const page = await open(browser, server);
  await page.goTo("#/accounts/limited");
  const actions = page.getByRole("group", { name: "What can be done" });
  const dialog = page.getByRole("dialog");
  await actions.getByRole("button", { name: "Set limits" }).click();
  await fill(dialog, { "Per transaction": "50" }, "Set limits");
  await dialog.getByText("Done: it is in the log, on disk.").waitFor();
  await page.keyboard.press("Escape");
  await page.locator(".figure", { hasText: "Per transaction" }).getByText("50.00 USD").waitFor();
  await actions.getByRole("button", { name: "Withdraw" }).click();
  await fill(dialog, { Amount: "50.01" }, "Withdraw");
  await dialog.getByRole("alert").getByRole("link", { name: "transaction-limit" }).waitFor();
  await dialog.getByRole("alert").getByText("50.00 USD").first().waitFor();
  await page.keyboard.press("Escape");
  await actions.getByRole("button", { name: "Set limits" }).click();
  await dialog.locator(".field", { hasText: "Per transaction" }).getByLabel("No limit").check();
  const sent = page.waitForRequest(/\/commands\/set-limits/);
  await dialog.getByRole("button", { name: "Set limits", exact: true }).click();
  assert.deepEqual(JSON.parse((await sent).postData()), { accountId: "limited", perTransaction: null });
  await dialog.getByText("Done: it is in the log, on disk.").waitFor();
  await page.keyboard.press("Escape");
  await page.locator(".figure", { hasText: "Per transaction" }).waitFor({ state: "detached" });
  await page.close();
});

test("several postings go out as one command, row by row", async () => {
  for (const accountId of ["payer", "shop", "tax"])
    await server.command("create-account", { accountId, initialBalance: 100 });
  const page = await open(browser, server);
  await page.goTo("#/commands/post");
  const form = page.locator("form.command");
  await form.getByRole("button", { name: "Add a row" }).click();
  const rows = form.locator(".row-fields");
  for (const [place, to, amount] of [
    [0, "shop", "81"],
    [1, "tax", "19"],
  ]) {
    await rows.nth(place).getByLabel("From account").fill("payer");
    await rows.nth(place).getByLabel("To account").fill(to);
    await rows.nth(place).getByLabel("Amount").fill(amount);
  }
  await form.getByRole("button", { name: "Post", exact: true }).click();
  await form.getByText("Done: it is in the log, on disk.").waitFor();
  await form.getByText("119.00 USD").waitFor();
  await form.getByText("181.00 USD").waitFor();
  await page.close();
});

test("the statement has pages, and is saved as CSV whole", async () => {
  await server.command("create-account", { accountId: "busy" });
  for (let place = 1; place <= 60; place += 1) await server.command("deposit", { accountId: "busy", amount: place });
  const page = await open(browser, server);
  await page.goTo("#/accounts/busy");
  const statement = page.getByRole("region", { name: "Statement, newest first" });
  await statement.getByText("1,830.00 USD").waitFor();
  await page.getByRole("button", { name: "Older" }).click();
  await statement.getByText("+35.00 USD").waitFor();
  await page.goBack();
  await statement.getByText("+60.00 USD").waitFor();
  const downloading = page.waitForEvent("download");
  await page.getByRole("button", { name: "Save as CSV" }).click();
  const text = await readFile(await (await downloading).path(), "utf8");
  const lines = text.trim().split("\r\n");
  assert.equal(lines.length, 62, "a line of names, sixty deposits, the opening");
  assert.match(lines[0], /^sequence,version,/);
  await page.close();
});
