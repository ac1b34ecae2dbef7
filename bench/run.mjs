// The benchmark: everything that docs/benchmarks.md says, against a release build, each figure beside a ceiling that is
// measured in the same run.
//
//   node bench/run.mjs                       all of it, three runs; writes docs/benchmarks.md and its picture
//   node bench/run.mjs --only deposits,reads some of it; writes nothing
//   node bench/run.mjs --stores embedded     on one kind of store
//   node bench/run.mjs --runs 1 --seconds 2  shorter
//   node bench/run.mjs --only growth --events 10000000 --accounts 1000000
//   node bench/run.mjs --only turnover --minutes 10 --accounts 1000000
//   bench/smoke                              a minute's worth
//
// Every figure of the last run stands in bench/.tools/figures.json, whatever became of it.
//
// It builds what it measures, installs the load generator (oha) under bench/.tools, starts a Postgres and a Redis of its
// own, and removes all that it started.

import { parseArgs } from "node:util";
import { CONNECTIONS, endAll, log, prepare, startServers, write } from "./lib.mjs";
import { GROUPS } from "./groups.mjs";
import { report, table } from "./report.mjs";

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    stores: { type: "string", default: "embedded,servers" },
    runs: { type: "string", default: "3" },
    seconds: { type: "string", default: "5" },
    events: { type: "string", default: "2000000" },
    accounts: { type: "string", default: "100000" },
    minutes: { type: "string", default: "1" },
  },
});
const wanted = values.only?.split(",") ?? Object.keys(GROUPS);
const unknown = wanted.filter((name) => !(name in GROUPS));
if (unknown.length) {
  log(`There is no ${unknown.join(", ")}; there are ${Object.keys(GROUPS).join(", ")}.`);
  process.exit(64);
}

for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => endAll().finally(() => process.exit(130)));
const figures = [];
try {
  prepare();
  const servers = startServers();
  const runs = Number(values.runs);
  for (let run = 1; run <= runs; run += 1) {
    for (const name of wanted) {
      const group = GROUPS[name];
      if (run > (group.runs ?? runs)) continue;
      for (const kind of values.stores.split(",").filter((kind) => group.stores.includes(kind))) {
        log(`run ${run} of ${runs}: ${name}, ${kind}`);
        const add = (what, unit, value, of) => {
          figures.push({ group: name, kind, what, unit, value, of: of?.value, ceiling: of?.name });
          const ratio = of ? ` = ${(value / of.value).toFixed(3)} of ${of.name}` : "";
          log(`  ${what}: ${value?.toFixed?.(3) ?? value} ${unit}${ratio}`);
        };
        const point = (measured) => figures.push({ group: name, kind, point: measured });
        const names = ["seconds", "events", "accounts", "minutes"];
        const sizes = Object.fromEntries(names.map((name) => [name, Number(values[name])]));
        await group.measure({ kind, servers, ...sizes, connections: CONNECTIONS, add, point });
      }
    }
  }
} finally {
  await endAll();
  write("bench/.tools/figures.json", JSON.stringify(figures));
}
if (values.only || values.stores !== "embedded,servers") process.stdout.write(table(figures));
else report(figures, values);
process.exit(0);
