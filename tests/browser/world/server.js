// The whole system on loopback, once for the whole run: `eclips-local` over memory, its settings, its log, and `eclips-admin`
// against it. Nothing here knows a page.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

/** The repository's root. */
export const ROOT = resolve(import.meta.dirname ?? dirname(new URL(import.meta.url).pathname), "../../..");
/** Where cargo builds, and where we leave pictures. */
export const TARGET = resolve(ROOT, process.env.CARGO_TARGET_DIR ?? "target");
/** How long the system may take to be ready. Our choice: it takes a tenth of a second. */
const READY_MS_MAX = 20_000;
/** How long one `eclips-admin` may take. */
const ADMIN_MS_MAX = 20_000;

/**
 * What starts the program and ends it when we end, however we end: its standard input is a pipe that only we hold.
 * Chromium looks after itself in the same way.
 */
const KEEPER = '"$@" & program=$!; exec >&- 2>&-; cat >/dev/null; kill -9 "$program"; wait';

/** @type {import("node:child_process").ChildProcess | undefined} */
let keeper;
let folder = "";
/** What the system wrote to `dev.env`. @type {Record<string, string>} */
export const settings = {};

/** Starts the system, and returns when it answers. */
export async function start() {
  folder = mkdtempSync(join(tmpdir(), "eclips-browser-"));
  const log = openSync(join(folder, "log"), "a");
  const ports = ["--port", "0", "--dashboard-port", "0", "--receiver-port", "0"];
  const line = [program("eclips-local"), "--memory", ...ports, "--data", folder, "--log", "debug"];
  keeper = spawn("sh", ["-c", KEEPER, "keeper", ...line], { stdio: ["pipe", "pipe", log], env: {} });
  closeSync(log);
  await ready(keeper.stdout);
  for (const setting of readFileSync(join(folder, "memory", "dev.env"), "utf8").split("\n")) {
    const [name, ...value] = setting.split("=");
    if (name) settings[name] = value.join("=");
  }
}

/** Ends it, and removes what it wrote. */
export async function stop() {
  keeper?.stdin.end();
  if (keeper && keeper.exitCode === null) await new Promise((done) => keeper.once("exit", done));
  rmSync(folder, { recursive: true, force: true });
}

/** Everything that it logged so far, at its most talkative. */
export function log() {
  return readFileSync(join(folder, "log"), "utf8");
}

/**
 * Runs `cargo admin --json …` against it.
 * @param {...string} words
 * @returns {Promise<any>} what it printed
 */
export async function admin(...words) {
  const line = ["--json", "--data", join(folder, "memory"), ...words];
  const options = { timeout: ADMIN_MS_MAX, env: {} };
  const { stdout } = await promisify(execFile)(program("eclips-admin"), line, options);
  return JSON.parse(stdout);
}

/** The dashboard's address of a path. */
export function dashboard(path = "") {
  return settings.ECLIPS_DASHBOARD_URL + path;
}

/** The API's address of a path. */
export function api(path = "") {
  return settings.ECLIPS_BASE_URL + path;
}

/** Where a program of the last build lies; `ECLIPS_LOCAL` names another `eclips-local`, with `eclips-admin` beside it. */
function program(name) {
  const built = join(TARGET, "debug", "eclips-local");
  return join(dirname(process.env.ECLIPS_LOCAL ?? built), name);
}

/** Waits for the line that says so; what is printed later is read away, so that the pipe never fills. */
async function ready(output) {
  const lines = createInterface({ input: output });
  let late;
  const how = await new Promise((done) => {
    late = setTimeout(() => done("was not ready in time"), READY_MS_MAX);
    lines.on("line", (line) => line.includes("ready in") && done("ready"));
    lines.on("close", () => done("ended before it was ready"));
  });
  clearTimeout(late);
  assert.equal(how, "ready", `cargo dev ${how}:\n${log()}`);
}
