/**
 * What waits for a person, at the real system.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { ConflictError, ValidationError } from "@eclips/sdk";
import { keyFor, somebody } from "../world/customers.js";
import { collect, refused } from "../world/refused.js";

export function promises() {
  test("shows what waits, and lets it go on", async () => {
    const { client } = await somebody();
    const run = await undecided(client);
    const { data } = await client.listTriage({ limit: 5 });
    assert.deepEqual(
      data.map(({ id }) => id),
      [run.triage_item_id],
    );
    const item = await client.getTriageItem(run.triage_item_id);
    assert.equal(item.run_id, run.id);
    assert.equal(item.status, "pending");

    const decision = await client.approveTriage(item.id, { note: "Fine" });
    assert.equal(decision.status, "approved");
    assert.deepEqual(
      await client.approveTriage(item.id, { note: "Fine" }),
      decision,
      "the same decision again is the same answer",
    );
    const ended = await client.waitForRun(run.id, { pollIntervalMs: 100 });
    assert.equal(ended.status, "completed");
    assert.deepEqual(ended.result, item.payload);
    assert.equal((await client.getTriageItem(item.id)).note, "Fine");
    assert.deepEqual(
      (await collect(client.allTriage({ status: "approved" }))).map(({ id }) => id),
      [item.id],
    );
  });

  test("approves another output, if it fits", async () => {
    const { client } = await somebody();
    const run = await undecided(client);
    const { payload } = await client.getTriageItem(run.triage_item_id);
    const error = await refused(
      client.approveTriage(run.triage_item_id, { output: { nonsense: true } }),
      ValidationError,
    );
    assert.equal(error.statusCode, 422);
    assert.equal(error.code, "unprocessable");
    assert.ok(error.field);
    const output = { ...payload, summary: "As I say" };
    await client.approveTriage(run.triage_item_id, { output });
    const ended = await client.waitForRun(run.id, { pollIntervalMs: 100 });
    assert.equal(ended.result.summary, "As I say");
  });

  test("rejects, and says who decided to whoever comes later", async () => {
    const { client, org, keyId } = await somebody();
    const run = await undecided(client);
    const decision = await client.rejectTriage(run.triage_item_id, { note: "Too dear" });
    assert.equal(decision.status, "rejected");
    assert.equal(decision.decided_by, keyId);
    const other = await keyFor(org);
    const error = await refused(other.client.approveTriage(run.triage_item_id), ConflictError);
    assert.equal(error.message, "Triage item already rejected");
    assert.equal(error.status, "rejected");
    assert.equal(error.decidedBy, keyId);
    assert.equal(error.decidedAt, decision.decided_at);
    const ended = await client.waitForRun(run.id, { pollIntervalMs: 100 });
    assert.equal(ended.status, "cancelled");
    assert.equal(ended.error, "Rejected in triage: Too dear");
  });
}

/** A run that waits for a person. */
function undecided(client) {
  return client.runAndWait(
    "researcher",
    "x",
    { sandbox: { confidence: 0.4 } },
    { timeoutMs: 30_000, pollIntervalMs: 100 },
  );
}
