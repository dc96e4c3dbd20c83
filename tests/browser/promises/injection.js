// Text from people is text: in every place where one's words appear on another's page, nothing in them does anything.

import assert from "node:assert/strict";
import { fact, heading } from "../world/pages.js";
import { Organization, Person } from "../world/people.js";
import { promise } from "../world/scene.js";
import { dashboard } from "../world/server.js";
import { encode } from "../world/wire.js";

/** What would show on the console, in a dialog, or as an element with this id, if it did something. */
const ATTEMPTS = [
  "<script>alert(1)</script>",
  "<img src=x id=pwned onerror=alert(1)>",
  `"><svg id=pwned onload=alert(1)>`,
  "' autofocus onfocus='alert(1)",
  "</title></textarea></style><b id=pwned>",
  "{{7*7}}{% raw %}${7*7}",
  "&lt;b id=pwned&gt;&#60;b&#62;",
  "javascript:alert(1)",
  "<!--<a href='",
];

promise("a key's name is text on every page that shows it", async (scene) => {
  const owner = await scene.owner();
  const page = await scene.browse(owner);
  for (const name of ATTEMPTS) {
    await page.goto(dashboard("/settings/api-keys/new"));
    await page.getByLabel("Name").fill(name);
    await page.getByRole("button", { name: "Create key" }).click();
    const own = await page.locator("[data-secret]").getAttribute("data-secret");
    assert.equal((await page.locator("#value-title").textContent()).trim(), name);
    for (const path of [own, `${own}/roll`, `${own}/revoke`]) {
      await page.goto(dashboard(path));
      assert.ok((await heading(page)).includes(name), path);
      assert.ok((await page.title()).includes(name.trim()), path);
      await harmless(page);
    }
  }
  await page.goto(dashboard("/settings/api-keys"));
  const shown = await page.locator("tbody th a").allTextContents();
  assert.deepEqual(shown.reverse(), ATTEMPTS);
  await harmless(page);
  await page.goto(dashboard("/settings/audit-log"));
  const text = await page.locator("tbody").textContent();
  for (const name of ATTEMPTS) assert.ok(text.includes(name), name);
  await harmless(page);
});

promise("a name that was refused comes back as text", async (scene) => {
  const owner = await scene.owner();
  const page = await scene.browse(owner);
  for (const attempt of ATTEMPTS) {
    await page.goto(dashboard("/settings/api-keys/new"));
    for (const scope of ["agents:read", "agents:run"]) await page.getByRole("checkbox", { name: scope }).uncheck();
    await page.getByLabel("Name").fill(attempt);
    await page.getByRole("button", { name: "Create key" }).click();
    await page.getByRole("alert").waitFor();
    assert.equal(await page.getByLabel("Name").inputValue(), attempt);
    await harmless(page);
  }
});

promise("a date that is none comes back as text", async (scene) => {
  const owner = await scene.owner();
  for (const date of ATTEMPTS) {
    const form = await owner.keyForm("Dated", { life: "custom", date });
    const answer = await owner.post("/settings/api-keys", form);
    assert.equal(answer.status, 422);
    assert.ok(!answer.body.includes(date) || !/[<>"'&]/.test(date), date);
  }
});

promise("an organization's name is text in the frame and in the list", async (scene) => {
  for (const name of ATTEMPTS.slice(0, 5)) {
    const owner = await scene.owner(name);
    const page = await scene.browse(owner);
    await page.goto(dashboard("/organizations"));
    assert.equal((await page.locator("tbody th").textContent()).trim(), name);
    await harmless(page);
    await page.goto(dashboard("/settings/audit-log"));
    assert.equal(await page.locator(".org").textContent(), name);
    await page.locator("summary").click();
    assert.ok((await page.locator(".menu").textContent()).includes(name));
    await harmless(page);
  }
});

promise("a member's address is text, whatever an address may hold", async (scene) => {
  const org = await Organization.make();
  const owner = await (await org.add("owner")).signIn();
  const addresses = [
    "<img/src=x/onerror=alert(1)/id=pwned>@evil.example",
    "\"'><script>alert(1)</script>@evil.example",
  ];
  for (const address of addresses) {
    const forger = await (await org.add("admin", address)).signIn();
    const { key_id: id } = await forger.makeKey("His");
    const page = await scene.browse(owner);
    await page.goto(dashboard(`/settings/api-keys/${id}`));
    assert.ok((await fact(page, "Created").textContent()).includes(address));
    await harmless(page);
    for (const path of ["/settings/api-keys", "/settings/audit-log"]) {
      await page.goto(dashboard(path));
      assert.ok((await page.locator("tbody").textContent()).includes(address), path);
      await harmless(page);
    }
    const own = await scene.browse(forger);
    await own.goto(dashboard("/settings/api-keys"));
    assert.equal((await own.locator("summary").textContent()).trim(), address);
    await harmless(own);
  }
});

promise("a stranger's address is text on the page that refuses him", async (scene) => {
  const stranger = new Person("<b/id=pwned>@evil.example", undefined);
  const url = await stranger.callbackUrl();
  const page = await scene.browse();
  const [name, value] = stranger.attempt.split(/=(.*)/s);
  await page.context().addCookies([{ name, value, url: dashboard() }]);
  assert.equal((await page.goto(url)).status(), 403);
  await page.getByText("<b/id=pwned>@evil.example is not a member").waitFor();
  await harmless(page);
});

promise("what a browser calls itself is text in the audit log, and so is where it says it is", async (scene) => {
  const org = await Organization.make();
  const page = await scene.browse(await (await org.add("owner")).signIn());
  for (const agent of ATTEMPTS) {
    const member = await org.add("member");
    member.agent = agent;
    await member.signIn();
    await page.goto(dashboard("/settings/audit-log"));
    const entry = page.getByRole("row").filter({ hasText: "Signed in" }).first();
    assert.equal((await entry.locator(".clip").textContent()).trim(), agent);
    assert.equal(await entry.locator(".clip").getAttribute("title"), agent);
    await harmless(page);
  }
});

promise("nobody chooses the address that the audit log names", async (scene) => {
  const owner = await scene.owner();
  const spoofed = {
    "x-forwarded-for": "<b>6.6.6.6</b>",
    forwarded: "for=6.6.6.6",
    "x-real-ip": "6.6.6.6",
    "cf-connecting-ip": "6.6.6.6",
  };
  const answer = await owner.post("/settings/api-keys", await owner.keyForm("From here"), spoofed);
  assert.equal(answer.status, 201);
  const log = await owner.look("/settings/audit-log");
  assert.ok(!log.body.includes("6.6.6.6"));
  assert.match(log.body, /127\.0\.0\.1/);
});

promise("what is asked for in an address comes back on no page", async (scene) => {
  const owner = await scene.owner();
  const { key_id: id } = await owner.makeKey("Asked");
  const page = await scene.browse(owner);
  const asked = [
    ["/sign-in", "done"],
    ["/settings/api-keys", "before"],
    ["/settings/api-keys", "done"],
    ["/settings/audit-log", "before"],
    ["/settings/api-keys/new", "preset"],
    [`/settings/api-keys/${id}`, "done"],
    ["/sign-in/callback", "state"],
    ["/sign-in/callback", "error"],
    ["/sign-in/callback", "error_description"],
    ["/sign-in/callback", "code"],
  ];
  for (const [path, name] of asked) {
    for (const attempt of ATTEMPTS) {
      const { body } = await owner.look(`${path}?${encode({ [name]: attempt })}`);
      assert.doesNotMatch(body, /pwned|alert\(1\)|7\*7/, `${path} ${name}`);
    }
    await page.goto(dashboard(`${path}?${encode({ [name]: ATTEMPTS[1] })}`));
    await harmless(page);
  }
});

promise("the way back to a page holds what was asked for, as an address and nothing else", async (scene) => {
  const page = await scene.browse();
  for (const attempt of ATTEMPTS) {
    await page.goto(dashboard(`/settings/api-keys?${encode({ before: attempt })}`));
    assert.equal(await heading(page), "Sign in to eClips");
    await harmless(page);
    const way = await page.getByRole("link", { name: "Sign in with" }).getAttribute("href");
    assert.ok(way.startsWith(dashboard("/sign-in/start?to=%2F")), way);
  }
});

promise("an id that is none is a page that does not exist", async (scene) => {
  const owner = await scene.owner();
  const page = await scene.browse(owner);
  for (const attempt of [...ATTEMPTS, "..", ".", "new%2F..", "%00", "%0d%0a", "x".repeat(5_000), "0".repeat(36)]) {
    const id = attempt.startsWith("%") || attempt.includes("%2F") ? attempt : encodeURIComponent(attempt);
    for (const path of [
      `/settings/api-keys/${id}/roll`,
      `/settings/api-keys/${id}/revoke`,
      `/assets/${id}x`,
      `/${id}/x`,
    ]) {
      const answer = await owner.look(path);
      assert.equal(answer.status, 404, path.slice(0, 80));
      assert.ok(!answer.body.includes("pwned") && !answer.body.includes("alert(1)"));
    }
  }
  const answer = await page.goto(dashboard(`/settings/api-keys/${encodeURIComponent(ATTEMPTS[1])}`));
  assert.equal(answer.status(), 404);
  await harmless(page);
});

/** Nothing of an attempt became an element; dialogs and the console are watched all the time. */
async function harmless(page) {
  assert.equal(await page.locator("#pwned").count(), 0);
  assert.equal(await page.locator("main script, main img, main svg, main iframe").count(), 0);
}
