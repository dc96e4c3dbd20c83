/**
 * What is published: these files and no others, in both formats, found by every tool, without dependencies.
 */

import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import * as modules from "@eclips/sdk";

const FOLDER = fileURLToPath(new URL("../..", import.meta.url));
/** What a user downloads. It has about 80 KB; twice as much would be a mistake. */
const PACKED_BYTES_MAX = 120_000;
const LINE_MS_MAX = 120_000;

export function promises() {
  const manifest = JSON.parse(readFileSync(join(FOLDER, "package.json"), "utf8"));

  test("it has no dependencies, and says its version everywhere", () => {
    for (const kind of ["dependencies", "peerDependencies", "optionalDependencies", "bundledDependencies"])
      assert.equal(manifest[kind], undefined);
    assert.equal(modules.VERSION, manifest.version);
    const { version } = JSON.parse(readFileSync(join(FOLDER, "package-lock.json"), "utf8"));
    assert.equal(version, manifest.version);
  });

  test("it imports nothing but itself, and Node's crypto in one place", () => {
    const imported = new Set();
    for (const name of readdirSync(join(FOLDER, "src"))) {
      const text = readFileSync(join(FOLDER, "src", name), "utf8");
      for (const [, from] of text.matchAll(/(?:from|import\()\s*"([^"]+)"/g))
        if (!from.startsWith("./")) imported.add(from);
      assert.doesNotMatch(text, /\brequire\(|\bBuffer\b\.|process\.(?!env)/, name);
      if (text.includes('"node:')) assert.equal(name, "idempotency.ts");
    }
    assert.deepEqual([...imported], []);
  });

  test("CommonJS has the same names as the modules", () => {
    const required = createRequire(import.meta.url)("@eclips/sdk");
    assert.deepEqual(Object.keys(required).sort(), Object.keys(modules).sort());
    assert.notEqual(required.EClipsClient, modules.EClipsClient);
    assert.ok(new required.EClipsClient({ apiKey: "x" }));
  });

  test("npm pack has the builds, the sources and the licences, and is small", async () => {
    const [packed] = JSON.parse(await line("npm", "pack", "--dry-run", "--json", "--ignore-scripts"));
    const paths = packed.files.map(({ path }) => path);
    const sources = readdirSync(join(FOLDER, "src")).map((name) => name.replace(/\.ts$/, ""));
    const built = ["esm", "cjs"].flatMap((format) => [
      `dist/${format}/package.json`,
      ...sources.flatMap((name) =>
        [".js", ".js.map", ".d.ts", ".d.ts.map"].map((end) => `dist/${format}/${name}${end}`),
      ),
    ]);
    const expected = [
      ...built,
      ...sources.map((name) => `src/${name}.ts`),
      "LICENSE-APACHE",
      "LICENSE-MIT",
      "README.md",
      "package.json",
    ];
    assert.deepEqual(paths.sort(), expected.sort());
    assert.ok(packed.size < PACKED_BYTES_MAX, `${packed.size} bytes`);
  });

  test("every source map leads to a source that is packed", () => {
    for (const format of ["esm", "cjs"]) {
      const folder = join(FOLDER, "dist", format);
      for (const name of readdirSync(folder).filter((file) => file.endsWith(".map"))) {
        const { sources, sourceRoot = "" } = JSON.parse(readFileSync(join(folder, name), "utf8"));
        for (const source of sources)
          assert.ok(readFileSync(resolve(folder, sourceRoot, source)), `${name}: ${source}`);
      }
    }
  });

  test("publint finds nothing", async () => {
    assert.match(await line(process.execPath, bin("publint"), "--strict", "."), /All good!/);
  });

  test("attw finds nothing: every resolution of types leads to the right format", async () => {
    assert.match(
      await line(process.execPath, bin("@arethetypeswrong/cli", "attw"), "--pack", ".", "--no-emoji", "--no-color"),
      /No problems found/,
    );
  });

  test("installed from its tarball it is imported and required", async () => {
    const folder = mkdtempSync(join(tmpdir(), "eclips-sdk-"));
    try {
      const [{ filename }] = JSON.parse(
        await line("npm", "pack", "--json", "--ignore-scripts", "--pack-destination", folder),
      );
      // Unpacked where npm would: it has no dependencies to install.
      const place = join(folder, "node_modules", "@eclips", "sdk");
      mkdirSync(place, { recursive: true });
      execFileSync("tar", ["-xzf", join(folder, filename), "-C", place, "--strip-components=1"]);
      const use = "console.log(typeof EClipsClient, EClipsClient.verifyWebhook('x', 'x', 'x'))";
      writeFileSync(join(folder, "use.mjs"), `import { EClipsClient } from "@eclips/sdk"; ${use}`);
      writeFileSync(join(folder, "use.cjs"), `const { EClipsClient } = require("@eclips/sdk"); ${use}`);
      for (const script of ["use.mjs", "use.cjs"]) {
        assert.equal(execFileSync(process.execPath, [join(folder, script)], { encoding: "utf8" }), "function false\n");
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

/** Where a package's program lies. */
function bin(name, program = name) {
  const require = createRequire(import.meta.url);
  const folder = join(FOLDER, "node_modules", name);
  const { bin: programs } = require(join(folder, "package.json"));
  return join(folder, typeof programs === "string" ? programs : programs[program]);
}

/** Runs a command line in the package's folder. *Errors*: with what it wrote, where it fails. */
async function line(program, ...words) {
  try {
    const { stdout } = await promisify(execFile)(program, words, { cwd: FOLDER, timeout: LINE_MS_MAX });
    return stdout;
  } catch ({ message, stdout }) {
    return assert.fail(`${message}\n${stdout}`);
  }
}
