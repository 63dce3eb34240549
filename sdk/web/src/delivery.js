/**
 * Brings the queue to the server. A call leaves the queue only when the server has answered;
 * until then it is sent again, and its message id keeps it from counting twice.
 */

import { browserContext } from "./context.js";
import { warn } from "./warning.js";

const CALLS = 100;
const BYTES = 55_000; // browsers let 64 KiB outlive the page
const GATHER = 300; // milliseconds in which calls are gathered
const PATIENCE = 20_000; // for an answer
const LONGEST = 300_000; // between attempts

/**
 * @param {import("./queue.js").Queue} queue
 * @param {{ host: string, writeKey: string }} settings
 */
export function openDelivery(queue, settings) {
  /** @type {Set<string>} */
  const flying = new Set();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let notBefore = 0;
  let failures = 0;
  /** @type {Promise<void> | undefined} */
  let running;

  /** @returns {string[]} the keys of what goes next */
  function next() {
    let room = BYTES;
    return queue
      .keys()
      .filter((key) => !flying.has(key))
      .slice(0, CALLS)
      .filter(
        (key, place) => (room -= new Blob([queue.text(key) || ""]).size + 1) > 0 || place == 0,
      );
  }

  /** @param {string[]} keys */
  const body = (keys) =>
    `{"writeKey":${JSON.stringify(settings.writeKey)},"sentAt":"${new Date().toJSON()}",` +
    `"context":${JSON.stringify({ ...browserContext(), lost: queue.lost() || undefined })},` +
    `"batch":[${keys.map(queue.text).filter(Boolean).join()}]}`;

  /**
   * Send a batch.
   *
   * @param {string[]} keys
   * @returns {Promise<boolean>} whether it is off the queue
   */
  async function send(keys) {
    const cut = new AbortController();
    const alarm = setTimeout(() => cut.abort(), PATIENCE);
    let wait = 0;
    keys.forEach((key) => flying.add(key));
    try {
      const answer = await fetch(settings.host + "/v1/b", {
        method: "POST",
        body: body(keys),
        credentials: "omit",
        keepalive: true,
        signal: cut.signal,
      });
      const { status } = answer;
      if (status < 500 && status != 429 && status != 408) {
        keys.forEach(queue.remove);
        failures = notBefore = 0;
        await told(answer);
        return true;
      }
      wait = (Number(answer.headers.get("retry-after")) || 0) * 1_000;
    } catch {
      // offline, cut off, or no answer in time: the same as a server that is not there
    } finally {
      clearTimeout(alarm);
      keys.forEach((key) => flying.delete(key));
    }
    const backoff = Math.min(LONGEST, 1_000 * 2 ** failures++) * (0.5 + Math.random() / 2);
    notBefore = performance.now() + Math.min(LONGEST, Math.max(wait, backoff));
    return false;
  }

  async function drain() {
    for (let keys = next(); keys.length && performance.now() >= notBefore; keys = next()) {
      if (!(await send(keys))) break;
    }
  }

  /** Drain with no other tab doing so; where there are no locks, message ids make up for it. */
  async function alone() {
    try {
      await navigator.locks.request("onefold", drain);
    } catch {
      await drain();
    }
  }

  /** Send what waits, one tab at a time; resolves when that was tried. */
  function flush() {
    clearTimeout(timer);
    timer = undefined;
    return (running ||= alone().finally(() => {
      running = undefined;
      again();
    }));
  }

  function again() {
    if (next().length) later();
  }

  /** Send what waits in a moment, or when the server may be asked again. */
  function later() {
    timer ||= setTimeout(flush, Math.min(LONGEST, Math.max(GATHER, notBefore - performance.now())));
  }

  return {
    flush,
    later,

    /** The network is back. */
    retry() {
      failures = notBefore = 0;
      return flush();
    },

    /** The page may be gone in a moment: send without waiting for other tabs. */
    leave() {
      const keys = next();
      if (!keys.length) return;
      if ("keepalive" in Request.prototype) send(keys).then(again);
      else navigator.sendBeacon(settings.host + "/v1/b", body(keys)); // stays queued: no answer
    },
  };
}

/**
 * Tell the developer what the server would not take.
 *
 * @param {Response} answer
 */
async function told(answer) {
  const verdict = await answer.json().catch(() => ({}));
  if (!answer.ok) warn("calls dropped:", answer.status, verdict.message);
  else if (verdict.rejected?.length) warn("calls rejected:", verdict.rejected);
}
