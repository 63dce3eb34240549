/** Page views of sites that change their address without loading a page. */

const address = () => location.pathname + location.search;

/** @param {(from: string) => void} moved called with the address before */
export function watchNavigation(moved) {
  let here = address();
  let url = location.href;

  // In a moment: the page sets its title after the address.
  const look = () =>
    setTimeout(() => {
      if (address() == here) return;
      const from = url;
      here = address();
      url = location.href;
      moved(from);
    });

  for (const name of /** @type {const} */ (["pushState", "replaceState"])) {
    const original = history[name];
    history[name] = function (...given) {
      original.apply(this, given);
      look();
    };
  }
  addEventListener("popstate", look);
  addEventListener("pageshow", (event) => event.persisted && moved(document.referrer));
}
