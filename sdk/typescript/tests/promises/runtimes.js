/**
 * The client in other runtimes: the same tour in each, at the real system. One that is not installed, or not made for this machine,
 * is skipped and says so.
 */

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { baseUrl, somebody } from "../world/customers.js";
import { Proxy } from "../world/proxy.js";
import { Scripted, hang, json, text } from "../world/scripted.js";

const FOLDER = fileURLToPath(new URL("../runtimes", import.meta.url));
const DIST = fileURLToPath(new URL("../../dist/esm", import.meta.url));
/** What the tour says. */
const HELD = "run batch list stream errors connections redirects secrecy webhooks";
const TOUR_MS_MAX = 120_000;

/** Where the packages have their programs, by the architectures that there are builds for. */
const PROGRAMS = {
  node: [`node-linux-${process.arch}/bin/node`],
  deno: [`@deno/linux-${process.arch}-glibc/deno`],
  bun: [`@oven/bun-linux-${process.arch === "arm64" ? "aarch64" : process.arch}/bin/bun`],
  workerd: [`@cloudflare/workerd-linux-${process.arch === "arm64" ? "arm64" : "64"}/bin/workerd`],
};

export function promises() {
  const modules = join(FOLDER, "modules.mjs");
  const commonjs = join(FOLDER, "commonjs.cjs");

  test("the tour holds where the tests run, in both formats", async () => {
    for (const script of [modules, commonjs]) await inPlaces((env) => run(process.execPath, [script], env));
  });

  inRuntime("node", "Node 18, as modules and with require", async (node) => {
    const { stdout } = await promisify(execFile)(node, ["--version"]);
    assert.match(stdout, /^v18\./);
    for (const script of [modules, commonjs]) await inPlaces((env) => run(node, [script], env));
  });

  inRuntime("deno", "Deno, allowed the network and two variables", async (deno) => {
    const allowed = ["--no-prompt", "--allow-net=127.0.0.1", "--allow-env=PLACES"];
    await inPlaces((env) =>
      run(deno, ["run", "--quiet", "--no-config", "--no-lock", "--cached-only", ...allowed, modules], env),
    );
  });

  inRuntime("bun", "Bun, as modules and with require", async (bun) => {
    for (const script of [modules, commonjs]) await inPlaces((env) => run(bun, [script], env));
  });

  inRuntime("workerd", "workerd, the runtime of Cloudflare Workers", async (workerd) => {
    await inPlaces((env) => inWorker(workerd, env));
  });
}

/** A test that needs a runtime. */
function inRuntime(name, title, act) {
  const program = PROGRAMS[name].map((path) => join(FOLDER, "node_modules", path)).find(existsSync);
  const why = `no ${name} here: npm ci --ignore-scripts in tests/runtimes, on Linux with glibc`;
  test(title, { skip: program ? false : why }, async () => {
    // Packages whose installation scripts do not run may leave their program as it was packed.
    chmodSync(program, 0o755);
    await act(program);
  });
}

/** Makes the places of a tour: somebody's key, the system, and servers that misbehave. */
async function inPlaces(act) {
  const { key } = await somebody();
  const stranger = await Scripted.start(json(200, {}));
  const redirecting = await Scripted.start(text(307, "", { location: `${stranger.url}/v1/usage` }));
  const hanging = await Scripted.start(hang());
  const gone = await Scripted.start(hang());
  const nobody = gone.url;
  gone.stop();
  const proxy = await Proxy.start(baseUrl());
  proxy.eventsPerStream = 2;
  const places = {
    key,
    api: baseUrl(),
    cutting: proxy.url,
    redirecting: redirecting.url,
    hanging: hanging.url,
    nobody,
  };
  try {
    assert.equal((await act({ PATH: process.env.PATH, HOME: tmpdir(), PLACES: JSON.stringify(places) })).trim(), HELD);
    assert.deepEqual(stranger.heard, [], "the key went to a stranger");
  } finally {
    for (const server of [stranger, redirecting, hanging, proxy]) server.stop();
  }
}

async function run(program, words, env) {
  try {
    const { stdout } = await promisify(execFile)(program, words, { env, timeout: TOUR_MS_MAX });
    return stdout;
  } catch ({ message, stdout }) {
    return assert.fail(`${message}\n${stdout}`);
  }
}

/** Serves the tour, and asks for it once. */
async function inWorker(workerd, env) {
  const folder = mkdtempSync(join(tmpdir(), "eclips-worker-"));
  writeFileSync(join(folder, "worker.capnp"), configuration());
  const words = ["serve", "worker.capnp", "--import-path=/", "--control-fd=3"];
  const worker = spawn(workerd, words, { cwd: folder, env, stdio: ["ignore", "ignore", "inherit", "pipe"] });
  try {
    const port = await listening(worker);
    const answer = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(TOUR_MS_MAX) });
    return await answer.text();
  } finally {
    worker.kill("SIGKILL");
    rmSync(folder, { recursive: true });
  }
}

/** The port that the worker took; it says so as JSON, a line each. */
async function listening(worker) {
  const lines = createInterface({ input: worker.stdio[3] });
  const late = setTimeout(() => worker.kill("SIGKILL"), 20_000);
  try {
    for await (const line of lines) {
      const { event, port } = JSON.parse(line);
      if (event === "listen") return port;
    }
    return assert.fail("workerd ended before it listened");
  } finally {
    clearTimeout(late);
  }
}

/** What workerd is to serve: the tour and the package, each file by its name; it may reach loopback. */
function configuration() {
  const own = ["worker.mjs", "tour.mjs"].map((name) => [name, join(FOLDER, name)]);
  const built = readdirSync(DIST)
    .filter((name) => name.endsWith(".js"))
    .map((name) => [`dist/esm/${name}`, join(DIST, name)]);
  const embedded = [...own, ...built].map(([name, path]) => `(name = "${name}", esModule = embed "${path}")`);
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "tour", worker = .tour), (name = "internet", network = (allow = ["private", "public"]))],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "tour")],
);
const tour :Workerd.Worker = (
  modules = [${embedded.join(", ")}],
  bindings = [(name = "PLACES", fromEnvironment = "PLACES")],
  compatibilityDate = "2026-06-01",
);
`;
}
