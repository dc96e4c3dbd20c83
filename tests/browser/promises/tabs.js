// Two tabs of one browser: neither spoils what the other does.

import assert from "node:assert/strict";
import { heading, place, proveWho, shownKey } from "../world/pages.js";
import { call } from "../world/people.js";
import { promise } from "../world/scene.js";
import { dashboard } from "../world/server.js";
import * as store from "../world/store.js";

promise("two tabs make two keys, and each shows its own", async (scene) => {
  const owner = await scene.owner();
  const [one, other] = await twoTabs(scene, owner, "/settings/api-keys/new");
  await one.getByLabel("Name").fill("First");
  await other.getByLabel("Name").fill("Second");
  await Promise.all([one, other].map((tab) => tab.getByRole("button", { name: "Create key" }).click()));
  const [first, second] = [await shownKey(one), await shownKey(other)];
  assert.notEqual(first.key, second.key);
  for (const { key } of [first, second]) assert.equal((await call(key)).status, 200);
  const names = (await store.keys(owner.org.id)).map(({ name }) => name);
  assert.deepEqual(names.sort(), ["First", "Second"]);
});

promise("signing out in one tab leads the other's next page to a sign-in", async (scene) => {
  const owner = await scene.owner();
  const [one, other] = await twoTabs(scene, owner, "/settings/audit-log");
  await signOut(one, owner);
  await other.getByRole("link", { name: "API keys" }).click();
  await other.getByRole("heading", { name: "Sign in to eClips" }).waitFor();
  assert.equal(place(other), "/sign-in?to=%2Fsettings%2Fapi-keys");
});

promise("signing out in one tab makes the other's form a 401 that changed nothing", async (scene) => {
  const owner = await scene.owner();
  const [one, other] = await twoTabs(scene, owner, "/settings/api-keys/new");
  await signOut(one, owner);
  await other.getByLabel("Name").fill("Too late");
  const answer = await store.unchanged(owner.org.id, async () => {
    const sent = other.waitForResponse((response) => response.request().method() === "POST");
    await other.getByRole("button", { name: "Create key" }).click();
    await other.getByRole("heading", { name: "You are signed out" }).waitFor();
    return sent;
  });
  assert.equal(answer.status(), 401);
  await other.getByRole("link", { name: "Sign in" }).click();
  await proveWho(other, owner.email);
  assert.equal(place(other), "/settings/api-keys/new", "and back at the form");
});

promise("revoking in both tabs is done once, and the second one is told the same", async (scene) => {
  const owner = await scene.owner();
  const { key_id: id } = await owner.makeKey("Shared");
  const [one, other] = await twoTabs(scene, owner, `/settings/api-keys/${id}/revoke`);
  await one.getByRole("button", { name: "Revoke key" }).click();
  await one.getByText("The key is revoked.").waitFor();
  await store.unchanged(owner.org.id, async () => {
    await other.getByRole("button", { name: "Revoke key" }).click();
    await other.getByText("The key is revoked.").waitFor();
  });
  assert.equal(await heading(other), "Shared");
  assert.equal(await store.audited(owner.org.id, "key.revoked", id), 1);
});

promise("signing in in two tabs at once works in both", async (scene) => {
  const owner = await scene.owner();
  const [one, other] = await twoTabs(scene, undefined, "/settings/audit-log");
  for (const tab of [one, other]) await tab.getByRole("link", { name: "Sign in with your e-mail address" }).click();
  for (const tab of [one, other]) {
    await proveWho(tab, owner.email);
    assert.equal(place(tab), "/settings/audit-log");
  }
});

async function twoTabs(scene, person, path) {
  const context = await scene.context(person);
  const tabs = [await context.newPage(), await context.newPage()];
  for (const tab of tabs) await tab.goto(dashboard(path));
  return tabs;
}

async function signOut(tab, person) {
  await tab.getByText(person.email).first().click();
  await tab.getByRole("button", { name: "Sign out" }).click();
  await tab.getByText("You are signed out.").waitFor();
}
