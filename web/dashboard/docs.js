// The API's page: what /openapi.json says, one operation per fold, to be searched and linked to (#createAccount).

import { byId, el } from "./dom.js";

/** @typedef {Record<string, any>} Json */

/** @type {Json} */
let api = {};

/**
 * What a reference stands for; anything else is itself.
 * @param {Json} value
 * @returns {Json}
 */
function resolve(value) {
  if (typeof value?.$ref !== "string") return value;
  const found = value.$ref
    .slice(2)
    .split("/")
    .reduce((/** @type {Json} */ part, /** @type {string} */ name) => part?.[name], api);
  return { ...found, ...value, $ref: undefined };
}

/**
 * Words of the contract, in which backticks set code off.
 * @param {unknown} text
 * @returns {(Node | string)[]}
 */
function prose(text) {
  return String(text ?? "")
    .split("`")
    .map((part, place) => (place % 2 === 1 ? el("code", {}, part) : part));
}

/**
 * A schema in a few words: `AccountId`, `Event[]`, `"asc" | "desc"`.
 * @param {Json} schema
 * @returns {string}
 */
function kind(schema) {
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.enum) return schema.enum.map((/** @type {unknown} */ value) => JSON.stringify(value)).join(" | ");
  if ("const" in schema) return JSON.stringify(schema.const);
  if (schema.type === "array") return `${kind(schema.items ?? {})}[]`;
  const choices = schema.anyOf ?? schema.oneOf ?? schema.allOf;
  if (choices && !schema.properties) return choices.map(kind).join(schema.allOf ? " & " : " | ");
  return [schema.type ?? "any"].flat().join(" | ");
}

/**
 * What narrows a schema down, beside its kind.
 * @param {Json} schema
 * @returns {string}
 */
function bounds(schema) {
  const names = ["default", "minimum", "maximum", "maxLength", "maxItems", "pattern", "format"];
  return names
    .filter((name) => name in schema)
    .map((name) => `${name} ${JSON.stringify(schema[name])}`)
    .join(", ");
}

/**
 * Rows of name, kind and meaning.
 * @param {{ name: string, required: boolean, schema: Json, words: string }[]} rows
 * @returns {HTMLElement}
 */
function table(rows) {
  const row = (
    /** @type {{ name: string, required: boolean, schema: Json, words: string }} */ { name, required, schema, words },
  ) => {
    const meaning = [words, resolve(schema).description, bounds(resolve(schema))];
    return el(
      "tr",
      {},
      el("th", { scope: "row" }, el("code", {}, name), required ? " required" : ""),
      el(
        "td",
        {},
        el("code", {}, kind(schema)),
        " ",
        ...prose(meaning.filter((part, place) => part && meaning.indexOf(part) === place).join(" · ")),
      ),
    );
  };
  return el("table", {}, ...rows.map(row));
}

/**
 * The members of an object's schema.
 * @param {Json} schema
 * @returns {HTMLElement[]}
 */
function members(schema) {
  const whole = resolve(schema.items ?? schema);
  if (!whole.properties) return [];
  const required = whole.required ?? [];
  const rows = Object.entries(whole.properties).map(([name, part]) => ({
    name,
    required: required.includes(name),
    schema: part,
    words: "",
  }));
  return [table(rows)];
}

/**
 * @param {unknown} value
 * @returns {HTMLElement}
 */
function sample(value) {
  return el("pre", {}, JSON.stringify(value, null, 2));
}

/**
 * @param {string} status
 * @param {Json} answer
 * @returns {HTMLElement}
 */
function response(status, answer) {
  /** @type {HTMLElement[]} */
  const parts = [el("h4", {}, el("code", {}, status), " ", ...prose(answer.description))];
  const headers = Object.entries(answer.headers ?? {});
  if (headers.length > 0) {
    parts.push(
      table(
        headers.map(([name, header]) => ({ name, required: false, schema: header.schema, words: header.description })),
      ),
    );
  }
  for (const [media, { schema, examples }] of Object.entries(/** @type {Json} */ (answer.content ?? {}))) {
    if (examples) {
      const links = Object.keys(examples).flatMap((code) => [el("a", { href: `/problems/${code}` }, code), " "]);
      parts.push(el("p", {}, el("code", {}, media), " ", ...links));
    } else {
      const shown = resolve(schema.items ?? schema).examples?.[0];
      parts.push(el("p", {}, el("code", {}, media), " ", el("code", {}, kind(schema))), ...members(schema));
      if (shown !== undefined) parts.push(sample(schema.items ? [shown] : shown));
    }
  }
  return el("section", {}, ...parts);
}

/**
 * @param {string} path
 * @param {string} method
 * @param {Json} operation
 * @returns {HTMLElement}
 */
function operationFold(path, method, operation) {
  const title = el("summary", {}, el("code", {}, `${method.toUpperCase()} ${path}`), " ", ...prose(operation.summary));
  const fold = el("details", { id: operation.operationId }, title);
  if (operation.description) fold.append(el("p", {}, ...prose(operation.description)));
  if (operation.parameters) {
    const rows = operation.parameters.map((/** @type {Json} */ parameter) => ({
      name: parameter.name,
      required: parameter.required,
      schema: parameter.schema,
      words: `in the ${parameter.in} · ${parameter.description}`,
    }));
    fold.append(el("h3", {}, "Parameters"), table(rows));
  }
  if (operation.requestBody) {
    const { schema, example } = operation.requestBody.content["application/json"];
    fold.append(el("h3", {}, "Body"), ...members(schema), sample(example));
  }
  const answers = Object.entries(/** @type {Json} */ (operation.responses));
  fold.append(el("h3", {}, "Answers"), ...answers.map(([status, answer]) => response(status, answer)));
  return fold;
}

/** Opens the operation that the address names. */
function openNamed() {
  const named = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (named instanceof HTMLDetailsElement) {
    named.open = true;
    named.scrollIntoView();
  }
}

/** Shows the operations alone that the words stand in. */
function find() {
  const words = byId("find", HTMLInputElement).value.trim().toLowerCase();
  let count = 0;
  for (const fold of byId("operations", HTMLElement).querySelectorAll("details")) {
    fold.hidden = !`${fold.id} ${fold.textContent ?? ""}`.toLowerCase().includes(words);
    count += fold.hidden ? 0 : 1;
  }
  byId("found", HTMLElement).textContent = words === "" ? "" : `${count} found`;
}

async function show() {
  const place = byId("operations", HTMLElement);
  const reply = await fetch("/openapi.json");
  if (!reply.ok) {
    place.replaceChildren(`/openapi.json can't be read: ${reply.status}`);
    return;
  }
  api = await reply.json();
  byId("about", HTMLElement).append(...prose(api.info.description));
  place.replaceChildren();
  for (const tag of api.tags) {
    place.append(el("h2", {}, tag.name), el("p", {}, ...prose(tag.description)));
    for (const [path, methods] of Object.entries(/** @type {Json} */ (api.paths))) {
      for (const [method, operation] of Object.entries(/** @type {Json} */ (methods))) {
        if (operation.tags.includes(tag.name)) place.append(operationFold(path, method, operation));
      }
    }
  }
  byId("find", HTMLInputElement).addEventListener("input", find);
  // Somebody may have typed already.
  find();
  addEventListener("hashchange", openNamed);
  openNamed();
}

show().catch((error) => byId("operations", HTMLElement).replaceChildren(`/openapi.json can't be read: ${error}`));
