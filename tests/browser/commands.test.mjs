// Forms from the contract, and what became of what was sent.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { eventually, launch, open, Server } from "./support.mjs";

let server, browser;
before(async () => {
  server = await Server.start();
  server.demoData();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

test("every command of the contract has a form with every member of its body", async () => {
  const contract = await server.get("/openapi.json");
  const resolve = (schema) => (schema.$ref ? contract.components.schemas[schema.$ref.split("/").pop()] : schema);
  const page = await open(browser, server);
  let commands = 0;
  for (const [path, { post }] of Object.entries(contract.paths)) {
    if (!path.startsWith("/commands/") || !post) continue;
    const route = path.split("/").pop();
    await page.goTo(`#/commands/${route}`);
    await page.getByText(`${post.summary}.`, { exact: true }).waitFor();
    const schema = resolve(post.requestBody.content["application/json"].schema);
    const fields = await page
      .locator("form.command")
      .evaluate((form) =>
        [...form.querySelectorAll("input, select, textarea")].map(({ name, required }) => [name, required]),
      );
    for (const [member, part] of Object.entries(schema.properties)) {
      // The key is the page's own business.
      if (member === "commandId" && /idempotency key/i.test(JSON.stringify(part))) continue;
      // Rows of fields stand for a list of objects.
      const rows =
        part.type === "array" && resolve(part.items).additionalProperties === false && resolve(part.items).properties;
      if (rows)
        for (const own of Object.keys(rows))
          assert.ok(
            fields.some(([name]) => name === own),
            `${route}: ${own}`,
          );
      else
        assert.deepEqual(
          fields.find(([name]) => name === member),
          [member, schema.required.includes(member)],
          `${route}: ${member}`,
        );
    }
    commands += 1;
  }
  assert.ok(commands >= 8);
  await page.close();
});

test("what was refused is in the log with its reason, and what was accepted leads to its events", async () => {
  const page = await open(browser, server);
  await page.goTo("#/commands/withdraw");
  const form = page.locator("form.command");
  await form.getByLabel("Account").fill("demo-alan");
  await form.getByLabel("Amount").fill("1000000");
  await form.getByRole("button", { name: "Withdraw", exact: true }).click();
  await form.getByRole("alert").getByText("insufficient-funds").waitFor();
  const log = page.getByRole("region", { name: "Command log, newest first" });
  const refused = log.getByRole("row", { name: /insufficient-funds/ });
  await refused.waitFor();
  await form.getByLabel("Amount").fill("10");
  await form.getByRole("button", { name: "Withdraw", exact: true }).click();
  await form.getByText("Done: it is in the log, on disk.").waitFor();
  await page.getByLabel("Status").selectOption("accepted");
  await eventually(
    "accepted ones alone",
    async () => (await refused.count()) === 0 && (await log.getByRole("row").count()) > 1,
  );
  const newest = log.getByRole("row").nth(1);
  await newest.getByText("10.00 USD").waitFor();
  assert.match(await newest.innerText(), /(µs|ms)/, "its latency");
  await newest.getByRole("link").last().click();
  await page.getByRole("heading", { name: /^Event/ }).waitFor();
  await page.getByText("Money withdrawn").first().waitFor();
  await page.close();
});

test("a shape that the server does not take is stopped in the form, with words", async () => {
  const page = await open(browser, server);
  await page.goTo("#/commands/deposit?accountId=demo-ada");
  let sent = 0;
  page.on("request", (request) => {
    if (request.method() === "POST") sent += 1;
  });
  const amount = page.locator("form.command").getByLabel("Amount");
  for (const wrong of ["1,234.56", "-5", "1e3", "five"]) {
    await amount.fill(wrong);
    await page.locator("form.command").getByRole("button", { name: "Deposit", exact: true }).click();
    assert.ok(await amount.evaluate((input) => !input.validity.valid), wrong);
  }
  assert.equal(sent, 0);
  await page.close();
});

test("a refusal that names a field points at it, until it is changed", async () => {
  const page = await open(browser, server);
  page.watch.forgive = /status of 400/;
  await page.goTo("#/commands/post");
  const form = page.locator("form.command");
  await form.getByRole("button", { name: "Add a row" }).click();
  const rows = form.locator(".row-fields");
  for (const [place, amount] of ["1", "0"].entries()) {
    await rows.nth(place).getByLabel("From account").fill("demo-ada");
    await rows.nth(place).getByLabel("To account").fill("demo-alan");
    await rows.nth(place).getByLabel("Amount").fill(amount);
  }
  await form.getByRole("button", { name: "Post", exact: true }).click();
  const wrong = form.locator("[aria-invalid]");
  await wrong.waitFor();
  const amount = rows.nth(1).getByLabel("Amount");
  assert.ok(await amount.evaluate((input) => input === document.activeElement && input.ariaInvalid === "true"));
  const reason = form.locator(`[id="${await amount.getAttribute("aria-describedby")}"]`);
  assert.match(await reason.innerText(), /must be more than 0/);
  assert.equal(await page.locator('[role="status"] [role="alert"]').count(), 0, "it is read out once");
  await amount.fill("2");
  await wrong.waitFor({ state: "detached" });
  await page.close();
});

test("one field leads to an account, an event or a command, by keyboard alone", async () => {
  const page = await open(browser, server);
  await page.goTo("#/overview");
  for (const [typed, heading] of [
    ["demo-grace", "demo-grace"],
    ["#12", "Event 12"],
    ["demo-data-20", "Command demo-data-20"],
  ]) {
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type(typed);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: heading, level: 1 }).waitFor();
  }
  // What was not found is written over, or left.
  await page.keyboard.press("/");
  await page.keyboard.type("nobody");
  await page.keyboard.press("Enter");
  await page.getByText("There is no account, event or command").waitFor();
  const field = page.getByPlaceholder("Go to…");
  await page.keyboard.press("/");
  await page.keyboard.type("some");
  assert.equal(await field.inputValue(), "some");
  await page.keyboard.press("Escape");
  assert.equal(await field.inputValue(), "");
  assert.ok(await field.evaluate((input) => input !== document.activeElement));
  await page.close();
});
