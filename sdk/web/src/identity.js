/**
 * Who is at this browser: a UID, a device link id, and a CID once the business has named one.
 *
 * All three are read from storage each time: another tab may have reset them. The CID is
 * remembered with the UID it was given under, and holds only as long as that UID does.
 */

import { newId } from "./ids.js";

/** @typedef {ReturnType<typeof openIdentity>} Identity */

/** @param {import("./storage.js").Storage} storage */
export function openIdentity(storage) {
  /** @param {string} name */
  const minted = (name) => {
    const id = storage.get(name) || newId();
    storage.set(name, id, true);
    return id;
  };

  /** @param {string} name */
  const id = (name) => storage.get(name) || minted(name);

  /** @returns {string[]} CID and the day of its last identify; neither when nobody is known */
  const known = () => {
    const [uid, cid, day] = storage.list("cid");
    return uid == id("uid") ? [cid, day] : [];
  };

  /** Write what is known to every place again: what one lost, another had. */
  const heal = () => ["uid", "aid"].forEach(minted);

  const forget = () =>
    ["uid", "aid", "cid", "session"].forEach((name) => storage.set(name, null, true));

  return {
    uid: () => id("uid"),
    aid: () => id("aid"),

    /** @returns {string | undefined} */
    cid: () => known()[0],

    /** @returns {string | undefined} day of the last identify; empty after a sign-out */
    identifiedOn: () => known()[1],

    /**
     * @param {string} cid
     * @param {string} day
     */
    assign: (cid, day) => storage.set("cid", JSON.stringify([id("uid"), cid, day])),

    heal,

    forget,

    /** Become a stranger, at once: another tab remembers the ids that storage no longer has. */
    renew() {
      forget();
      heal();
    },
  };
}
