/** What is told with calls about the browser and the page. */

/** @returns {Record<string, unknown>} the same for all calls of a batch */
export const browserContext = () => ({
  library: { name: "onefold.js", version: VERSION },
  userAgent: navigator.userAgent,
  locale: navigator.language,
  timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  screen: { width: screen.width, height: screen.height, density: devicePixelRatio },
});

/** @param {string} referrer */
export const pageContext = (referrer) => ({
  path: location.pathname,
  referrer,
  search: location.search,
  title: document.title,
  url: location.href,
});

/** @returns {Record<string, string>} the utm_ parameters of the address, under Segment's names */
export function campaignContext() {
  /** @type {Record<string, string>} */
  const campaign = {};
  new URLSearchParams(location.search).forEach((value, key) => {
    if (key.startsWith("utm_")) campaign[key == "utm_campaign" ? "name" : key.slice(4)] = value;
  });
  return campaign;
}
