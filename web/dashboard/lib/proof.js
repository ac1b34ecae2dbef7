// A proof that an event is in the log, checked in the browser: the stored text to its leaf, the leaf along its path to the
// root of its batch (RFC 6962 §2.1.1), and the root to the chain. The server is asked for the proof and believed nothing.

import { get } from "./api.js";

/** @typedef {{ name: string, hash: string }} Step */
/** @typedef {{ holds: boolean, words: string, steps: Step[], proof: Record<string, any> }} Verdict */

const encoder = new TextEncoder();

/**
 * @param {...(Uint8Array)} parts
 * @returns {Promise<Uint8Array>}
 */
async function sha256(...parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return new Uint8Array(await crypto.subtle.digest("SHA-256", whole));
}

/**
 * @param {Uint8Array} bytes
 * @returns {string}
 */
function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * @param {unknown} text
 * @returns {Uint8Array}
 */
function bytes(text) {
  const pairs = /^([0-9a-f]{2}){32}$/.test(String(text)) ? (String(text).match(/../g) ?? []) : [];
  if (pairs.length !== 32) throw new Error("The proof holds a hash that is none.");
  return Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16));
}

/**
 * A whole number as 8 bytes, the highest first.
 * @param {bigint} value
 * @returns {Uint8Array}
 */
function eight(value) {
  const whole = new Uint8Array(8);
  new DataView(whole.buffer).setBigInt64(0, value);
  return whole;
}

/**
 * Microseconds since the epoch of a time of the server, all six decimals of it.
 * @param {string} text
 * @returns {bigint}
 */
function micros(text) {
  const [, fraction = ""] = /\.(\d{1,6})Z$/.exec(text) ?? [];
  const seconds = BigInt(Date.parse(text.replace(/\.\d+Z$/, "Z"))) / 1000n;
  return seconds * 1_000_000n + BigInt(fraction.padEnd(6, "0"));
}

/**
 * Where a path leads from a leaf in a tree of so many.
 * @param {Uint8Array} leaf
 * @param {number} index
 * @param {number} leaves
 * @param {Uint8Array[]} path
 * @param {Step[]} steps what is found on the way
 * @returns {Promise<Uint8Array | null>} null: the path does not fit the tree
 */
async function rootBy(leaf, index, leaves, path, steps) {
  let own = leaf;
  let at = index;
  let last = leaves - 1;
  for (const beside of path) {
    if (last === 0) return null;
    if (at % 2 === 1 || at === last) {
      own = await sha256(Uint8Array.of(1), beside, own);
      while (at % 2 === 0 && at !== 0) {
        at = Math.floor(at / 2);
        last = Math.floor(last / 2);
      }
    } else {
      own = await sha256(Uint8Array.of(1), own, beside);
    }
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
    steps.push({ name: "With the hash beside it", hash: hex(own) });
  }
  return last === 0 ? own : null;
}

/**
 * @param {Record<string, any>} proof
 * @param {string} eventId of the event that the page shows
 * @returns {Promise<Verdict>}
 */
export async function judge(proof, eventId) {
  /** @type {Step[]} */
  const steps = [];
  const not = (/** @type {string} */ words) => ({ holds: false, words, steps, proof });
  const { checkpoint } = proof;
  if (JSON.parse(proof.stored).eventId !== eventId) return not("The stored text is that of another event.");
  const leaf = await sha256(Uint8Array.of(0), encoder.encode(proof.stored));
  steps.push({ name: "The stored text", hash: hex(leaf) });
  if (hex(leaf) !== proof.leaf) return not("The leaf is not that of the stored text.");
  const { firstSequence: first, lastSequence: end } = checkpoint;
  const events = end - first + 1;
  if (proof.sequence < first || proof.sequence > end || (proof.leaves !== events && proof.leaves !== events + 1))
    return not("The event is not one of the batch.");
  const root = await rootBy(leaf, proof.sequence - first, proof.leaves, proof.path.map(bytes), steps);
  if (root === null || hex(root) !== checkpoint.root)
    return not("The path does not lead from the event to the root of its batch.");
  const linked = await sha256(
    bytes(checkpoint.previous),
    root,
    eight(BigInt(first)),
    eight(BigInt(end)),
    eight(micros(checkpoint.committedAt)),
  );
  steps.push({ name: "The chain after the batch", hash: hex(linked) });
  if (hex(linked) !== checkpoint.chain) return not("The chain is not that of the chain before, root, places and time.");
  return {
    holds: true,
    words: `It is in the batch of events ${first} to ${end}, and that batch in the chain. Computed here, from the event's text to the chain.`,
    steps,
    proof,
  };
}

/**
 * Whether the checkpoint's signature is that of a key over it.
 * @param {Record<string, any>} checkpoint
 * @param {string} publicKey
 * @returns {Promise<boolean | null>} null: this browser can't tell
 */
async function isSigned(checkpoint, publicKey) {
  const message = `bursar checkpoint 1\n${checkpoint.logId}\n${checkpoint.lastSequence}\n${checkpoint.committedAt}\n${checkpoint.chain}\n`;
  const raw = (/** @type {string} */ text) =>
    Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  let key;
  try {
    key = await crypto.subtle.importKey("raw", raw(publicKey), "Ed25519", false, ["verify"]);
  } catch {
    return null;
  }
  return crypto.subtle.verify("Ed25519", key, raw(checkpoint.signature), encoder.encode(message));
}

/**
 * Reads an event's proof and judges it, with the signature where there is one.
 * @param {number} sequence
 * @returns {Promise<Verdict>}
 */
export async function checkProof(sequence) {
  if (crypto.subtle === undefined)
    throw new Error(
      "The browser computes hashes only on https and on localhost. Open the dashboard there, or run bursar verify --proof.",
    );
  const [proof, event] = await Promise.all([
    get(`/audit/proofs/${sequence}`),
    get(`/events?fromSequence=${sequence - 1}&limit=1`),
  ]);
  const verdict = await judge(proof.body, event.body[0]?.eventId);
  const { checkpoint } = proof.body;
  if (!verdict.holds || checkpoint.signature === undefined) return verdict;
  const { publicKey } = (await get("/audit")).body;
  const signed = publicKey === undefined ? null : await isSigned(checkpoint, publicKey);
  if (signed === false) return { ...verdict, holds: false, words: "The signature is not that of this server's key." };
  return {
    ...verdict,
    words: `${verdict.words} ${signed ? "The server's key has signed it." : "The signature was not checked: bursar verify --proof does it."}`,
  };
}
