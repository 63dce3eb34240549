import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { plain } from "../src/plain.js";
import { openPage } from "./page.js";

let page;
beforeEach(() => {
  page = openPage();
});

test("what is JSON stays as it is, without a warning", () => {
  const value = { a: [1, "two", null, true, { b: {} }], c: 1.5, d: undefined };
  assert.deepEqual(plain(value), value);
  assert.deepEqual(page.warnings, []);
});

test("dates, big numbers and what is no number become JSON", () => {
  const value = { at: new Date(0), big: 10n, nan: NaN, far: Infinity };
  const read = { at: "1970-01-01T00:00:00.000Z", big: "10", nan: null, far: null };
  assert.deepEqual(plain(value), read);
});

test("the same object twice is no circle", () => {
  const shared = { x: 1 };
  assert.deepEqual(plain({ a: shared, b: shared }), { a: { x: 1 }, b: { x: 1 } });
  assert.deepEqual(page.warnings, []);
});

const circle = { name: "circle" };
circle.self = circle;
const deep = JSON.parse('{"in":'.repeat(500) + "1" + "}".repeat(500));
const trap = {
  get open() {
    throw new Error("no");
  },
};

for (const [what, value] of Object.entries({
  "a function": { ok: 1, bad: () => 1 },
  "a symbol": { ok: 1, bad: Symbol("s") },
  "a DOM node": { ok: 1, bad: { nodeType: 1, ownerDocument: {} } },
  "a circle": { ok: 1, bad: circle },
  "a getter that throws": { ok: 1, bad: trap },
  "a toJSON that throws": { ok: 1, bad: { toJSON: () => trap.open } },
  "an invalid date": { ok: 1, bad: [new Date(NaN), () => 1] },
  "endless depth": { ok: 1, bad: deep },
  "more than anybody reads": { ok: 1, bad: Array.from({ length: 99_999 }, () => ({})) },
})) {
  test(`${what} is left out with one warning, and the rest is kept`, () => {
    const copied = plain(value);
    assert.equal(copied.ok, 1);
    JSON.stringify(copied);
    assert.equal(page.warnings.length, 1);
  });
}
