// Writes down what was measured: docs/benchmarks.md, and the picture of latency against load.

import { execFileSync } from "node:child_process";
import { cpus, totalmem } from "node:os";
import { ROOT, median, write } from "./lib.mjs";

const STORES = { embedded: "embedded", servers: "Postgres + Redis" };

/** One row per thing measured: the figures and ratios of all runs. */
function rows(figures) {
  const found = new Map();
  for (const figure of figures) {
    const key = `${figure.kind} ${figure.what}`;
    if (!found.has(key)) found.set(key, { ...figure, values: [], ratios: [] });
    const row = found.get(key);
    row.values.push(figure.value);
    if (figure.of) row.ratios.push(figure.value / figure.of);
  }
  return [...found.values()];
}

function round(figure) {
  if (Math.abs(figure) >= 100) return Math.round(figure).toLocaleString("en-US");
  return figure === 0 ? "0" : String(Number(figure.toPrecision(3)));
}

const spread = (figures) =>
  figures.length > 1 ? ` (${round(Math.min(...figures))} to ${round(Math.max(...figures))})` : "";

/** A Markdown table of all figures that are not points of the picture. */
export function table(figures) {
  const lines = rows(figures.filter(({ point }) => !point)).map(({ kind, what, unit, values, ratios, ceiling }) => {
    const ratio = ratios.length ? `${round(median(ratios))}${spread(ratios)} of ${ceiling}` : "";
    return `| ${what} | ${STORES[kind]} | ${round(median(values))} ${unit}${spread(values)} | ${ratio} |`;
  });
  return ["| what | stores | median (spread) | ratio |", "| --- | --- | --- | --- |", ...lines, ""].join("\n");
}

/** The figures in docs/benchmarks.md, between its two marks; the words around them are written by hand. */
export function report(figures, { runs, seconds }) {
  const machine = `${cpus().length} cores (${cpus()[0].model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GiB`;
  const version = (program, ...flags) => execFileSync(program, flags, { cwd: ROOT }).toString().trim().split("\n")[0];
  const versions = [
    `Bursar at ${version("git", "rev-parse", "--short", "HEAD")}`,
    version("rustc", "--version"),
    version("psql", "--version"),
    version("redis-server", "--version").replace(/ sha=.*/, ""),
    "oha 1.16.0",
    `Node ${process.version}`,
  ];
  write("docs/benchmarks/latency.svg", picture(figures.filter(({ point }) => point)));
  write(
    "docs/benchmarks/figures.md",
    [
      "<!-- Written by `node bench/run.mjs`. What it means stands in ../benchmarks.md. -->",
      `# Figures of ${new Date().toISOString().slice(0, 10)}`,
      "",
      `${machine}; ${versions.join("; ")}. ${runs} runs of ${seconds} s per figure, 256 connections unless said.`,
      "",
      table(figures),
    ].join("\n"),
  );
}

const [WIDTH, HEIGHT, LEFT, BOTTOM] = [720, 380, 60, 50];
const COLOURS = { embedded: "#0b7285", servers: "#c2255c" };

/** p50 (dashed) and p99 of deposits against their rate, on a logarithmic scale of ms. */
function picture(points) {
  const most = Math.max(1, ...points.map(({ point }) => point.rate));
  const [least, highest] = [-1, 3];
  const x = (rate) => LEFT + (rate / most) * (WIDTH - LEFT - 20);
  const y = (ms) =>
    HEIGHT - BOTTOM - ((Math.log10(Math.max(ms, 0.1)) - least) / (highest - least)) * (HEIGHT - BOTTOM - 30);
  const parts = [];
  for (let power = least; power <= highest; power += 1) {
    const at = y(10 ** power);
    parts.push(`<line x1="${LEFT}" y1="${at}" x2="${WIDTH - 20}" y2="${at}" stroke="#8886" />`);
    parts.push(`<text x="${LEFT - 6}" y="${at + 4}" text-anchor="end">${10 ** power} ms</text>`);
  }
  for (let step = 0; step <= 4; step += 1) {
    const rate = (most * step) / 4;
    parts.push(
      `<text x="${x(rate)}" y="${HEIGHT - BOTTOM + 20}" text-anchor="middle">${Math.round(rate).toLocaleString("en-US")}/s</text>`,
    );
  }
  Object.keys(STORES).forEach((kind, place) => {
    const own = points
      .filter((figure) => figure.kind === kind)
      .map(({ point }) => point)
      .sort((one, other) => one.rate - other.rate);
    for (const [name, dashes] of [
      ["p50", ' stroke-dasharray="5 4"'],
      ["p99", ""],
    ]) {
      const line = own.map((point) => `${x(point.rate).toFixed(1)},${y(point[name]).toFixed(1)}`).join(" ");
      parts.push(`<polyline points="${line}" fill="none" stroke="${COLOURS[kind]}" stroke-width="2"${dashes} />`);
    }
    parts.push(
      `<text x="${LEFT + 10}" y="${20 + place * 16}" fill="${COLOURS[kind]}">${STORES[kind]}: p99, and p50 dashed</text>`,
    );
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" font-family="sans-serif" font-size="12" fill="#777">`,
    "<title>Latency of deposits against their rate</title>",
    ...parts,
    `<text x="${(WIDTH + LEFT) / 2}" y="${HEIGHT - 10}" text-anchor="middle">durable deposits per second</text>`,
    "</svg>",
    "",
  ].join("\n");
}
