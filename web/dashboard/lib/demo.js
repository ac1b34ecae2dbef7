// What a small bank does in a month, by the same commands with the same keys as `bursar demo-data`: doing it again changes nothing.

import { get, Problem, send } from "./api.js";

/**
 * @param {(count: number, of: number) => void} onProgress
 */
export async function fillDemoData(onProgress) {
  /** @type {[string, Record<string, unknown>][]} */
  const commands = (await get("/demo-data.json")).body;
  for (const [place, [route, body]] of commands.entries()) {
    try {
      await send(route, body, `demo-data-${place}`, () => {});
    } catch (error) {
      // Some of them are meant to be refused.
      if (!(error instanceof Problem) || error.isUnsettled) throw error;
    }
    onProgress(place + 1, commands.length);
  }
}
