/**
 * What is tried again, when, and what is not.
 */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { ConnectionError, EClipsClient, RateLimitError, ServerError, TimeoutError, ValidationError } from "@eclips/sdk";
import { admin, somebody, strangersKey } from "../world/customers.js";
import { refused } from "../world/refused.js";
import { RUN, Scripted, cut, half, hang, json, refuse, text } from "../world/scripted.js";

export function promises() {
  test("after 503, 429 and cut connections it is tried again, and the answer is the answer", async () => {
    for (const fault of [refuse(503), refuse(429), cut(), half()]) {
      await at([fault, fault, json(200, RUN)], async (client, server) => {
        assert.deepEqual(await client.getRun(RUN.id), RUN);
        assert.equal(server.heard.length, 3);
      });
    }
  });

  test("after everything else it is not", async () => {
    for (const status of [400, 401, 403, 404, 409, 422, 500, 502, 504]) {
      await at([text(status, ""), json(200, RUN)], async (client, server) => {
        await refused(client.getRun(RUN.id), Error);
        assert.equal(server.heard.length, 1, `${status}`);
      });
    }
  });

  test("it is given up after maxRetries, of the client or of the call", async () => {
    await at([refuse(503)], async (client, server) => {
      await refused(client.getRun(RUN.id), ServerError);
      assert.equal(server.heard.length, 3);
      await refused(client.getRun(RUN.id, { maxRetries: 0 }), ServerError);
      assert.equal(server.heard.length, 4);
      for (const maxRetries of [-1, 1.5, 100]) await refused(client.getRun(RUN.id, { maxRetries }), ValidationError);
    });
    await at([cut()], async (client, server) => {
      await refused(client.getRun(RUN.id, { maxRetries: 1 }), ConnectionError);
      assert.equal(server.heard.length, 2);
    });
  });

  test("Retry-After is kept, never sooner and not everybody at once", async () => {
    for (const status of [429, 503]) {
      await at([refuse(status, 1), json(200, RUN)], async (client, server) => {
        await client.getRun(RUN.id);
        const pause = server.heard[1].at - server.heard[0].at;
        assert.ok(pause >= 1000 && pause < 2500, `${pause}`);
      });
    }
    const inTwo = new Date(Date.now() + 2000).toUTCString();
    await at([refuse(503, inTwo), json(200, RUN)], async (client, server) => {
      await client.getRun(RUN.id);
      const pause = server.heard[1].at - server.heard[0].at;
      assert.ok(pause >= 900 && pause < 3500, `${pause}`);
    });
  });

  test("without it the pauses double, with jitter", async () => {
    const pauses = [];
    for (let round = 0; round < 3; round += 1) {
      await at([refuse(503), refuse(503, -1), json(200, RUN)], async (client, server) => {
        await client.getRun(RUN.id);
        const [first, second, third] = server.heard.map((heard) => heard.at);
        pauses.push(second - first);
        assert.ok(second - first >= 245 && second - first < 1000, `${second - first}`);
        assert.ok(third - second >= 495 && third - second < 1700, `${third - second}`);
      });
    }
    assert.ok(new Set(pauses.map(Math.round)).size > 1, `${pauses}`);
  });

  test("who is told to come back later than he waits hears it at once", async () => {
    for (const retryAfter of [3600, "99999999999999999999", new Date(Date.now() + 86_400_000).toUTCString()]) {
      await at([refuse(429, retryAfter, "daily_limit")], async (client, server) => {
        const begin = performance.now();
        const error = await refused(client.getRun(RUN.id), RateLimitError);
        assert.ok(performance.now() - begin < 1000);
        assert.equal(error.code, "daily_limit");
        assert.ok(error.retryAfter >= 3600);
        assert.equal(server.heard.length, 1);
      });
    }
  });

  test("a limit of the real system is not waited for in vain", async () => {
    const { client, org } = await somebody();
    await admin("org", "set-limit", org, "standard-per-minute", "1");
    await client.getUsage();
    const begin = performance.now();
    const error = await refused(client.getUsage({ timeoutMs: 5000 }), RateLimitError);
    assert.ok(error.retryAfter > 5);
    assert.ok(performance.now() - begin < 4000);
  });

  test("a server that hangs is left in time, before and within its answer", async () => {
    const begun = (_, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.write("{");
    };
    for (const step of [hang(), begun]) {
      await at([step], async (client, server) => {
        const begin = performance.now();
        const error = await refused(client.getRun(RUN.id, { timeoutMs: 300 }), TimeoutError);
        const took = performance.now() - begin;
        assert.ok(took >= 295 && took < 2000, `${took}`);
        assert.equal(error.statusCode, 408);
        assert.equal(server.heard.length, 1);
      });
    }
  });

  test("the time is for all tries and pauses together", async () => {
    await at([refuse(503)], async (client, server) => {
      const begin = performance.now();
      await refused(client.getRun(RUN.id, { timeoutMs: 700, maxRetries: 10 }), ServerError);
      assert.ok(performance.now() - begin < 1500);
      assert.ok(server.heard.length < 4);
    });
  });

  test("a signal ends a call before it, within it, within its body and between its tries", async () => {
    const reason = new RangeError("enough");
    await at([json(200, RUN)], async (client, server) => {
      await refused(client.getRun(RUN.id, { signal: AbortSignal.abort(reason) }), RangeError);
      await refused(client.run("center", "x", null, { signal: AbortSignal.abort(reason) }), RangeError);
      await refused(client.runAndWait("center", "x", null, { signal: AbortSignal.abort(reason) }), RangeError);
      assert.equal(server.heard.length, 0);
      const aborted = await refused(client.getRun(RUN.id, { signal: AbortSignal.abort() }), Error);
      assert.equal(aborted.name, "AbortError");
    });
    for (const step of [hang(), openBody(), refuse(503, 20)]) {
      await at([step], async (client, server) => {
        const controller = new AbortController();
        const call = client.getRun(RUN.id, { signal: controller.signal });
        setTimeout(() => controller.abort(reason), 200);
        const begin = performance.now();
        assert.equal(await refused(call, RangeError), reason);
        assert.ok(performance.now() - begin < 2000);
        assert.equal(server.heard.length, 1);
      });
    }
  });

  test("a signal that is used often keeps no listener", async () => {
    await at([json(200, RUN)], async (client) => {
      const { signal } = new AbortController();
      let listeners = 0;
      const { addEventListener, removeEventListener } = signal;
      signal.addEventListener = (...given) => ((listeners += 1), addEventListener.apply(signal, given));
      signal.removeEventListener = (...given) => ((listeners -= 1), removeEventListener.apply(signal, given));
      for (let calls = 0; calls < 20; calls += 1) await client.getRun(RUN.id, { signal });
      assert.equal(listeners, 0);
    });
  });

  test("a process ends when its calls do: no timer and no listener keeps it", async () => {
    await at([refuse(503), json(200, RUN)], async (_, server) => {
      const script = `
        import { EClipsClient } from ${JSON.stringify(import.meta.resolve("@eclips/sdk"))};
        const client = new EClipsClient({ apiKey: "no-key-of-anybody", baseUrl: ${JSON.stringify(server.url)}, timeoutMs: 600_000 });
        await client.waitForRun(${JSON.stringify(RUN.id)}, { timeoutMs: 600_000 });
        console.log(process.getActiveResourcesInfo().filter((name) => name === "Timeout").length);`;
      const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], {
        timeout: 10_000,
      });
      assert.equal(stdout.trim(), "0");
    });
  });

  test("another fetch is used where one is given, and it alone", async () => {
    const asked = [];
    const fetch = async (url, init) => {
      asked.push({ url, init });
      return new Response(JSON.stringify(RUN), { status: 200 });
    };
    const client = new EClipsClient({ apiKey: strangersKey(), baseUrl: "https://api.example.com/prod/", fetch });
    assert.deepEqual(await client.getRun(RUN.id), RUN);
    assert.deepEqual(
      asked.map(({ url }) => url),
      [`https://api.example.com/prod/v1/runs/${RUN.id}`],
    );
    assert.equal(asked[0].init.headers.Authorization, `Bearer ${strangersKey()}`);
    assert.equal(asked[0].init.redirect, "manual");
  });

  test("a fetch that does not heed its signal is left all the same", async () => {
    const client = new EClipsClient({
      apiKey: strangersKey(),
      baseUrl: "https://api.example.com",
      fetch: () => new Promise(() => {}),
    });
    await refused(client.getUsage({ timeoutMs: 100 }), TimeoutError);
  });

  test("times that cannot be meant are refused, and endless ones are none that fire at once", async () => {
    await at([json(200, RUN)], async (client) => {
      for (const timeoutMs of [0, -5, Number.NaN, "soon"])
        await refused(client.getRun(RUN.id, { timeoutMs }), ValidationError);
      for (const timeoutMs of [Infinity, 2 ** 40, Number.MAX_VALUE])
        assert.deepEqual(await client.getRun(RUN.id, { timeoutMs }), RUN);
    });
  });
}

/** The head of an answer and the beginning of its body. */
function openBody() {
  return (_, response) => response.writeHead(200, { "content-type": "application/json" }).write("{");
}

async function at(steps, act) {
  const server = await Scripted.start(...steps);
  try {
    await act(new EClipsClient({ apiKey: strangersKey(), baseUrl: server.url }), server);
  } finally {
    server.stop();
  }
}
