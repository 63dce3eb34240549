/** What a page may call; see docs/sdk-web.md. */

import { campaignContext, pageContext } from "./context.js";
import { localTime, today, untilTomorrow } from "./days.js";
import { openDelivery } from "./delivery.js";
import { hash } from "./hash.js";
import { openIdentity } from "./identity.js";
import { namedId, newId } from "./ids.js";
import { plain } from "./plain.js";
import { openQueue } from "./queue.js";
import { cidIn, isIdentifying } from "./seed.js";
import { openSession } from "./session.js";
import { openStorage } from "./storage.js";
import { guarded, warn } from "./warning.js";

const BYTES = 31_000; // of one call: the server takes 32 KiB with what the batch shares

/**
 * @typedef {object} Settings
 * @property {string} writeKey
 * @property {string} host where Onefold answers, without a slash at the end
 * @property {string} [domain] the site's, when its subdomains share visitors
 */

/** @typedef {Record<string, unknown>} Values */
/** @typedef {ReturnType<typeof start>} Onefold */

/** @param {Settings} settings */
export function start(settings) {
  const storage = openStorage(settings.domain);
  const identity = openIdentity(storage);
  const session = openSession(storage);
  const queue = openQueue(storage);
  const delivery = openDelivery(queue, settings);
  let referrer = document.referrer;

  const isOut = () => !settings.writeKey || storage.get("out") == "1";

  /**
   * Complete a call and put it into the queue.
   *
   * @param {Values & { context?: Values }} call
   * @param {string} [messageId]
   */
  function put(call, messageId = newId()) {
    const now = Date.now();
    const campaign = campaignContext();
    const from = Object.values(campaign).join();
    const text = JSON.stringify({
      ...call,
      messageId,
      timestamp: new Date(now).toJSON(),
      context: {
        ...call.context,
        page: pageContext(referrer),
        campaign: from ? campaign : undefined,
        sessionId: session(now, from),
      },
    });
    if (new Blob([text]).size > BYTES) return warn("too large, dropped:", call);
    queue.add(text);
    delivery.later();
  }

  /**
   * @param {string} type
   * @param {Values} more
   */
  function call(type, more) {
    const who = { anonymousId: identity.uid(), userId: identity.cid() };
    put({ type, ...who, ...more, context: { device: { id: identity.aid() } } });
  }

  /**
   * @param {string} ec
   * @param {string} ea
   * @param {import("./seed.js").SeedData} data
   * @param {string} [messageId]
   */
  function event(ec, ea, { items, dims, extra }, messageId) {
    const cid = identity.cid();
    if (cid) dims = { ...dims, customers: { ...dims?.customers, customer_id: cid } };
    put({ ec, ea, items, dims, extra, uid: identity.uid(), aid: identity.aid() }, messageId);
  }

  /** Identify a customer who stays logged in, once a calendar day. */
  function daily() {
    if (isOut()) return;
    const [cid, day, now] = [identity.cid(), identity.identifiedOn(), today()];
    if (!cid || !day || day == now) return;
    identity.assign(cid, now);
    const identify_time = localTime().replace("T", " ");
    const extra = { identify_event: "identify", identify_id: cid, identify_time };
    event("user", "identify", { extra }, `daily:${identity.uid()}:${now}`);
  }

  /**
   * Know the customer from now on. Another one than before is a new person at this browser.
   *
   * @param {string} cid
   * @param {boolean} isHere whether this says that the customer is logged in
   */
  function become(cid, isHere) {
    const before = identity.cid();
    if (before && before != cid) {
      warn(`another customer than ${before}: reset first`);
      reset();
    }
    const day = before == cid && !isHere ? identity.identifiedOn() : today();
    identity.assign(cid, day || "");
  }

  function reset() {
    event("user", "reset_anonymous_id", { extra: { reset_uid: identity.uid() } });
    identity.renew();
  }

  /** @type {<A extends unknown[]>(work: (...given: A) => void) => (...given: A) => void} */
  const unlessOut = (work) => guarded((...given) => isOut() || work(...given));

  /**
   * @param {unknown} value
   * @returns {Values}
   */
  const object = (value) => (value && typeof value == "object" ? plain(value) : {});

  if (!settings.writeKey) warn("no write key: nothing is sent");
  else if (!isOut()) identity.heal();

  const onefold = {
    /** @type {(cid: unknown, attributes?: Values) => void} */
    identify: unlessOut((given, attributes) => {
      const cid = namedId(given);
      if (!cid) return warn("identify: this names nobody:", given);
      become(cid, true);
      call("identify", { traits: object(attributes) });
    }),

    /** @type {(name: string, properties?: Values) => void} */
    track: unlessOut((name, properties) => {
      if (!name) return warn("track: no name");
      daily();
      call("track", { event: String(name), properties: object(properties) });
    }),

    /** @type {(name?: string | Values, properties?: Values) => void} */
    page: unlessOut((name, properties) => {
      const label = typeof name == "string" ? name : undefined;
      const given = object(label ? properties : name);
      daily();
      call("page", { name: label, properties: { ...pageContext(referrer), ...given } });
    }),

    /** @type {(attributes: Values) => void} */
    setAttributes: unlessOut((attributes) => call("identify", { traits: object(attributes) })),

    /** The seed's `web_event.track`. @type {(ec: string, ea: string, data?: unknown) => void} */
    event: unlessOut((ec, ea, given) => {
      if (!ec || !ea) return warn("track: no category or no action:", ec, ea);
      const { items, dims, extra } = object(given);
      const data = {
        items: Array.isArray(items) ? items : undefined,
        dims: dims && object(dims),
        extra: extra && object(extra),
      };
      const isHere = isIdentifying(ec, ea);
      const cid = cidIn(data, isHere, identity.cid());
      if (cid) become(cid, isHere);
      else if (isHere) warn(ec, ea, "names no customer_id");
      daily();
      event(String(ec), String(ea), data);
      const known = identity.cid();
      if (ec == "user" && ea == "sign_out" && known) identity.assign(known, "");
    }),

    /** Forget the customer: whoever comes next is a stranger. */
    reset: unlessOut(reset),

    /** @returns {string | undefined} nothing after `optOut` */
    getUid: () => (isOut() ? undefined : identity.uid()),

    /** @returns {string | undefined} */
    getCid: () => (isOut() ? undefined : identity.cid()),

    hash,

    /** Track nothing more in this browser, and forget who is at it. */
    optOut: guarded(() => {
      storage.set("out", "1", true);
      queue.keys().forEach(queue.remove);
      identity.forget();
    }),

    optIn: guarded(() => {
      if (storage.get("out") != "1") return;
      storage.set("out", "0", true);
      identity.renew();
    }),

    /** Send what waits now. @returns {Promise<void>} */
    flush: () => delivery.flush(),

    /** The page is another one now. @param {string} from its address before */
    moved(from) {
      referrer = from;
      onefold.page();
    },
  };

  const everyDay = guarded(() => {
    daily();
    setTimeout(everyDay, untilTomorrow());
  });
  everyDay();
  addEventListener("online", () => delivery.retry());
  addEventListener("pagehide", () => delivery.leave());
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState == "hidden") delivery.leave();
    else guarded(daily)();
  });
  delivery.later(); // what an earlier page left
  return onefold;
}
