/** A CID that tells nobody the e-mail or phone number it stands for. */

import { warn } from "./warning.js";

const PHONE = /^(\+|00)?[\d\s().\/-]+$/;

/**
 * Normalise an e-mail (no blanks around, lower case) or phone number (digits, `+` for `00`).
 *
 * @param {unknown} value
 */
export function normalised(value) {
  const text = String(value).trim().toLowerCase();
  return PHONE.test(text) ? text.replace(/^00/, "+").replace(/[^+\d]/g, "") : text;
}

/**
 * SHA-256 of a normalised e-mail or phone number, in hex; nothing where the browser cannot
 * (pages without https).
 *
 * @param {unknown} value
 * @returns {Promise<string | undefined>}
 */
export async function hash(value) {
  if (!crypto.subtle) {
    warn("hash needs https");
    return undefined;
  }
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(normalised(value)));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
