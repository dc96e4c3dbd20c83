/**
 * Waits for runs: bounded, stopped when told, not deterred by a short outage.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { EClipsClient, NotFoundError, ServerError, TimeoutError, ValidationError } from "@eclips/sdk";
import { somebody, strangersKey } from "../world/customers.js";
import { refused } from "../world/refused.js";
import { RUN, Scripted, cut, hang, json, refuse } from "../world/scripted.js";

const RUNNING = { ...RUN, status: "running" };

export function promises() {
  test("looks again until it is over, at its interval", async () => {
    await at([json(200, { ...RUN, status: "queued" }), json(200, RUNNING), json(200, RUN)], async (client, server) => {
      assert.deepEqual(await client.waitForRun(RUN.id, { pollIntervalMs: 200 }), RUN);
      const [first, second, third] = server.heard.map((heard) => heard.at);
      for (const pause of [second - first, third - second]) assert.ok(pause >= 195 && pause < 1000, `${pause}`);
    });
  });

  test("outages between looks are got over", async () => {
    await at([json(200, RUNNING), refuse(503, 0), cut(), json(200, RUN)], async (client) => {
      assert.deepEqual(await client.waitForRun(RUN.id, { pollIntervalMs: 50 }), RUN);
    });
  });

  test("what does not pass ends the wait, with the run", async () => {
    await at([json(200, RUNNING), json(404, { error: "Run not found" })], async (client) => {
      assert.equal((await refused(client.waitForRun(RUN.id, { pollIntervalMs: 50 }), NotFoundError)).runId, RUN.id);
    });
    await at([json(202, { run_id: RUN.id }), json(500, {})], async (client) => {
      assert.equal((await refused(client.runAndWait("center", "x"), ServerError)).runId, RUN.id);
    });
  });

  test("the time is for everything: pauses, looks that hang, the start of the run", async () => {
    for (const [steps, heard] of [
      [[json(200, RUNNING)], 5],
      [[json(200, RUNNING), hang()], 2],
      [[hang()], 1],
    ]) {
      await at(steps, async (client, server) => {
        const begin = performance.now();
        const error = await refused(client.waitForRun(RUN.id, { timeoutMs: 500, pollIntervalMs: 100 }), TimeoutError);
        assert.ok(performance.now() - begin < 2000);
        assert.equal(error.runId, RUN.id);
        assert.ok(server.heard.length <= heard);
      });
    }
    await at([hang()], async (client) => {
      const error = await refused(client.runAndWait("center", "x", null, { timeoutMs: 300 }), TimeoutError);
      assert.equal(error.runId, undefined, "nobody knows of a run yet");
    });
    await at([json(202, { run_id: RUN.id }), json(200, RUNNING)], async (client) => {
      const begin = performance.now();
      await refused(client.runAndWait("center", "x", null, { timeoutMs: 400, pollIntervalMs: 60_000 }), TimeoutError);
      assert.ok(performance.now() - begin < 2000);
    });
  });

  test("a signal ends it, and the run goes on", async () => {
    const { client } = await somebody();
    const { run_id } = await client.run("center", "x", { sandbox: { delay_ms: 1500 } });
    const controller = new AbortController();
    const waiting = client.waitForRun(run_id, { signal: controller.signal, pollIntervalMs: 60_000 });
    setTimeout(() => controller.abort(new RangeError("enough")), 300);
    await refused(waiting, RangeError);
    assert.equal((await client.waitForRun(run_id, { pollIntervalMs: 100 })).status, "completed");
  });

  test("intervals that would be a flood are made longer, and those that cannot be meant are refused", async () => {
    await at([json(200, RUNNING)], async (client, server) => {
      await refused(client.waitForRun(RUN.id, { pollIntervalMs: 0, timeoutMs: 500 }), TimeoutError);
      assert.ok(server.heard.length <= 11, `${server.heard.length}`);
    });
    await at([json(200, RUN)], async (client, server) => {
      for (const pollIntervalMs of [-1, Number.NaN, "1000", null]) {
        await refused(client.waitForRun(RUN.id, { pollIntervalMs }), ValidationError);
      }
      for (const timeoutMs of [0, -1, Number.NaN]) {
        await refused(client.waitForRun(RUN.id, { timeoutMs }), ValidationError);
      }
      assert.equal(server.heard.length, 0);
    });
  });
}

async function at(steps, act) {
  const server = await Scripted.start(...steps);
  try {
    await act(new EClipsClient({ apiKey: strangersKey(), baseUrl: server.url }), server);
  } finally {
    server.stop();
  }
}
