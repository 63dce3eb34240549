/**
 * Builds the script that pages load: dist/onefold.js, and the copy that Onefold serves.
 *
 * node build.js          builds both
 * node build.js --check  fails when the served copy is not what the sources give
 */

import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const LIMIT = 5 * 1024; // bytes, gzipped
const SERVED = new URL("../../service/static/onefold.js", import.meta.url);
const SOURCES = new URL("src/", import.meta.url);

const { version } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));

/** A name for the sources: tests/sdk reads it from the served copy, without needing node. */
function digest() {
  const hash = createHash("sha256").update(version);
  for (const name of readdirSync(SOURCES).sort()) hash.update(readFileSync(new URL(name, SOURCES)));
  return hash.digest("hex").slice(0, 16);
}

const { outputFiles } = await build({
  entryPoints: [new URL("browser.js", SOURCES).pathname],
  bundle: true,
  minify: true,
  write: false,
  target: "es2020",
  format: "iife",
  define: { VERSION: JSON.stringify(version) },
  banner: { js: `/*! onefold.js ${version} ${digest()} Apache-2.0 */` },
});
const built = outputFiles[0].text;
const size = gzipSync(built, { level: 9 }).length;
console.log(`onefold.js: ${built.length} bytes, ${size} gzipped (at most ${LIMIT})`);
if (size > LIMIT) {
  console.error("Expected it to stay within the limit.");
  process.exit(1);
}

if (process.argv.includes("--check")) {
  if (readFileSync(SERVED, "utf8") !== built) {
    console.error("Expected service/static/onefold.js to be built from sdk/web/src: npm run build");
    process.exit(1);
  }
} else {
  mkdirSync(new URL("dist/", import.meta.url), { recursive: true });
  mkdirSync(new URL(".", SERVED), { recursive: true });
  writeFileSync(new URL("dist/onefold.js", import.meta.url), built);
  writeFileSync(SERVED, built);
}
