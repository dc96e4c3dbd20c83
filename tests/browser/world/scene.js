// One test: its organization, its browser contexts, and what was noticed in them. Every test has its own, so that none
// sees what another did.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { openContext, sessionOf, watch } from "./chromium.js";
import { Organization } from "./people.js";
import { TARGET } from "./server.js";

/** How long one test may take. The longest takes a tenth of it. */
const TEST_MS_MAX = 120_000;
/** How many tests run side by side. Each waits for pages most of the time; more of them only wait for each other. */
const AT_A_TIME = 2;
/** How often a state is looked for before it counts as missing; each look is a request of its own. */
const LOOKS_MAX = 50;
/** Where the last picture of a failed test is put. */
const PICTURES = join(TARGET, "browser");

/** What a test stands on. */
export class Scene {
  /** @type {import("playwright-core").BrowserContext[]} */
  #contexts = [];
  /** What the browser did that no page of ours may do. @type {string[]} */
  #noticed = [];
  /** @type {RegExp[]} */
  #expected = [];
  /** Hosts beside ours that pages of this test may ask. @type {string[]} */
  #strangers = [];

  /** Makes an organization with an owner who is signed in. */
  async owner(name, plan) {
    const org = await Organization.make(name, plan);
    return (await org.add("owner")).signIn();
  }

  /**
   * Opens a browser of its own, with somebody's session.
   * @param {import("./people.js").Person} [person]
   * @param {import("playwright-core").BrowserContextOptions} [options]
   */
  async browse(person, options) {
    return (await this.context(person, options)).newPage();
  }

  /** The same, for tests with more than one page in it. */
  async context(person, options) {
    const context = await openContext(person, options);
    watch(context, this.#noticed, this.#strangers);
    this.#contexts.push(context);
    return context;
  }

  /** Lets pages of this test ask a host that is not ours. */
  foreign(hostname) {
    this.#strangers.push(hostname);
  }

  /** Lets pages of this test be noticed for something. @param {RegExp} line */
  expect(line) {
    this.#expected.push(line);
  }

  /** What was noticed and not expected. */
  unexpected() {
    return this.#noticed.filter((seen) => !this.#expected.some((line) => line.test(seen)));
  }

  /** Closes what is open; a failed test leaves a picture. */
  async close(failed) {
    const pages = this.#contexts.flatMap((context) => context.pages());
    if (failed && pages.length > 0) await picture(pages.at(-1), failed);
    for (const context of this.#contexts) {
      await sessionOf(context);
      await context.close();
    }
  }
}

/** @type {[string, (scene: Scene) => Promise<void>][]} */
const made = [];

/**
 * A test, named by what it promises. Besides what it says itself, no page in it may do what `watch` knows.
 * @param {string} words
 * @param {(scene: Scene) => Promise<void>} body
 */
export function promise(words, body) {
  made.push([words, body]);
}

/** Hands the tests that were made since the last time over to Node's runner, some of them at a time. */
export function handOver(room) {
  const promises = made.splice(0);
  describe(room, { concurrency: AT_A_TIME }, () => {
    for (const [words, body] of promises) test(words, { timeout: TEST_MS_MAX }, () => keep(words, body));
  });
}

async function keep(words, body) {
  const scene = new Scene();
  let failed = words;
  try {
    await body(scene);
    assert.deepEqual(scene.unexpected(), [], "a page did what it may not");
    failed = "";
  } finally {
    await scene.close(failed);
  }
}

/**
 * Looks again until something is there. Each look waits for an answer, so that nothing here sleeps.
 * @template T
 * @param {string} what
 * @param {() => Promise<T | undefined | false>} look
 * @param {number} [looksMax]
 * @returns {Promise<T>}
 */
export async function until(what, look, looksMax = LOOKS_MAX) {
  for (let looks = 0; looks < looksMax; looks += 1) {
    const found = await look();
    if (found) return found;
  }
  assert.fail(`${what}: not after ${looksMax} looks`);
}

async function picture(page, words) {
  mkdirSync(PICTURES, { recursive: true });
  const name = words.replace(/[^a-z0-9]+/gi, "-").slice(0, 80);
  // A page that crashed has no picture, and the test has failed already.
  await page.screenshot({ path: join(PICTURES, `${name}.png`), timeout: 5_000 }).catch(() => {});
}
