// What is measured, group by group. A group gets the kind of stores, the servers, how long and at how many connections,
// and `add`, which takes a figure and, where there is one, the ceiling that it is compared with.

import path from "node:path";
import { execFileSync } from "node:child_process";
import { statSync, writeFileSync } from "node:fs";
import {
  ACCOUNTS,
  CEILINGS,
  POST,
  ROOT,
  bodies,
  ceiling,
  cpuSeconds,
  createAccounts,
  database,
  json,
  load,
  loaded,
  log,
  residentKib,
  sleep,
  sql,
  start,
  startBursar,
  until,
} from "./lib.mjs";

const BOTH = ["embedded", "servers"];
/** What pgbench has per row: the table's own shape of an event, nothing else. */
const PGBENCH_TABLE =
  "CREATE TABLE bench (sequence bigserial PRIMARY KEY, account bigint NOT NULL, body jsonb NOT NULL)";
const PGBENCH_INSERT =
  '\\set account random(1, 1000)\nINSERT INTO bench (account, body) VALUES (:account, \'{"amount": 100, "balance": 12345}\');\n';

/** The events of the account that has most, where growth is measured. */
const LONG_STREAM = 1_000_000;

const deposit = (place) => ({ accountId: `acc-${place}`, amount: 1 });
const spread = () => [
  "-Z",
  bodies(
    "deposits",
    Array.from({ length: ACCOUNTS }, (_, place) => deposit(place)),
  ),
];
const transfers = () => [
  "-Z",
  bodies(
    "transfers",
    Array.from({ length: 4 * ACCOUNTS }, (_, place) => ({
      fromAccountId: `acc-${place % ACCOUNTS}`,
      toAccountId: `acc-${(place * 389 + 1 + Math.floor(place / ACCOUNTS)) % ACCOUNTS}`,
      amount: 0.01,
    })).filter(({ fromAccountId, toAccountId }) => fromAccountId !== toAccountId),
  ),
];
const post = (bursar, name) => `${bursar.at("commands")}/commands/${name}`;

async function livez(bursar, { seconds, connections }) {
  const { rate } = await load(seconds, ["-c", connections], `${bursar.at("commands")}/livez`);
  return { name: "GET /livez", value: rate };
}

/**
 * What something gives, and what `GET /livez` does, as the mean of right before and right behind it: the machine's speed
 * moves within seconds.
 */
async function besideLivez(bursar, of, work) {
  const before = await livez(bursar, of);
  const done = await work();
  await caughtUp(bursar);
  const behind = await livez(bursar, of);
  return { done, ceiling: { name: before.name, value: (before.value + behind.value) / 2 } };
}

async function sound(figure, what) {
  if (figure.failures) throw new Error(`${figure.failures} answers to ${what} were no success`);
  return figure;
}

async function caughtUp(bursar) {
  const lag = async () => (await json(`${bursar.at("dashboard")}/stats`)).lagEvents;
  return until("the projector's catching up", async () => (await lag()) === 0, 3600);
}

/** The projector's lag while something goes on, in ms, looked at twenty times a second. */
async function lagWhile(bursar, work) {
  const lags = [];
  let over = false;
  const looking = (async () => {
    while (!over) {
      lags.push((await json(`${bursar.at("projections")}/stats`)).lagMs);
      await sleep(50);
    }
  })();
  const done = await work();
  over = true;
  await looking;
  lags.sort((one, other) => one - other);
  return { done, p99: lags[Math.floor(lags.length * 0.99)] };
}

export const GROUPS = {
  deposits: {
    stores: BOTH,
    async measure(of) {
      const { kind, servers, seconds, connections, add } = of;
      const bursar = await startBursar(kind, servers);
      await createAccounts(bursar, ACCOUNTS);
      await load(1, [...POST, "-c", connections, ...spread()], post(bursar, "deposit"));
      const noOp = await noOpRate(of);
      const { done: measured, ceiling } = await besideLivez(bursar, of, async () => {
        const { done, p99: lag } = await lagWhile(bursar, async () =>
          sound(await load(seconds, [...POST, "-c", connections, ...spread()], post(bursar, "deposit")), "deposits"),
        );
        const ended = Date.now();
        await caughtUp(bursar);
        return { done, lag, caughtUpMs: Date.now() - ended };
      });
      const { done, lag, caughtUpMs } = measured;
      add("deposit, 1,000 accounts", "/s", done.rate, ceiling);
      add("deposit, 1,000 accounts, to the no-op POST", "/s", done.rate, noOp);
      add("deposit, 1,000 accounts: p50", "ms", done.p50);
      add("deposit, 1,000 accounts: p99", "ms", done.p99);
      add("lag of the read models under that load: p99", "ms", lag);
      add("read models caught up after it", "ms", caughtUpMs);
      const hot = await load(
        seconds,
        [...POST, "-c", connections, "-d", JSON.stringify(deposit(0))],
        post(bursar, "deposit"),
      );
      add("deposit, one hot account", "/s", hot.rate, { name: "the spread deposit", value: done.rate });
      const transferred = await sound(
        await load(seconds, [...POST, "-c", connections, ...transfers()], post(bursar, "transfer")),
        "transfers",
      );
      add("transfer, 1,000 accounts", "/s", transferred.rate, { name: "the spread deposit", value: done.rate });
      add("transfer, 1,000 accounts: p99", "ms", transferred.p99);
      await bursar.stop();
    },
  },
  reads: {
    stores: BOTH,
    async measure(of) {
      const { kind, servers, seconds, connections, add } = of;
      const bursar = await startBursar(kind, servers);
      await createAccounts(bursar, ACCOUNTS);
      await caughtUp(bursar);
      const url = `${bursar.at("queries")}/accounts/acc-[1-9][0-9][0-9]`;
      const { done: read, ceiling } = await besideLivez(bursar, of, async () =>
        sound(await load(seconds, ["-c", connections, "--rand-regex-url"], url), "reads"),
      );
      add("GET /accounts/{id}", "/s", read.rate, ceiling);
      add("GET /accounts/{id}: p99", "ms", read.p99);
      await bursar.stop();
    },
  },
  alone: {
    stores: BOTH,
    async measure({ kind, servers, seconds, add }) {
      const bursar = await startBursar(kind, servers);
      await createAccounts(bursar, ACCOUNTS);
      await load(1, [...POST, "-c", "1", ...spread()], post(bursar, "deposit"));
      const one = await sound(
        await load(seconds, [...POST, "-c", "1", ...spread()], post(bursar, "deposit")),
        "deposits",
      );
      const bare = await insertLoop(bursar, 1, seconds);
      add("deposit at one connection: p50", "ms", one.p50, { name: "one bare commit", value: bare.commitP50Ms });
      await bursar.stop();
    },
  },
  batches: {
    stores: BOTH,
    async measure({ kind, servers, seconds, add }) {
      const bursar = await startBursar(kind, servers);
      await createAccounts(bursar, ACCOUNTS);
      const commands = Array.from({ length: 1000 }, (_, place) => ({ type: "deposit", ...deposit(place) }));
      const flags = [...POST, "-c", "4", "-d", JSON.stringify({ commands })];
      await load(1, flags, post(bursar, "batch"));
      const batch = await sound(await load(seconds, flags, post(bursar, "batch")), "batches");
      const bare = await insertLoop(bursar, 1000, seconds);
      add("batches of 1,000 deposits", "events/s", batch.rate * 1000, {
        name: "a bare insert loop",
        value: bare.rowsPerSecond,
      });
      await bursar.stop();
    },
  },
  replay: {
    stores: BOTH,
    async measure({ kind, servers, add }) {
      const bursar = await startBursar(kind, servers);
      await createAccounts(bursar, ACCOUNTS);
      const events = await fill(bursar, 1_000_000);
      await caughtUp(bursar);
      const began = Date.now();
      const { replayId } = await json(`${bursar.at("projections")}/replay`, {});
      await until(
        "the replay",
        async () => (await json(`${bursar.at("projections")}/replays/${replayId}`)).state === "done",
        300,
      );
      add("replay of all read models", "events/s", (events * 1000) / (Date.now() - began));
      await bursar.stop();
    },
  },
  feed: {
    stores: ["servers"],
    async measure({ kind, servers, add }) {
      const bursar = await startBursar(kind, servers);
      await createAccounts(bursar, ACCOUNTS);
      for (const [perSecond, frames, words] of [
        [100, "", ""],
        [1000, "&frames=batch", ", batched frames"],
      ]) {
        const events = perSecond * 10;
        const head = (await json(`${bursar.at("dashboard")}/stats`)).headSequence;
        const listening = listeners(bursar, `ws?fromSequence=${head}${frames}`, 1000, events);
        await listening.next();
        const [began, cpu] = [Date.now(), cpuSeconds(bursar.pid)];
        await loaded([
          "--no-tui",
          "--output-format",
          "json",
          "-n",
          String(events),
          "-q",
          String(perSecond),
          "-c",
          "32",
          ...POST,
          ...spread(),
          post(bursar, "deposit"),
        ]);
        const got = JSON.parse((await listening.next()).value);
        const what = `feed, 1,000 subscribers, ${perSecond} events/s${words}`;
        if (got.least < events || got.gaps) log(`  ${JSON.stringify(got)}`);
        add(`${what}: missed or out of order`, "events", 1000 * events - got.total + got.gaps);
        add(`${what}: p99`, "ms", got.p99Ms);
        add(`${what}: the server's cores`, "", (cpuSeconds(bursar.pid) - cpu) / ((Date.now() - began) / 1000));
      }
      await bursar.stop();
      // A subscriber is two files to the server.
      const limit = Number(execFileSync("sh", ["-c", "ulimit -Hn"]).toString().replace("unlimited", "1000000"));
      const count = Math.min(10_000, Math.floor(limit / 2) - 500);
      const other = await startBursar(kind, servers, [], bursar.stores);
      const before = residentKib(other.pid);
      const idle = listeners(other, "ws", count);
      await idle.next();
      await sleep(1000);
      const what = `${count.toLocaleString("en-US")} idle subscribers`;
      add(`${what}: memory each`, "KiB", (residentKib(other.pid) - before) / count);
      await idle.stop();
      const subscribers = async () => (await json(`${other.at("dashboard")}/stats`)).feed.subscribers;
      await until("their leaving", async () => (await subscribers()) === 0);
      add(`${what}, after they left: memory each`, "KiB", ((await settledKib(other)) - before) / count);
      await other.stop();
    },
  },
  pgbench: {
    stores: ["servers"],
    async measure(of) {
      const { kind, servers, seconds, connections, add } = of;
      const bursar = await startBursar(kind, servers);
      await createAccounts(bursar, ACCOUNTS);
      await load(1, [...POST, "-c", connections, ...spread()], post(bursar, "deposit"));
      const done = await sound(
        await load(seconds, [...POST, "-c", connections, ...spread()], post(bursar, "deposit")),
        "deposits",
      );
      await bursar.stop();
      const url = database(servers);
      sql(url, PGBENCH_TABLE);
      const script = bodies("pgbench.sql", []);
      writeFileSync(script, PGBENCH_INSERT);
      const said = execFileSync(
        "pgbench",
        ["-n", "-M", "prepared", "-c", "64", "-j", "2", "-T", String(seconds), "-f", script, url],
        { stdio: ["ignore", "pipe", "ignore"] },
      ).toString();
      const rows = Number(/tps = ([\d.]+)/.exec(said)[1]);
      add("deposit, to pgbench's single-row INSERT", "/s", done.rate, {
        name: "pgbench at 64 connections",
        value: rows,
      });
    },
  },
  peers: {
    stores: ["servers"],
    async measure({ kind, servers, seconds, connections, add }) {
      execFileSync(path.join(ROOT, "bench/peers/prepare.sh"), { stdio: ["ignore", "inherit", "inherit"] });
      const bursar = await startBursar(kind, servers);
      await createAccounts(bursar, ACCOUNTS);
      const own = await depositRates(post(bursar, "deposit"), connections, seconds);
      await bursar.stop();
      for (const peer of PEERS) {
        const theirs = await peerRates(servers, peer, seconds);
        const named = (rate) => ({ name: `${peer[0]} (${Math.round(rate)}/s)`, value: rate });
        add(`deposit, to ${peer[0]}`, "/s", own.spread, named(theirs.spread));
        add(`deposit on one hot account, to ${peer[0]}`, "/s", own.hot, named(theirs.hot));
      }
    },
  },
  sweep: {
    stores: BOTH,
    runs: 1,
    async measure({ kind, servers, seconds, connections, point }) {
      const bursar = await startBursar(kind, servers);
      await createAccounts(bursar, ACCOUNTS);
      const flags = [...POST, "-c", connections, ...spread()];
      await load(1, flags, post(bursar, "deposit"));
      const peak = await load(seconds, flags, post(bursar, "deposit"));
      for (const part of [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]) {
        const paced = ["-q", Math.round(peak.rate * part), "--latency-correction"];
        point(await sound(await load(seconds, [...paced, ...flags], post(bursar, "deposit")), "deposits"));
      }
      point(peak);
      await bursar.stop();
    },
  },
  growth: {
    stores: BOTH,
    runs: 1,
    async measure({ kind, servers, seconds, connections, add, events, accounts }) {
      const size = `${events.toLocaleString("en-US")} events, ${accounts.toLocaleString("en-US")} accounts`;
      const flags = ["--resident-accounts", String(accounts)];
      let bursar = await startBursar(kind, servers, flags);
      await createAccounts(bursar, 10 * ACCOUNTS);
      await caughtUp(bursar);
      const small = await writesAndReads(bursar, 10 * ACCOUNTS, connections, seconds);
      await createAccounts(bursar, accounts - 10 * ACCOUNTS, 10 * ACCOUNTS);
      await deposits(bursar, (await head(bursar)) + LONG_STREAM, () => 0);
      // All accounts in turn: where a million are paid by chance, the embedded read models follow a sixth as fast.
      let turn = 0;
      await deposits(bursar, events, () => (turn += 1) % accounts);
      await caughtUp(bursar);
      const large = await writesAndReads(bursar, accounts, connections, seconds);
      const first = "at 10,000 accounts and few events, each to GET /livez beside it";
      const asFast = (of) => (small[of].rate / small[of].livez) * large[of].livez;
      add(`deposit at ${size}`, "/s", large.deposit.rate, { name: first, value: asFast("deposit") });
      add(`GET /accounts/{id} at ${size}`, "/s", large.read.rate, { name: first, value: asFast("read") });
      add("bytes on disk per event of the log", "bytes", logBytes(bursar) / (await head(bursar)));
      await bursar.stop();

      bursar = await startBursar(kind, servers, flags, bursar.stores);
      add(`start to ready at ${size}`, "ms", bursar.readyMs);
      const asked = performance.now();
      await json(post(bursar, "deposit"), deposit(0));
      add("first command of a cold account with 1,000,000 events", "ms", performance.now() - asked);

      // What grows with the commands, and the stores' caches, are there before: the first third of the accounts fills them.
      const resident = async () => (await json(`${bursar.at("dashboard")}/stats`)).actors.resident;
      const [third, next] = [Math.min(Math.floor(accounts / 3 / 1000) * 1000, 100_000), { account: accounts }];
      const bring = async (count) => {
        await deposits(bursar, (await head(bursar)) + count, () => (next.account -= 1));
        await caughtUp(bursar);
      };
      await bring(third);
      const [before, few] = [await settledKib(bursar), await resident()];
      await bring(2 * third - 1000);
      add("memory per resident account", "KiB", ((await settledKib(bursar)) - before) / ((await resident()) - few));

      const [start, began] = [residentKib(bursar.pid), Date.now()];
      let most = start;
      const headers = { Accept: "application/x-ndjson" };
      const stream = await fetch(`${bursar.at("events")}/events/all/stream`, { headers });
      for await (const _ of stream.body) most = Math.max(most, residentKib(bursar.pid));
      add("the whole log streamed", "events/s", ((await head(bursar)) * 1000) / (Date.now() - began));
      add("the whole log streamed: memory beside", "MiB", (most - start) / 1024);
      await bursar.stop();
    },
  },
  turnover: {
    runs: 1,
    stores: BOTH,
    async measure({ kind, servers, accounts, minutes, add }) {
      const bursar = await startBursar(kind, servers, ["--resident-accounts", String(accounts / 10)]);
      await createAccounts(bursar, accounts);
      await caughtUp(bursar);
      // Each deposit is of an account that is not in memory: nine tenths of them were paid since.
      const [began, first, halves] = [Date.now(), await head(bursar), [0, 0]];
      const gone = () => (Date.now() - began) / 60_000 / minutes;
      const looking = setInterval(() => {
        const half = gone() < 0.5 ? 0 : 1;
        halves[half] = Math.max(halves[half], residentKib(bursar.pid));
      }, 200);
      let turn = 0;
      while (gone() < 1) await deposits(bursar, (await head(bursar)) + 20_000, () => (turn += 1) % accounts);
      clearInterval(looking);
      const { actors } = await json(`${bursar.at("dashboard")}/stats`);
      const size = `${accounts.toLocaleString("en")} accounts in turn for ${minutes} min, a tenth resident`;
      add(`deposits to ${size}`, "/s", ((await head(bursar)) - first) / 60 / (gone() * minutes));
      const [before, behind] = halves.map((kib) => kib / 1024);
      add("memory, at the most in the second half", "MiB", behind, { name: "the first half", value: before });
      add("accounts resident behind it", "", actors.resident);
      await bursar.stop();
    },
  },
};

/** The peers: folder, then how it is started. */
const PEERS = [
  ["naive", process.execPath, "server.js"],
  ["emmett", process.execPath, "server.js"],
  ["cqrs-es", peerProgram("cqrs-es")],
  ["disintegrate", peerProgram("disintegrate")],
];

function peerProgram(name) {
  const target = process.env.CARGO_TARGET_DIR ?? path.join(ROOT, "bench/peers", name, "target");
  return path.join(target, "release", `bursar-peer-${name}`);
}

/** Deposits per second, spread and on one account. */
async function depositRates(url, connections, seconds) {
  const flags = [...POST, "-c", connections];
  await load(1, [...flags, ...spread()], url);
  const all = await load(seconds, [...flags, ...spread()], url);
  const hot = await load(seconds, [...flags, "-d", JSON.stringify(deposit(0))], url);
  return { spread: all.rate, hot: hot.rate };
}

/** A peer's deposits per second, each at the number of connections and with the snapshots that it likes best. */
async function peerRates(servers, [name, program, ...flags], seconds) {
  const best = { spread: 0, hot: 0 };
  const settings = program === process.execPath ? [{}] : [{}, { SNAPSHOT_EVERY: "100" }];
  for (const [place, connections] of settings.flatMap((_, place) => [64, 256].map((count) => [place, count]))) {
    const port = freePort();
    const own = { DATABASE_URL: database(servers), PORT: String(port), NODE_ENV: "production" };
    const running = start(program, flags, {
      cwd: path.join(ROOT, "bench/peers", name),
      stdio: ["pipe", "ignore", "ignore"],
      env: { ...process.env, ...settings[place], ...own },
    });
    const url = `http://127.0.0.1:${port}`;
    await until(`the start of ${name}`, async () => (await fetch(`${url}/health`)).ok);
    for (let number = 0; number < ACCOUNTS; number += 1) {
      const account = { accountId: `acc-${number}`, owner: "bench", initialBalance: 0, currency: "USD" };
      await json(`${url}/commands/create-account`, account);
    }
    const rates = await depositRates(`${url}/commands/deposit`, connections, seconds);
    best.spread = Math.max(best.spread, rates.spread);
    best.hot = Math.max(best.hot, rates.hot);
    await running.stop();
  }
  return best;
}

/** What the process keeps: the allocator gives free memory back a second later, with the next work that a thread has. */
async function settledKib(bursar) {
  await sleep(1500);
  for (let asked = 0; asked < 8; asked += 1) await json(`${bursar.at("dashboard")}/stats`);
  await sleep(200);
  return residentKib(bursar.pid);
}

const freePort = () => 20_000 + Math.floor(Math.random() * 12_000);
const head = async (bursar) => (await json(`${bursar.at("dashboard")}/stats`)).headSequence;

/**
 * Deposits into, then reads of, accounts by chance: per second, each with what the machine gives right before and behind it,
 * since the two times that are compared are minutes apart.
 */
async function writesAndReads(bursar, accounts, connections, seconds) {
  const lines = Array.from({ length: 20_000 }, () => deposit(Math.floor(Math.random() * accounts)));
  const flags = [...POST, "-c", connections, "-Z", bodies("wide", lines)];
  const beside = async (what, rate) => {
    const { done, ceiling } = await besideLivez(bursar, { seconds, connections }, async () =>
      sound(await rate(), what),
    );
    return { rate: done.rate, livez: ceiling.value };
  };
  await load(2, flags, post(bursar, "deposit"));
  const written = await beside("deposits", () => load(seconds, flags, post(bursar, "deposit")));
  await caughtUp(bursar);
  const urls = bodies("urls", []);
  writeFileSync(urls, lines.map(({ accountId }) => `${bursar.at("queries")}/accounts/${accountId}`).join("\n"));
  const read = await beside("reads", () => load(seconds, ["-c", connections, "--urls-from-file"], urls));
  return { deposit: written, read };
}

/** Deposits by batches of 1,000 into accounts that are chosen, until the log has so many events. */
async function deposits(bursar, events, choose) {
  let left = Math.ceil((events - (await head(bursar))) / 1000);
  const send = async () => {
    while ((left -= 1) >= 0) {
      const commands = Array.from({ length: 1000 }, () => ({ type: "deposit", ...deposit(choose()) }));
      await json(post(bursar, "batch"), { commands });
    }
  };
  await Promise.all([send(), send(), send(), send()]);
}

/** What the log takes on disk, without the write-ahead log. */
function logBytes(bursar) {
  const { kind, home, url } = bursar.stores;
  if (kind === "embedded") return statSync(path.join(home, "journal.sqlite3")).size;
  const tables =
    "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relnamespace = 'bursar'::regnamespace AND relkind = 'r'";
  return Number(sql(url, tables));
}

/** The rate of a server that parses the same body and answers at once. */
async function noOpRate({ seconds, connections }) {
  const port = freePort();
  const server = start(CEILINGS, ["no-op", String(port)]);
  await until("the no-op server", async () => (await fetch(`http://127.0.0.1:${port}/livez`)).ok);
  const { rate } = await load(
    seconds,
    [...POST, "-c", connections, ...spread()],
    `http://127.0.0.1:${port}/commands/deposit`,
  );
  await server.stop();
  return { name: "a no-op POST", value: rate };
}

/** Rows per second, and time per commit, of a loop that only inserts. */
async function insertLoop(bursar, rows, seconds) {
  if (bursar.stores.kind === "servers") return ceiling("postgres", bursar.stores.url, rows, seconds);
  return ceiling("sqlite", path.join(bursar.stores.home, "journal.sqlite3"), rows, seconds);
}

/** Deposits by batches until there are so many events; gives how many there are. */
async function fill(bursar, events) {
  const commands = Array.from({ length: 1000 }, (_, place) => ({ type: "deposit", ...deposit(place) }));
  const flags = [
    "--no-tui",
    "--output-format",
    "json",
    "-n",
    String(events / 1000),
    "-c",
    "4",
    ...POST,
    "-d",
    JSON.stringify({ commands }),
  ];
  await sound(await loaded([...flags, post(bursar, "batch")]), "batches");
  return (await json(`${bursar.at("dashboard")}/stats`)).headSequence;
}

/** Subscribers in a process of their own; its lines one after the other. */
function listeners(bursar, place, count, events) {
  const url = `${bursar.at("events").replace("http", "ws")}/${place}`;
  const { child, stop } = start(CEILINGS, ["subscribers", url, String(count), ...(events ? [String(events)] : [])]);
  const lines = (async function* () {
    let text = "";
    for await (const chunk of child.stdout) {
      text += chunk;
      const parts = text.split("\n");
      text = parts.pop();
      yield* parts;
    }
  })();
  return { next: () => lines.next(), stop };
}
