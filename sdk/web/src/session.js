/** A session ends after 30 minutes without a call, or when another campaign brings the person. */

const IDLE = 30 * 60_000;

/** @param {import("./storage.js").Storage} storage */
export function openSession(storage) {
  /**
   * Give the id of the session that a call belongs to.
   *
   * @param {number} now
   * @param {string} campaign the one in the page's address, as text; empty for none
   * @returns {number}
   */
  return (now, campaign) => {
    let [id, latest, from] = storage.list("session");
    if (!id || Math.abs(now - latest) > IDLE || (campaign && campaign != from)) {
      id = now;
      from = campaign;
    }
    storage.set("session", JSON.stringify([id, now, from]));
    return id;
  };
}
