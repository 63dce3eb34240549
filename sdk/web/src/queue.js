/**
 * Calls that wait to be sent, each under a key of its own in localStorage: tabs that add and
 * remove at the same time never overwrite each other. What localStorage does not take waits in
 * memory.
 */

import { newId } from "./ids.js";
import { warn } from "./warning.js";

export const MOST = 1_000;

/** @typedef {ReturnType<typeof openQueue>} Queue */

/** @param {import("./storage.js").Storage} storage */
export function openQueue(storage) {
  /** @type {Map<string, string>} */
  const loose = new Map();
  let lost = 0;

  const keys = () => [...storage.names("q"), ...loose.keys()].sort();

  /** @param {string} key */
  const remove = (key) => {
    loose.delete(key);
    storage.keep(key, null);
  };

  return {
    keys,
    remove,

    /** @param {string} text */
    add(text) {
      const key = "q" + newId();
      if (!storage.keep(key, text)) loose.set(key, text);
      for (const old of keys().slice(0, -MOST)) {
        remove(old);
        warn("the queue is full: calls lost so far", ++lost);
      }
    },

    /**
     * @param {string} key
     * @returns {string | undefined}
     */
    text: (key) => loose.get(key) || storage.get(key),

    /** How many calls were given up because the queue was full. */
    lost: () => lost,
  };
}
