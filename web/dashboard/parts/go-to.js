// One field that leads to an account, an event by its sequence number, or a command by its id. "/" goes to it, Escape
// leaves it empty.

import { html, useEffect, useRef, useState } from "../vendor.js";
import { get, Problem, words } from "../lib/api.js";
import { go } from "../lib/route.js";
import { AccountInput } from "./field.js";

/** Without a keyboard there is no key to name. */
const PLACEHOLDER = matchMedia("(max-width: 48rem)").matches ? "Go to…" : "Go to…   ( / )";

export function GoTo() {
  const [text, setText] = useState("");
  const [said, setSaid] = useState("");
  const place = useRef(/** @type {HTMLFormElement | null} */ (null));

  useEffect(() => {
    const typed = (/** @type {KeyboardEvent} */ event) => {
      const target = event.target;
      const writing =
        target instanceof HTMLInputElement ||
        target instanceof HTMLTextAreaElement ||
        target instanceof HTMLSelectElement;
      if (event.key !== "/" || writing || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      const input = place.current?.querySelector("input");
      input?.focus();
      input?.select();
    };
    addEventListener("keydown", typed);
    return () => removeEventListener("keydown", typed);
  }, []);

  const pressed = (/** @type {KeyboardEvent} */ event) => {
    const input = event.target;
    if (!(input instanceof HTMLInputElement)) return;
    if (event.key === "Escape") {
      setText("");
      setSaid("");
      input.blur();
    } else if (event.key === "/" && said !== "") {
      // What was not found is to be written over.
      event.preventDefault();
      input.select();
    }
  };

  const find = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const wanted = text.trim();
    if (wanted === "") return;
    setSaid("");
    const done = (/** @type {string[]} */ path) => {
      setText("");
      go(path);
    };
    const number = /^#?([0-9]{1,15})$/.exec(wanted)?.[1];
    /** Whether something is there. @param {string} path */
    const there = async (path) => {
      try {
        await get(path);
        return true;
      } catch (error) {
        if (error instanceof Problem && error.status < 500) return false;
        throw error;
      }
    };
    try {
      // An account may be called 42; who means the event writes #42.
      if (!wanted.startsWith("#") && (await there(`/accounts/${encodeURIComponent(wanted)}`)))
        return done(["accounts", wanted]);
      if (number !== undefined) return done(["events", number]);
      if (await there(`/commands/${encodeURIComponent(wanted)}`)) return done(["commands", "log", wanted]);
      setSaid(`There is no account, event or command “${wanted}”.`);
    } catch (error) {
      setSaid(words(error));
    }
  };

  return html`
    <form class="go-to" role="search" ref=${place} onSubmit=${find}>
      <label>
        <span class="hidden">Go to an account, #sequence or command</span>
        <${AccountInput}
          fresh=${false}
          type="search"
          value=${text}
          pattern=".*"
          placeholder=${PLACEHOLDER}
          onKeyDown=${pressed}
          onInput=${(/** @type {Event} */ event) => {
            if (event.target instanceof HTMLInputElement) setText(event.target.value);
            setSaid("");
          }}
        />
      </label>
      <p role="status" class="small">${said}</p>
    </form>
  `;
}
