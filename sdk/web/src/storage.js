/**
 * What the browser remembers: in localStorage, in memory, and ids also in a first-party cookie.
 * A place that is blocked, full or cleared is made up for by the others.
 */

import { attempt } from "./warning.js";

const OURS = "onefold_";
const LONGEST = 34560000; // seconds: 400 days, more than that no browser keeps a cookie

/** @typedef {ReturnType<typeof openStorage>} Storage */

/** @param {string | undefined} domain the site's, so that its subdomains share the cookies */
export function openStorage(domain) {
  /** @type {Map<string, string>} */
  const memory = new Map();

  /** @param {string} name */
  const cookie = (name) =>
    attempt(() => document.cookie.match(`(?:^|; )${OURS + name}=([^;]+)`)?.[1]);

  /**
   * @param {string} name
   * @param {string | null} value
   */
  const setCookie = (name, value) =>
    attempt(() => {
      document.cookie =
        `${OURS + name}=${value || ""};path=/;samesite=lax;max-age=${value ? LONGEST : 0}` +
        (domain ? ";domain=" + domain : "") +
        (location.protocol == "https:" ? ";secure" : "");
    });

  /**
   * @param {string} name
   * @returns {string | undefined}
   */
  const get = (name) =>
    cookie(name) || attempt(() => localStorage.getItem(OURS + name)) || memory.get(name);

  return {
    get,

    /**
     * Read a list; an empty one when there is none, or something else.
     *
     * @param {string} name
     * @returns {any[]}
     */
    list(name) {
      const found = attempt(() => JSON.parse(get(name) || ""));
      return Array.isArray(found) ? found : [];
    },

    /**
     * Remember a value, or forget it: null.
     *
     * @param {string} name
     * @param {string | null} value
     * @param {boolean} [inCookie]
     */
    set(name, value, inCookie) {
      if (value) memory.set(name, value);
      else memory.delete(name);
      if (inCookie) setCookie(name, value);
      return this.keep(name, value);
    },

    /**
     * Put a value into localStorage alone; false when it takes none.
     *
     * @param {string} name
     * @param {string | null} value
     */
    keep: (name, value) =>
      !!attempt(() => {
        if (value) localStorage.setItem(OURS + name, value);
        else localStorage.removeItem(OURS + name);
        return true;
      }),

    /**
     * List the names in localStorage that start so.
     *
     * @param {string} start
     * @returns {string[]}
     */
    names: (start) =>
      (attempt(() => Object.keys(localStorage)) || [])
        .filter((name) => name.startsWith(OURS + start))
        .map((name) => name.slice(OURS.length)),
  };
}
