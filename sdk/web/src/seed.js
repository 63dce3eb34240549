/** The seed's calls: `web_event.track(category, action, { items, dims, extra })`. */

import { namedId } from "./ids.js";

/** @typedef {{ items?: any, dims?: any, extra?: any }} SeedData */

/**
 * Tell whether an event is one by which a customer becomes known.
 *
 * @param {string} category
 * @param {string} action
 */
export const isIdentifying = (category, action) =>
  category == "user" && /^((user_)?identify(_user)?|sign_in|sign_up)$/.test(action);

/**
 * Find the CID that an event names, in any of the three forms that are in use. The older two
 * count on other events only as long as nobody is known: the server sees it the same way.
 *
 * @param {SeedData} data
 * @param {boolean} identifying
 * @param {string | undefined} known the customer at this browser
 */
export function cidIn({ items, dims, extra }, identifying, known) {
  const [item] = items || [];
  return (
    namedId(dims?.customers?.customer_id) ||
    ((identifying || !known) && (namedId(extra?.identify_id) || namedId(extra?.customer_id))) ||
    (identifying && /^(lead|customers?)$/.test(item?.type) && namedId(item.id)) ||
    ""
  );
}

/**
 * Read the arguments of `web_event`, which may have the method's name in front.
 *
 * @param {any[]} given
 * @returns {any[]} category, action, data
 */
export const unnamed = ([first, ...rest]) =>
  first == "track" && typeof rest[1] == "string" ? rest : [first, ...rest];
