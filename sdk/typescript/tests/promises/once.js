/**
 * What happens once however often it was sent: through a proxy that throws the real system's answers away.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { ConflictError, ConnectionError, EClipsClient, ServerError, ValidationError } from "@eclips/sdk";
import { baseUrl, somebody, strangersKey } from "../world/customers.js";
import { Proxy } from "../world/proxy.js";
import { collect, refused } from "../world/refused.js";
import { Scripted, json, refuse } from "../world/scripted.js";

export function promises() {
  test("a run whose answer is lost twice is one run", async () => {
    await behindProxy(async ({ client, direct, proxy }) => {
      proxy.answersToLose = 2;
      const { run_id } = await client.run("center", "x");
      const names = proxy.heard.map(({ headers }) => headers["idempotency-key"]);
      assert.equal(names.length, 3);
      assert.equal(new Set(names).size, 1);
      await direct.waitForRun(run_id, { pollIntervalMs: 100 });
      assert.deepEqual(
        (await collect(direct.allRuns())).map(({ id }) => id),
        [run_id],
      );
    });
  });

  test("a batch whose answer is lost is one batch", async () => {
    await behindProxy(async ({ client, direct, proxy }) => {
      proxy.answersToLose = 1;
      const { job } = await client.createBatch("center", [{ task: "x" }]);
      await direct.waitForBatch(job.id, { pollIntervalMs: 100 });
      assert.deepEqual(
        (await collect(direct.allBatches())).map(({ id }) => id),
        [job.id],
      );
    });
  });

  test("two calls are two runs, and two under one name are one", async () => {
    const { client } = await somebody();
    const [one, two] = await Promise.all([client.run("center", "x"), client.run("center", "x")]);
    assert.notEqual(one.run_id, two.run_id);
    const named = () => client.run("center", "x", null, { idempotencyKey: "order-4711" });
    const all = await Promise.all([named(), named(), named()]);
    assert.equal(new Set(all.map(({ run_id }) => run_id)).size, 1);
    for (const idempotencyKey of ["", " ", "ü", "a b", "x".repeat(256), 7]) {
      assert.equal(
        (await refused(client.run("center", "x", null, { idempotencyKey }), ValidationError)).field,
        "idempotencyKey",
      );
    }
  });

  test("a cancellation whose answer is lost was a cancellation", async () => {
    await behindProxy(async ({ client, direct, proxy }) => {
      const { run_id } = await direct.run("center", "x", { sandbox: { delay_ms: 8000 } });
      proxy.answersToLose = 1;
      assert.deepEqual(await client.cancelRun(run_id), { cancelled: true });
      await refused(client.cancelRun(run_id), ConflictError);
      const { job } = await direct.createBatch("center", [{ task: "x", data: { sandbox: { delay_ms: 8000 } } }]);
      proxy.answersToLose = 1;
      assert.deepEqual(await client.cancelBatch(job.id), { cancelled: true });
    });
  });

  test("a decision and a deletion whose answers are lost stand", async () => {
    await behindProxy(async ({ client, direct, proxy }) => {
      const { triage_item_id } = await direct.runAndWait(
        "researcher",
        "x",
        { sandbox: { confidence: 0.4 } },
        { pollIntervalMs: 100 },
      );
      proxy.answersToLose = 1;
      assert.equal((await client.approveTriage(triage_item_id, { note: "Fine" })).status, "approved");
      const { id } = await direct.createWebhook("https://hooks.example.com/eclips", ["run.failed"]);
      proxy.answersToLose = 1;
      assert.deepEqual(await client.deleteWebhook(id), { deleted: true });
    });
  });

  test("a webhook whose answer is lost is not made twice, and nothing else that would do it twice is", async () => {
    await behindProxy(async ({ client, direct, proxy }) => {
      proxy.answersToLose = 1;
      await refused(client.createWebhook("https://hooks.example.com/eclips", ["run.failed"]), ConnectionError);
      const { data } = await direct.listWebhooks();
      assert.equal(data.length, 1);
      proxy.answersToLose = 1;
      await refused(client.rotateWebhookSecret(data[0].id), ConnectionError);
      assert.equal(proxy.heard.filter(({ line }) => line.startsWith("POST")).length, 2);
    });
    const calls = [
      (client) => client.createWebhook("https://hooks.example.com", ["run.failed"]),
      (client) => client.rotateWebhookSecret("019e9c29"),
      (client) => client.resendDelivery("019e9c29", "019e9c29"),
    ];
    for (const call of calls) {
      const server = await Scripted.start(refuse(429, 0), refuse(503, 0), json(200, {}));
      const client = new EClipsClient({ apiKey: strangersKey(), baseUrl: server.url });
      await refused(call(client), ServerError);
      assert.equal(server.heard.length, 2, "a 429 did nothing, after a 503 nobody knows");
      server.stop();
    }
  });
}

async function behindProxy(act) {
  const { key, client: direct } = await somebody();
  const proxy = await Proxy.start(baseUrl());
  try {
    await act({ direct, proxy, client: new EClipsClient({ apiKey: key, baseUrl: proxy.url }) });
  } finally {
    proxy.stop();
  }
}
