/**
 * Batches at the real system.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { ConflictError, TimeoutError, ValidationError } from "@eclips/sdk";
import { somebody } from "../world/customers.js";
import { collect, refused } from "../world/refused.js";

const WAIT = { timeoutMs: 60_000, pollIntervalMs: 100 };

export function promises() {
  test("starts a batch, waits for it and reads its rows", async () => {
    const { client } = await somebody();
    const rows = [{ task: "Get 3 vendor quotes for 500 laptops" }, { task: "x", data: { sandbox: { fail: "model" } } }];
    const { job } = await client.createBatch("procurement_specialist", rows, { name: "Laptops" });
    assert.equal(job.status, "pending");
    assert.equal(job.name, "Laptops");
    assert.equal(job.total_rows, 2);
    const batch = await client.waitForBatch(job.id, WAIT);
    assert.equal(batch.job.status, "completed");
    assert.deepEqual(
      batch.rows.map(({ row_index, status }) => [row_index, status]),
      [
        [0, "completed"],
        [1, "failed"],
      ],
    );
    assert.equal((await client.getRun(batch.rows[0].run_id)).batch_id, job.id);
    assert.deepEqual(await client.getBatch(job.id), batch);
  });

  test("lists batches, newest first", async () => {
    const { client } = await somebody();
    const made = [];
    for (const name of ["a", "b", "c"])
      made.unshift((await client.createBatch("center", [{ task: "x" }], { name })).job.id);
    for (const id of made) await client.waitForBatch(id, WAIT);
    const page = await client.listBatches({ limit: 2 });
    assert.equal(page.jobs.length, 2);
    assert.equal(page.limit, 2);
    assert.deepEqual(
      (await collect(client.allBatches({ limit: 2 }))).map(({ id }) => id),
      made,
    );
  });

  test("cancels a batch once", async () => {
    const { client } = await somebody();
    const { job } = await client.createBatch("center", [{ task: "x", data: { sandbox: { delay_ms: 8000 } } }]);
    assert.deepEqual(await client.cancelBatch(job.id), { cancelled: true });
    const error = await refused(client.cancelBatch(job.id), ConflictError);
    assert.equal(error.message, "Batch cannot be cancelled");
    assert.equal((await client.waitForBatch(job.id, WAIT)).job.status, "cancelled");
  });

  test("names the row that is wrong", async () => {
    const { client } = await somebody();
    const rows = Array.from({ length: 20 }, (_, at) => ({ task: at === 17 ? "" : "x" }));
    const error = await refused(client.createBatch("center", rows), ValidationError);
    assert.equal(error.field, "rows[17].task");
    const many = await refused(client.createBatch("center", Array(501).fill({ task: "x" })), ValidationError);
    assert.equal(many.message, "Maximum 500 rows per batch");
  });

  test("stops waiting in time, and the batch goes on", async () => {
    const { client } = await somebody();
    const { job } = await client.createBatch("center", [{ task: "x", data: { sandbox: { delay_ms: 2000 } } }]);
    const error = await refused(client.waitForBatch(job.id, { timeoutMs: 300, pollIntervalMs: 100 }), TimeoutError);
    assert.equal(error.statusCode, 408);
    assert.equal((await client.waitForBatch(job.id, WAIT)).job.status, "completed");
  });
}
