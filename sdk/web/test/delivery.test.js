import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { openDelivery } from "../src/delivery.js";
import { openQueue } from "../src/queue.js";
import { openStorage } from "../src/storage.js";
import { openPage } from "./page.js";

const SETTINGS = { host: "https://cdp.test", writeKey: "wk_test" };
let page, queue, delivery;

beforeEach(() => {
  page = openPage();
  queue = openQueue(openStorage());
  delivery = openDelivery(queue, SETTINGS);
});

/** Let what is under way go on until nothing but timers is left. */
const settle = async () => {
  for (let n = 0; n < 50; n++) await new Promise((resolve) => setImmediate(resolve));
};

const fill = (calls, text = "") => {
  for (let n = 0; n < calls; n++) queue.add(JSON.stringify({ n, text }));
};

const failing = (status, headers) => async () => new Response("{}", { status, headers });

test("a batch carries the write key, the moment and the browser, as plain text", async () => {
  fill(2);
  await delivery.flush();
  const [request] = page.requests;
  assert.equal(request.url, "https://cdp.test/v1/b");
  assert.equal(request.writeKey, "wk_test");
  assert.ok(Math.abs(Date.parse(request.sentAt) - Date.now()) < 5_000);
  assert.equal(request.context.userAgent, "Test/1");
  assert.deepEqual(request.batch.map((call) => call.n), [0, 1]);
  assert.equal(request.options.headers, undefined);
  assert.equal(request.options.keepalive, true);
  assert.deepEqual(queue.keys(), []);
});

test("batches hold at most 100 calls and stay below what may outlive a page", async () => {
  fill(150);
  fill(4, "x".repeat(20_000));
  await delivery.flush();
  assert.deepEqual(page.requests.map((request) => request.batch.length), [100, 52, 2]);
  for (const request of page.requests) assert.ok(request.options.body.length < 64 * 1024);
});

for (const status of [408, 429, 500, 503]) {
  test(`${status}: the same calls go again, with the same ids, after a while`, async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    page.answer = failing(status);
    fill(1);
    await delivery.flush();
    assert.equal(queue.keys().length, 1);
    await delivery.flush();
    assert.equal(page.requests.length, 1, "not before its time");
    page.answer = async () => new Response("{}");
    t.mock.method(performance, "now", () => 1e9);
    t.mock.timers.tick(1_000);
    await settle();
    assert.equal(page.requests.length, 2);
    assert.deepEqual(page.requests[0].batch, page.requests[1].batch);
    assert.deepEqual(queue.keys(), []);
  });
}

test("Retry-After is waited for", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const now = t.mock.method(performance, "now", () => 1_000);
  page.answer = failing(503, { "Retry-After": "60" });
  fill(1);
  await delivery.flush();
  now.mock.mockImplementation(() => 60_900);
  await delivery.flush();
  assert.equal(page.requests.length, 1);
  now.mock.mockImplementation(() => 61_000);
  await delivery.flush();
  assert.equal(page.requests.length, 2);
});

test("pauses grow with each failure, to five minutes at most", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  t.mock.method(Math, "random", () => 1);
  let clock = 0;
  t.mock.method(performance, "now", () => clock);
  const tried = [];
  page.answer = async () => {
    tried.push(clock / 1_000);
    throw new TypeError("Failed to fetch");
  };
  fill(1);
  for (; tried.length < 11; clock += 500) await delivery.flush();
  const pauses = tried.slice(1).map((at, n) => at - tried[n]);
  assert.deepEqual(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300]);
});

test("when the network is back, calls go at once", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  page.answer = async () => {
    throw new TypeError("Failed to fetch");
  };
  fill(1);
  await delivery.flush();
  page.answer = async () => new Response("{}");
  await delivery.retry();
  assert.deepEqual(queue.keys(), []);
});

for (const status of [400, 401, 403, 404, 413]) {
  test(`${status}: the calls are dropped with a warning, and not sent again`, async () => {
    const message = "Expected a write key, got one that is unknown";
    page.answer = async () => new Response(JSON.stringify({ message }), { status });
    fill(1);
    await delivery.flush();
    await delivery.flush();
    assert.equal(page.requests.length, 1);
    assert.equal(page.warnings.length, 1);
    assert.match(page.warnings[0], new RegExp(`${status} ${message}`));
  });
}

test("calls that the server rejects are told to the developer", async () => {
  const rejected = [{ index: 0, code: "no_name", message: "Expected event" }];
  page.answer = async () => new Response(JSON.stringify({ success: true, rejected }));
  fill(1);
  await delivery.flush();
  assert.equal(page.warnings.length, 1);
});

test("an answer that is no JSON is an answer", async () => {
  page.answer = async () => new Response("<html>OK</html>");
  fill(1);
  await delivery.flush();
  assert.deepEqual([queue.keys(), page.warnings], [[], []]);
});

test("a server that never answers is given up after a while, and asked again", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  page.answer = ({ signal }) =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  fill(1);
  const flushed = delivery.flush();
  await settle();
  t.mock.timers.tick(20_000);
  await flushed;
  assert.equal(queue.keys().length, 1);
  page.answer = async () => new Response("{}");
  await delivery.retry();
  assert.deepEqual(queue.keys(), []);
});

test("what comes in while a batch is under way goes next", async () => {
  page.answer = async () => {
    if (page.requests.length == 1) queue.add('{"late":1}');
    return new Response("{}");
  };
  fill(1);
  await delivery.flush();
  assert.deepEqual(page.calls().map((call) => call.late), [undefined, 1]);
});

test("a page that is left sends what waits, but not what is under way", async () => {
  let answer;
  page.answer = () => new Promise((resolve) => (answer = resolve));
  fill(1);
  const flushed = delivery.flush();
  await settle();
  const first = answer;
  queue.add('{"late":1}');
  delivery.leave();
  delivery.leave();
  assert.deepEqual(page.requests.map((request) => request.batch.length), [1, 1]);
  answer(new Response("{}"));
  first(new Response("{}"));
  await flushed;
  assert.deepEqual(queue.keys(), []);
});

test("a browser whose requests die with the page sends a beacon, and keeps the calls", () => {
  class OldRequest {}
  const request = globalThis.Request;
  globalThis.Request = OldRequest;
  const beacons = [];
  navigator.sendBeacon = (url, body) => beacons.push([url, JSON.parse(body).batch]);
  fill(1);
  delivery.leave();
  globalThis.Request = request;
  assert.deepEqual(beacons, [["https://cdp.test/v1/b", [{ n: 0, text: "" }]]]);
  assert.equal(queue.keys().length, 1);
});

test("tabs take turns where the browser has locks", async () => {
  const held = [];
  navigator.locks = {
    request: async (name, work) => {
      held.push(name);
      await work();
    },
  };
  fill(1);
  await delivery.flush();
  assert.deepEqual(held, ["onefold"]);
  assert.equal(page.requests.length, 1);
});

test("where locks are forbidden, calls are sent all the same", async () => {
  navigator.locks = { request: () => Promise.reject(new DOMException("no", "SecurityError")) };
  fill(1);
  await delivery.flush();
  assert.equal(page.requests.length, 1);
});
