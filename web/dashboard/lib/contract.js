// What this server can do, read from its own /openapi.json: what is not described there is not offered anywhere.

import { computed, signal } from "../vendor.js";
import { get } from "./api.js";

/** @typedef {Record<string, any>} Json */

/**
 * @typedef {object} Field
 * @property {string} name
 * @property {"account" | "amount" | "currency" | "choice" | "number" | "truth" | "rows" | "json" | "text"} kind
 * @property {boolean} required
 * @property {boolean} nullable
 * @property {string} words what the contract says about it
 * @property {unknown} [fallback] what the server takes where it is left out
 * @property {string[]} [choices]
 * @property {string} [pattern]
 * @property {number} [lengthMax]
 * @property {Field[]} [fields] of each row
 */

/** @typedef {{ route: string, summary: string, description: string, fields: Field[], example: Json, refusals: string[] }} CommandForm */

/** @type {import("../vendor.js").Signal<Json | null>} */
export const contract = signal(/** @type {Json | null} */ (null));

/** What the contract calls the member that is the idempotency key: the page makes one itself. */
const KEY = /idempotency key/i;

/** Reads the contract; to be asked again when the server may be another. */
export async function loadContract() {
  const { body } = await get("/openapi.json");
  contract.value = body;
}

/**
 * Whether a path is described, where the contract is known.
 * @param {string} path
 * @param {"get" | "post"} [method]
 * @returns {boolean}
 */
export function offers(path, method = "get") {
  return contract.value?.paths?.[path]?.[method] !== undefined;
}

/**
 * Whether a path takes a parameter in its query.
 * @param {string} path
 * @param {string} name
 * @returns {boolean}
 */
export function takes(path, name) {
  /** @type {Json[]} */
  const parameters = contract.value?.paths?.[path]?.get?.parameters ?? [];
  return parameters.some((parameter) => parameter.in === "query" && parameter.name === name);
}

export const version = computed(() => String(contract.value?.info?.version ?? ""));

/** Every type of event that the contract names. */
export const eventTypes = computed(() => {
  /** @type {Json[]} */
  const kinds = contract.value?.components?.schemas?.Event?.oneOf ?? [];
  return kinds.map((kind) => String(kind.properties?.type?.const ?? "")).filter((name) => name !== "");
});

/** Every status of an account. */
export const statuses = computed(() => {
  /** @type {string[]} */
  const names = contract.value?.components?.schemas?.Status?.enum ?? [];
  return names;
});

/** Every command, in the contract's order, with its form. */
export const commandForms = computed(() => {
  /** @type {CommandForm[]} */
  const forms = [];
  for (const [path, methods] of Object.entries(/** @type {Json} */ (contract.value?.paths ?? {}))) {
    const name = /^\/commands\/([a-z-]+)$/.exec(path)?.[1];
    const body = methods.post?.requestBody?.content?.["application/json"];
    if (name === undefined || body === undefined) continue;
    forms.push({
      route: name,
      summary: methods.post.summary ?? "",
      description: methods.post.description ?? "",
      fields: fieldsOf(body.schema).filter(({ name, words }) => name !== "commandId" || !KEY.test(words)),
      example: body.example ?? {},
      refusals: Object.values(/** @type {Json} */ (methods.post.responses ?? {})).flatMap(
        (/** @type {Json} */ answer) => Object.keys(answer.content?.["application/problem+json"]?.examples ?? {}),
      ),
    });
  }
  const known = [
    "create-account",
    "deposit",
    "withdraw",
    "transfer",
    "place-hold",
    "capture-hold",
    "release-hold",
    "freeze-account",
    "unfreeze-account",
    "set-limits",
    "close-account",
    "reopen-account",
    "reverse",
    "post",
    "batch",
  ];
  const place = (/** @type {CommandForm} */ form) =>
    known.includes(form.route) ? known.indexOf(form.route) : known.length;
  return forms.sort((one, other) => place(one) - place(other));
});

/**
 * What a reference stands for, with what stands beside it.
 * @param {Json} schema
 * @returns {Json}
 */
export function resolve(schema) {
  if (typeof schema?.$ref !== "string") return schema ?? {};
  const found = schema.$ref
    .slice(2)
    .split("/")
    .reduce((/** @type {Json} */ part, /** @type {string} */ name) => part?.[name], contract.value ?? {});
  const { $ref: _, ...beside } = schema;
  return { ...resolve(found ?? {}), ...beside };
}

/**
 * @param {Json} schema
 * @returns {string}
 */
function nameOf(schema) {
  return typeof schema?.$ref === "string" ? (schema.$ref.split("/").pop() ?? "") : "";
}

/**
 * @param {Json} schema
 * @returns {Field[]}
 */
function fieldsOf(schema) {
  const whole = resolve(schema);
  /** @type {string[]} */
  const required = whole.required ?? [];
  const fields = Object.entries(/** @type {Json} */ (whole.properties ?? {})).map(([name, part]) =>
    fieldOf(name, part, required.includes(name)),
  );
  return fields.sort((one, other) => order(one, required) - order(other, required));
}

/** In which order people say what they want; the contract's is that of the alphabet. */
const SAID = [
  "accountId",
  "fromAccountId",
  "toAccountId",
  "holdId",
  "sequenceNumber",
  "commandId",
  "amount",
  "initialBalance",
  "currency",
  "owner",
  "overdraftLimit",
  "maxBalance",
  "perTransaction",
  "perDay",
  "scope",
  "sweepTo",
  "expiresInSeconds",
  "description",
  "reason",
];

/**
 * What is needed comes first.
 * @param {Field} field
 * @param {string[]} required
 * @returns {number}
 */
function order({ name }, required) {
  const place = SAID.indexOf(name);
  return (required.includes(name) ? 0 : 100) + (place < 0 ? SAID.length : place);
}

/**
 * @param {string} name
 * @param {Json} part
 * @param {boolean} required
 * @returns {Field}
 */
function fieldOf(name, part, required) {
  /** @type {Json[]} */
  const choices = part.anyOf ?? part.oneOf ?? [];
  const nullable =
    choices.some((choice) => choice.type === "null") || (Array.isArray(part.type) && part.type.includes("null"));
  const own = nullable && choices.length > 0 ? (choices.find((choice) => choice.type !== "null") ?? {}) : part;
  const schema = resolve(own);
  const type = [schema.type].flat().find((one) => one !== "null");
  /** @type {Field} */
  const field = {
    name,
    kind: "text",
    required,
    nullable,
    words: part.description ?? own.description ?? schema.description ?? "",
    fallback: schema.default ?? part.default,
  };
  const named = nameOf(own);
  if (named === "AccountId") field.kind = "account";
  else if (named === "Quantity" || named === "Amount" || named === "Money") field.kind = "amount";
  else if (named === "Currency") field.kind = "currency";
  else if (schema.enum) {
    field.kind = "choice";
    field.choices = schema.enum.map(String);
  } else if (type === "boolean") field.kind = "truth";
  else if (type === "integer" || type === "number") field.kind = "number";
  else if (type === "array" && resolve(schema.items).properties && !isOpen(schema.items)) {
    field.kind = "rows";
    field.fields = fieldsOf(schema.items);
  } else if (type === "array" || type === "object") field.kind = "json";
  if (typeof schema.pattern === "string") field.pattern = schema.pattern;
  if (typeof schema.maxLength === "number") field.lengthMax = schema.maxLength;
  return field;
}

/**
 * Whether an object may have more members than are named, so that only JSON can say them all.
 * @param {Json} schema
 * @returns {boolean}
 */
function isOpen(schema) {
  return resolve(schema).additionalProperties !== false;
}
