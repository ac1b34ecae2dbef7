// Makes web/types/api.d.ts from the OpenAPI document that a server or `bursar openapi` gives.
//
//   bursar openapi | npm run types             writes it
//   bursar openapi | npm run types -- --check  exits with 1 if it is not what the document gives

import openapiTS, { astToString } from "openapi-typescript";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { text } from "node:stream/consumers";

const target = new URL("../types/api.d.ts", import.meta.url);
const document = JSON.parse(await text(process.stdin));
const types =
  "// Made by `npm run types` from the OpenAPI document; not to be edited.\n\n" +
  astToString(await openapiTS(document));

if (process.argv.includes("--check")) {
  const there = await readFile(target, "utf8").catch(() => "");
  if (there !== types) {
    console.error("web/types/api.d.ts is not what /openapi.json says: bursar openapi | npm run types");
    process.exit(1);
  }
} else {
  await mkdir(new URL(".", target), { recursive: true });
  await writeFile(target, types);
}
