// A dialog over the page; the browser keeps the focus in it and closes it by Escape.

import { html, useEffect, useId, useRef } from "../vendor.js";

/** @param {{ title: string, onClose: () => void, children?: unknown }} props */
export function Modal({ title, onClose, children }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const id = useId();
  useEffect(() => {
    const element = dialog.current;
    if (element && !element.open) element.showModal();
    return () => element?.close();
  }, []);
  return html`
    <dialog
      ref=${dialog}
      aria-labelledby=${id}
      onClose=${onClose}
      onClick=${(/** @type {MouseEvent} */ event) => {
        // Beside the dialog's own box there is only its backdrop.
        if (event.target === dialog.current) dialog.current?.close();
      }}
    >
      <div class="box">
        <div class="head">
          <h2 id=${id}>${title}</h2>
          <button type="button" class="quiet" aria-label="Close" onClick=${() => dialog.current?.close()}>✕</button>
        </div>
        ${children}
      </div>
    </dialog>
  `;
}
