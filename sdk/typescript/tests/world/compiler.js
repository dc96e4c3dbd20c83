/**
 * The compiler over files of a test's own, which lie inside the package while it looks, so that the package's name leads to it.
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("../..", import.meta.url));
const OPTIONS = {
  noEmit: true,
  strict: true,
  // Ours are looked at, those of the compiler are not: they take most of the time.
  skipDefaultLibCheck: true,
  exactOptionalPropertyTypes: true,
  target: "ES2022",
  module: "NodeNext",
  moduleResolution: "NodeNext",
  types: [],
  lib: ["ES2022", "DOM"],
};

/**
 * Compiles files, and writes nothing.
 * @param {Record<string, string>} files by name
 * @param {object} [options] of the compiler
 * @param {string} [version] the package that it is in
 * @returns {string} what it complains of
 */
export function compile(files, options = {}, version = "typescript") {
  const folder = mkdtempSync(join(FOLDER, "tests", "compiled-"));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({ compilerOptions: { ...OPTIONS, ...options }, files: Object.keys(files) }),
    );
    const { stdout, stderr } = spawnSync(
      process.execPath,
      [join(FOLDER, "node_modules", version, "bin", "tsc"), "-p", folder],
      { encoding: "utf8", timeout: 120_000 },
    );
    return stdout + stderr;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
