/**
 * Runs at the real system: started, read, waited for, cancelled.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { ConflictError } from "@eclips/sdk";
import { somebody } from "../world/customers.js";
import { refused } from "../world/refused.js";

export function promises() {
  test("says whether the service is there", async () => {
    const { client } = await somebody();
    const health = await client.health();
    assert.equal(health.status, "ok");
    assert.match(health.version, /^\d+\.\d+\.\d+$/);
    assert.ok(Math.abs(Date.parse(health.timestamp) - Date.now()) < 60_000);
  });

  test("starts a run and reads it", async () => {
    const { client } = await somebody();
    const data = { budget_usd: 400_000, note: 'für \u{1F600} "laptops" \\ \u2028', nested: { list: [1, null, true] } };
    const accepted = await client.run("procurement_specialist", "Get 3 vendor quotes for 500 laptops", data, {
      priority: "urgent",
    });
    assert.deepEqual(
      { ...accepted, run_id: "" },
      { run_id: "", status: "queued", agent_type: "procurement_specialist", estimated_completion: "async" },
    );
    const run = await client.getRun(accepted.run_id);
    assert.equal(run.id, accepted.run_id);
    assert.equal(run.priority, "urgent");
    assert.equal(run.mode, "live");
    assert.deepEqual(run.data, data);
  });

  test("starts a run and waits for it", async () => {
    const { client } = await somebody();
    const run = await client.runAndWait("procurement_specialist", "Get 3 vendor quotes for 500 laptops", undefined, {
      timeoutMs: 30_000,
      pollIntervalMs: 100,
    });
    assert.equal(run.status, "completed");
    assert.equal(run.result.simulated, true);
    assert.equal(run.error, null);
    assert.ok(run.confidence_score >= 0.85);
  });

  test("waits up to each of the four ends", async () => {
    const { client } = await somebody({ mode: "test" });
    const waited = async (sandbox) => {
      const run = await client.runAndWait("researcher", "x", { sandbox }, { timeoutMs: 60_000, pollIntervalMs: 100 });
      assert.equal(run.mode, "test");
      return run.status;
    };
    assert.equal(await waited({ confidence: 0.4 }), "pending_triage");
    assert.equal(await waited({ fail: "model" }), "failed");
    assert.equal(await waited({}), "completed");
    const { run_id } = await client.run("center", "x", { sandbox: { delay_ms: 5000 } });
    const waiting = client.waitForRun(run_id, { pollIntervalMs: 100 });
    await client.cancelRun(run_id);
    assert.equal((await waiting).status, "cancelled");
  });

  test("cancels a run once", async () => {
    const { client } = await somebody();
    const { run_id } = await client.run("center", "x", { sandbox: { delay_ms: 5000 } });
    assert.deepEqual(await client.cancelRun(run_id), { cancelled: true });
    const error = await refused(client.cancelRun(run_id), ConflictError);
    assert.equal(error.message, "Run cannot be cancelled");
    assert.equal(error.status, "cancelled");
    assert.ok(Date.parse(error.decidedAt) > 0);
  });

  test("posts a run's outcome where the run says", async () => {
    const { client } = await somebody();
    const { run_id } = await client.run("center", "x", null, { webhookUrl: "https://hooks.example.com/run" });
    assert.equal((await client.getRun(run_id)).data, null);
  });
}
