/** Trouble is told to the developer and never thrown into the page. */

/** @param {...unknown} what */
export const warn = (...what) => console.warn("[onefold]", ...what);

/**
 * Make a function that cannot throw.
 *
 * @template {unknown[]} A
 * @template R
 * @param {(...given: A) => R} work
 * @returns {(...given: A) => R | undefined}
 */
export const guarded =
  (work) =>
  (...given) => {
    try {
      return work(...given);
    } catch (error) {
      warn(error);
    }
  };

/**
 * Give what a browser may refuse (storage, cookies), else nothing.
 *
 * @template R
 * @param {() => R} work
 * @returns {R | undefined}
 */
export const attempt = (work) => {
  try {
    return work();
  } catch {
    return undefined;
  }
};
