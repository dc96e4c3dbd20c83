// The whole story of a key, as its owner lives it.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { fact, heading, place, row, shownKey, signIn } from "../world/pages.js";
import { call, Organization } from "../world/people.js";
import { promise, until } from "../world/scene.js";
import { dashboard } from "../world/server.js";

promise("a key is made, shown once, used, seen in use, revoked, and refused on the very next call", async (scene) => {
  const org = await Organization.make();
  const owner = await org.add("owner");
  const context = await scene.context();
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: dashboard() });
  const page = await context.newPage();

  await signIn(page, owner.email);
  assert.equal(place(page), "/runs");
  await page.getByRole("link", { name: "API keys" }).click();
  assert.match(await page.locator(".empty").textContent(), /No API keys yet/);

  const made = await create(page, "CI of the shop");
  await copies(page, made.key);
  assert.equal(await runAsShown(page), "202");
  await page.getByRole("link", { name: "I have stored it" }).click();
  assert.equal(place(page), `/settings/api-keys/${made.key_id}`);

  await seenInUse(page, "CI of the shop", made.key_id);
  await revoke(page);
  const refused = await call(made.key);
  assert.equal(refused.status, 401, "the very next call");
  assert.equal(refused.headers["x-eclips-error-code"], "invalid_api_key");

  await page.goto(dashboard(`/settings/api-keys/${made.key_id}`));
  await showsRefusal(page);
  await auditLogTells(page, owner.email);
});

async function create(page, name) {
  await page.getByRole("link", { name: "Make the first key" }).click();
  assert.ok(await page.getByRole("radio", { name: "after 90 days" }).isChecked(), "90 days are chosen already");
  await page.getByLabel("Name").fill(name);
  await page.getByRole("button", { name: "Create key" }).click();
  const made = await shownKey(page);
  const shown = (await page.content()).split(made.key).length - 1;
  assert.equal(shown, 2, "the value, and the command that uses it");
  return made;
}

async function copies(page, key) {
  const clipboard = () => page.evaluate(() => navigator.clipboard.readText());
  await page.getByRole("button", { name: "Copy key" }).click();
  await page.getByRole("button", { name: "Copied" }).waitFor();
  assert.equal(await clipboard(), key);
  await page.getByRole("button", { name: "Copy command" }).click();
  await page.getByRole("button", { name: "Copied" }).nth(1).waitFor();
  const command = await clipboard();
  assert.equal(command, await page.locator("#curl").textContent());
  assert.ok(command.includes(`Authorization: Bearer ${key}`));
}

/** Pastes the command into a shell, as a person would. @returns {Promise<string>} the status */
async function runAsShown(page) {
  const command = await page.locator("#curl").textContent();
  const silent = command.replace(
    /^curl /,
    "curl --silent --show-error --max-time 20 --output /dev/null -w '%{http_code}' ",
  );
  const { stdout } = await promisify(execFile)("sh", ["-c", silent]);
  return stdout;
}

async function seenInUse(page, name, id) {
  const list = dashboard("/settings/api-keys");
  const used = await until("last used, in the list", async () => {
    await page.goto(list);
    const text = await row(page, name).locator('td[data-label="Last used"]').textContent();
    return text.trim() !== "never" && text.trim();
  });
  await page.goto(dashboard(`/settings/api-keys/${id}`));
  const fully = await fact(page, "Last used").textContent();
  assert.ok(fully.includes(used), fully);
}

async function revoke(page) {
  await page.getByRole("link", { name: "Revoke this key" }).click();
  assert.equal(await heading(page), "Revoke “CI of the shop”?");
  await page.getByRole("button", { name: "Revoke key" }).click();
  await page.getByText("The key is revoked. No request with it is accepted any more.").waitFor();
}

async function showsRefusal(page) {
  const refusal = page.locator("table tbody tr");
  await until("the refused request", async () => {
    await page.reload();
    return (await refusal.count()) > 0;
  });
  const cells = (await refusal.locator("th, td").allTextContents()).map((text) => text.trim());
  assert.deepEqual(cells.slice(0, 4), ["GET /v1/runs", "401", "the key was revoked", "1×"]);
  assert.equal(cells.at(-1), "127.0.0.1");
}

async function auditLogTells(page, email) {
  await page.getByRole("link", { name: "Audit log" }).click();
  await page.getByRole("heading", { name: "Audit log" }).waitFor();
  for (const what of ["Signed in", "Key created", "Key revoked"]) {
    const entry = row(page, what);
    assert.equal(await entry.count(), 1, what);
    assert.equal((await entry.locator('td[data-label="Who"]').textContent()).trim(), email);
    assert.match(await entry.locator('td[data-label="From where"]').textContent(), /^127\.0\.0\.1/);
    assert.match(await entry.locator("time").getAttribute("title"), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  }
}
