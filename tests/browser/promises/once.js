// What is sent twice is done once: double clicks, two requests at the same moment, a form sent again.

import assert from "node:assert/strict";
import { place, shownKey } from "../world/pages.js";
import { call, keyIn } from "../world/people.js";
import { promise } from "../world/scene.js";
import { dashboard } from "../world/server.js";
import * as store from "../world/store.js";

/** Requests at the same moment. */
const AT_ONCE = 4;

promise("a double click on Create makes one key, whose value is shown and works", async (scene) => {
  const owner = await scene.owner();
  const page = await scene.browse(owner);
  await page.goto(dashboard("/settings/api-keys/new"));
  await page.getByLabel("Name").fill("Twice");
  await clickTwice(page, "Create key");
  const made = await shownKey(page);
  assert.equal((await call(made.key)).status, 200);
  await oneKey(owner, made.key_id);
});

promise("a double click on Create without script makes one key, and leads to it", async (scene) => {
  const owner = await scene.owner();
  const page = await scene.browse(owner, { javaScriptEnabled: false });
  await page.goto(dashboard("/settings/api-keys/new"));
  await page.getByLabel("Name").fill("Twice");
  await clickTwice(page, "Create key");
  // The second click takes the first one's answer away, if it comes before it.
  const shown = page.getByRole("heading", { name: "Your new API key" });
  const lost = page.getByRole("link", { name: "Look at that key" });
  await shown.or(lost).waitFor();
  const [row] = await store.keys(owner.org.id);
  await oneKey(owner, row.id);
  const way = (await lost.count()) ? lost : page.getByRole("link", { name: "I have stored it" });
  assert.equal(await way.getAttribute("href"), `/settings/api-keys/${row.id}`);
});

promise("a double click on Roll makes one successor", async (scene) => {
  const owner = await scene.owner();
  const old = await owner.makeKey("Twice");
  const page = await scene.browse(owner);
  await page.goto(dashboard(`/settings/api-keys/${old.key_id}/roll`));
  await clickTwice(page, "Roll key");
  const fresh = await shownKey(page);
  assert.equal((await call(fresh.key)).status, 200);
  await oneSuccessor(owner, old.key_id, fresh.key_id);
});

promise("a double click on Revoke revokes once", async (scene) => {
  const owner = await scene.owner();
  const { key_id: id } = await owner.makeKey("Twice");
  const page = await scene.browse(owner);
  await page.goto(dashboard(`/settings/api-keys/${id}/revoke`));
  await clickTwice(page, "Revoke key");
  await page.getByText("The key is revoked.").waitFor();
  assert.equal(place(page), `/settings/api-keys/${id}?done=revoked`);
  assert.equal(await store.audited(owner.org.id, "key.revoked", id), 1);
});

promise(
  "one form for a key sent several times at the same moment makes one key; the others get 409 and lead to it",
  async (scene) => {
    const owner = await scene.owner();
    const form = await owner.keyForm("At once");
    const answers = await atOnce(() => owner.post("/settings/api-keys", form));
    const { key_id: id, key } = oneMade(answers);
    assert.equal((await call(key)).status, 200);
    await oneKey(owner, id);
    for (const late of answers.filter(({ status }) => status === 409)) {
      assert.match(late.body, new RegExp(`href="/settings/api-keys/${id}">Look at that key`));
    }
  },
);

promise("one roll form sent several times at the same moment makes one successor", async (scene) => {
  const owner = await scene.owner();
  const old = await owner.makeKey("At once");
  const form = { ...(await owner.open(`/settings/api-keys/${old.key_id}/roll`)), grace: "3600000" };
  const answers = await atOnce(() => owner.post(`/settings/api-keys/${old.key_id}/roll`, form));
  const { key_id: id } = oneMade(answers);
  await oneSuccessor(owner, old.key_id, id);
  for (const late of answers.filter(({ status }) => status === 409)) {
    assert.match(late.body, new RegExp(`href="/settings/api-keys/${id}">Look at that key`));
  }
});

promise("two roll forms of two tabs at the same moment make one successor", async (scene) => {
  const owner = await scene.owner();
  const old = await owner.makeKey("Two forms");
  const path = `/settings/api-keys/${old.key_id}/roll`;
  const forms = await Promise.all([owner.open(path), owner.open(path)]);
  assert.notEqual(forms[0].form_id, forms[1].form_id);
  const answers = await Promise.all(forms.map((form) => owner.post(path, { ...form, grace: "0" })));
  await oneSuccessor(owner, old.key_id, oneMade(answers).key_id);
});

promise("one revoke form sent several times at the same moment revokes once", async (scene) => {
  const owner = await scene.owner();
  const { key_id: id, key } = await owner.makeKey("At once");
  const path = `/settings/api-keys/${id}/revoke`;
  const form = await owner.open(path);
  const answers = await atOnce(() => owner.post(path, form));
  assert.deepEqual(
    answers.map(({ status }) => status),
    Array(AT_ONCE).fill(303),
  );
  assert.equal((await call(key)).status, 401);
  assert.equal(await store.audited(owner.org.id, "key.revoked", id), 1);
});

promise("a form sent again later makes no second key and shows no value", async (scene) => {
  const owner = await scene.owner();
  const form = await owner.keyForm("Once");
  const first = keyIn((await owner.post("/settings/api-keys", form)).body);
  await store.unchanged(owner.org.id, async () => {
    // What else is typed into it changes nothing: the form is used up.
    const again = await owner.post("/settings/api-keys", { ...form, name: "Other" });
    assert.equal(again.status, 409);
    assert.ok(!again.body.includes(first.key));
    assert.match(again.body, new RegExp(`/settings/api-keys/${first.key_id}`));
  });
});

/** A double click whose second half comes when the server has done what the first one asked, and its answer is on the way. */
async function clickTwice(page, name) {
  let clicked;
  const both = new Promise((done) => {
    clicked = done;
  });
  let first = true;
  await page.route("**/*", async (route) => {
    if (route.request().method() !== "POST" || !first) return route.fallback();
    first = false;
    const answer = await route.fetch({ maxRedirects: 0 });
    await both;
    // Whoever clicked twice may not wait for it any more.
    return route.fulfill({ response: answer }).catch(() => {});
  });
  const button = page.getByRole("button", { name });
  await button.scrollIntoViewIfNeeded();
  const box = await button.boundingBox();
  const at = [box.x + box.width / 2, box.y + box.height / 2];
  const sent = page.waitForRequest((request) => request.method() === "POST");
  await page.mouse.click(...at);
  await sent;
  await page.mouse.click(...at, { clickCount: 2 });
  clicked();
}

function atOnce(act) {
  return Promise.all(Array.from({ length: AT_ONCE }, act));
}

/** The key of the one answer that made one; all others say 409. */
function oneMade(answers) {
  const statuses = answers.map(({ status }) => status).sort();
  assert.deepEqual(statuses, [201, ...Array(answers.length - 1).fill(409)]);
  return keyIn(answers.find(({ status }) => status === 201).body);
}

async function oneKey(owner, id) {
  const rows = await store.keys(owner.org.id);
  assert.deepEqual(
    rows.map((row) => row.id),
    [id],
  );
  assert.equal(await store.audited(owner.org.id, "key.created", id), 1);
}

async function oneSuccessor(owner, old, fresh) {
  const rows = await store.keys(owner.org.id);
  assert.deepEqual(
    rows.map((row) => row.id),
    [old, fresh],
  );
  assert.equal(rows[0].item.rolled_to.S, fresh);
  assert.equal(await store.audited(owner.org.id, "key.rolled", old), 1);
}
