// One field of a command's form.

import { html, useEffect, useId, useState } from "../vendor.js";
import { get, withQuery } from "../lib/api.js";
import { spaced } from "../lib/format.js";
import { rememberCurrency } from "../lib/money.js";

/** @typedef {import("../lib/contract.js").Field} Field */

const SUGGESTIONS_MAX = 20;
const TYPING_PAUSE_MS = 200;
/** The patterns are the contract's; these say in words what they mean. */
const TITLES = {
  account: "Letters, digits and . _ : -",
  amount: "A number such as 1234.56, without separators",
  currency: "Three letters, such as USD",
};

/**
 * The contract's pattern as a field takes it: always of the whole, and in the browsers' newer dialect, in which a hyphen at
 * the end of a class has to be escaped.
 * @param {string | undefined} pattern
 * @returns {string | undefined}
 */
function asAttribute(pattern) {
  return pattern?.replace(/^\^|\$$/g, "").replaceAll("-]", "\\-]");
}

const AMOUNT = "(0|[1-9][0-9]{0,14})(\\.[0-9]{1,4})?";

/** @typedef {{ field: string, reason: string }} Fault what the server refused, and the element that says why */

/**
 * @param {{ field: Field, value: unknown, example?: unknown, route: string, fault: Fault, busy: boolean, path?: string, onChange: (value: unknown) => void }} props
 *   `path` is what the server calls the field; while the form is `busy` nothing changes
 */
export function CommandField({ field, value, example, route, fault, busy, path = field.name, onChange }) {
  const id = useId();
  const text = value === undefined || value === null ? "" : String(value);
  const typed = (/** @type {Event} */ event) => {
    const input = event.target;
    if (input instanceof HTMLInputElement || input instanceof HTMLTextAreaElement || input instanceof HTMLSelectElement)
      onChange(input.value);
  };
  const name = spaced(
    field.name === "accountId" && route !== "create-account"
      ? "account"
      : field.name.replace(/Id$/, field.name === "accountId" ? "Id" : ""),
  );
  const label = html`
    <span>
      ${name}${
        field.required
          ? ""
          : html`
              ${" "}
              <span class="optional">optional</span>
            `
      }
    </span>
  `;
  // Where null means something of its own, the contract's words say what.
  const lifts = field.nullable && route === "set-limits" && field.kind === "amount" && field.name !== "overdraftLimit";
  if (field.kind === "rows")
    return html`
      <${RowsField} field=${field} value=${value} route=${route} fault=${fault} busy=${busy} onChange=${onChange} />
    `;
  const refused = fault.field === path;
  const common = {
    id,
    name: field.name,
    value: text,
    required: field.required,
    onInput: typed,
    // The focus stays in a field that is only to be read; a list of choices knows no such state.
    readonly: busy,
    disabled: value === null || (busy && (field.kind === "choice" || field.kind === "truth")),
    "aria-invalid": refused ? "true" : undefined,
    "aria-describedby": refused ? fault.reason : undefined,
  };
  const hint = field.fallback === undefined ? "" : String(field.fallback);
  /** @type {unknown} */
  let control;
  switch (field.kind) {
    case "account":
      control = html`
        <${AccountInput} ...${common} fresh=${route === "create-account"} pattern=${asAttribute(field.pattern)} />
      `;
      break;
    case "amount":
      control = html`
        <input ...${common} inputmode="decimal" pattern=${AMOUNT} title=${TITLES.amount} placeholder=${hint} />
      `;
      break;
    case "currency":
      control = html`
        <input
          ...${common}
          pattern="[A-Za-z]{3}"
          maxlength="3"
          title=${TITLES.currency}
          placeholder=${hint}
          autocapitalize="characters"
          spellcheck=${false}
          class="upper"
        />
      `;
      break;
    case "choice":
      control = html`
        <select ...${common}>
          ${
            !field.required &&
            html`
              <option value="">${hint === "" ? "–" : `${hint} (default)`}</option>
            `
          }${(field.choices ?? [])
            .filter((choice) => choice !== hint)
            .map(
              (choice) => html`
                <option value=${choice}>${choice}</option>
              `,
            )}
        </select>
      `;
      break;
    case "truth":
      control = html`
        <select ...${common}>
          <option value="">–</option>
          <option value="true">yes</option>
          <option value="false">no</option>
        </select>
      `;
      break;
    case "number":
      control = html`
        <input ...${common} inputmode="numeric" pattern="[0-9]+" title="A whole number" placeholder=${hint} />
      `;
      break;
    case "json":
      control = html`
        <textarea
          ...${common}
          rows=${field.required ? 8 : 3}
          spellcheck=${false}
          class="mono"
          placeholder=${JSON.stringify(example ?? {}, null, 2)}
        ></textarea>
      `;
      break;
    case "text":
      control = html`
        <input ...${common} maxlength=${field.lengthMax} pattern=${asAttribute(field.pattern)} placeholder=${hint} />
      `;
      break;
  }
  return html`
    <div class=${`field ${field.kind === "json" ? "wide" : ""}`}>
      <label for=${id}>${label}</label>
      ${control}
      ${
        lifts &&
        html`
          <label class="check">
            <input
              type="checkbox"
              checked=${value === null}
              disabled=${busy}
              onChange=${(/** @type {Event} */ event) => {
                if (event.target instanceof HTMLInputElement) onChange(event.target.checked ? null : undefined);
              }}
            />
            ${" "}No limit
          </label>
        `
      }
    </div>
  `;
}

/** An account's id, with those that begin so. */
/** @param {Record<string, any> & { fresh: boolean, value: string }} props */
export function AccountInput({ fresh, ...own }) {
  const [found, setFound] = useState(/** @type {Record<string, any>[]} */ ([]));
  const [focused, setFocused] = useState(false);
  const list = useId();
  useEffect(() => {
    if (fresh || !focused) return;
    const timer = setTimeout(async () => {
      try {
        const { body } = await get(withQuery("/accounts", { prefix: own.value, limit: SUGGESTIONS_MAX }));
        for (const account of body) rememberCurrency(account.accountId, account.currency);
        setFound(body);
      } catch {
        // Suggestions are a help; without them an id is typed.
        setFound([]);
      }
    }, TYPING_PAUSE_MS);
    return () => clearTimeout(timer);
  }, [own.value, focused, fresh]);
  return html`
    <input
      ...${own}
      maxlength="128"
      pattern=${own.pattern ?? "[A-Za-z0-9._:\\-]+"}
      title=${TITLES.account}
      list=${fresh ? undefined : list}
      autocapitalize="none"
      spellcheck=${false}
      onFocus=${() => setFocused(true)}
    />
    ${
      !fresh &&
      html`
        <datalist id=${list}>
          ${found.map(
            (account) => html`
              <option value=${account.accountId}>${account.owner ?? ""}</option>
            `,
          )}
        </datalist>
      `
    }
  `;
}

/** Rows of the same fields, such as the postings of a post. */
/** @param {{ field: Field, value: unknown, route: string, fault: Fault, busy: boolean, onChange: (value: unknown) => void }} props */
function RowsField({ field, value, route, fault, busy, onChange }) {
  /** @type {Record<string, unknown>[]} */
  const rows = Array.isArray(value) && value.length > 0 ? value : [{}];
  const change = (/** @type {number} */ at, /** @type {string} */ name, /** @type {unknown} */ text) =>
    onChange(rows.map((row, place) => (place === at ? { ...row, [name]: text } : row)));
  return html`
    <fieldset class="wide rows-field">
      <legend>${spaced(field.name)}</legend>
      ${rows.map(
        (row, place) => html`
          <div key=${place} class="row-fields">
            ${(field.fields ?? []).map(
              (part) => html`
                <${CommandField}
                  key=${part.name}
                  field=${part}
                  value=${row[part.name]}
                  route=${route}
                  fault=${fault}
                  busy=${busy}
                  path=${`${field.name}[${place}].${part.name}`}
                  onChange=${(/** @type {unknown} */ text) => change(place, part.name, text)}
                />
              `,
            )}
            ${
              rows.length > 1 &&
              html`
                <button
                  type="button"
                  class="small"
                  disabled=${busy}
                  aria-label=${`Remove row ${place + 1}`}
                  onClick=${() => onChange(rows.filter((_, other) => other !== place))}
                >
                  Remove
                </button>
              `
            }
          </div>
        `,
      )}
      <button type="button" class="small" disabled=${busy} onClick=${() => onChange([...rows, {}])}>Add a row</button>
    </fieldset>
  `;
}
