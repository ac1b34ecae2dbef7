// A dialog over the page; the browser keeps the focus in it and closes it by Escape.

import { html, useEffect, useId, useLayoutEffect, useRef, useState } from "../vendor.js";

/** @param {{ title: string, onClose: () => void, busy?: boolean, children?: unknown }} props `busy` keeps it open */
export function Modal({ title, onClose, busy = false, children }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const id = useId();
  const [kept, setKept] = useState(false);
  const pressed = useRef(/** @type {EventTarget | null} */ (null));
  // Before the effects of what stands in it, which move the focus on from where the browser puts it.
  useLayoutEffect(() => {
    const element = dialog.current;
    if (element && !element.open) element.showModal();
    return () => element?.close();
  }, []);
  useEffect(() => setKept(false), [busy]);
  const close = () => (busy ? setKept(true) : dialog.current?.close());
  return html`
    <dialog
      ref=${dialog}
      aria-labelledby=${id}
      closedby=${busy ? "none" : "closerequest"}
      onClose=${onClose}
      onKeyDown=${(/** @type {KeyboardEvent} */ event) => {
        if (event.key !== "Escape" || !busy) return;
        // It is said that it stays; and not every browser knows closedby.
        event.preventDefault();
        close();
      }}
      onMouseDown=${(/** @type {MouseEvent} */ event) => {
        pressed.current = event.target;
      }}
      onClick=${(/** @type {MouseEvent} */ event) => {
        // Beside the dialog's own box there is only its backdrop; a text that is selected may end there.
        if (event.target === dialog.current && pressed.current === dialog.current) close();
      }}
    >
      <div class="box">
        <div class="head">
          <h2 id=${id}>${title}</h2>
          <button type="button" class="quiet" aria-label="Close" onClick=${close}>✕</button>
        </div>
        <p class="note" role="status">${kept ? "This stays open until there is an answer." : ""}</p>
        ${children}
      </div>
    </dialog>
  `;
}
