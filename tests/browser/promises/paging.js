// More than fits on a page: the rest is one link away, each thing once, newest first.

import assert from "node:assert/strict";
import { Organization } from "../world/people.js";
import { promise } from "../world/scene.js";
import { dashboard } from "../world/server.js";
import * as store from "../world/store.js";

/** A page shows fifty. */
const PAGE = 50;
const KEYS = PAGE + 3;

promise("keys come fifty a page, newest first, and each once", async (scene) => {
  const owner = await crowded(scene);
  const page = await scene.browse(owner);
  await page.goto(dashboard("/settings/api-keys"));
  const ids = () => page.locator("tbody th a").evaluateAll((links) => links.map(({ href }) => href.split("/").at(-1)));
  const first = await ids();
  assert.equal(await page.getByRole("link", { name: "Newest" }).count(), 0);
  await page.getByRole("link", { name: "Older" }).click();
  await page.getByRole("link", { name: "Newest" }).waitFor();
  const second = await ids();
  assert.equal(await page.getByRole("link", { name: "Older" }).count(), 0);
  const made = (await store.keys(owner.org.id)).map(({ id }) => id).reverse();
  assert.deepEqual([first.length, second.length], [PAGE, KEYS - PAGE]);
  assert.deepEqual([...first, ...second], made);
  await page.getByRole("link", { name: "Newest" }).click();
  await page.getByRole("link", { name: "Older" }).waitFor();
  assert.deepEqual(await ids(), first);
});

promise("the audit log comes fifty a page, newest first, and each entry once", async (scene) => {
  const owner = await crowded(scene);
  const page = await scene.browse(owner, { javaScriptEnabled: false });
  const entries = (await store.audit(owner.org.id)).reverse();
  const shown = [];
  await page.goto(dashboard("/settings/audit-log"));
  for (;;) {
    shown.push(...(await page.locator('tbody td[data-label="What"]').allTextContents()));
    const older = page.getByRole("link", { name: "Older" });
    if ((await older.count()) === 0) break;
    await older.click();
  }
  assert.equal(shown.length, entries.length);
  assert.ok(shown.length > PAGE);
  for (const [at, { action, subject, detail }] of entries.entries()) {
    if (action.startsWith("key.")) assert.ok(shown[at].includes(subject), `${at}: ${subject}`);
    assert.ok(shown[at].includes(detail), `${at}: ${detail}`);
  }
});

promise("exactly fifty keys are one page without a link to an empty one", async (scene) => {
  const org = await Organization.make();
  const owner = await (await org.add("owner")).signIn();
  for (let count = 0; count < PAGE; count += 1) await owner.makeKey(`Key ${count}`);
  const list = await owner.look("/settings/api-keys");
  assert.equal(list.body.split('<th scope="row"').length - 1, PAGE);
  assert.doesNotMatch(list.body, />Older</);
});

promise("a place that is none is a page that does not exist", async (scene) => {
  const owner = await scene.owner();
  for (const path of ["/settings/api-keys", "/settings/audit-log"]) {
    for (const before of ["", "x", "1", "../", "L#1", "00000000-0000-0000-0000-00000000000g"]) {
      assert.equal((await owner.look(`${path}?before=${encodeURIComponent(before)}`)).status, 404, `${path} ${before}`);
    }
  }
});

/** More keys than a page shows, made by the operator. */
async function crowded(scene) {
  const owner = await scene.owner();
  for (let count = 0; count < KEYS; count += 1) await owner.org.makeKey(`Key ${count}`);
  return owner;
}
