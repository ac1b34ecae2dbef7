// What the browser tests share: a server of their own on the embedded store, a page that lets nothing pass unseen, and
// ways to talk to the server beside the page.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { chromium } from "playwright-core";

const ROOT = new URL("../../", import.meta.url).pathname;
const PROGRAM = process.env.BURSAR_TEST_PROGRAM ?? path.join(ROOT, "target/debug/bursar");
const FACADES = ["dashboard", "events", "commands", "queries", "projections"];
const START_WITHIN_MS = 20_000;
/** How long a page may take to show what is expected; a machine that is busy with other tests is slow. */
export const SHOWN_WITHIN_MS = 20_000;

/** The environment without what would be taken for settings. */
const ENVIRONMENT = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(BURSAR_|DATABASE_URL$|REDIS_URL$)/.test(name)),
);

/** A server on free ports with a folder of its own. */
export class Server {
  static async start() {
    const server = new Server();
    server.folder = await mkdtemp(path.join(tmpdir(), "bursar-browser."));
    server.ports = Object.fromEntries(FACADES.map((name) => [name, 0]));
    await server.run();
    return server;
  }

  /** Starts the program; after the first time on the same ports, as a service would. */
  async run() {
    const file = path.join(this.folder, "ports.json");
    await rm(file, { force: true });
    const flags = FACADES.flatMap((name) => [`--${name}-port`, String(this.ports[name])]);
    this.process = spawn(PROGRAM, ["serve", "--data-dir", this.folder, "--log", "warn", ...flags], {
      env: ENVIRONMENT,
      stdio: ["ignore", "ignore", "inherit"],
    });
    const ended = once(this.process, "exit");
    await eventually(
      "the server to start",
      async () => {
        if (this.process.exitCode !== null) throw new Error(`${PROGRAM} ended with ${this.process.exitCode}`);
        this.ports = JSON.parse(await readFile(file, "utf8"));
        return (await fetch(`${this.url}/readyz`)).ok;
      },
      START_WITHIN_MS,
    );
    this.ended = ended;
  }

  get url() {
    return `http://127.0.0.1:${this.ports.dashboard}`;
  }

  /** Ends it as a crash would. */
  async kill() {
    this.process.kill("SIGKILL");
    await this.ended;
  }

  async stop() {
    if (this.process.exitCode === null && this.process.signalCode === null) await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Sends a command beside the page; it must be accepted. */
  async command(route, body) {
    const response = await fetch(`${this.url}/commands/${route}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    const answer = await response.json();
    assert.ok(response.ok, JSON.stringify(answer));
    return answer;
  }

  async post(route) {
    const response = await fetch(`${this.url}${route}`, { method: "POST" });
    assert.ok(response.ok, `${route}: ${response.status}`);
  }

  async get(route) {
    const response = await fetch(`${this.url}${route}`);
    assert.ok(response.ok, `${route}: ${response.status}`);
    return response.json();
  }

  /** Waits until the read models show what was committed. */
  async settled() {
    await eventually("the projections to catch up", async () => {
      const { headSequence, projections } = await this.get("/stats");
      return projections.every(({ checkpoint }) => checkpoint >= headSequence);
    });
  }

  demoData() {
    execFileSync(PROGRAM, ["demo-data", "--url", this.url], { env: ENVIRONMENT, stdio: "ignore" });
  }
}

/** Asks again until it is so. */
export async function eventually(what, ask, withinMs = SHOWN_WITHIN_MS) {
  const end = Date.now() + withinMs;
  let reason = "";
  while (Date.now() < end) {
    try {
      const answer = await ask();
      if (answer) return answer;
    } catch (error) {
      reason = `: ${error.message}`;
    }
    await new Promise((resolve) => setImmediate(() => setTimeout(resolve, 20)));
  }
  throw new Error(`waited in vain for ${what}${reason}`);
}

function program() {
  const found = ["chromium", "chromium-browser", "google-chrome"].flatMap((name) =>
    (process.env.PATH ?? "").split(":").map((folder) => path.join(folder, name)),
  );
  const executable = found.find((file) => existsSync(file));
  assert.ok(executable, "there is no Chromium: apt-get install chromium");
  return executable;
}

export async function launch() {
  const args = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    // Of a date field, the order of its parts and the twelve hours go by the browser's own language, not by a page's.
    "--lang=en-US",
  ];
  const env = { ...process.env, LANGUAGE: "en_US" };
  return chromium.launch({ executablePath: program(), args, env });
}

/**
 * A page that fails its test on what nobody should have to look for: an error in the console, a violated policy, an
 * exception, a request to anywhere else. `faults` is to be empty at the end; while the server is away on purpose,
 * `forgive` says which errors of the console are to be expected.
 */
export async function open(browser, server, options = {}) {
  const context = await browser.newContext({
    viewport: { width: 1360, height: 900 },
    locale: "en-GB",
    acceptDownloads: true,
    ...options,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(SHOWN_WITHIN_MS);
  const faults = [];
  const watch = { forgive: /^$/, faults };
  page.on("pageerror", (error) => faults.push(`exception: ${error.stack}`));
  page.on("console", (message) => {
    if (message.type() !== "error" || watch.forgive.test(message.text())) return;
    // A refusal is an answer; the browser reports its status all the same.
    if (/the server responded with a status of (404|409|412|422)/.test(message.text())) return;
    faults.push(`console: ${message.text()}`);
  });
  page.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    if (origin !== server.url && protocol !== "blob:" && protocol !== "data:")
      faults.push(`a request to ${request.url()}`);
  });
  return Object.assign(page, {
    watch,
    close: async () => {
      await page.unrouteAll({ behavior: "ignoreErrors" });
      await context.close();
      assert.deepEqual(faults, []);
    },
    goTo: (hash) => page.goto(`${server.url}/${hash}`),
  });
}
