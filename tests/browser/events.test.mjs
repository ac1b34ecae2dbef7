// The log: followed, held still, searched; and a server that dies while somebody looks.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
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

const first = (page) => page.locator(".event-line").first().getAttribute("data-sequence");
const head = async () => String((await server.get("/stats")).headSequence);
/** What the console says of a server that is away. */
const AWAY =
  /WebSocket connection|ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|ERR_INCOMPLETE|ERR_SOCKET/;
/** What the page says it has received since it was opened. */
const received = async (page) => Number(await page.locator("[data-received]").getAttribute("data-received"));

test("the tail is paused with a count of what is new, and goes on", async () => {
  const page = await open(browser, server);
  await page.goTo("#/events");
  await page.getByText("Live", { exact: true }).waitFor();
  const before = await head();
  await eventually("the newest event on top", async () => (await first(page)) === before);
  await page.getByRole("button", { name: "Pause" }).click();
  for (let place = 0; place < 5; place += 1) await server.command("deposit", { accountId: "demo-ada", amount: 1 });
  await page.getByText("5 new.").waitFor();
  assert.equal(await first(page), before, "what is read stays where it is");
  await page.getByRole("button", { name: "Resume" }).click();
  await eventually("the newest event on top again", async () => (await first(page)) === (await head()));
  await page.close();
});

test("filters are in the address, survive reload and back, and go on live", async () => {
  const page = await open(browser, server);
  await page.goTo("#/events");
  await page.getByLabel("Type").selectOption("MONEY_WITHDRAWN");
  await eventually("withdrawals alone", async () => {
    const types = await page.locator(".event-line .type").allInnerTexts();
    return types.length === 3 && types.every((type) => type === "Money withdrawn");
  });
  await page.getByLabel("Account", { exact: true }).fill("demo-alan");
  await page.keyboard.press("Enter");
  await eventually("Alan's alone", async () => (await page.locator(".event-line").count()) === 1);
  await page.reload();
  await eventually("the same after a reload", async () => (await page.locator(".event-line").count()) === 1);
  await server.command("withdraw", { accountId: "demo-alan", amount: "0.40" });
  await server.command("withdraw", { accountId: "demo-grace", amount: "0.40" });
  await eventually("the new one, and not the other's", async () => (await page.locator(".event-line").count()) === 2);
  await page.goBack();
  await eventually("everybody's again", async () => (await page.locator(".event-line").count()) === 5);
  await page.close();
});

test("a filter that cannot be is said in the server's words, and not asked for again and again", async () => {
  const page = await open(browser, server);
  page.watch.forgive = /status of 400/;
  const asked = [];
  page.on("websocket", (socket) => asked.push(socket.url()));
  page.on("request", (request) => asked.push(request.url()));
  await page.goTo("#/events");
  await page.getByText("Live", { exact: true }).waitFor();
  for (const [label, typed, name, words] of [
    ["Account", "demo ada", "accountId", /accountId must be 1 to 128 characters/],
    ["Correlation id", "c".repeat(300), "correlationId", /correlationId must be at most/],
  ]) {
    await page.getByLabel(label, { exact: true }).fill(typed);
    await page.keyboard.press("Enter");
    await page.getByText(words).waitFor();
    assert.equal(await page.locator("[data-received]").count(), 0, "nothing is told of a list that cannot be");
    assert.equal(asked.filter((url) => url.includes(`${name}=`)).length, 1);
    await page.getByLabel(label, { exact: true }).fill("");
    await page.keyboard.press("Enter");
    await page.locator("[data-received]").waitFor();
  }
  await page.close();
});

test("a filter's older events come page by page, without one left out", async () => {
  const deposit = { type: "deposit", accountId: "demo-ada", amount: 1 };
  for (let batch = 0; batch < 2; batch += 1) await server.command("batch", { commands: Array(1000).fill(deposit) });
  const end = Number(await head());
  const page = await open(browser, server);
  await page.goTo("#/events?type=MONEY_DEPOSITED");
  await page.locator('.rows [aria-setsize="500"]').first().waitFor();
  await eventually("the newest on top", async () => (await first(page)) === String(end));
  for (const [button, from] of [
    ["Older", end - 599],
    ["Older", end - 699],
    ["Newer", end - 599],
  ]) {
    await page.getByRole("button", { name: button }).click();
    await eventually(`${from} first`, async () => (await first(page)) === String(from));
    await page.locator('.rows [aria-setsize="100"]').first().waitFor();
  }
  await page.close();
});

test("a page at the end of the log goes on with it, and to the next page", async () => {
  const page = await open(browser, server);
  const from = Number(await head()) - 5;
  const shown = () =>
    page.locator(".event-line").evaluateAll((lines) => lines.map(({ dataset }) => Number(dataset.sequence)));
  const grown = (length) => eventually(`${length} events`, async () => (await shown()).length === length);
  await page.goTo(`#/events?at=${from}`);
  await grown(6);
  await server.command("deposit", { accountId: "demo-ada", amount: 1 });
  await grown(7);
  await server.command("deposit", { accountId: "demo-ada", amount: 1 });
  await grown(8);
  assert.deepEqual(
    await shown(),
    Array.from({ length: 8 }, (_, place) => from + place),
  );
  const deposit = { type: "deposit", accountId: "demo-ada", amount: 1 };
  await server.command("batch", { commands: Array(100).fill(deposit) });
  await page.locator('.rows [aria-setsize="100"]').first().waitFor();
  await page.getByRole("button", { name: "Newer" }).click();
  await eventually("the rest", async () => (await first(page)) === String(from + 100));
  assert.equal((await shown()).length, 8);
  await page.close();
});

test("one event shows its JSON, its neighbours and its command, and every way on", async () => {
  const page = await open(browser, server);
  await page.goTo("#/events");
  await page.getByLabel("Jump to sequence").fill("40");
  await page.getByRole("button", { name: "Jump" }).click();
  await eventually("event 40 first", async () => (await first(page)) === "40");
  await page.locator(".event-line").first().click();
  await page.getByRole("heading", { name: "Event 40" }).waitFor();
  const [event] = await server.get("/events?fromSequence=39&limit=1");
  assert.deepEqual(JSON.parse(await page.getByRole("region", { name: "The event as JSON" }).innerText()), event);
  await page.getByText("2 events, in one commit").waitFor();
  await eventually(
    "its neighbours in its stream",
    async () => (await page.locator(".stream .event-line").count()) >= 3,
  );
  for (const name of ["accounts", "ledger", "volume"]) await page.getByText(`${name} applied`).waitFor();
  const contract = await server.get("/openapi.json");
  if (contract.paths["/audit/proofs/{sequence}"]) await page.getByText("proved", { exact: true }).waitFor();
  await page.getByRole("link", { name: "demo-data-24" }).first().click();
  await page.getByRole("heading", { name: "Command demo-data-24" }).waitFor();
  await page.getByRole("link", { name: "39", exact: true }).click();
  await page.getByRole("heading", { name: "Event 39" }).waitFor();
  await page.getByRole("link", { name: "Newer" }).click();
  await page.getByRole("heading", { name: "Event 40" }).waitFor();
  await page.goTo("#/events/999999");
  await page.getByText("The log has no event 999,999.").waitFor();
  await page.goTo("#/events?at=999999");
  await page.getByText("There is no event 999,999 yet").waitFor();
  await page.close();
});

test("what is shown is expanded, exported in log order, and copied as curl", async () => {
  const page = await open(browser, server, { permissions: ["clipboard-read", "clipboard-write"] });
  await page.goTo("#/events?account=demo-yen");
  await eventually("the account's events", async () => (await page.locator(".event-line").count()) === 4);
  await page.getByRole("button", { name: "Expand all" }).click();
  await eventually("every event's data", async () => (await page.locator("pre.inline").count()) === 4);
  const downloading = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export" }).click();
  const lines = (await readFile(await (await downloading).path(), "utf8"))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.deepEqual(lines, await server.get("/events/demo-yen"));
  await page.getByRole("button", { name: "Copy as curl" }).click();
  const curl = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(curl, new RegExp(`^curl '${server.url}/events\\?fromSequence=0&limit=100&accountId=demo-yen'$`));
  await page.close();
});

test("a proof is judged in the browser, and a forged one does not hold", async () => {
  const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest();
  const node = (left, right) => sha256(Buffer.of(1), left, right);
  // A batch of five events and a leaf for its commands; the proof is of the fifth.
  const stored = [1, 2, 3, 4, 5].map((number) => `{"eventId":"event-${number}","data":{"amount":${number}}}`);
  const leaves = [...stored, "commands"].map((text) => sha256(Buffer.of(0), text));
  const four = node(node(leaves[0], leaves[1]), node(leaves[2], leaves[3]));
  const root = node(four, node(leaves[4], leaves[5]));
  const number = (value) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64BE(BigInt(value));
    return bytes;
  };
  const chain = sha256(Buffer.alloc(32, 7), root, number(101), number(105), number(1769860800123456n));
  const hex = (bytes) => bytes.toString("hex");
  const proof = {
    sequence: 105,
    stored: stored[4],
    leaf: hex(leaves[4]),
    leaves: 6,
    path: [hex(leaves[5]), hex(four)],
    checkpoint: {
      firstSequence: 101,
      lastSequence: 105,
      committedAt: "2026-01-31T12:00:00.123456Z",
      root: hex(root),
      previous: hex(Buffer.alloc(32, 7)),
      chain: hex(chain),
    },
  };
  const page = await open(browser, server);
  await page.goTo("#/events");
  const judge = (forged, eventId = "event-5") =>
    page.evaluate(
      async ([forged, eventId]) => (await import("/lib/proof.js")).judge(forged, eventId),
      [forged, eventId],
    );
  assert.equal((await judge(proof)).holds, true);
  const forge = (change) => ({ ...proof, ...change, checkpoint: { ...proof.checkpoint, ...change.checkpoint } });
  for (const [what, forged] of Object.entries({
    text: forge({ stored: proof.stored.replace("5}", "6}") }),
    leaf: forge({ leaf: hex(leaves[0]) }),
    place: forge({ sequence: 104 }),
    "place beyond": forge({ sequence: 106 }),
    size: forge({ leaves: 5 }),
    path: forge({ path: [proof.path[1], proof.path[0]] }),
    "short path": forge({ path: [proof.path[0]] }),
    root: forge({ checkpoint: { root: hex(leaves[1]) } }),
    time: forge({ checkpoint: { committedAt: "2026-01-31T12:00:00.123457Z" } }),
    chain: forge({ checkpoint: { previous: hex(Buffer.alloc(32, 8)) } }),
  }))
    assert.equal((await judge(forged)).holds, false, what);
  assert.equal((await judge(proof, "event-4")).holds, false, "another event's");
  await page.close();
});

test("a server that is killed and comes back is found again, and no event is missed", async () => {
  const page = await open(browser, server);
  await page.goTo("#/events");
  await page.getByText("Live", { exact: true }).waitFor();
  await server.command("deposit", { accountId: "demo-ada", amount: 1 });
  await eventually("the first event", async () => (await received(page)) === 1);
  const before = Number(await head());
  page.watch.forgive = AWAY;
  await server.kill();
  await page.getByText("Not connected").waitFor();
  await server.run();
  // These are committed before or after the page is back; it must not matter.
  for (let place = 0; place < 40; place += 1) await server.command("deposit", { accountId: "demo-ada", amount: 1 });
  await eventually("all of them, each once", async () => (await received(page)) === 41);
  await page.getByText("reconnected once").waitFor();
  await page.getByRole("button", { name: "Pause" }).click();
  const rows = page.locator(".event-line");
  const shown = (await rows.evaluateAll((lines) => lines.map((line) => Number(line.dataset.sequence)))).reverse();
  assert.equal(shown.at(-1), before + 40);
  shown.forEach((sequence, place) => assert.equal(sequence, shown[0] + place, "without gap"));
  await page.close();
});

test("a server that falls silent is taken for lost, and found again when it goes on", async () => {
  const page = await open(browser, server);
  await page.clock.install();
  await page.goTo("#/events?type=MONEY_DEPOSITED");
  await page.getByText("Live", { exact: true }).waitFor();
  await first(page);
  const before = await received(page);
  server.process.kill("SIGSTOP");
  try {
    await page.waitForRequest(/\/stats$/);
    await page.clock.fastForward(10_000);
    await page.getByText("No word from the server since").waitFor();
    await page.getByText("Waiting for the server.").waitFor();
    assert.equal(await page.getByText("Live", { exact: true }).count(), 0);
  } finally {
    server.process.kill("SIGCONT");
  }
  for (let place = 0; place < 20; place += 1) await server.command("deposit", { accountId: "demo-ada", amount: 1 });
  await page.getByText("Live", { exact: true }).waitFor();
  await eventually("all of them, each once", async () => (await received(page)) === before + 20);
  await page.getByText("reconnected once").waitFor();
  await eventually("the list too", async () => (await first(page)) === (await head()));
  await page.close();
});

test("while the server is away a page says so, and reads by itself what it could not when it is back", async () => {
  const [list, account] = [await open(browser, server), await open(browser, server)];
  for (const page of [list, account]) {
    page.watch.forgive = AWAY;
    await page.goTo("#/overview");
    await page.getByText("Live", { exact: true }).waitFor();
  }
  await server.kill();
  for (const [page, hash] of [
    [list, "#/accounts"],
    [account, "#/accounts/demo-ada"],
  ]) {
    await page.getByText("No word from the server since").waitFor();
    await page.evaluate((hash) => (location.hash = hash), hash);
    await page.getByText("The server cannot be reached.").first().waitFor();
    assert.equal(await page.locator("main").getAttribute("data-lost"), "true");
  }
  await server.run();
  await list
    .getByRole("rowheader", { name: /demo-ada/ })
    .first()
    .waitFor();
  await account.locator(".figure", { hasText: "Balance" }).waitFor();
  for (const page of [list, account]) {
    await page.getByText("Live", { exact: true }).waitFor();
    await eventually("nothing in trouble", async () => (await page.locator(".trouble").count()) === 0);
    await page.close();
  }
});
