/** Calendar days as the person's clock has them. */

/** @returns {string} like `2026-01-31T09:30:00` */
export function localTime() {
  const now = new Date();
  return new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toJSON().slice(0, 19);
}

export const today = () => localTime().slice(0, 10);

/** @returns {number} milliseconds, and a second more */
export function untilTomorrow() {
  const now = new Date();
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1);
  return midnight.getTime() - now.getTime() + 1_000;
}
