// The command log: what was asked of the ledger lately, accepted or not.

import { get, words } from "./api.js";
import { byId, el, time } from "./dom.js";
import { currencyOf, money } from "./money.js";
import { coalesced } from "./refresh.js";

const REFRESH_GAP_MS = 1_000;

/**
 * @typedef {object} LoggedCommand
 * @property {string} command
 * @property {string} [accountId]
 * @property {string} [fromAccountId]
 * @property {string} [toAccountId]
 * @property {number} [amount]
 * @property {string} [currency]
 * @property {string} timestamp
 * @property {string} [status]
 * @property {string} [code]
 * @property {number} [sequence]
 * @property {number} [latencyMs]
 */

/**
 * @returns {{ refresh: () => void }}
 */
export function commandsPanel() {
  const list = byId("log", HTMLOListElement);
  const scroll = byId("log-scroll", HTMLDivElement);
  const note = byId("log-note", HTMLParagraphElement);
  let drawn = "";

  const refresh = coalesced(async () => {
    try {
      const { body } = await get("/commands/log");
      /** @type {LoggedCommand[]} */
      const commands = Array.isArray(body) ? body : [];
      scroll.hidden = commands.length === 0;
      note.textContent = commands.length > 0 ? "" : "No commands yet. Send one with the forms.";
      const text = JSON.stringify(commands);
      if (text === drawn) return;
      drawn = text;
      list.replaceChildren(...commands.reverse().map(row));
    } catch (error) {
      note.textContent = `The command log cannot be read. ${words(error)}`;
    }
  }, REFRESH_GAP_MS);

  return { refresh };
}

/**
 * @param {LoggedCommand} command
 * @returns {HTMLElement}
 */
function row(command) {
  const rejected = command.status === "rejected";
  const from = command.fromAccountId ?? command.accountId;
  const whom = command.toAccountId ? `${from} → ${command.toAccountId}` : (from ?? "");
  return el(
    "li",
    { class: "logged" },
    el(
      "span",
      { class: "what" },
      el("span", { class: "type" }, command.command),
      el("span", { class: "whom" }, whom),
    ),
    el(
      "span",
      { class: "figure" },
      el("span", { class: "amount" }, command.amount === undefined ? "" : money(command.amount, command.currency ?? currencyOf(from))),
      time(command.timestamp),
    ),
    el(
      "span",
      { class: "outcome" },
      el(
        "span",
        { class: "badge", "data-tone": rejected ? "bad" : "good" },
        rejected ? (command.code ?? "rejected") : "accepted",
      ),
      el("span", { class: "muted small" }, circumstances(command)),
    ),
  );
}

/**
 * @param {LoggedCommand} command
 * @returns {string}
 */
function circumstances({ sequence, latencyMs }) {
  const said = [];
  if (typeof sequence === "number") said.push(`sequence ${sequence}`);
  if (typeof latencyMs === "number") said.push(`${Math.round(latencyMs * 10) / 10} ms`);
  return said.join(", ");
}
