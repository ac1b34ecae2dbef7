// When a panel reads again: never two reads at once, never more often than its gap, never while nobody looks.

/**
 * A function that may be called as often as one likes; `read` then runs at most once per `gapMs`, and once more after
 * the last call. Calls on a hidden page are made up for when it is seen again.
 * @param {() => Promise<void>} read never rejects
 * @param {number} gapMs
 * @returns {() => void}
 */
export function coalesced(read, gapMs) {
  let running = false;
  let wanted = false;

  const run = async () => {
    if (running || !wanted || document.visibilityState === "hidden") return;
    running = true;
    wanted = false;
    await read();
    setTimeout(() => {
      running = false;
      void run();
    }, gapMs);
  };

  document.addEventListener("visibilitychange", () => void run());
  return () => {
    wanted = true;
    void run();
  };
}

/**
 * Calls at once, every `everyMs` while the page is visible, and when it becomes visible.
 * @param {() => void} call
 * @param {number} everyMs
 */
export function whileVisible(call, everyMs) {
  const tick = () => {
    if (document.visibilityState !== "hidden") call();
  };
  setInterval(tick, everyMs);
  document.addEventListener("visibilitychange", tick);
  tick();
}
