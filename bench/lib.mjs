// What the benchmark is made of: servers that it starts and stops, the load generator, and figures.

import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const TOOLS = path.join(ROOT, "bench/.tools");
const OHA_VERSION = "1.16.0";
const TARGET = process.env.CARGO_TARGET_DIR ?? path.join(ROOT, "target");
export const CEILINGS = path.join(TARGET, "release/ceilings");
/** What is measured: the release build, or another one. */
const bursarProgram = () => process.env.BURSAR_BENCH_PROGRAM ?? path.join(TARGET, "release/bursar");

/** Accounts that a spread load is about. */
export const ACCOUNTS = 1000;
/** Connections of the load generator, unless said. */
export const CONNECTIONS = 256;

const ends = [];
/** Ends whatever was started, in reverse order. */
export async function endAll() {
  while (ends.length) await ends.pop()();
}

export const log = (text) => process.stderr.write(`${text}\n`);

/** Builds what is measured, and the load generator where it is missing. */
export function prepare() {
  const run = (program, ...flags) =>
    execFileSync(program, flags, { cwd: ROOT, stdio: ["ignore", "inherit", "inherit"] });
  run("cargo", "build", "--release", "--locked", "-p", "bursar", "-p", "ceilings");
  if (oha() !== "oha" && !existsSync(oha())) {
    run("cargo", "install", "oha", "--version", OHA_VERSION, "--locked", "--root", TOOLS);
  }
}

/** The load generator's path: one of this version that is there already, or the benchmark's own. */
function oha() {
  try {
    if (
      execFileSync("oha", ["--version"], { stdio: ["ignore", "pipe", "ignore"] })
        .toString()
        .includes(OHA_VERSION)
    ) {
      return "oha";
    }
  } catch {
    // Not installed.
  }
  return path.join(TOOLS, "bin/oha");
}

/** Stops a process and waits for its end. */
function stopper(child) {
  const ended = new Promise((resolve) => child.once("exit", resolve));
  return async () => {
    child.kill("SIGTERM");
    const late = setTimeout(() => child.kill("SIGKILL"), 10_000);
    await ended;
    clearTimeout(late);
  };
}

/** Starts a program in the background until the end of the benchmark, or until its `stop`. */
export function start(program, flags, options = {}) {
  const child = spawn(program, flags, { cwd: ROOT, stdio: ["pipe", "pipe", "inherit"], ...options });
  const stop = stopper(child);
  ends.push(stop);
  return {
    child,
    stop: async () => {
      const place = ends.indexOf(stop);
      if (place >= 0) ends.splice(place, 1);
      await stop();
    },
  };
}

/** A folder that is removed at the end. */
export function folder() {
  const made = mkdtempSync(path.join(tmpdir(), "bursar-bench."));
  ends.push(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

/** A private Postgres and Redis: their URLs. */
export function startServers() {
  const said = execFileSync(path.join(ROOT, "tests/servers.sh"), ["start"]).toString();
  const variables = Object.fromEntries(
    [...said.matchAll(/export (\w+)='(.*)'/g)].map(([, name, value]) => [name, value]),
  );
  ends.push(() =>
    execFileSync(path.join(ROOT, "tests/servers.sh"), ["stop"], { env: { ...process.env, ...variables } }),
  );
  const servers = { postgres: variables.BURSAR_TEST_POSTGRES_URL, redis: variables.BURSAR_TEST_REDIS_URL };
  recycleWal(servers.postgres);
  return servers;
}

/**
 * Postgres writes over segments of its write-ahead log that a checkpoint gave free. A new server has none, and makes each
 * of 16 MiB when it gets there, while commits wait for some 20 ms: 64 of them, as many as `min_wal_size` keeps.
 */
function recycleWal(url) {
  sql(url, "ALTER SYSTEM SET min_wal_size = '1GB'");
  sql(url, "SELECT pg_reload_conf()");
  for (let segment = 0; segment < 64; segment += 1) {
    sql(url, "SELECT pg_logical_emit_message(false, '', ''), pg_switch_wal()");
  }
  sql(url, "CHECKPOINT");
}

let databases = 0;
/** A new, empty database: its URL. */
export function database(servers) {
  const name = `bench_${process.pid}_${(databases += 1)}`;
  sql(servers.postgres, `CREATE DATABASE ${name}`);
  return servers.postgres.replace(/\/[^/]*$/, `/${name}`);
}

export function sql(url, text) {
  return execFileSync("psql", ["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--command", text, url])
    .toString()
    .trim();
}

/** Waits until something is there. */
export async function until(what, look, seconds = 60) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const found = await look().catch(() => undefined);
    if (found) return found;
    if (Date.now() > end) throw new Error(`${what} takes longer than ${seconds} s`);
    await sleep(20);
  }
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export async function json(url, body) {
  const options =
    body === undefined
      ? {}
      : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const response = await fetch(url, options);
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${url}: ${text.slice(0, 300)}`);
  return JSON.parse(text);
}

/** A Bursar with its default settings on new stores, or on those of an earlier one. */
export async function startBursar(kind, servers, flags = [], stores = newStores(kind, servers)) {
  const began = Date.now();
  const ports = ["dashboard", "events", "commands", "queries", "projections"].flatMap((name) => [
    `--${name}-port`,
    "0",
  ]);
  rmSync(path.join(stores.home, "ports.json"), { force: true });
  const started = start(
    bursarProgram(),
    ["serve", "--data-dir", stores.home, "--log", "warn", ...ports, ...stores.flags, ...flags],
    { env: withoutSettings() },
  );
  const found = await until("the start", async () =>
    JSON.parse(readFileSync(path.join(stores.home, "ports.json"), "utf8")),
  );
  const at = (facade) => `http://127.0.0.1:${found[facade]}`;
  await until("readiness", async () => (await fetch(`${at("dashboard")}/readyz`)).ok);
  return { ...started, stores, at, pid: started.child.pid, readyMs: Date.now() - began };
}

/** The environment without settings of Bursar's own. */
function withoutSettings() {
  const own = ([name]) => name.startsWith("BURSAR_") || ["DATABASE_URL", "REDIS_URL"].includes(name);
  return Object.fromEntries(Object.entries(process.env).filter((entry) => !own(entry)));
}

function newStores(kind, servers) {
  const home = folder();
  if (kind === "embedded") return { kind, home, flags: [] };
  const url = database(servers);
  return {
    kind,
    home,
    url,
    flags: ["--database-url", url, "--redis-url", servers.redis, "--redis-prefix", path.basename(url)],
  };
}

/** Creates so many accounts by batches of 1,000: acc-0 and so on, or from a later number on. */
export async function createAccounts(bursar, count, first = 0) {
  for (let done = 0; done < count; done += 1000) {
    const commands = Array.from({ length: Math.min(1000, count - done) }, (_, place) => ({
      type: "create-account",
      accountId: `acc-${first + done + place}`,
      owner: "bench",
      initialBalance: 1_000_000,
    }));
    await json(`${bursar.at("commands")}/commands/batch`, { commands });
  }
}

/** A file whose lines are bodies; the load generator takes them by chance. */
export function bodies(name, lines) {
  const file = path.join(tmpdir(), `bursar-bench-${process.pid}-${name}`);
  writeFileSync(file, lines.map((line) => JSON.stringify(line)).join("\n"));
  ends.push(() => rmSync(file, { force: true }));
  return file;
}

/**
 * A load: flags of oha, then the URL. Gives { rate, p50, p99, failures }: answers of 2xx per second, ms, and the number
 * of other answers and of errors.
 */
export async function load(seconds, flags, url) {
  const all = ["--no-tui", "--output-format", "json", "-z", `${seconds}s`, ...flags, url];
  return loaded(all);
}

export async function loaded(flags) {
  const child = spawn(oha(), flags.map(String), { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  for await (const chunk of child.stdout) text += chunk;
  const { summary, latencyPercentiles, statusCodeDistribution, errorDistribution } = JSON.parse(text);
  const sum = (entries) => entries.reduce((total, [, count]) => total + count, 0);
  const answers = Object.entries(statusCodeDistribution);
  const done = sum(answers.filter(([status]) => status.startsWith("2")));
  // What is under way when the time is over is no failure.
  const errors = sum(Object.entries(errorDistribution).filter(([error]) => !error.includes("deadline")));
  const failures = sum(answers) - done + errors;
  return {
    rate: done / summary.total,
    p50: latencyPercentiles.p50 * 1000,
    p99: latencyPercentiles.p99 * 1000,
    failures,
  };
}

export const POST = ["-m", "POST", "-H", "Content-Type: application/json"];

/** Runs one of the ceilings: its last line. */
export async function ceiling(...flags) {
  const child = spawn(CEILINGS, flags.map(String), { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  for await (const chunk of child.stdout) text += chunk;
  return JSON.parse(text.trim().split("\n").at(-1));
}

/** CPU seconds that a process has used. */
export function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Resident memory of a process, in KiB. */
export function residentKib(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]);
}

export function median(figures) {
  const sorted = figures
    .filter((figure) => figure !== undefined && !Number.isNaN(figure))
    .sort((one, other) => one - other);
  return sorted.length % 2
    ? sorted[(sorted.length - 1) / 2]
    : (sorted[sorted.length / 2 - 1] + sorted[sorted.length / 2]) / 2;
}

export function write(file, text) {
  const whole = path.join(ROOT, file);
  mkdirSync(path.dirname(whole), { recursive: true });
  writeFileSync(whole, text);
  log(`wrote ${file}`);
}
