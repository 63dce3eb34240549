import assert from "node:assert/strict";
import { test } from "node:test";
import { namedId, newId } from "../src/ids.js";

test("ids are UUIDv7 and sort in the order they were made in", () => {
  const made = Array.from({ length: 10_000 }, newId);
  assert.deepEqual(made.toSorted(), made);
  assert.equal(new Set(made).size, made.length);
  for (const id of made) assert.match(id, /^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
});

test("an id holds the moment it was made at", (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: Date.UTC(2100, 0) });
  assert.equal(parseInt(newId().replace("-", "").slice(0, 12), 16), Date.UTC(2100, 0));
});

test("a clock before 1970 still gives ids", (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: 0 });
  t.mock.method(Date, "now", () => -1e12);
  assert.match(newId(), /^[\da-f-]{36}$/);
});

test("placeholders name nobody", () => {
  const nobody = ["", " ", "null", "undefined", "0", "000", "-1", "NaN", "Guest", "[object Object]"];
  const nil = "00000000-0000-0000-0000-000000000000";
  for (const given of [...nobody, nil, null, undefined, {}, [], NaN, true, "x".repeat(256)]) {
    assert.equal(namedId(given), "", String(given));
  }
});

test("numbers and texts name somebody", () => {
  assert.equal(namedId(42), "42");
  assert.equal(namedId(" c1 "), "c1");
  assert.equal(namedId("0-1"), "0-1");
});
