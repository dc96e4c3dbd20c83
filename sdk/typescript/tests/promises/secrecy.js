/**
 * The key is in the header of a request and in nothing else: no error, no inspection, no log of this client.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { EClipsClient, EClipsError } from "@eclips/sdk";
import { baseUrl, somebody, strangersKey } from "../world/customers.js";
import { collect, refused } from "../world/refused.js";
import { RUN, Scripted, cut, half, hang, text } from "../world/scripted.js";

/** No shorter piece counts as a leak: `eck_live_` is in our own words. */
const PIECE_LENGTH = 8;

export function promises() {
  test("a client shows nothing of its key", async () => {
    const { client, key } = await somebody();
    await client.getUsage();
    assertSilent(client, key);
    assert.deepEqual(Object.keys(client), []);
    assert.equal(JSON.stringify(client), "{}");
    assert.throws(() => structuredClone(Object.getOwnPropertyDescriptors(client)).transport.key);
  });

  test("no error has the key or a header, however it is looked at", async () => {
    const key = strangersKey();
    const { client: limited } = await somebody({ scopes: [] });
    const real = new EClipsClient({ apiKey: key, baseUrl: baseUrl() });
    const errors = [await refused(real.listRuns(), EClipsError), await refused(limited.listRuns(), EClipsError)];
    const echo = (heard, response) =>
      response
        .writeHead(400, {
          "x-request-id": heard.headers.authorization,
          "x-eclips-error-code": heard.headers.authorization,
        })
        .end(JSON.stringify({ error: `Bad ${JSON.stringify(heard.headers)}`, field: heard.headers.authorization }));
    const escaped = (heard, response) =>
      response
        .writeHead(409)
        .end(
          `{"error":"${unicode(heard.headers.authorization)}","status":"${unicode(heard.headers.authorization)}","decided_by":"${heard.headers.authorization}"}`,
        );
    const scopes = (heard, response) =>
      response.writeHead(403).end(
        JSON.stringify({
          error: "x",
          required: heard.headers.authorization,
          provided: [heard.headers.authorization],
        }),
      );
    const elsewhere = (heard, response) =>
      response.writeHead(307, { location: `https://example.com/?${heard.headers.authorization}` }).end();
    for (const step of [echo, escaped, scopes, elsewhere, cut(), half(), hang(), text(502, "<html>"), text(200, "")]) {
      const server = await Scripted.start(step);
      const client = new EClipsClient({ apiKey: key, baseUrl: server.url, maxRetries: 0 });
      errors.push(
        await refused(
          client.run("center", "a task of nobody's business", null, {
            timeoutMs: 500,
            idempotencyKey: "a-name-of-nobodys-business",
          }),
          EClipsError,
        ),
      );
      server.stop();
    }
    const streamed = await Scripted.start(cut());
    errors.push(
      await refused(
        collect(new EClipsClient({ apiKey: key, baseUrl: streamed.url, maxRetries: 0 }).streamRun(RUN.id)),
        EClipsError,
      ),
    );
    streamed.stop();
    for (const error of errors) {
      assertSilent(error, key);
      assert.equal(error.cause, undefined);
      const shown = everything(error);
      assert.ok(!shown.includes("nobodys-business") || error.statusCode === 400, "only an echo repeats what was sent");
    }
  });

  test("a fetch that complains with the whole request is not quoted", async () => {
    const key = strangersKey();
    for (const wrap of [(error) => error, (error) => Object.assign(new TypeError("fetch failed"), { cause: error })]) {
      const fetch = async (url, init) => {
        throw wrap(
          Object.assign(new Error(`cannot send ${JSON.stringify(init)}`), {
            code: `E_${init.headers.Authorization.slice(7)}`,
            init,
            headers: init.headers,
          }),
        );
      };
      const client = new EClipsClient({ apiKey: key, baseUrl: "https://api.example.com", fetch, maxRetries: 0 });
      const error = await refused(client.getUsage(), EClipsError);
      assert.equal(error.code, "connection_error");
      assertSilent(error, key);
    }
  });

  test("the key is in one header and in no URL, and not sent for the health", async () => {
    const server = await Scripted.start(text(200, "{}"));
    const key = strangersKey();
    const client = new EClipsClient({ apiKey: key, baseUrl: server.url });
    await client.health();
    assert.ok(!JSON.stringify(server.heard[0]).includes(key));
    await client.listRuns({ status: "failed" });
    await client.run("center", "x");
    for (const heard of server.heard.slice(1)) {
      assert.equal(heard.headers.authorization, `Bearer ${key}`);
      assert.ok(!JSON.stringify({ ...heard, headers: { ...heard.headers, authorization: "" } }).includes(key));
    }
    server.stop();
  });

  test("nothing is written to the console", async (t) => {
    const written = [];
    for (const name of ["log", "info", "warn", "error", "debug"])
      t.mock.method(console, name, (...words) => written.push(words));
    const server = await Scripted.start(cut(), text(503, ""), text(500, ""));
    await refused(new EClipsClient({ apiKey: strangersKey(), baseUrl: server.url }).getUsage(), EClipsError);
    server.stop();
    assert.deepEqual(written, []);
  });
}

function assertSilent(thing, key) {
  const shown = everything(thing);
  const secret = key.replace(/^eck_(live|test)_/, "");
  for (let at = 0; at + PIECE_LENGTH <= secret.length; at += 1) {
    assert.ok(!shown.includes(secret.slice(at, at + PIECE_LENGTH)), `a piece of the key is in: ${shown}`);
  }
}

/** A thing in every way in which people look at things. */
function everything(thing) {
  const options = { depth: Infinity, showHidden: true, showProxy: true, getters: true };
  const own = Object.getOwnPropertyNames(thing).map((name) => `${name}: ${inspect(thing[name], options)}`);
  return [String(thing), JSON.stringify(thing), inspect(thing, options), thing.stack, ...own].join("\n");
}

function unicode(text) {
  return [...text].map((letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`).join("");
}
