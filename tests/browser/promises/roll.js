// Rolling: a successor for a key, which goes on for as long as was chosen and not a moment longer.

import assert from "node:assert/strict";
import { fact, heading, shownKey } from "../world/pages.js";
import { call } from "../world/people.js";
import { promise, until } from "../world/scene.js";
import { dashboard } from "../world/server.js";
import * as store from "../world/store.js";

const HOUR_MS = 3_600_000;

for (const [words, grace] of [
  ["1 hour", HOUR_MS],
  ["24 hours", 24 * HOUR_MS],
  ["7 days", 7 * 24 * HOUR_MS],
]) {
  promise(`a key rolled with a grace of ${words} works until then, beside its successor`, async (scene) => {
    const { owner, old, page } = await usedKey(scene);
    const began = Date.now();
    const fresh = await roll(page, old.key_id, words);
    assert.equal((await call(fresh.key)).status, 200, "the new one");
    assert.equal((await call(old.key)).status, 200, "the old one");
    const [row, successor] = await store.keys(owner.org.id);
    assert.ok(row.expiresAt >= began + grace && row.expiresAt <= Date.now() + grace, `${row.expiresAt}`);
    assert.equal(successor.id, fresh.key_id);
    await page.goto(dashboard(`/settings/api-keys/${old.key_id}`));
    const days = Math.floor((grace - 1) / (24 * HOUR_MS));
    const left = days === 0 ? "in less than a day" : `in ${days} days`;
    assert.ok((await fact(page, "State").textContent()).startsWith(`Rolled, ends ${left}`));
    await page.getByRole("link", { name: fresh.key_id }).click();
    assert.equal(await heading(page), "Cash desk");
  });
}

promise("a key rolled without grace is refused on the very next call", async (scene) => {
  const { old, page } = await usedKey(scene);
  const fresh = await roll(page, old.key_id, "Not at all: it ends at once");
  assert.equal((await call(old.key)).status, 401, "the old one");
  assert.equal((await call(fresh.key)).status, 200, "the new one");
  await page.goto(dashboard(`/settings/api-keys/${old.key_id}`));
  assert.match(await fact(page, "State").textContent(), /^Expired/);
});

promise("24 hours of grace are chosen already, and the old key's last use is shown", async (scene) => {
  const { old, page } = await usedKey(scene);
  await until("its last use", async () => {
    await page.goto(dashboard(`/settings/api-keys/${old.key_id}/roll`));
    return /^\d+ \w+ \d{4}, \d\d:\d\d$/.test((await fact(page, "Last used").textContent()).trim());
  });
  assert.ok(await page.getByRole("radio", { name: "24 hours" }).isChecked());
  assert.equal(await page.getByRole("radio").count(), 4);
});

promise("a key that was never used says so before it is rolled", async (scene) => {
  const owner = await scene.owner();
  const { key_id: id } = await owner.makeKey("Spare");
  const page = await scene.browse(owner);
  await page.goto(dashboard(`/settings/api-keys/${id}/roll`));
  assert.equal((await fact(page, "Last used").textContent()).trim(), "never");
});

promise("a rolled key is not offered for rolling again, by page or by form", async (scene) => {
  const { owner, old, page } = await usedKey(scene);
  const form = await owner.open(`/settings/api-keys/${old.key_id}/roll`);
  await roll(page, old.key_id, "7 days");
  await page.goto(dashboard(`/settings/api-keys/${old.key_id}`));
  assert.equal(await page.getByRole("link", { name: "Roll this key" }).count(), 0);
  assert.equal(await page.getByRole("link", { name: "Revoke this key" }).count(), 1, "it can still be revoked");
  await store.unchanged(owner.org.id, async () => {
    assert.equal((await owner.look(`/settings/api-keys/${old.key_id}/roll`)).status, 409);
    const again = await owner.post(`/settings/api-keys/${old.key_id}/roll`, { ...form, grace: "0" });
    assert.equal(again.status, 409);
    assert.match(again.body, /This key cannot be rolled/);
  });
  assert.equal((await call(old.key)).status, 200, "and goes on");
});

promise("a successor has the old key's name, scopes, mode and length of life", async (scene) => {
  const owner = await scene.owner();
  const old = await owner.makeKey("Twin", { mode: "test", scope: ["batch:read", "triage:write"], life: "30" });
  const page = await scene.browse(owner);
  const fresh = await roll(page, old.key_id, "1 hour");
  const [row, twin] = (await store.keys(owner.org.id)).map(({ item }) => item);
  assert.equal(twin.sk.S, `K#${fresh.key_id}`);
  for (const same of ["name", "scopes", "mode"]) assert.deepEqual(twin[same], row[same], same);
  const life = Number(twin.expires_at.N) - Number(twin.created_at.N);
  assert.ok(Math.abs(life - 30 * 24 * HOUR_MS) < 60_000, `${life}`);
  assert.ok(fresh.key.startsWith("eck_test_"));
});

for (const grace of ["1", "-1", "86400001", "9223372036854775807", "1h", ""]) {
  promise(`a grace that is not offered is refused: ${JSON.stringify(grace)}`, async (scene) => {
    const owner = await scene.owner();
    const { key_id: id } = await owner.makeKey("Strict");
    const form = await owner.open(`/settings/api-keys/${id}/roll`);
    await store.unchanged(owner.org.id, async () => {
      assert.equal((await owner.post(`/settings/api-keys/${id}/roll`, { ...form, grace })).status, 400);
    });
  });
}

/** An owner, a key that was used, and the owner's browser. */
async function usedKey(scene) {
  const owner = await scene.owner();
  const old = await owner.makeKey("Cash desk");
  assert.equal((await call(old.key)).status, 200);
  return { owner, old, page: await scene.browse(owner) };
}

async function roll(page, id, words) {
  await page.goto(dashboard(`/settings/api-keys/${id}`));
  await page.getByRole("link", { name: "Roll this key" }).click();
  await page.getByRole("radio", { name: words }).check();
  await page.getByRole("button", { name: "Roll key" }).click();
  return shownKey(page);
}
