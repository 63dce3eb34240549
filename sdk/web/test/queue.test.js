import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { MOST, openQueue } from "../src/queue.js";
import { openStorage } from "../src/storage.js";
import { LocalStorage, blockStorage, openPage } from "./page.js";

let page;
beforeEach(() => {
  page = openPage();
});

const open = () => openQueue(openStorage());
const texts = (queue) => queue.keys().map(queue.text);

test("calls wait in the order they came in, also over a reload", () => {
  const queue = open();
  for (const text of ["a", "b", "c"]) queue.add(text);
  assert.deepEqual(texts(open()), ["a", "b", "c"]);
});

test("two tabs add and remove without losing each other's calls", () => {
  const [one, other] = [open(), open()];
  one.add("a");
  other.add("b");
  one.remove(one.keys()[0]);
  other.add("c");
  assert.deepEqual(texts(one), ["b", "c"]);
});

test("beyond its bound the oldest are dropped and counted", () => {
  const queue = open();
  for (let n = 0; n < MOST + 3; n++) queue.add(String(n));
  assert.equal(queue.keys().length, MOST);
  assert.equal(texts(queue)[0], "3");
  assert.equal(queue.lost(), 3);
  assert.equal(page.warnings.length, 3);
});

test("a full localStorage leaves calls in memory", () => {
  class Full extends LocalStorage {
    setItem() {
      throw new DOMException("full", "QuotaExceededError");
    }
  }
  page = openPage({ storage: new Full() });
  const queue = open();
  queue.add("a");
  assert.deepEqual(texts(queue), ["a"]);
  queue.remove(queue.keys()[0]);
  assert.deepEqual(queue.keys(), []);
});

test("with storage blocked the queue is in memory and bounded too", () => {
  blockStorage();
  const queue = open();
  for (let n = 0; n < MOST + 1; n++) queue.add(String(n));
  assert.equal(queue.keys().length, MOST);
  assert.equal(texts(queue)[0], "1");
});
