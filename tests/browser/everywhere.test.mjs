// What holds on every page: readable for everybody, small to load, and nothing from anywhere else.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { eventually, launch, open, Server } from "./support.mjs";

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PAGES = {
  overview: "#/overview",
  accounts: "#/accounts",
  "one account": "#/accounts/demo-ada",
  "a form over a page": "#/accounts/demo-grace",
  "an account of long words": "#/accounts/long",
  "time travel": "#/time-travel?account=demo-ada&at=30",
  "time travel with much money": "#/time-travel?account=long",
  events: "#/events?expand=1",
  "one event": "#/events/40",
  commands: "#/commands/transfer",
  "one command": "#/commands/log/demo-data-24",
  projections: "#/projections",
  system: "#/system",
  docs: "docs",
};
const FIRST_LOAD_KIB_MAX = 300;

let server, browser;
before(async () => {
  server = await Server.start();
  server.demoData();
  const [id, words] = ["i".repeat(128), "W".repeat(120)];
  await server.command("create-account", { accountId: "long", owner: words, initialBalance: "8999999999999.99" });
  await server.command("create-account", { accountId: id, owner: words });
  await server.command("transfer", { fromAccountId: "long", toAccountId: id, amount: "0.01", description: words });
  await server.command("place-hold", { accountId: "long", holdId: id, amount: "1234567.89", description: words });
  await server.settled();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

for (const colorScheme of ["light", "dark"]) {
  for (const [size, viewport] of Object.entries({
    desktop: { width: 1360, height: 900 },
    phone: { width: 390, height: 844 },
  })) {
    test(`axe finds nothing serious on any page (${colorScheme}, ${size})`, async () => {
      const page = await open(browser, server, { colorScheme, viewport, reducedMotion: "reduce" });
      for (const [name, hash] of Object.entries(PAGES)) {
        await page.goTo(hash);
        await page.getByRole("heading", { level: 1 }).waitFor();
        if (name === "a form over a page") await page.getByRole("button", { name: "Deposit" }).click();
        // Of what a page shows, the charts and lists come last.
        await page.locator(".note, .line, tr, pre, details").first().waitFor({ state: "attached" });
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(wide <= 0, `${name} is ${wide} px wider than the window`);
        const cut = await page.evaluate(() =>
          [...document.querySelectorAll(".scroll, .figure")]
            .filter((element) => element.scrollWidth > element.clientWidth)
            .map((element) => element.textContent?.slice(0, 80)),
        );
        assert.deepEqual(cut, [], `${name}: what does not fit its place`);
        // By the debugger, where the page's policy does not reach.
        await page.evaluate(AXE);
        const { violations } = await page.evaluate(() => globalThis.axe.run({ resultTypes: ["violations"] }));
        const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
        assert.deepEqual(
          serious.map(({ id, nodes }) => `${name}: ${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`),
          [],
        );
      }
      await page.close();
    });
  }
}

test("the first load is small, compressed, and from this origin alone", async () => {
  const page = await open(browser, server);
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  const loaded = new Map();
  session.on("Network.responseReceived", ({ requestId, response }) =>
    loaded.set(requestId, { url: response.url, encoding: response.headers["content-encoding"], bytes: 0 }),
  );
  session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    if (loaded.has(requestId)) loaded.get(requestId).bytes = encodedDataLength;
  });
  await page.goTo("#/overview");
  await page.getByText("Live", { exact: true }).waitFor();
  const files = [...loaded.values()].filter(({ url }) => /\.(js|css|json|svg)$|\/$/.test(new URL(url).pathname));
  const kib = files.reduce((sum, { bytes }) => sum + bytes, 0) / 1024;
  assert.ok(files.length > 20 && kib <= FIRST_LOAD_KIB_MAX, `${files.length} files, ${Math.round(kib)} KiB`);
  for (const { url, encoding } of files.filter(({ url }) => /vendor\.js|style\.css|openapi\.json/.test(url)))
    assert.equal(encoding, "gzip", url);
  await page.close();
});

test("the policy lets no script in that is not a file of this server", async () => {
  const policy = (await fetch(server.url)).headers.get("content-security-policy");
  assert.match(policy, /script-src 'self'(;|$)/);
  const page = await open(browser, server);
  await page.goTo("#/overview");
  await page.getByRole("heading", { level: 1 }).waitFor();
  page.watch.forgive = /Content Security Policy/;
  await page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "globalThis.intruder = true";
    document.head.append(script);
  });
  assert.equal(await page.evaluate(() => globalThis.intruder), undefined);
  await page.close();
});

test("every area is reached by keyboard, and says where one is", async () => {
  const page = await open(browser, server);
  await page.goTo("#/overview");
  await page.getByRole("heading", { level: 1 }).waitFor();
  for (const name of ["Accounts", "Time travel", "Events", "Commands", "Projections", "System"]) {
    await page.getByRole("navigation").getByRole("link", { name }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name, level: 1 }).waitFor();
    assert.equal(await page.getByRole("navigation").locator('[aria-current="page"]').innerText(), name);
    await eventually(name, async () => (await page.title()) === `${name} · Bursar`);
  }
  for (const [hash, title] of [
    ["#/events/1040", "Event 1,040"],
    ["#/commands/create-account", "Create account"],
    ["#/nowhere", "No such page"],
  ]) {
    await page.goTo(hash);
    await eventually(title, async () => (await page.title()) === `${title} · Bursar`);
  }
  await page.close();
});

test("no two labels of an axis of times are the same", async () => {
  const page = await open(browser, server);
  await page.goTo("#/overview");
  const labels = await page.evaluate(async () => {
    const { clockTimes } = await import("/parts/chart.js");
    return [0.002, 0.5, 1, 30, 3600, 21_600, 86_400, 31_622_400].map((step) => {
      const values = Array.from({ length: 6 }, (_, place) => 1_790_000_000 + place * step);
      return clockTimes(null, values, null, null, step);
    });
  });
  for (const shown of labels) assert.equal(new Set(shown).size, shown.length, shown.join(", "));
  await page.close();
});

test("amounts are grouped and padded as text, and quantiles lie within their bucket", async () => {
  const page = await open(browser, server);
  await page.goTo("#/overview");
  const found = await page.evaluate(async () => {
    const { money } = await import("/lib/money.js");
    const { read, difference, quantile } = await import("/lib/prometheus.js");
    const text = (counts) =>
      ["0.001", "0.01", "+Inf"].map((le, at) => `bursar_x_seconds_bucket{le="${le}"} ${counts[at]}`).join("\n");
    const between = (now, before) =>
      difference(read(text(now)).histogram("bursar_x_seconds"), read(text(before)).histogram("bursar_x_seconds"));
    return {
      amounts: [
        [1500.5, "USD"],
        [-0.05, "USD"],
        ["19999999999999.99", "USD"],
        [480000, "JPY"],
        [1.5, "BHD"],
        [7, undefined],
        [0, "EUR"],
        ["no figure", "USD"],
      ].map(([amount, currency]) => money(amount, currency)),
      quantiles: [
        quantile(between([10, 10, 10], [10, 10, 10]), 0.5),
        quantile(between([110, 110, 110], [10, 10, 10]), 0.5),
        quantile(between([10, 20, 20], [10, 10, 10]), 0.9),
        quantile(between([0, 0, 4], [0, 0, 0]), 0.5),
      ],
    };
  });
  assert.deepEqual(
    found.amounts.map((text) => text.replace("\u00a0", " ")),
    [
      "1,500.50 USD",
      "−0.05 USD",
      "19,999,999,999,999.99 USD",
      "480,000 JPY",
      "1.500 BHD",
      "7",
      "0.00 EUR",
      "no figure",
    ],
  );
  assert.deepEqual(found.quantiles, [null, 0.0005, 0.0091, 0.01]);
  await page.close();
});
