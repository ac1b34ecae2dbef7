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

test("a command without an answer keeps its key until another one is sent, whatever is typed meanwhile", async () => {
  await server.command("create-account", { accountId: "lost" });
  const page = await open(browser, server);
  page.watch.forgive = /ERR_FAILED|status of 500/;
  const keys = [];
  let answer;
  const asked = new Promise((resolve) => (answer = resolve));
  await page.route("**/commands/deposit", async (route) => {
    keys.push(route.request().headers()["idempotency-key"]);
    const response = await route.fetch();
    if (keys.length === 1) return route.abort();
    if (keys.length > 2) return route.fulfill({ response });
    await asked;
    return route.fulfill({ status: 500, json: { title: "Lost" } });
  });
  await page.goTo("#/commands/deposit?accountId=lost");
  const form = page.locator("form.command");
  const deposit = form.getByRole("button", { name: "Deposit", exact: true });
  const description = form.getByLabel("Description");
  await form.getByLabel("Amount").fill("10");
  await deposit.click();
  await form.getByText("asking again with the same key").waitFor();
  await description.press("x");
  assert.equal(await description.inputValue(), "", "what is being sent does not change");
  answer();
  await form.getByText("Sending it again is safe").waitFor();
  await description.press("x");
  await description.press("Backspace");
  await deposit.click();
  await form.getByText("An earlier try had arrived").waitFor();
  await form.getByLabel("Amount").fill("5");
  await deposit.click();
  await form.getByText("15.00 USD").waitFor();
  assert.equal(keys.length, 4);
  assert.equal(new Set(keys.slice(0, 3)).size, 1);
  assert.notEqual(keys[3], keys[0]);
  await page.close();
});

test("a preview that is refused leaves the key of a command without an answer alone", async () => {
  await server.command("create-account", { accountId: "asked", initialBalance: 100 });
  const page = await open(browser, server);
  page.watch.forgive = /status of 500/;
  let lost = false;
  await page.route("**/commands/withdraw", async (route) => {
    const response = await route.fetch();
    await route.fulfill(lost ? { response } : { status: 500, json: { title: "Lost" } });
    lost = true;
  });
  await page.goTo("#/commands/withdraw?accountId=asked");
  const form = page.locator("form.command");
  const withdraw = form.getByRole("button", { name: "Withdraw", exact: true });
  await form.getByLabel("Amount").fill("60");
  await withdraw.click();
  await form.getByText("Sending it again is safe").waitFor();
  await form.getByRole("button", { name: "Preview" }).click();
  await form.getByText("insufficient-funds").waitFor();
  await server.command("deposit", { accountId: "asked", amount: 100 });
  await withdraw.click();
  await form.getByText("Done: it is in the log, on disk.").waitFor();
  await server.settled();
  assert.equal((await server.get("/accounts/asked")).balance, 140);
  await page.close();
});

test("a double click and a key held down send a command once; pressed later it is sent again", async () => {
  await server.command("create-account", { accountId: "twice" });
  const page = await open(browser, server);
  const sent = [];
  page.on("request", (request) => {
    if (request.method() === "POST") sent.push(request.url().split("/").pop());
  });
  await page.clock.install();
  await page.goTo("#/commands/deposit?accountId=twice");
  const form = page.locator("form.command");
  const deposit = form.getByRole("button", { name: "Deposit", exact: true });
  await form.getByLabel("Amount").fill("10");
  await page.clock.pauseAt(Date.now() + 1_000);
  await deposit.click();
  await form.getByText("Done: it is in the log, on disk.").waitFor();
  await deposit.click();
  await form.getByText("It was sent once.").waitFor();
  await page.clock.fastForward(2_000);
  await page.clock.resume();
  await deposit.click();
  await form.getByText("20.00 USD").waitFor();

  await page.goTo("#/commands/withdraw?accountId=twice");
  await form.getByLabel("Amount").fill("1000");
  await form.getByLabel("Amount").focus();
  await page.keyboard.down("Enter");
  await form.getByText("insufficient-funds").waitFor();
  for (let repeat = 0; repeat < 5; repeat += 1) await page.keyboard.down("Enter");
  await page.keyboard.up("Enter");
  await form.getByLabel("Amount").fill("1");
  await form.getByLabel("Amount").press("Enter");
  await form.getByText("19.00 USD").waitFor();
  assert.deepEqual(sent, ["deposit", "deposit", "withdraw", "withdraw"]);
  await page.close();
});

test("what was typed outlasts a look at the log, until it is done", async () => {
  const page = await open(browser, server);
  await page.goTo("#/commands/deposit");
  const form = page.locator("form.command");
  const amount = form.getByLabel("Amount");
  const look = async () => {
    await page.locator("tbody .lead a").first().click();
    await page.getByRole("heading", { name: /^Command / }).waitFor();
    await page.goBack();
  };
  await form.getByLabel("Account").fill("demo-ada");
  await amount.fill("3");
  await look();
  assert.equal(await amount.inputValue(), "3");
  await form.getByRole("button", { name: "Deposit", exact: true }).click();
  await form.getByText("Done: it is in the log, on disk.").waitFor();
  await look();
  assert.equal(await amount.inputValue(), "");
  await page.close();
});

test("the preview of a batch says what would be, and that nothing was written", async () => {
  const page = await open(browser, server);
  await page.goTo("#/commands/batch");
  const form = page.locator("form.command");
  const commands = ["demo-ada", "nobody"].map((accountId) => ({ type: "deposit", accountId, amount: "1" }));
  await form.getByLabel("Commands").fill(JSON.stringify(commands));
  await form.getByRole("button", { name: "Preview" }).click();
  await form.getByText("1 would be accepted, 1 refused. Nothing was written.", { exact: true }).waitFor();
  await form.getByRole("button", { name: "Batch", exact: true }).click();
  await form.getByText("1 accepted, 1 refused.", { exact: true }).waitFor();
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
