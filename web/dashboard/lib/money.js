// Amounts as text. A figure from the server is at most 15 digits or a decimal string, and is only ever grouped and
// padded here, never computed with.

import { signal } from "../vendor.js";
import { get } from "./api.js";

const ACCOUNTS_REMEMBERED_MAX = 10_000;
const ASKED_AT_ONCE_MAX = 4;
const WAITING_MAX = 100;

/** @type {Map<string, string>} Which currency an account has, for events that carry only the amount. */
const currencies = new Map();
/** @type {string[]} Accounts whose currency is wanted and not known, the most wanted last. */
const wanted = [];
let asking = 0;
/** Grows when a currency became known that was wanted. */
export const known = signal(0);
/** The currency that all accounts have, as long as there is one only. */
export const commonCurrency = signal("");

/** @type {Map<string, number>} */
const decimals = new Map();

/**
 * @param {unknown} accountId
 * @param {unknown} currency
 */
export function rememberCurrency(accountId, currency) {
  if (typeof accountId !== "string" || typeof currency !== "string") return;
  if (currencies.size >= ACCOUNTS_REMEMBERED_MAX && !currencies.has(accountId)) {
    const oldest = currencies.keys().next();
    if (!oldest.done) currencies.delete(oldest.value);
  }
  currencies.set(accountId, currency);
}

/**
 * What is known of an account's currency; what is not is asked for, and `known` tells.
 * @param {unknown} accountId
 * @returns {string | undefined}
 */
export function currencyOf(accountId) {
  if (typeof accountId !== "string") return undefined;
  const found = currencies.get(accountId) ?? (commonCurrency.value || undefined);
  if (found === undefined && !wanted.includes(accountId)) {
    wanted.push(accountId);
    if (wanted.length > WAITING_MAX) wanted.shift();
    void ask();
  }
  return found;
}

async function ask() {
  if (asking >= ASKED_AT_ONCE_MAX) return;
  const accountId = wanted.pop();
  if (accountId === undefined) return;
  asking += 1;
  try {
    const { body } = await get(`/accounts/${encodeURIComponent(accountId)}`);
    rememberCurrency(accountId, body.currency);
    known.value += 1;
  } catch {
    // The amount stays without its currency; whoever shows it asks again.
  }
  asking -= 1;
  void ask();
}

/**
 * `1500.5` and `USD` become `1,500.50 USD`; what is no figure comes back as it is.
 * @param {unknown} amount a JSON number, or a decimal string
 * @param {unknown} [currency]
 * @returns {string}
 */
export function money(amount, currency) {
  if (amount === undefined || amount === null) return "–";
  const code = typeof currency === "string" ? currency : "";
  const parts = /^(-?)(\d+)(?:\.(\d+))?$/.exec(String(amount));
  if (!parts) return String(amount);
  const [, sign = "", whole = "", fraction = ""] = parts;
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  const padded = fraction.padEnd(decimalsOf(code), "0");
  // A minus sign is as wide as a digit, a hyphen is not.
  return `${sign ? "−" : ""}${grouped}${padded ? `.${padded}` : ""}${code ? `\u00a0${code}` : ""}`;
}

/**
 * @param {string} currency
 * @returns {number}
 */
function decimalsOf(currency) {
  if (!/^[A-Z]{3}$/.test(currency)) return 0;
  let known = decimals.get(currency);
  if (known === undefined) {
    known = new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits ?? 0;
    decimals.set(currency, known);
  }
  return known;
}

/**
 * An amount as a number, for charts and comparisons alone.
 * @param {unknown} amount
 * @returns {number}
 */
export function forChart(amount) {
  return Number(amount);
}
