import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { beforeEach, test } from "node:test";
import { start } from "../src/client.js";
import { normalised } from "../src/hash.js";
import { LocalStorage, blockStorage, openPage } from "./page.js";

const NOON = new Date(2026, 10, 24, 12).getTime();
let page;

beforeEach(() => {
  page = openPage();
});

const open = () => start({ writeKey: "wk_test", host: "https://cdp.test" });

/** Give the calls that wait in the queue, oldest first. */
const waiting = () =>
  Object.keys(localStorage)
    .filter((name) => name.startsWith("onefold_q"))
    .sort()
    .map((name) => JSON.parse(localStorage[name]));

const holdTimers = (t) => t.mock.timers.enable({ apis: ["setTimeout", "Date"], now: NOON });

test("a tracked call carries ids, moment, page and session", (t) => {
  holdTimers(t);
  const onefold = open();
  onefold.track("Added", { sku: "G-32" });
  const [call] = waiting();
  assert.equal(call.type, "track");
  assert.equal(call.event, "Added");
  assert.deepEqual(call.properties, { sku: "G-32" });
  assert.equal(call.anonymousId, onefold.getUid());
  assert.equal(call.userId, undefined);
  assert.equal(call.timestamp, new Date(NOON).toJSON());
  assert.equal(call.context.page.url, "https://shop.test/");
  assert.equal(call.context.page.referrer, "https://search.test/");
  assert.equal(call.context.sessionId, NOON);
  assert.ok(call.context.device.id && call.messageId);
});

test("campaigns are read from the address", (t) => {
  holdTimers(t);
  page = openPage({ href: "https://shop.test/?utm_source=mail&utm_campaign=spring&x=1" });
  open().page("Home", { section: "new" });
  const [call] = waiting();
  assert.deepEqual(call.context.campaign, { source: "mail", name: "spring" });
  assert.equal(call.name, "Home");
  assert.equal(call.properties.section, "new");
  assert.equal(call.properties.path, "/");
});

test("identify names the customer from then on, once", (t) => {
  holdTimers(t);
  const onefold = open();
  onefold.identify(42, { plan: "free" });
  onefold.track("Added");
  onefold.identify("42");
  const [identify, track] = waiting();
  assert.deepEqual([identify.type, identify.userId, identify.traits], ["identify", "42", { plan: "free" }]);
  assert.equal(track.userId, "42");
  assert.equal(onefold.getCid(), "42");
  assert.equal(new Set(waiting().map((call) => call.anonymousId)).size, 1);
  assert.deepEqual(page.warnings, []);
});

test("another customer resets first: new UID, new link id, and what came before stays", (t) => {
  holdTimers(t);
  const onefold = open();
  onefold.identify("c1");
  onefold.track("In between");
  onefold.identify("c2");
  const [first, between, reset, second] = waiting();
  assert.equal(between.userId, "c1");
  assert.equal(reset.ea, "reset_anonymous_id");
  assert.deepEqual([reset.uid, reset.aid], [first.anonymousId, first.context.device.id]);
  assert.equal(reset.extra.reset_uid, first.anonymousId);
  assert.equal(second.userId, "c2");
  assert.notEqual(second.anonymousId, first.anonymousId);
  assert.notEqual(second.context.device.id, first.context.device.id);
  assert.equal(page.warnings.length, 1);
});

test("reset makes a stranger", (t) => {
  holdTimers(t);
  const onefold = open();
  onefold.identify("c1");
  const uid = onefold.getUid();
  onefold.reset();
  onefold.track("Browsed");
  assert.notEqual(onefold.getUid(), uid);
  assert.equal(onefold.getCid(), undefined);
  const [identify, , browsed] = waiting();
  assert.equal(browsed.userId, undefined);
  assert.equal(browsed.anonymousId, onefold.getUid());
  assert.notEqual(browsed.context.device.id, identify.context.device.id);
});

for (const [form, data] of Object.entries({
  "dims.customers": { dims: { customers: { customer_id: "c1", name: "Ann" } } },
  "extra.identify_id": { extra: { identify_event: "sign_in", identify_id: "c1" } },
  "extra.customer_id": { extra: { customer_id: "c1", customer_name: "Ann" } },
  "a lead among the items": { items: [{ type: "lead", id: "c1", name: "Ann" }] },
})) {
  for (const action of ["sign_in", "sign_up", "identify"]) {
    test(`user/${action} with the CID in ${form} assigns it`, (t) => {
      holdTimers(t);
      const onefold = open();
      onefold.event("user", action, data);
      const [call] = waiting();
      assert.equal(onefold.getCid(), "c1");
      assert.deepEqual([call.ec, call.ea, call.type], ["user", action, undefined]);
      assert.equal(call.dims.customers.customer_id, "c1");
      assert.deepEqual(call.extra, data.extra);
      assert.deepEqual([call.uid, call.aid && true], [onefold.getUid(), true]);
    });
  }
}

test("on other events the older forms name a customer only while nobody is known", (t) => {
  holdTimers(t);
  const onefold = open();
  onefold.event("product", "purchase", { extra: { customer_id: "c1" } });
  assert.equal(onefold.getCid(), "c1");
  onefold.event("product", "purchase", { extra: { customer_id: "a gift's receiver" } });
  assert.equal(onefold.getCid(), "c1");
  assert.equal(waiting().at(-1).dims.customers.customer_id, "c1");
  onefold.event("product", "purchase", { dims: { customers: { customer_id: "c2" } } });
  assert.equal(onefold.getCid(), "c2");
});

test("once the customer is known, every seed event says so", (t) => {
  holdTimers(t);
  const onefold = open();
  onefold.identify("c1");
  onefold.event("product", "view", { items: [{ type: "product", id: "1" }], dims: { store: { id: "s" } } });
  const [, view] = waiting();
  assert.deepEqual(view.dims, { store: { id: "s" }, customers: { customer_id: "c1" } });
});

test("a customer who stays logged in is identified once a day", (t) => {
  holdTimers(t);
  const onefold = open();
  onefold.identify("c1");
  for (let hour = 0; hour < 60; hour++) {
    t.mock.timers.tick(3_600_000);
    if (hour % 7 == 0) onefold.track("Browsed");
  }
  const days = waiting().filter((call) => call.ea == "identify");
  const uid = onefold.getUid();
  assert.deepEqual(
    days.map((call) => call.messageId),
    ["2026-11-25", "2026-11-26"].map((day) => `daily:${uid}:${day}`),
  );
  assert.equal(days[0].dims.customers.customer_id, "c1");
  assert.match(days[0].extra.identify_time, /^2026-11-25 \d\d:\d\d:\d\d$/);
});

test("the daily identify comes with a page load too", (t) => {
  holdTimers(t);
  open().identify("c1");
  t.mock.timers.setTime(NOON + 86_400_000);
  open();
  assert.equal(waiting().at(-1).ea, "identify");
});

test("after a sign-out there is no daily identify until the next sign-in", (t) => {
  holdTimers(t);
  const onefold = open();
  const ana = { dims: { customers: { customer_id: "c1" } } };
  onefold.event("user", "sign_in", ana);
  onefold.event("user", "sign_out");
  t.mock.timers.tick(86_400_000);
  onefold.event("product", "view", ana);
  assert.deepEqual(waiting().map((call) => call.ea), ["sign_in", "sign_out", "view"]);
  onefold.event("user", "sign_in", ana);
  t.mock.timers.tick(86_400_000);
  assert.equal(waiting().at(-1).ea, "identify");
});

test("attributes need no CID", (t) => {
  holdTimers(t);
  const onefold = open();
  onefold.setAttributes({ theme: "dark", old: null });
  const [call] = waiting();
  assert.deepEqual([call.type, call.userId, call.traits], ["identify", undefined, { theme: "dark", old: null }]);
});

test("who opts out is forgotten and not tracked, until opting in", (t) => {
  holdTimers(t);
  const onefold = open();
  onefold.track("Seen");
  const uid = onefold.getUid();
  onefold.optOut();
  onefold.track("Unseen");
  onefold.event("product", "view");
  onefold.reset();
  assert.deepEqual(waiting(), []);
  assert.equal(onefold.getUid(), undefined);
  assert.deepEqual([...page.cookies], [["onefold_out", "1"]]);
  assert.equal(open().getUid(), undefined, "a reload changes nothing");
  onefold.optIn();
  onefold.track("Seen");
  assert.equal(waiting().length, 1);
  assert.notEqual(onefold.getUid(), uid);
});

test("a CID may be a hash: e-mails and phone numbers are made alike first", async () => {
  const sha = (text) => createHash("sha256").update(text).digest("hex");
  const onefold = open();
  assert.equal(await onefold.hash(" Ann@Example.COM "), sha("ann@example.com"));
  assert.equal(await onefold.hash("0049 (30) 123-45.67"), sha("+49301234567"));
  assert.equal(normalised("user 42"), "user 42");
});

test("without https there is no hash, but a warning", async (t) => {
  const onefold = open();
  t.mock.getter(crypto, "subtle", () => undefined);
  assert.equal(await onefold.hash("ann@example.com"), undefined);
  assert.equal(page.warnings.length, 1);
});

test("a clock set to 1970 is told as it is: the server mends it by the moment of sending", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_000 });
  const onefold = open();
  onefold.track("Added");
  assert.equal(waiting()[0].timestamp, "1970-01-01T00:00:01.000Z");
  assert.deepEqual(page.warnings, []);
});

const circle = {};
circle.self = circle;

for (const [what, misuse] of Object.entries({
  "identify without an id": (onefold) => onefold.identify(),
  "identify with a placeholder": (onefold) => onefold.identify("undefined"),
  "identify with an object": (onefold) => onefold.identify({ plan: "free" }),
  "an event without a name": (onefold) => onefold.track(),
  "an event without an action": (onefold) => onefold.event("user"),
  "a sign-in without a customer": (onefold) => onefold.event("user", "sign_in", {}),
  "circles": (onefold) => onefold.track("Added", circle),
  "functions": (onefold) => onefold.track("Added", { f() {} }),
  "nodes": (onefold) => onefold.event("a", "b", { extra: { node: { nodeType: 1 } } }),
  "a megabyte": (onefold) => onefold.track("Added", { text: "x".repeat(1e6) }),
  "a symbol for a name": (onefold) => onefold.page(Symbol("s"), { [Symbol("k")]: () => 1, f: () => 1 }),
})) {
  test(`${what}: a warning, no exception, and tracking goes on`, (t) => {
    holdTimers(t);
    const onefold = open();
    misuse(onefold);
    if (what != "a symbol for a name") assert.equal(page.warnings.length, 1);
    onefold.track("After");
    assert.equal(waiting().at(-1).event, "After");
  });
}

test("what is no object is no properties", (t) => {
  holdTimers(t);
  const onefold = open();
  for (const odd of [null, 5, "text", true, undefined]) {
    onefold.track("Added", odd);
    onefold.event("a", "b", odd);
    onefold.event("a", "b", { items: odd, dims: odd, extra: odd });
  }
  for (const call of waiting()) {
    for (const part of [call.properties, call.dims, call.extra]) {
      assert.ok(part == null || typeof part == "object");
    }
  }
  assert.equal(waiting().length, 15);
});

test("without a write key nothing is kept or sent, and nothing throws", async () => {
  const onefold = start({ writeKey: "", host: "https://cdp.test" });
  onefold.identify("c1");
  onefold.event("user", "sign_in", {});
  onefold.reset();
  await onefold.flush();
  assert.deepEqual([onefold.getUid(), page.requests, page.warnings.length], [undefined, [], 1]);
  assert.deepEqual([...page.cookies], []);
});

test("with storage blocked, calls are sent from memory", async () => {
  blockStorage();
  const onefold = open();
  onefold.identify("c1");
  onefold.track("Added");
  await onefold.flush();
  assert.deepEqual(page.calls().map((call) => call.userId), ["c1", "c1"]);
});

test("with localStorage full, calls are sent from memory", async () => {
  class Full extends LocalStorage {
    setItem() {
      throw new DOMException("full", "QuotaExceededError");
    }
  }
  page = openPage({ storage: new Full() });
  const onefold = open();
  onefold.track("Added");
  await onefold.flush();
  assert.equal(page.calls().length, 1);
});

test("a page that is hidden or left sends what waits", () => {
  const onefold = open();
  onefold.track("Added");
  document.visibilityState = "hidden";
  page.fire("visibilitychange");
  assert.equal(page.calls().length, 1);
  onefold.track("Again");
  page.fire("pagehide");
  assert.equal(page.calls().length, 2);
});
