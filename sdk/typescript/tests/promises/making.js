/**
 * What a client can be made with, and what it cannot.
 */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { AuthenticationError, EClipsClient, ValidationError } from "@eclips/sdk";
import { strangersKey } from "../world/customers.js";

const apiKey = strangersKey();

export function promises() {
  test("throws without a key", () => {
    for (const options of [undefined, {}, { apiKey: undefined }, { apiKey: "" }, { apiKey: "  \n" }, { apiKey: 7 }]) {
      assert.throws(
        () => new EClipsClient(options),
        (error) => {
          assert.ok(error instanceof AuthenticationError);
          assert.equal(error.statusCode, 401);
          assert.equal(error.code, "missing_api_key");
          return true;
        },
      );
    }
  });

  test("refuses a key that cannot stand in a header, and does not repeat it", () => {
    for (const odd of [`${apiKey}\nX-Other: 1`, `${apiKey} x`, `${apiKey}ü`, `${apiKey}\0`]) {
      assert.throws(
        () => new EClipsClient({ apiKey: odd }),
        (error) => {
          assert.ok(error instanceof ValidationError);
          assert.equal(error.field, "apiKey");
          assert.ok(!String(error.stack).includes(apiKey));
          return true;
        },
      );
    }
  });

  test("takes the blanks off a key that was read from a file", () => {
    assert.ok(new EClipsClient({ apiKey: ` ${apiKey}\n` }));
  });

  test("refuses to send a key over plain http, but to loopback", () => {
    const refused = [
      "http://api.example.com",
      "http://127.0.0.1.example.com",
      "http://localhost.example.com",
      "http://10.0.0.1:8787",
      "http://0.0.0.0:8787",
      "http://[::ffff:127.0.0.1]:8787",
      "http://user@127.0.0.1",
      "HTTP://EXAMPLE.COM",
      "ftp://127.0.0.1",
      "javascript:alert(1)",
      "127.0.0.1:8787",
      "",
      "https://user:word@api.example.com",
      "https://api.example.com/?stage=1",
      "https://api.example.com/#v1",
      7,
    ];
    for (const baseUrl of refused) {
      assert.throws(
        () => new EClipsClient({ apiKey, baseUrl }),
        (error) => error instanceof ValidationError && error.field === "baseUrl",
        baseUrl,
      );
    }
    const taken = [
      "https://api.example.com",
      "https://api.example.com/prod/",
      "http://localhost:1",
      "http://127.0.0.1",
      "http://127.8.9.1",
      "http://[::1]:8787",
      "http://2130706433",
    ];
    for (const baseUrl of taken) assert.ok(new EClipsClient({ apiKey, baseUrl }), baseUrl);
  });

  test("refuses numbers that cannot be meant", () => {
    for (const timeoutMs of [0, -1, Number.NaN, "1000", null])
      assert.throws(() => new EClipsClient({ apiKey, timeoutMs }), ValidationError);
    for (const maxRetries of [-1, 1.5, 11, Number.NaN, Infinity, "2"])
      assert.throws(() => new EClipsClient({ apiKey, maxRetries }), ValidationError);
    assert.ok(new EClipsClient({ apiKey, timeoutMs: Infinity, maxRetries: 0 }));
    assert.throws(() => new EClipsClient({ apiKey, fetch: "fetch" }), ValidationError);
  });

  test("is not made in a browser, unless asked", () => {
    const page = "globalThis.window = { document: {} };";
    const worker = "globalThis.importScripts = () => {}; globalThis.location = {};";
    for (const place of [page, worker]) {
      assert.match(inProcess(`${place} new EClipsClient({ apiKey: "x" })`), /^browser_refused: This is a browser/);
      assert.equal(inProcess(`${place} new EClipsClient({ apiKey: "x", dangerouslyAllowBrowser: true })`), "made");
    }
  });

  test("goes to ECLIPS_BASE_URL or to cargo dev where no address is given, and is as strict with it", () => {
    const asked = `new EClipsClient({ apiKey: "no-key-of-anybody", maxRetries: 0, fetch: async (url) => { throw { code: "at_" + new URL(url).host.replace(/\\W/g, "_") } } }).health()`;
    assert.equal(inProcess(asked), "connection_error: Connection failed: at_127_0_0_1_8787");
    assert.equal(
      inProcess(asked, { ECLIPS_BASE_URL: "https://api.example.com" }),
      "connection_error: Connection failed: at_api_example_com",
    );
    assert.match(
      inProcess(asked, { ECLIPS_BASE_URL: "http://api.example.com" }),
      /^validation_error: baseUrl must be https/,
    );
  });
}

/** Runs some lines in a process of their own. @returns {string} what became of them */
function inProcess(lines, env = {}) {
  const script = `
    import { EClipsClient } from ${JSON.stringify(import.meta.resolve("@eclips/sdk"))};
    try { ${lines.replace(/new EClipsClient(?=[^;]*$)/, "await new EClipsClient")}; console.log("made"); }
    catch (error) { console.log(error.code + ": " + error.message); }`;
  return execFileSync(process.execPath, ["--input-type=module", "-e", script], {
    encoding: "utf8",
    env,
    timeout: 20_000,
  }).trim();
}
