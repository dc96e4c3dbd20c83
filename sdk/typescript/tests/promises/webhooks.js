/**
 * Webhooks at the real system, received by a receiver of a test's own and verified there as a customer does.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { EClipsClient, NotFoundError, ValidationError } from "@eclips/sdk";
import { Receiver } from "../../../../tests/browser/world/receiver.js";
import { admin, somebody } from "../world/customers.js";
import { collect, refused } from "../world/refused.js";

const EVENTS = ["run.completed", "run.failed", "run.triage_required", "batch.completed"];

export function promises() {
  test("what arrives is verified, typed and of the right run", async () => {
    await atReceiver(async (receiver) => {
      const { client, org } = await somebody();
      const hook = await client.createWebhook(receiver.url, EVENTS);
      assert.equal(hook.status, "active");
      const { run_id } = await client.run("procurement_specialist", 'Prüfe \u{1F600} "quotes" \\');
      const { body, headers } = await receiver.next();
      assert.equal(EClipsClient.verifyWebhook(body, headers["x-eclips-signature"], hook.secret), true);
      assert.equal(EClipsClient.verifyWebhook(Buffer.from(body), headers["x-eclips-signature"], hook.secret), true);
      assert.equal(EClipsClient.verifyWebhook(`${body} `, headers["x-eclips-signature"], hook.secret), false);
      const event = EClipsClient.constructEvent(body, headers, hook.secret);
      assert.equal(event.event, "run.completed");
      assert.equal(event.run_id, run_id);
      assert.equal(event.organization_id, org);
      assert.equal(event.data.output.simulated, true);
    });
  });

  test("each kind of event is verified", async () => {
    await atReceiver(async (receiver) => {
      const { client } = await somebody();
      const hook = await client.createWebhook(receiver.url, EVENTS);
      const next = async () => {
        const { body, headers } = await receiver.next();
        return EClipsClient.constructEvent(body, new Headers(headers), hook.secret);
      };
      await client.run("researcher", "x", { sandbox: { confidence: 0.4 } });
      assert.equal((await next()).event, "run.triage_required");
      await client.run("researcher", "x", { sandbox: { fail: "model" } });
      const failed = await next();
      assert.equal(failed.event, "run.failed");
      assert.equal(typeof failed.data.error, "string");
      const { job } = await client.createBatch("center", [{ task: "x" }]);
      const seen = [await next(), await next()];
      const batch = seen.find(({ event }) => event === "batch.completed");
      assert.equal(batch.batch_id, job.id);
      assert.equal(batch.data.completed_rows, 1);
    });
  });

  test("during a rotation both secrets are good, in one call", async () => {
    await atReceiver(async (receiver) => {
      const { client } = await somebody();
      const hook = await client.createWebhook(receiver.url, ["run.completed"]);
      const { secret } = await client.rotateWebhookSecret(hook.id);
      assert.notEqual(secret, hook.secret);
      await client.run("center", "x");
      const { body, headers } = await receiver.next();
      for (const known of [secret, hook.secret, [hook.secret, secret]]) {
        assert.equal(EClipsClient.constructEvent(body, headers, known).event, "run.completed");
      }
      assert.equal(
        EClipsClient.verifyWebhook(body, headers["x-eclips-signature"], hook.secret),
        false,
        "the manual's header has room for one",
      );
      assert.equal(EClipsClient.verifyWebhook(body, headers["x-eclips-signature"], [hook.secret, secret]), true);
    });
  });

  test("a run's own URL is signed with the default secret", async () => {
    await atReceiver(async (receiver) => {
      const { client, org } = await somebody();
      await client.run("center", "x", null, { webhookUrl: receiver.url });
      const { secret } = await admin("webhook", "default-secret", "--org", org);
      const { body, headers } = await receiver.next();
      assert.equal(EClipsClient.verifyWebhook(body, headers["x-eclips-signature"], secret), true);
    });
  });

  test("lists, resends and deletes", async () => {
    await atReceiver(async (receiver) => {
      const { client } = await somebody();
      const hook = await client.createWebhook(receiver.url, ["run.completed"]);
      const { data } = await client.listWebhooks();
      assert.deepEqual(
        data.map(({ id }) => id),
        [hook.id],
      );
      assert.ok(!("secret" in data[0]));
      assert.deepEqual(
        (await collect(client.allWebhooks())).map(({ id }) => id),
        [hook.id],
      );

      const { run_id } = await client.run("center", "x");
      const first = await receiver.next();
      const delivery = await delivered(client, hook.id);
      assert.equal(delivery.run_id, run_id);
      assert.equal(delivery.attempts[0].status_code, 200);
      assert.equal(delivery.id, first.headers["webhook-id"]);
      assert.deepEqual(await client.resendDelivery(hook.id, delivery.id), { id: delivery.id, status: "pending" });
      const second = await receiver.next();
      assert.equal(second.body, first.body);
      assert.equal(second.headers["webhook-id"], first.headers["webhook-id"]);

      assert.deepEqual(await client.deleteWebhook(hook.id), { deleted: true });
      await refused(client.deleteWebhook(hook.id), NotFoundError);
      await refused(client.rotateWebhookSecret(hook.id), NotFoundError);
      await refused(client.resendDelivery(hook.id, delivery.id), NotFoundError);
    });
  });

  test("a URL that is not public is refused by its field", async () => {
    const { client } = await somebody();
    const plain = await refused(client.createWebhook("http://hooks.example.com", ["run.completed"]), ValidationError);
    assert.equal(plain.message, "url must be https");
    assert.equal(plain.field, "url");
    const inside = await refused(client.createWebhook("https://10.0.0.1/hook", ["run.completed"]), ValidationError);
    assert.equal(inside.statusCode, 422);
    await refused(client.createWebhook("https://hooks.example.com", []), ValidationError);
  });
}

async function atReceiver(act) {
  const receiver = await Receiver.start();
  try {
    await act(receiver);
  } finally {
    receiver.stop();
  }
}

/** The first delivery of a webhook, once it was taken; the list may lag by seconds. */
async function delivered(client, webhook) {
  for (let looks = 0; looks < 100; looks += 1) {
    for await (const delivery of client.allDeliveries(webhook)) if (delivery.status === "delivered") return delivery;
    await new Promise((done) => setTimeout(done, 100));
  }
  return assert.fail("nothing was delivered");
}
