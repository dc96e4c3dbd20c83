// Sessions that ended, and sign-ins that are too long ago: nothing is done, nothing is lost, and the way back is short.

import assert from "node:assert/strict";
import { sessionOf } from "../world/chromium.js";
import { heading, makeKey, place, proveWho, shownKey, signIn } from "../world/pages.js";
import { SESSION } from "../world/people.js";
import { promise } from "../world/scene.js";
import { dashboard } from "../world/server.js";
import * as store from "../world/store.js";

promise("an expired session leads a page to a sign-in, and back to where one was", async (scene) => {
  const owner = await scene.owner();
  const page = await scene.browse(owner);
  await page.goto(dashboard("/settings/api-keys"));
  await store.makeExpired(owner.cookie);
  await page.goto(dashboard("/settings/api-keys/new?preset=read"));
  assert.equal(await heading(page), "Sign in to eClips");
  await page.getByRole("link", { name: "Sign in with your e-mail address" }).click();
  await proveWho(page, owner.email);
  assert.equal(place(page), "/settings/api-keys/new?preset=read");
  assert.notEqual(await sessionOf(page.context()), owner.cookie, "a new session");
});

for (const [what, age] of [
  ["expired", store.makeExpired],
  ["ended at its longest", endNow],
]) {
  promise(`a form of a session that ${what} is a 401 that changed nothing`, async (scene) => {
    const owner = await scene.owner();
    const page = await scene.browse(owner);
    await page.goto(dashboard("/settings/api-keys/new"));
    await page.getByLabel("Name").fill("Too late");
    await age(owner.cookie);
    const status = await store.unchanged(owner.org.id, () => sendForm(page, "Create key", "You are signed out"));
    assert.equal(status, 401);
  });
}

promise("a session without its record opens nothing", async (scene) => {
  const owner = await scene.owner();
  const forged = Buffer.alloc(32, 7).toString("base64url");
  for (const cookie of [forged, "", "x", "../", forged.slice(1), `${forged}A`]) {
    const answer = await owner.look("/settings/api-keys", { cookie: `${SESSION}=${cookie}` });
    assert.equal(answer.status, 303, cookie);
    assert.match(answer.location, /^\/sign-in\?to=/);
  }
  const twice = `${SESSION}=${owner.cookie}; ${SESSION}=${owner.cookie}`;
  assert.equal((await owner.look("/settings/api-keys", { cookie: twice })).status, 303, "two of the same name");
});

promise("a session that is in use is renewed, and never beyond its longest", async (scene) => {
  const owner = await scene.owner();
  const page = await scene.browse(owner);
  const soon = Date.now() + 20 * 60_000;
  await store.setSession(owner.cookie, { expires_at: soon });
  const renewed = await owner.look("/settings/api-keys");
  assert.match(
    renewed.headers["set-cookie"][0],
    /^eclips_session=[^;]+; HttpOnly; SameSite=Lax; Path=\/; Max-Age=3\d\d\d$/,
  );
  const end = Date.now() + 5 * 60_000;
  await store.setSession(owner.cookie, { expires_at: end - 1, ends_at: end });
  const last = await owner.look("/settings/api-keys");
  const seconds = Number(/Max-Age=(\d+)/.exec(last.headers["set-cookie"][0])[1]);
  assert.ok(seconds > 280 && seconds <= 300, `${seconds}`);
  await page.goto(dashboard("/settings/api-keys"));
  assert.equal(await heading(page), "API keys");
});

promise("a sign-in replaces the session that the browser had", async (scene) => {
  const owner = await scene.owner();
  const before = owner.cookie;
  await owner.signIn();
  assert.notEqual(owner.cookie, before, "no session outlives a sign-in");
  assert.equal((await owner.look("/settings/api-keys")).status, 200);
  owner.cookie = before;
  assert.equal((await owner.look("/settings/api-keys")).status, 303);
});

for (const what of ["new", "roll", "revoke"]) {
  promise(`a stale sign-in is asked for again before the page to ${what}, and leads back to it`, async (scene) => {
    const owner = await scene.owner();
    const { key_id: id } = await owner.makeKey("Old");
    const path = what === "new" ? "/settings/api-keys/new?preset=batches" : `/settings/api-keys/${id}/${what}`;
    const page = await scene.browse(owner);
    await store.makeStale(owner.cookie);
    const answer = await page.goto(dashboard(path));
    assert.equal(answer.status(), 403);
    await signInAgain(page, owner);
    assert.equal(place(page), path);
    assert.match(await heading(page), /^(New API key|Roll “Old”|Revoke “Old”\?)$/);
  });
}

promise("a stale sign-in still reads everything", async (scene) => {
  const owner = await scene.owner();
  const { key_id: id } = await owner.makeKey("Old");
  await store.makeStale(owner.cookie);
  for (const path of ["/settings/api-keys", `/settings/api-keys/${id}`, "/settings/audit-log", "/organizations"]) {
    assert.equal((await owner.look(path)).status, 200, path);
  }
});

promise("a form that grew stale changes nothing, asks for a sign-in, and can be sent after it", async (scene) => {
  const owner = await scene.owner();
  const page = await scene.browse(owner);
  await page.goto(dashboard("/settings/api-keys/new"));
  await page.getByLabel("Name").fill("After lunch");
  await store.makeStale(owner.cookie);
  const status = await store.unchanged(owner.org.id, () => sendForm(page, "Create key", "Confirm that it is you"));
  assert.equal(status, 403);
  await signInAgain(page, owner);
  assert.equal(place(page), "/settings/api-keys/new");
  await page.getByLabel("Name").fill("After lunch");
  await page.getByRole("button", { name: "Create key" }).click();
  await shownKey(page);
});

promise("a form that was opened in time may still be sent when none would be shown any more", async (scene) => {
  const owner = await scene.owner();
  const form = await owner.keyForm("In time");
  await store.makeStale(owner.cookie, 12);
  assert.equal((await owner.look("/settings/api-keys/new")).status, 403);
  assert.equal((await owner.post("/settings/api-keys", form)).status, 201);
});

for (const [what, button] of [
  ["roll", "Roll key"],
  ["revoke", "Revoke key"],
]) {
  promise(`a form to ${what} that grew stale changes nothing and leads back to itself`, async (scene) => {
    const owner = await scene.owner();
    const { key_id: id } = await owner.makeKey("Old");
    const page = await scene.browse(owner);
    await page.goto(dashboard(`/settings/api-keys/${id}/${what}`));
    await store.makeStale(owner.cookie);
    const status = await store.unchanged(owner.org.id, () => sendForm(page, button, "Confirm that it is you"));
    assert.equal(status, 403);
    await signInAgain(page, owner);
    assert.equal(place(page), `/settings/api-keys/${id}/${what}`);
  });
}

promise("going to another organization makes no stale sign-in a recent one", async (scene) => {
  const owner = await scene.owner();
  const other = await (await scene.owner()).org.add("owner", owner.email);
  await store.makeStale(owner.cookie);
  const form = { ...(await owner.open("/organizations")), org: other.org.id };
  const answer = await owner.post("/organizations", form);
  assert.equal(answer.status, 303);
  owner.cookie = answer.cookies[SESSION];
  assert.equal((await owner.look("/settings/api-keys")).status, 200);
  assert.equal((await owner.look("/settings/api-keys/new")).status, 403);
});

promise(
  "back after a creation leads to a form that works, and a reload of the answer sends nothing again",
  async (scene) => {
    const owner = await scene.owner();
    const page = await scene.browse(owner);
    const first = await makeKey(page, "One");
    await page.reload();
    assert.equal(place(page), `/settings/api-keys/${first.key_id}`);
    await page.goBack();
    await page.getByLabel("Name").fill("Two");
    await page.getByRole("button", { name: "Create key" }).click();
    const second = await shownKey(page);
    const ids = (await store.keys(owner.org.id)).map(({ id }) => id);
    assert.deepEqual(ids, [first.key_id, second.key_id]);
  },
);

promise("a reload of the answer without script is a 409 page that leads to the key", async (scene) => {
  const owner = await scene.owner();
  const page = await scene.browse(owner, { javaScriptEnabled: false });
  const made = await makeKey(page, "Reloaded");
  const answer = await page.reload();
  assert.equal(answer.status(), 409);
  assert.equal(await heading(page), "This form was sent before");
  assert.ok(!(await page.content()).includes(made.key));
  await page.getByRole("link", { name: "Look at that key" }).click();
  assert.equal(place(page), `/settings/api-keys/${made.key_id}`);
});

promise("signing in by the pages leads to the page that was asked for", async (scene) => {
  const owner = await scene.owner();
  const page = await scene.browse();
  await signIn(page, owner.email, "/settings/audit-log");
  assert.equal(place(page), "/settings/audit-log");
});

function endNow(cookie) {
  return store.setSession(cookie, { ends_at: Date.now() - 1 });
}

/** Presses a button and waits for the page that refuses. @returns {Promise<number>} its status */
async function sendForm(page, button, title) {
  const answer = page.waitForResponse((response) => response.request().method() === "POST");
  await page.getByRole("button", { name: button }).click();
  await page.getByRole("heading", { name: title }).waitFor();
  return (await answer).status();
}

async function signInAgain(page, person) {
  await page.getByRole("link", { name: "Sign in again" }).click();
  await proveWho(page, person.email);
}
