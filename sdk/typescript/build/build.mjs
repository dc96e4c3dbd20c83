/**
 * Builds the package: the same sources twice, as ES modules into `dist/esm` and as CommonJS into `dist/cjs`, with declarations and
 * source maps. The compiler alone does it; a bundler would only hide which file a stack trace means.
 */

import { execFileSync } from "node:child_process";
import { copyFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("..", import.meta.url));

function tsc(...options) {
  execFileSync(process.execPath, [`${FOLDER}node_modules/typescript/bin/tsc`, "-p", FOLDER, ...options], {
    stdio: "inherit",
  });
}

rmSync(`${FOLDER}dist`, { recursive: true, force: true });
tsc();
tsc(
  "--outDir",
  `${FOLDER}dist/cjs`,
  "--module",
  "CommonJS",
  "--moduleResolution",
  "Bundler",
  "--verbatimModuleSyntax",
  "false",
);
// What tells Node, and the types, which of the two a file is.
writeFileSync(`${FOLDER}dist/esm/package.json`, '{ "type": "module" }\n');
writeFileSync(`${FOLDER}dist/cjs/package.json`, '{ "type": "commonjs" }\n');
// The licences lie in the root; a package without them is not to be used.
for (const licence of ["LICENSE-MIT", "LICENSE-APACHE"]) copyFileSync(`${FOLDER}../../${licence}`, FOLDER + licence);
