import assert from "node:assert/strict";
import { test } from "node:test";
import { unnamed } from "../src/seed.js";

test("the method's name may stand in front of its arguments", () => {
  assert.deepEqual(unnamed(["track", "user", "sign_in", { a: 1 }]), ["user", "sign_in", { a: 1 }]);
  assert.deepEqual(unnamed(["track", "user", "sign_out"]), ["user", "sign_out"]);
  assert.deepEqual(unnamed(["user", "sign_in", { a: 1 }]), ["user", "sign_in", { a: 1 }]);
});

test("`track` may be a category itself", () => {
  assert.deepEqual(unnamed(["track", "play", { id: 7 }]), ["track", "play", { id: 7 }]);
  assert.deepEqual(unnamed(["track", "play"]), ["track", "play"]);
});
