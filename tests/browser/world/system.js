// The whole system on loopback as a program of its own: `eclips-local`, its settings, its log, and `eclips-admin` against it.
// Ends when we end, however we end. The tests of `sdk/typescript` start theirs here too.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** The repository's root. */
export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");
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

/** One system, which can be killed and started again over what it wrote. */
export class System {
  /** What it wrote to `dev.env`. @type {Record<string, string>} */
  settings = {};
  #folder = mkdtempSync(join(tmpdir(), "eclips-system-"));
  /** @type {"memory" | "disk"} */
  #store;
  /** @type {import("node:child_process").ChildProcess | undefined} */
  #keeper;

  /** Starts one, and returns when it answers. @param {"memory" | "disk"} store where its data is */
  static async start(store) {
    const system = new System();
    system.#store = store;
    await system.start();
    return system;
  }

  /** Starts it, the API at a port that is free or at the given one. */
  async start(port = 0) {
    const log = openSync(join(this.#folder, "log"), "a");
    const ports = ["--port", String(port), "--dashboard-port", "0", "--receiver-port", "0"];
    const store = this.#store === "memory" ? ["--memory"] : [];
    const line = [program("eclips-local"), ...store, ...ports, "--data", this.#folder, "--log", "debug"];
    this.#keeper = spawn("sh", ["-c", KEEPER, "keeper", ...line], { stdio: ["pipe", "pipe", log], env: {} });
    closeSync(log);
    await this.#ready();
    for (const setting of readFileSync(join(this.#data, "dev.env"), "utf8").split("\n")) {
      const [name, ...value] = setting.split("=");
      if (name) this.settings[name] = value.join("=");
    }
  }

  /** Kills it as `kill -9` does, and leaves what it wrote. */
  async kill() {
    this.#keeper?.stdin.end();
    if (this.#keeper && this.#keeper.exitCode === null) await new Promise((done) => this.#keeper.once("exit", done));
  }

  /** Ends it, and removes what it wrote. */
  async stop() {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Everything that it logged so far, at its most talkative. */
  log() {
    return readFileSync(join(this.#folder, "log"), "utf8");
  }

  /**
   * Runs `cargo admin --json …` against it.
   * @param {...string} words
   * @returns {Promise<any>} what it printed
   */
  async admin(...words) {
    const line = ["--json", "--data", this.#data, ...words];
    const options = { timeout: ADMIN_MS_MAX, env: {} };
    const { stdout } = await promisify(execFile)(program("eclips-admin"), line, options);
    return JSON.parse(stdout);
  }

  get #data() {
    return this.#store === "memory" ? join(this.#folder, "memory") : this.#folder;
  }

  /** Waits for the line that says so; what is printed later is read away, so that the pipe never fills. */
  async #ready() {
    const lines = createInterface({ input: this.#keeper.stdout });
    let late;
    const how = await new Promise((done) => {
      late = setTimeout(() => done("was not ready in time"), READY_MS_MAX);
      lines.on("line", (line) => line.includes("ready in") && done("ready"));
      lines.on("close", () => done("ended before it was ready"));
    });
    clearTimeout(late);
    assert.equal(how, "ready", `cargo dev ${how}:\n${this.log()}`);
  }
}

/** Where a program of the last build lies; `ECLIPS_LOCAL` names another `eclips-local`, with `eclips-admin` beside it. */
function program(name) {
  const built = join(TARGET, "debug", "eclips-local");
  return join(dirname(process.env.ECLIPS_LOCAL ?? built), name);
}
