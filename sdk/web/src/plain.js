/** Whatever a page hands over becomes plain JSON, or is left out. */

import { warn } from "./warning.js";

const LEVELS = 12;
const MOST = 5_000; // values in one call: nobody walks through a whole page's objects

/**
 * Copy a value without what JSON cannot hold: functions, DOM nodes, circles, what cannot be read.
 *
 * @param {unknown} value
 * @returns {any}
 */
export function plain(value) {
  let room = MOST;
  let isWhole = true;

  /**
   * @param {any} value
   * @param {unknown[]} above
   * @returns {unknown}
   */
  function copy(value, above) {
    if (value == null || typeof value == "string" || typeof value == "boolean") return value;
    if (typeof value == "number") return isFinite(value) ? value : null;
    if (typeof value == "bigint") return String(value);
    if (
      typeof value != "object" ||
      value.nodeType ||
      above.length > LEVELS ||
      above.includes(value) ||
      --room < 0
    ) {
      isWhole = false;
      return undefined;
    }
    const within = [...above, value];
    if (typeof value.toJSON == "function") return copy(value.toJSON(), within);
    if (Array.isArray(value)) {
      return value.slice(0, MOST).map((item) => member(() => item, within) ?? null);
    }
    /** @type {Record<string, unknown>} */
    const result = {};
    for (const key of Object.keys(value)) {
      if (--room < 0) break;
      result[key] = member(() => value[key], within);
    }
    return result;
  }

  /**
   * @param {() => unknown} read
   * @param {unknown[]} above
   */
  function member(read, above) {
    try {
      return copy(read(), above);
    } catch {
      isWhole = false;
      return undefined;
    }
  }

  const result = member(() => value, []);
  if (!isWhole || room < 0) warn("left out what JSON cannot hold of", value);
  return result;
}
