import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { openSession } from "../src/session.js";
import { openStorage } from "../src/storage.js";
import { openPage } from "./page.js";

const MINUTE = 60_000;
const START = Date.UTC(2026, 10, 24);
let session;

beforeEach(() => {
  openPage();
  session = openSession(openStorage());
});

test("a session lasts as long as no pause is over 30 minutes", () => {
  const id = session(START, "");
  assert.equal(session(START + 30 * MINUTE, ""), id);
  assert.equal(session(START + 60 * MINUTE, ""), id);
  assert.notEqual(session(START + 91 * MINUTE, ""), id);
});

test("it goes on over page loads", () => {
  const id = session(START, "");
  assert.equal(openSession(openStorage())(START + MINUTE, ""), id);
});

test("a new campaign begins a new session, the same one and none do not", () => {
  const id = session(START, "spring");
  assert.equal(session(START + MINUTE, "spring"), id);
  assert.equal(session(START + MINUTE, ""), id);
  assert.notEqual(session(START + MINUTE, "summer"), id);
});

test("a clock that was far ahead does not make a session endless", () => {
  const id = session(START + 1e10, "");
  assert.notEqual(session(START, ""), id);
});
