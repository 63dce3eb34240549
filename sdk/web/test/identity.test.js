import assert from "node:assert/strict";
import { test } from "node:test";
import { openIdentity } from "../src/identity.js";
import { openStorage } from "../src/storage.js";
import { blockStorage, openPage } from "./page.js";

const open = () => openIdentity(openStorage());

test("the UID and the link id stay over page loads", () => {
  openPage();
  const first = open();
  const [uid, aid] = [first.uid(), first.aid()];
  assert.notEqual(uid, aid);
  assert.deepEqual([open().uid(), open().aid()], [uid, aid]);
});

test("a lost cookie is healed from localStorage, and the other way round", () => {
  const page = openPage();
  const uid = open().uid();
  page.cookies.clear();
  open().heal();
  assert.equal(page.cookies.get("onefold_uid"), uid);
  localStorage.removeItem("onefold_uid");
  open().heal();
  assert.equal(localStorage.getItem("onefold_uid"), uid);
});

test("a UID lost everywhere is made anew and keeps the link id", () => {
  const page = openPage();
  const first = open();
  const [uid, aid] = [first.uid(), first.aid()];
  page.cookies.delete("onefold_uid");
  localStorage.removeItem("onefold_uid");
  assert.notEqual(open().uid(), uid);
  assert.equal(open().aid(), aid);
});

test("a CID is forgotten with the UID it was given under", () => {
  const page = openPage();
  open().assign("c1", "2026-11-24");
  assert.equal(open().cid(), "c1");
  assert.equal(open().identifiedOn(), "2026-11-24");
  page.cookies.set("onefold_uid", "another-subdomain-was-reset");
  assert.equal(open().cid(), undefined);
});

test("what another tab resets is reset in this one", () => {
  openPage();
  const [one, other] = [open(), open()];
  one.assign("c1", "2026-11-24");
  const before = one.uid();
  other.renew();
  assert.notEqual(one.uid(), before);
  assert.equal(one.uid(), other.uid());
  assert.equal(one.cid(), undefined);
});

test("with storage blocked, ids live as long as the page", () => {
  openPage();
  blockStorage();
  const identity = open();
  const uid = identity.uid();
  identity.assign("c1", "2026-11-24");
  assert.deepEqual([identity.uid(), identity.cid()], [uid, "c1"]);
});

test("damaged storage is as good as none", () => {
  openPage();
  open().assign("c1", "2026-11-24");
  for (const damaged of ["{", "5", "null", '{"a":1}']) {
    localStorage.setItem("onefold_cid", damaged);
    assert.equal(open().cid(), undefined);
  }
});

test("cookies carry the site's domain, and are for https alone there", () => {
  openPage();
  const written = [];
  Object.defineProperty(document, "cookie", { get: () => "", set: (text) => written.push(text) });
  openIdentity(openStorage("shop.test")).uid();
  assert.match(written[0], /;path=\/;samesite=lax;max-age=34560000;domain=shop\.test;secure$/);
});
