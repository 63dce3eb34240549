/** The script that a page loads: reads its settings, takes over from the stub. */

import { start } from "./client.js";
import { watchNavigation } from "./navigation.js";
import { unnamed } from "./seed.js";
import { guarded } from "./warning.js";

/** @typedef {{ name: string, args: any[] } | ArrayLike<any>} Waiting a call made before we came */

const page = /** @type {any} */ (window);

function take() {
  const script = /** @type {HTMLScriptElement | null} */ (document.currentScript);
  const given = script?.dataset || {};
  const stub = page.web_event || {};
  const about = page._cdp365Analytics || {};
  const onefold = start({
    writeKey: given.writeKey || String(stub.propId || page._propId || ""),
    host: given.host || (script?.src || location.origin).replace(/\/sdk\/[^/]*$/, ""),
    domain: given.domain || about.first_party_domain,
  });

  /** @type {(...given: any[]) => void} */
  const event = (...given) => {
    const [ec, ea, data] = unnamed(given);
    onefold.event(ec, ea, data);
  };
  const reset = onefold.reset;
  page.onefold = onefold;
  page.web_event = Object.assign(event, { track: event, resetAnonymousUId: reset, onefold });

  const view = () => {
    const { page, items, dims, extra } = about;
    if (page || items || dims || extra) {
      event("pageview", "view", { items, dims, extra: { ...page, ...extra } });
    } else onefold.page();
  };
  if (given.pageViews != "off" && ![0, "0", false].includes(about.default_event)) {
    view();
    watchNavigation(onefold.moved);
  }

  /** @type {(waiting: Waiting) => void} */
  const late = (waiting) => {
    if ("name" in waiting) /** @type {any} */ (onefold)[waiting.name](...waiting.args);
    else event(...Array.from(waiting));
  };
  for (const waiting of [...(about.track || []), ...(stub.queue || [])]) guarded(late)(waiting);
}

if (!page.web_event?.onefold) guarded(take)();
