// What is posted to a receiver is verified there as customers verify it: by the unmodified library of Standard Webhooks, and by
// the few lines of the manual. No browser has a part in it.

import assert from "node:assert/strict";
import { createHmac, timingSafeEqual } from "node:crypto";
import { Webhook } from "standardwebhooks";
import { Organization } from "../world/people.js";
import { Receiver } from "../world/receiver.js";
import { promise } from "../world/scene.js";
import { remember } from "../world/secrets.js";
import { admin, api } from "../world/server.js";

const SCOPES = "agents:run,agents:read,webhooks:read,webhooks:write";

promise("an unmodified Standard Webhooks library verifies what arrives, and the manual's lines do", async () => {
  const receiver = await Receiver.start();
  try {
    const { send } = await somebody();
    const hook = await send("POST", "/v1/webhooks", { url: receiver.url, events: ["run.completed"] });
    remember("webhook secret", hook.secret);
    const run = await send("POST", "/v1/run", { task: "Prüfe \u{1F600} \"quotes\" and \\ 500 laptops" });
    const arrived = await receiver.next();
    assertVerified(arrived, hook.secret);
    const told = new Webhook(hook.secret).verify(arrived.body, arrived.headers);
    assert.equal(told.run_id, run.run_id);
    assert.equal(told.event, "run.completed");

    // During a rotation, whoever has either secret verifies.
    const { secret } = await send("POST", `/v1/webhooks/${hook.id}/rotate`);
    remember("webhook secret", secret);
    await send("POST", "/v1/run", { task: "x" });
    const later = await receiver.next();
    assertVerified(later, secret);
    assert.ok(new Webhook(hook.secret).verify(later.body, later.headers));
  } finally {
    receiver.stop();
  }
});

promise("a run's own URL is signed with the organization's default secret", async () => {
  const receiver = await Receiver.start();
  try {
    const { org, send } = await somebody();
    await send("POST", "/v1/run", { task: "x", webhook_url: receiver.url });
    const arrived = await receiver.next();
    const { secret } = await admin("webhook", "default-secret", "--org", org.id);
    assertVerified(arrived, remember("webhook secret", secret));
  } finally {
    receiver.stop();
  }
});

/** Both ways say yes to what arrived, and no to anything else. */
function assertVerified({ headers, body }, secret) {
  const library = new Webhook(secret);
  assert.ok(library.verify(body, headers));
  assert.ok(byHand(headers["x-eclips-signature"], body, secret));
  const changed = body.replace('"sequence":', '"sequence" :');
  assert.notEqual(changed, body);
  assert.throws(() => library.verify(changed, headers));
  assert.ok(!byHand(headers["x-eclips-signature"], changed, secret));
  const stranger = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
  assert.throws(() => new Webhook(stranger).verify(body, headers));
  assert.ok(!byHand(headers["x-eclips-signature"], body, stranger));
  const old = { ...headers, "webhook-timestamp": String(Number(headers["webhook-timestamp"]) - 3600) };
  assert.throws(() => library.verify(body, old));
}

/** As the manual has it. */
function byHand(header, body, secret) {
  const expected = `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
  return header.length === expected.length && timingSafeEqual(Buffer.from(header), Buffer.from(expected));
}

/** Somebody with a key who sends JSON and reads JSON. */
async function somebody() {
  const org = await Organization.make();
  const { key } = await org.makeKey("Webhooks", "--scopes", SCOPES);
  const send = async (method, path, body) => {
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    const answer = await fetch(api(path), { method, headers, body: body && JSON.stringify(body) });
    const text = await answer.text();
    assert.ok(answer.ok, `${answer.status} ${text}`);
    return JSON.parse(text);
  };
  return { org, send };
}
