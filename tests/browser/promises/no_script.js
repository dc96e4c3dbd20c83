// Without script: every page does what it is for.

import assert from "node:assert/strict";
import { fact, heading, makeKey, place, signIn } from "../world/pages.js";
import { call, Organization, Person } from "../world/people.js";
import { promise } from "../world/scene.js";
import { dashboard, settings } from "../world/server.js";

const WITHOUT = { javaScriptEnabled: false };

promise("without script one signs in, makes, rolls and revokes", async (scene) => {
  const owner = await (await Organization.make()).add("owner");
  const page = await scene.browse(undefined, WITHOUT);
  await signIn(page, owner.email);
  const made = await makeKey(page, "Plain");
  assert.equal((await call(made.key)).status, 200);
  assert.ok(!(await page.getByRole("button", { name: "Copy key" }).isVisible()), "no button that does nothing");
  await page.getByRole("link", { name: "I have stored it" }).click();
  await page.getByRole("link", { name: "Roll this key" }).click();
  await page.getByRole("radio", { name: "Not at all" }).check();
  await page.getByRole("button", { name: "Roll key" }).click();
  const fresh = await page.locator("#value").textContent();
  assert.equal((await call(fresh)).status, 200);
  assert.equal((await call(made.key)).status, 401);
  await page.getByRole("link", { name: "I have stored it" }).click();
  await page.getByRole("link", { name: "Revoke this key" }).click();
  await page.getByRole("button", { name: "Revoke key" }).click();
  assert.match(await fact(page, "State").textContent(), /^Revoked \d{4}-\d\d-\d\d \d\d:\d\d UTC by /);
  assert.equal((await call(fresh)).status, 401);
});

promise("without script a set of scopes is a link", async (scene) => {
  const owner = await scene.owner();
  const page = await scene.browse(owner, WITHOUT);
  await page.goto(dashboard("/settings/api-keys/new"));
  await page.getByRole("main").getByRole("link", { name: "Webhooks" }).click();
  assert.equal(place(page), "/settings/api-keys/new?preset=webhooks");
  const checked = await page.locator("input[name=scope]:checked").evaluateAll((boxes) => boxes.map((box) => box.value));
  assert.deepEqual(checked, ["webhooks:read", "webhooks:write"]);
});

promise("with script a set of scopes keeps what was typed", async (scene) => {
  const owner = await scene.owner();
  const page = await scene.browse(owner);
  await page.goto(dashboard("/settings/api-keys/new"));
  await page.getByLabel("Name").fill("Half written");
  await page.getByRole("link", { name: "Read only" }).click();
  const checked = await page.locator("input[name=scope]:checked").evaluateAll((boxes) => boxes.map((box) => box.value));
  assert.deepEqual(checked, ["agents:read", "batch:read", "triage:read", "webhooks:read"]);
  assert.equal(await page.getByLabel("Name").inputValue(), "Half written");
  assert.equal(place(page), "/settings/api-keys/new");
});

promise("with script a date that is typed chooses itself", async (scene) => {
  const owner = await scene.owner();
  const page = await scene.browse(owner);
  await page.goto(dashboard("/settings/api-keys/new"));
  const day = new Date(Date.now() + 40 * 86_400_000).toISOString().slice(0, 10);
  await page.getByLabel("Last day").fill(day);
  assert.ok(await page.getByRole("radio", { name: "at the end of a day" }).isChecked());
  await page.getByLabel("Name").fill("Dated");
  await page.getByRole("button", { name: "Create key" }).click();
  await page.getByRole("link", { name: "I have stored it" }).click();
  const end = await fact(page, "Expires").locator("time").getAttribute("datetime");
  assert.equal(end, `${new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, 10)}T00:00:00.000Z`);
});

promise("without script the account menu opens and signs out", async (scene) => {
  const owner = await scene.owner();
  const page = await scene.browse(owner, WITHOUT);
  await page.goto(dashboard("/settings/api-keys"));
  await page.locator("summary").click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByText("You are signed out.").waitFor();
  assert.equal(await heading(page), "Sign in to eClips");
});

promise("without script and without a session the reference is read, as it stands in the document", async (scene) => {
  const page = await scene.browse(undefined, WITHOUT);
  await page.goto(dashboard("/sign-in"));
  await page.getByRole("link", { name: "API reference" }).click();
  assert.equal(await heading(page), "API reference");
  const document = JSON.parse((await new Person("", undefined).look("/openapi.json")).body);
  assert.equal(document.servers[0].url, settings.ECLIPS_BASE_URL);
  const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
  for (const { summary } of operations) assert.equal(await page.getByRole("link", { name: summary, exact: true }).count(), 1);
  await page.getByRole("link", { name: "Start a run", exact: true }).click();
  assert.equal(place(page), "/reference/runCreate");
  assert.equal(await fact(page, "Scope").textContent(), document.paths["/v1/run"].post.security[0].apiKey[0]);
  assert.ok(!(await page.getByRole("button", { name: "Copy command" }).isVisible()), "no button that does nothing");
  const refused = await page.getByRole("row").filter({ hasText: "insufficient_scope" }).textContent();
  assert.match(refused, /403.*\{"error":"Insufficient scope","required":"agents:run","provided":\["agents:read"\]\}/s);
});
