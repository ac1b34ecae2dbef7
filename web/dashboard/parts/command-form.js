// A command as a form, made from the contract: what the server takes, and nothing else. An amount stays the text that
// was typed, all the way to the server.

import { html, useEffect, useId, useRef, useState } from "../vendor.js";
import { newKey, preview, Problem, send, Unreachable, words } from "../lib/api.js";
import { spaced } from "../lib/format.js";
import { asCurl, Copy } from "./copy.js";
import { CommandField } from "./field.js";
import { Outcome } from "./outcome.js";
import { Refusal } from "./problem.js";

/** @typedef {import("../lib/contract.js").CommandForm} Form */
/** @typedef {Record<string, any>} Values */

/**
 * The body as the server takes it: what is empty is left out, what is lifted is null.
 * @param {import("../lib/contract.js").Field[]} fields
 * @param {Values} values
 * @returns {Values}
 */
function bodyOf(fields, values) {
  /** @type {Values} */
  const body = {};
  for (const field of fields) {
    const value = values[field.name];
    if (value === null) body[field.name] = null;
    else if (field.kind === "rows") {
      const rows = (value ?? [{}]).map((/** @type {Values} */ row) => bodyOf(field.fields ?? [], row));
      if (field.required || rows.length > 0) body[field.name] = rows;
    } else if (value === undefined || String(value).trim() === "") continue;
    else if (field.kind === "json") body[field.name] = JSON.parse(String(value));
    else if (field.kind === "number") body[field.name] = Number(value);
    else if (field.kind === "truth") body[field.name] = value === "true";
    else if (field.kind === "currency") body[field.name] = String(value).trim().toUpperCase();
    else body[field.name] = String(value).trim();
  }
  return body;
}

/**
 * @param {{ form: Form, given?: Values, fixed?: string[], onDone?: (answer: Values) => void, currency?: string | undefined, autofocus?: boolean }} props
 *   `given` fills fields in; those named in `fixed` are not shown
 */
export function CommandForm({ form, given = {}, fixed = [], onDone, currency, autofocus = false }) {
  const [values, setValues] = useState(/** @type {Values} */ (given));
  const [state, setState] = useState(
    /** @type {{ kind: "idle" | "busy" | "previewed" | "done" | "refused" | "unknown", answer?: any, problem?: Problem, said?: string, command?: Values }} */ ({
      kind: "idle",
    }),
  );
  // A key belongs to one body: asked again after no answer, it goes out again; after a change, there is a new one.
  const key = useRef(newKey());
  const id = useId();
  const reason = useId();
  const place = useRef(/** @type {HTMLFormElement | null} */ (null));

  useEffect(() => {
    setValues(given);
    setState({ kind: "idle" });
    key.current = newKey();
  }, [form.route, JSON.stringify(given)]);
  useEffect(() => {
    if (!autofocus) return;
    const first = place.current?.querySelector("input, select, textarea");
    if (first instanceof HTMLElement) first.focus();
  }, [form.route]);
  useEffect(() => {
    const refused = place.current?.querySelector("[aria-invalid]");
    if (refused instanceof HTMLElement) refused.focus();
  }, [state.problem]);

  const change = (/** @type {string} */ name, /** @type {unknown} */ value) => {
    setValues((before) => ({ ...before, [name]: value }));
    if (state.kind !== "busy") setState({ kind: "idle" });
    key.current = newKey();
  };

  const body = () => {
    try {
      return bodyOf(form.fields, values);
    } catch {
      setState({ kind: "unknown", said: "What stands in a field for JSON is not JSON." });
      return null;
    }
  };

  const ask = async (/** @type {boolean} */ dry) => {
    if (!place.current?.reportValidity()) return;
    const command = body();
    if (command === null) return;
    setState({ kind: "busy", said: dry ? "Deciding…" : "Sending…" });
    try {
      const answer = dry
        ? await preview(form.route, command)
        : await send(form.route, command, key.current, (tries) =>
            setState({ kind: "busy", said: `No answer yet; asking again with the same key (${tries})…` }),
          );
      setState({ kind: dry ? "previewed" : "done", answer: answer.body, command });
      if (!dry) {
        key.current = newKey();
        onDone?.(answer.body);
      }
    } catch (error) {
      if (error instanceof Problem) {
        setState({ kind: error.isUnsettled ? "unknown" : "refused", problem: error, command });
        if (!error.isUnsettled) key.current = newKey();
      } else {
        const said =
          error instanceof Unreachable
            ? "No answer from the server. It may or may not have arrived; sending it again is safe, with the same key it is carried out once."
            : words(error);
        setState({ kind: "unknown", said });
      }
    }
  };

  const shown = form.fields.filter((field) => !fixed.includes(field.name));
  const main = shown.filter((field) => field.kind !== "json" || field.required);
  const rest = shown.filter((field) => field.kind === "json" && !field.required);
  const busy = state.kind === "busy";
  const about = String(values.accountId ?? values.fromAccountId ?? "");
  const fault = { field: String(state.problem?.members.field ?? ""), reason };
  const draw = (/** @type {import("../lib/contract.js").Field} */ field) => html`
    <${CommandField}
      key=${field.name}
      field=${field}
      value=${values[field.name]}
      example=${form.example[field.name]}
      route=${form.route}
      fault=${fault}
      onChange=${(/** @type {unknown} */ value) => change(field.name, value)}
    />
  `;

  return html`
    <form
      ref=${place}
      class="command"
      autocomplete="off"
      aria-labelledby=${id}
      onSubmit=${(/** @type {Event} */ event) => {
        event.preventDefault();
        void ask(false);
      }}
    >
      <p id=${id} class="muted">${form.summary}.</p>
      <div class="fields">${main.map(draw)}</div>
      ${
        rest.length > 0 &&
        html`
          <details class="more">
            <summary>More</summary>
            <div class="fields">${rest.map(draw)}</div>
          </details>
        `
      }
      <div class="row">
        <button type="submit" class="primary" disabled=${busy}>${spaced(form.route)}</button>
        <button type="button" disabled=${busy} onClick=${() => void ask(true)}>Preview</button>
        <${Copy}
          text=${() => {
            const command = body() ?? {};
            return asCurl(`/commands/${form.route}`, {
              method: "POST",
              body: command,
              headers: { "Idempotency-Key": key.current },
            });
          }}
        >
          Copy as curl
        <//>
      </div>
      <div class="answer" role="status">
        ${
          state.said &&
          html`
            <p class=${state.kind === "unknown" ? "outcome" : "muted"} data-kind="unknown">${state.said}</p>
          `
        }
        ${
          state.answer &&
          html`
            <${Outcome} answer=${state.answer} currency=${currency} />
          `
        }
      </div>
      ${
        state.problem &&
        html`
          <${Refusal} problem=${state.problem} account=${about} id=${reason} />
        `
      }
    </form>
  `;
}
