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

/** How long after a command the same one isn't sent again: the second click of a double click is no second deposit. */
const AGAIN_AFTER_MS = 1_000;
/** What was typed and not carried out, for forms that are left and come back to. */
const drafts = /** @type {Map<string, Values>} */ (new Map());
/**
 * The keys of commands that went out, by their text, until an answer that settles them was shown: the same one sent again
 * goes out under the same key, whatever was typed or previewed in between.
 */
const unsettled = /** @type {Map<string, string>} */ (new Map());

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
 * @param {{ form: Form, given?: Values, fixed?: string[], draft?: string, onSending?: (sending: boolean) => void, onDone?: (answer: Values) => void, currency?: string | undefined, autofocus?: boolean }} props
 *   `given` fills fields in; those named in `fixed` are not shown; under `draft` what was typed is found again
 */
export function CommandForm({ form, given = {}, fixed = [], draft, onSending, onDone, currency, autofocus = false }) {
  const [values, setValues] = useState(/** @type {Values} */ (drafts.get(draft ?? "") ?? given));
  const [state, setState] = useState(
    /** @type {{ kind: "idle" | "busy" | "previewed" | "done" | "refused" | "unknown", answer?: any, problem?: Problem, said?: string }} */ ({
      kind: "idle",
    }),
  );
  // What holds the focus keeps it meanwhile: buttons are not disabled, they only do nothing.
  const busy = state.kind === "busy";
  const done = useRef({ text: "", until: 0 });
  const id = useId();
  const reason = useId();
  const place = useRef(/** @type {HTMLFormElement | null} */ (null));

  useEffect(() => {
    if (!autofocus) return;
    const first = place.current?.querySelector("input, select, textarea");
    if (first instanceof HTMLElement) first.focus();
  }, []);
  useEffect(() => {
    if (draft !== undefined) drafts.set(draft, values);
  }, [values]);
  useEffect(() => {
    const refused = place.current?.querySelector("[aria-invalid]");
    if (refused instanceof HTMLElement) refused.focus();
  }, [state.problem]);

  const change = (/** @type {string} */ name, /** @type {unknown} */ value) => {
    setValues((before) => ({ ...before, [name]: value }));
    setState({ kind: "idle" });
  };

  const body = () => {
    try {
      return bodyOf(form.fields, values);
    } catch {
      setState({ kind: "unknown", said: "What stands in a field for JSON is not JSON." });
      return null;
    }
  };

  const textOf = (/** @type {Values} */ command) => `${form.route} ${JSON.stringify(command)}`;

  const ask = async (/** @type {boolean} */ dry) => {
    if (busy || !place.current?.reportValidity()) return;
    const command = body();
    if (command === null) return;
    const text = textOf(command);
    const key = unsettled.get(text) ?? newKey();
    const settle = () => {
      // An answer that comes when the form is gone was not seen.
      if (place.current !== null) unsettled.delete(text);
    };
    if (!dry) {
      if (text === done.current.text && performance.now() < done.current.until) {
        done.current.until = performance.now() + AGAIN_AFTER_MS;
        setState((before) => ({ ...before, said: "It was sent once. To send the same again, wait a moment." }));
        return;
      }
      unsettled.set(text, key);
      onSending?.(true);
    }
    setState({ kind: "busy", said: dry ? "Deciding…" : "Sending…" });
    try {
      const answer = dry
        ? await preview(form.route, command)
        : await send(form.route, command, key, (tries) =>
            setState({ kind: "busy", said: `No answer yet; asking again with the same key (${tries})…` }),
          );
      const said = answer.headers.has("Idempotent-Replayed")
        ? "An earlier try had arrived; it was carried out once, and this is its answer."
        : "";
      setState({ kind: dry ? "previewed" : "done", answer: answer.body, said });
      if (dry) return;
      settle();
      done.current = { text, until: performance.now() + AGAIN_AFTER_MS };
      if (draft !== undefined) drafts.delete(draft);
      onDone?.(answer.body);
    } catch (error) {
      if (error instanceof Problem) {
        setState({ kind: error.isUnsettled ? "unknown" : "refused", problem: error });
        // Nothing was changed: whoever tries again asks anew, whether or not this was seen.
        if (!dry && !error.isUnsettled) unsettled.delete(text);
      } else {
        const said =
          error instanceof Unreachable && !dry
            ? "No answer from the server. It may or may not have arrived; sending it again is safe, with the same key it is carried out once."
            : words(error);
        setState({ kind: "unknown", said });
      }
    } finally {
      if (!dry) onSending?.(false);
    }
  };

  const shown = form.fields.filter((field) => !fixed.includes(field.name));
  const main = shown.filter((field) => field.kind !== "json" || field.required);
  const rest = shown.filter((field) => field.kind === "json" && !field.required);
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
      busy=${busy}
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
      onKeyDown=${(/** @type {KeyboardEvent} */ event) => {
        // A key that is held down was pressed once.
        const writes = event.target instanceof HTMLTextAreaElement;
        if (event.key === "Enter" && event.repeat && !writes) event.preventDefault();
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
        <button type="submit" class="button primary" aria-disabled=${busy}>${spaced(form.route)}</button>
        <button type="button" class="button" aria-disabled=${busy} onClick=${() => void ask(true)}>Preview</button>
        <${Copy}
          text=${() => {
            const command = body() ?? {};
            return asCurl(`/commands/${form.route}`, {
              method: "POST",
              body: command,
              headers: { "Idempotency-Key": unsettled.get(textOf(command)) ?? newKey() },
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
