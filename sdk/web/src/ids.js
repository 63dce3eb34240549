/** UUIDv7: ids that sort by the time they were made at, in one page also within a millisecond. */

let last = 0;
let count = 0;

/**
 * @param {number} number
 * @param {number} digits
 */
const hex = (number, digits) => number.toString(16).padStart(digits, "0");

/** @returns {string} */
export function newId() {
  const now = Math.max(Date.now(), 0);
  if (now > last) {
    last = now;
    count = 0;
  } else if (++count > 0xfff) {
    last++;
    count = 0;
  }
  const chance = crypto.getRandomValues(new Uint8Array(8));
  chance[0] = (chance[0] & 0x3f) | 0x80;
  const tail = Array.from(chance, (byte) => hex(byte, 2)).join("");
  const text = hex(last, 12) + "7" + hex(count, 3) + tail;
  return text.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

const NOBODY =
  /^(|0[0-]*|-1|null|undefined|none|nil|nan|anonymous|guest|unknown|true|false|\[object object\]|not_set|n\/a)$/i;

/**
 * Read an id that a page gave; nothing when it names nobody, as the server decides too.
 *
 * @param {unknown} given
 * @returns {string}
 */
export function namedId(given) {
  const text = typeof given == "string" || typeof given == "number" ? String(given).trim() : "";
  return NOBODY.test(text) || text.length > 255 ? "" : text;
}
