// The command forms: what a person types goes to the server as text, once, and the answer comes back in words.

import { isMembers, newKey, Problem, send, Unreachable } from "./api.js";
import { el, within } from "./dom.js";
import { currencyOf, money, rememberCurrency } from "./money.js";

/** @typedef {import("./api.js").Members} Members */

/** Members of a problem that are shown otherwise or to machines only. */
const PROBLEM_FRAME = new Set(["type", "title", "status", "detail", "error", "code", "instance", "commandId", "success"]);
const PROBLEM_MONEY = new Set(["available", "required", "balance", "held", "overdraftLimit", "maxBalance", "limit"]);
/** Fields that stay for the next command of the same kind. */
const KEPT = new Set(["accountId", "fromAccountId", "toAccountId", "currency"]);

/**
 * Makes every command form of the page work.
 * @param {() => void} onSettled called after each answer of the server, yes or no
 */
export function wireForms(onSettled) {
  for (const form of document.querySelectorAll("form[data-command]")) {
    if (form instanceof HTMLFormElement) wire(form, onSettled);
  }
}

/**
 * @param {HTMLFormElement} form
 * @param {() => void} onSettled
 */
function wire(form, onSettled) {
  const route = form.dataset.command ?? "";
  const button = within(form, "button", HTMLButtonElement);
  const result = within(form, ".result", HTMLDivElement);
  const label = button.textContent ?? "";

  /** @type {{ text: string, key: string } | null} A command whose fate is unknown; the same again goes by its key. */
  let unsettled = null;
  let inFlight = false;

  form.addEventListener("change", tidy);
  form.addEventListener("submit", (submitted) => {
    submitted.preventDefault();
    if (!inFlight) void submit();
  });
  button.disabled = false;

  async function submit() {
    const command = read(form);
    const text = JSON.stringify(command);
    const key = unsettled?.text === text ? unsettled.key : newKey();

    inFlight = true;
    const focused = document.activeElement === button;
    button.disabled = true;
    button.textContent = "Sending…";
    show("busy", "");
    try {
      const answer = await send(route, command, key, (tries) =>
        show("busy", `No answer yet. Trying again with the same key (${tries})…`),
      );
      unsettled = null;
      showAccepted(command, answer.body, answer.headers.get("Idempotent-Replayed") === "true");
      clear();
      onSettled();
    } catch (error) {
      const open = error instanceof Unreachable || (error instanceof Problem && error.isUnsettled);
      unsettled = open ? { text, key } : null;
      if (error instanceof Problem) showProblem(error, command);
      else if (error instanceof Unreachable) showUnreachable();
      else throw error;
      if (!open) onSettled();
    } finally {
      inFlight = false;
      button.disabled = false;
      button.textContent = label;
      if (focused) button.focus();
    }
  }

  /**
   * @param {"busy" | "accepted" | "refused" | "unknown"} kind
   * @param {...(Node | string)} content
   */
  function show(kind, ...content) {
    result.dataset.kind = kind;
    result.replaceChildren(...content);
  }

  /**
   * @param {Members} command
   * @param {unknown} body
   * @param {boolean} replayed
   */
  function showAccepted(command, body, replayed) {
    const answer = isMembers(body) ? body : {};
    if (route === "create-account") rememberCurrency(command.accountId, answer.event?.data?.currency ?? command.currency);
    const touched = Array.isArray(answer.accounts) ? answer.accounts : answer.account ? [answer.account] : [];
    show(
      "accepted",
      el("p", { class: "headline" }, `${done(route, command)}${replayed ? " The first answer had been lost; it was carried out once." : ""}`),
      el(
        "dl",
        {},
        ...pair("Sequence", String(answer.sequence ?? "–")),
        ...touched.flatMap((account) =>
          pair(
            touched.length > 1 ? `Balance of ${account.accountId}` : "New balance",
            money(account.balance, account.currency ?? currencyOf(account.accountId)),
          ),
        ),
      ),
    );
  }

  /**
   * @param {Problem} problem
   * @param {Members} command
   */
  function showProblem(problem, command) {
    const { members } = problem;
    const currency = members.currency ?? currencyOf(command.accountId ?? command.fromAccountId);
    const detail = typeof members.detail === "string" && members.detail !== problem.message ? members.detail : "";
    const figures = Object.entries(members).filter(([name, value]) => !PROBLEM_FRAME.has(name) && value !== null);
    show(
      problem.isUnsettled ? "unknown" : "refused",
      el("p", { class: "headline" }, problem.message),
      ...(detail ? [el("p", {}, detail)] : []),
      ...(problem.isUnsettled ? [el("p", {}, "Pressing the button again is safe: it sends the same key.")] : []),
      el(
        "dl",
        {},
        ...figures.flatMap(([name, value]) =>
          pair(spaced(name), PROBLEM_MONEY.has(name) ? money(value, currency) : plain(value)),
        ),
        ...(typeof members.code === "string" ? pair("Code", members.code) : []),
      ),
    );
  }

  function showUnreachable() {
    show(
      "unknown",
      el("p", { class: "headline" }, "No answer from the server."),
      el("p", {}, "The command may or may not have arrived. Pressing the button again is safe: it sends the same key, and the server carries it out once."),
    );
  }

  function clear() {
    for (const input of form.querySelectorAll("input")) {
      if (route === "create-account" ? input.name !== "currency" : !KEPT.has(input.name)) input.value = "";
    }
  }
}

/** @param {Event} changed */
function tidy(changed) {
  const input = changed.target;
  if (!(input instanceof HTMLInputElement)) return;
  input.value = input.value.trim();
  if (input.dataset.upper !== undefined) input.value = input.value.toUpperCase();
}

/**
 * The form as a command: text as typed, empty fields left out.
 * @param {HTMLFormElement} form
 * @returns {Record<string, string>}
 */
function read(form) {
  /** @type {Record<string, string>} */
  const command = {};
  for (const input of form.querySelectorAll("input")) {
    const text = input.value.trim();
    if (text !== "") command[input.name] = input.dataset.upper === undefined ? text : text.toUpperCase();
  }
  return command;
}

/**
 * @param {string} route
 * @param {Members} command
 * @returns {string}
 */
function done(route, command) {
  const amount = money(command.amount, currencyOf(command.accountId ?? command.fromAccountId));
  switch (route) {
    case "create-account":
      return `Account ${command.accountId} created.`;
    case "deposit":
      return `${amount} deposited to ${command.accountId}.`;
    case "withdraw":
      return `${amount} withdrawn from ${command.accountId}.`;
    case "transfer":
      return `${amount} transferred from ${command.fromAccountId} to ${command.toAccountId}.`;
    default:
      return "Accepted.";
  }
}

/**
 * @param {string} term
 * @param {string} value
 * @returns {HTMLElement[]}
 */
function pair(term, value) {
  return [el("dt", {}, term), el("dd", {}, value)];
}

/**
 * `overdraftLimit` becomes `Overdraft limit`.
 * @param {string} name
 * @returns {string}
 */
function spaced(name) {
  const spread = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return spread.charAt(0).toUpperCase() + spread.slice(1);
}

/**
 * @param {unknown} value
 * @returns {string}
 */
function plain(value) {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
