// Makes web/dashboard/vendor.js and vendor.css: the libraries that the dashboard is built on, in one file each, from the
// packages that package-lock.json pins. The same lockfile gives the same bytes, so that the test run can compare them.
//
//   npm run vendor            writes them
//   npm run vendor -- --check exits with 1 if they are not what the packages give

import { build } from "esbuild";
import { readFile, writeFile } from "node:fs/promises";

const root = new URL("../../", import.meta.url);
const target = (name) => new URL(`web/dashboard/${name}`, root);

const ENTRY = `
export { Component, Fragment, createContext, h, render } from "preact";
export { useCallback, useContext, useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
export { batch, computed, effect, signal, untracked, useComputed, useSignal, useSignalEffect } from "@preact/signals";
export { html } from "htm/preact";
export { default as uPlot } from "uplot";
`;
const PACKAGES = ["preact", "@preact/signals", "@preact/signals-core", "htm", "uplot"];

async function banner() {
  const lines = [];
  for (const name of PACKAGES) {
    const about = JSON.parse(await readFile(new URL(`node_modules/${name}/package.json`, root), "utf8"));
    lines.push(`${name} ${about.version} (${about.license})`);
  }
  return `/* Made by \`npm run vendor\`; not to be edited. ${lines.join(", ")}. */\n`;
}

const made = await build({
  stdin: { contents: ENTRY, resolveDir: new URL(".", root).pathname },
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  write: false,
});
const head = await banner();
const files = {
  "vendor.js": head + made.outputFiles[0].text,
  "vendor.css": head + (await readFile(new URL("node_modules/uplot/dist/uPlot.min.css", root), "utf8")).trim() + "\n",
};

let differs = false;
for (const [name, text] of Object.entries(files)) {
  if (process.argv.includes("--check")) {
    const there = await readFile(target(name), "utf8").catch(() => "");
    if (there === text) continue;
    console.error(`web/dashboard/${name} is not what the packages give: npm run vendor`);
    differs = true;
  } else {
    await writeFile(target(name), text);
  }
}
process.exit(differs ? 1 : 0);
