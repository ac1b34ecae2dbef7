// An amount with separators and its currency, which is looked up where only the account is known.

import { html } from "../vendor.js";
import { currencyOf, known, money } from "../lib/money.js";

/** @param {{ amount: unknown, currency?: string | undefined, account?: string | undefined, signed?: boolean, tone?: boolean }} props */
export function Money({ amount, currency, account, signed = false, tone = false }) {
  // Draws again when a currency that was asked for has come.
  void known.value;
  if (amount === undefined || amount === null)
    return html`
      <span class="muted">–</span>
    `;
  const text = money(amount, currency ?? (account === undefined ? undefined : currencyOf(account)));
  const sign = signed && !text.startsWith("−") && !/^0(\.0*)?(\u00a0|$)/.test(text) ? "+" : "";
  const direction = !tone ? undefined : text.startsWith("−") ? "out" : sign === "" ? "none" : "in";
  return html`
    <span class="money" data-direction=${direction}>${sign}${text}</span>
  `;
}
