/** A page as far as the SDK can tell: storage, cookies, address, and a server that can fail. */

/** localStorage as browsers have it: its entries are its own properties. */
export class LocalStorage {
  getItem(name) {
    return Object.hasOwn(this, name) ? this[name] : null;
  }
  setItem(name, value) {
    this[name] = String(value);
  }
  removeItem(name) {
    delete this[name];
  }
}

const { setTimeout } = globalThis;

/** Timers as browsers have them: none keeps a page from ending. */
const lightTimer = (...given) => setTimeout(...given).unref();

const give = (name, value) =>
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });

/** Put a page into the globals; `warnings` gathers what the console gets, `requests` what is sent. */
export function openPage({ href = "https://shop.test/", storage = new LocalStorage() } = {}) {
  const page = {
    cookies: new Map(),
    listeners: {},
    requests: [],
    warnings: [],
    answer: async () => new Response('{"success":true}', { status: 200 }),
    fire: (name) => page.listeners[name]?.forEach((listener) => listener({})),
    calls: () => page.requests.flatMap((request) => request.batch),
  };
  const listen = (name, listener) => (page.listeners[name] ||= []).push(listener);
  give("VERSION", "test");
  if (globalThis.setTimeout == setTimeout) give("setTimeout", lightTimer);
  give("addEventListener", listen);
  give("location", new URL(href));
  give("screen", { width: 800, height: 600 });
  give("devicePixelRatio", 1);
  give("navigator", { userAgent: "Test/1", language: "en-GB" });
  give("localStorage", storage);
  give("document", {
    referrer: "https://search.test/",
    title: "Shop",
    visibilityState: "visible",
    addEventListener: listen,
    get cookie() {
      return [...page.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    },
    set cookie(text) {
      const [, name, value] = text.match(/^([^=]+)=([^;]*)/);
      if (text.includes("max-age=0")) page.cookies.delete(name);
      else page.cookies.set(name, value);
    },
  });
  give("fetch", async (url, options) => {
    page.requests.push({ url, options, ...JSON.parse(options.body) });
    return page.answer(options);
  });
  console.warn = (...what) => page.warnings.push(what.join(" "));
  return page;
}

/** Make localStorage throw on every touch, as browsers do when storage is blocked. */
export function blockStorage() {
  const refuse = () => {
    throw new DOMException("The operation is insecure", "SecurityError");
  };
  Object.defineProperty(globalThis, "localStorage", { get: refuse, configurable: true });
  Object.defineProperty(globalThis.document, "cookie", { get: refuse, set: refuse });
}
