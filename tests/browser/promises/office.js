// Team, plan, usage, agents and trust: pages that are read, and a team that is changed, without script.

import assert from "node:assert/strict";
import { fact, heading, place, row } from "../world/pages.js";
import { Organization, Person } from "../world/people.js";
import { promise } from "../world/scene.js";
import { dashboard } from "../world/server.js";
import * as store from "../world/store.js";

const WITHOUT = { javaScriptEnabled: false };

promise("without script an owner adds somebody, gives another role, and removes after being asked once", async (scene) => {
  const owner = await scene.owner();
  const page = await scene.browse(owner, WITHOUT);
  const email = `new-${owner.org.id}@people.example`;
  await page.goto(dashboard("/settings/team"));
  await page.getByRole("link", { name: "Add somebody" }).click();
  await page.getByText("Nothing is sent to it").waitFor();
  await page.getByLabel("E-mail address").fill(email);
  await page.getByRole("radio", { name: "Member" }).check();
  await page.getByRole("button", { name: "Add to the team" }).click();
  const roleOf = () => row(page, email).getByRole("cell").first().textContent();
  assert.equal(await roleOf(), "member");

  const person = await new Person(email, owner.org).signIn();
  assert.equal((await person.look("/settings/api-keys/new")).status, 403);
  await page.getByRole("link", { name: `Change role of ${email}` }).click();
  await page.getByRole("radio", { name: "Admin" }).check();
  await page.getByRole("button", { name: "Change role" }).click();
  assert.equal(await roleOf(), "admin");
  assert.equal((await person.look("/settings/api-keys/new")).status, 200);

  await page.getByRole("link", { name: `Remove ${email}` }).click();
  assert.equal(await heading(page), `Remove ${email}?`);
  assert.equal((await person.look("/runs")).status, 200, "only asked so far");
  await page.getByRole("button", { name: "Remove from the team" }).click();
  assert.equal(place(page), "/settings/team");
  assert.equal(await page.getByText(email).count(), 0);
  assert.equal((await person.look("/runs")).status, 403);
});

promise("the last owner stays until there is another one, and leaves to the other organizations", async (scene) => {
  const owner = await scene.owner();
  const page = await scene.browse(owner, WITHOUT);
  await page.goto(dashboard("/settings/team"));
  await page.getByRole("link", { name: "Leave" }).click();
  assert.equal(await heading(page), "An organization needs an owner");
  await owner.org.add("owner");
  await page.getByRole("link", { name: "Back to the team" }).click();
  await page.getByRole("link", { name: "Leave" }).click();
  assert.match(await heading(page), /^Leave /);
  await page.getByRole("button", { name: "Leave the organization" }).click();
  assert.equal(place(page), "/organizations");
});

promise("a member sees the team and nothing to change but himself", async (scene) => {
  const org = await Organization.make();
  await org.add("owner");
  const page = await scene.browse(await (await org.add("member")).signIn());
  await page.goto(dashboard("/settings/team"));
  const links = await page.locator("main").getByRole("link").allTextContents();
  assert.deepEqual(links, ["Leave"]);
  await page.getByText("Owners add and remove people.").waitFor();
});

promise("without script a month's usage is drawn, said and chosen", async (scene) => {
  const owner = await scene.owner();
  const { key_id: key } = await owner.makeKey("Web shop");
  await store.letWork(owner.org.id, key);
  const page = await scene.browse(owner, WITHOUT);
  await page.goto(dashboard("/runs"));
  await page.getByRole("link", { name: "Usage" }).click();
  for (const name of ["Runs per day", "Runs per agent", "Runs per key"]) {
    assert.equal(await page.getByRole("img", { name, exact: true }).count(), 1, name);
  }
  const plain = (text) => text.replaceAll("\u00a0", "");
  assert.equal(plain(await fact(page, "Credits").textContent()), "2011 of 50000");
  const first = page.locator("#keys tbody tr").first();
  assert.equal(await first.getByRole("link", { name: "Web shop" }).count(), 1);
  assert.equal(plain(await first.locator('[data-label="Runs"]').textContent()), "1240");
  assert.equal(await page.getByRole("rowheader", { name: "People, in the dashboard" }).count(), 1);
  const [most, least] = await page
    .locator("svg:has(#chart-agents) rect")
    .evaluateAll((bars) => bars.map((bar) => bar.getBoundingClientRect().width));
  assert.ok(most > 20 * least && least > 0, `${most} ${least}`);
  await page.getByLabel("Month (UTC)").selectOption({ index: 1 });
  await page.getByRole("button", { name: "Show" }).click();
  assert.match(place(page), /^\/usage\?month=\d{4}-\d\d$/);
  assert.equal(await fact(page, "Credits").textContent(), "0");
});

promise("bars have the page's own colour, light and dark", async (scene) => {
  const owner = await scene.owner();
  const { key_id: key } = await owner.makeKey("Web shop");
  await store.letWork(owner.org.id, key);
  const page = await scene.browse(owner);
  await page.goto(dashboard("/usage"));
  const seen = [];
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    const [bar, word] = await page.evaluate(() =>
      ["rect", "text"].map((name) => getComputedStyle(document.querySelector(`.chart ${name}`)).fill),
    );
    seen.push(bar, word);
  }
  assert.equal(new Set(seen).size, 4, seen.join("; "));
});

promise("from the roster one comes to an agent, and from there to a run with it", async (scene) => {
  const owner = await scene.owner();
  await store.letWork(owner.org.id, "dashboard");
  const page = await scene.browse(owner, WITHOUT);
  await page.goto(dashboard("/settings/trust"));
  assert.match(await row(page, "Tax Filer").textContent(), /1 Supervised.*Refused until/s);
  await page.getByRole("link", { name: "Agents", exact: true }).click();
  await page.getByRole("link", { name: "Center", exact: true }).click();
  assert.match(await fact(page, "Trust here").textContent(), /^2 Assisted, 48 correct runs in a row of 100/);
  assert.equal(JSON.parse(await page.locator("#schema").textContent()).type, "object");
  await page.getByRole("link", { name: "New run with this agent" }).click();
  assert.equal(place(page), "/runs/new?agent=center");
});

promise("the plan says what is included and what is used", async (scene) => {
  const owner = await scene.owner(undefined, "team");
  const page = await scene.browse(owner, WITHOUT);
  await page.goto(dashboard("/settings/plan"));
  assert.equal(await fact(page, "Plan").textContent(), "team");
  const cells = await page.locator("tbody tr").last().locator("td").allTextContents();
  assert.deepEqual(
    cells.map((cell) => cell.replaceAll("\u00a0", "")),
    ["5000", "5000", "0"],
  );
});
