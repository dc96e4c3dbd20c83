// A key's value is in one answer, once: on no page afterwards, in no history, address, storage or file of the browser.

import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { launchOptions, prepare, sessionOf } from "../world/chromium.js";
import { heading, makeKey, place, shownKey, signIn } from "../world/pages.js";
import { Organization } from "../world/people.js";
import { promise } from "../world/scene.js";
import { pieceOf } from "../world/secrets.js";
import { dashboard } from "../world/server.js";

const secretPart = (key) => key.slice("eck_live_".length);

promise("no answer but the one to the form holds a piece of the value, and no address ever", async (scene) => {
  const owner = await scene.owner();
  const page = await scene.browse(owner);
  const addresses = [];
  page.context().on("request", (request) => addresses.push(request.url()));
  await page.goto(dashboard("/settings/api-keys/new"));
  await page.getByLabel("Name").fill("Warehouse");
  const sent = page.waitForResponse((response) => response.request().method() === "POST");
  await page.getByRole("button", { name: "Create key" }).click();
  const answer = await (await sent).text();
  const made = await shownKey(page);
  assert.ok(pieceOf(secretPart(made.key), answer), "the one answer that holds it");
  await crawl(page, made.key_id, (html, where) => {
    assert.equal(pieceOf(secretPart(made.key), html), undefined, where);
  });
  assert.ok(addresses.length > 10, "addresses were seen");
  assert.equal(pieceOf(secretPart(made.key), addresses.join("\n")), undefined);
});

promise("back, forward and reload never show the value again", async (scene) => {
  const owner = await scene.owner();
  const page = await scene.browse(owner);
  await page.goto(dashboard("/settings/api-keys"));
  const made = await makeKey(page, "Till 7");
  const shows = async () => pieceOf(secretPart(made.key), await page.content()) !== undefined;
  assert.ok(await shows(), "it is there first");
  assert.equal(place(page), `/settings/api-keys/${made.key_id}`, "the address is the key's own");
  await page.reload();
  assert.equal(await heading(page), "Till 7");
  assert.ok(!(await shows()), "after a reload");
  await page.goBack();
  assert.equal(place(page), "/settings/api-keys/new");
  assert.ok(!(await shows()), "one back");
  await page.goForward();
  assert.equal(await heading(page), "Till 7");
  assert.ok(!(await shows()), "forward");
  await page.goBack();
  await page.goBack();
  assert.equal(place(page), "/settings/api-keys");
  assert.ok(!(await shows()), "two back");
});

promise("a browser that keeps pages in memory does not keep this one", async (scene) => {
  const owner = await scene.owner();
  // Playwright turns this memory off unless told otherwise.
  const browser = await chromium.launch({ ...launchOptions(), ignoreDefaultArgs: ["--disable-back-forward-cache"] });
  try {
    const page = await (await prepare(await browser.newContext(), owner)).newPage();
    const made = await makeKey(page, "Kept");
    await page.goto(dashboard("/settings/audit-log"));
    await page.goBack();
    await page.getByRole("heading", { name: "Kept" }).waitFor();
    assert.equal(pieceOf(secretPart(made.key), await page.content()), undefined);
    const why = await page.evaluate(() => performance.getEntriesByType("navigation")[0].notRestoredReasons?.reasons);
    assert.ok(why?.length > 0, "it was asked to, and would not");
  } finally {
    await browser.close();
  }
});

promise(
  "a browser that keeps it all the same keeps it without the value, and shows the key's own page",
  async (scene) => {
    const owner = await scene.owner();
    const page = await scene.browse(owner);
    const made = await makeKey(page, "Kept elsewhere");
    await page.evaluate(() => dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true })));
    assert.equal(pieceOf(secretPart(made.key), await page.content()), undefined);
    await page.evaluate(() => dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })));
    await page.getByRole("heading", { name: "Kept elsewhere", level: 1 }).waitFor();
  },
);

promise("the browser's storage, cookies and history hold no value", async (scene) => {
  const owner = await (await Organization.make()).add("owner");
  const page = await scene.browse();
  await signIn(page, owner.email);
  const made = await makeKey(page, "Vault");
  const stored = await page.evaluate(() =>
    JSON.stringify([
      { ...localStorage },
      { ...sessionStorage },
      history.state,
      document.cookie,
      location.href,
      window.name,
      document.title,
    ]),
  );
  const cookies = await page.context().cookies();
  assert.equal(pieceOf(secretPart(made.key), stored + JSON.stringify(cookies)), undefined);
  assert.equal(await page.evaluate(() => document.cookie), "", "no script reads a cookie");
  const [session] = cookies;
  assert.deepEqual(
    [cookies.length, session.name, session.httpOnly, session.sameSite, session.path, session.domain],
    [1, "eclips_session", true, "Lax", "/", "127.0.0.1"],
  );
});

promise("the browser's folder on disk holds no value", async (scene) => {
  const owner = await scene.owner();
  const folder = mkdtempSync(join(tmpdir(), "eclips-profile-"));
  try {
    const context = await chromium.launchPersistentContext(folder, launchOptions());
    const page = await (await prepare(context, owner)).newPage();
    const made = await makeKey(page, "Ledger of the north branch");
    await page.getByRole("link", { name: "I have stored it" }).click();
    await page.getByRole("heading", { name: "Ledger of the north branch" }).waitFor();
    await sessionOf(context);
    await context.close();
    const files = filesIn(folder).map((file) => readFileSync(file).toString("latin1").replaceAll("\0", ""));
    // The history is there, so this is the folder that was used; text of two bytes a letter reads as plain once its zeros go.
    assert.ok(
      files.some((text) => text.includes(`/settings/api-keys/${made.key_id}`)),
      "the folder was used",
    );
    assert.ok(files.every((text) => pieceOf(secretPart(made.key), text) === undefined));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

promise("no cache may keep a page, and the form's answer least of all", async (scene) => {
  const owner = await scene.owner();
  const answer = await owner.post("/settings/api-keys", await owner.keyForm("Uncached"));
  assert.equal(answer.status, 201);
  assert.equal(answer.headers["cache-control"], "no-store");
  for (const path of ["/settings/api-keys", "/settings/audit-log", "/organizations", "/sign-in"]) {
    assert.equal((await owner.look(path)).headers["cache-control"], "no-store", path);
  }
});

/** Goes to every page that could show a key. */
async function crawl(page, id, check) {
  const own = `/settings/api-keys/${id}`;
  const paths = [
    "/settings/api-keys",
    own,
    `${own}/roll`,
    `${own}/revoke`,
    "/settings/api-keys/new",
    "/settings/audit-log",
  ];
  for (const path of [...paths, "/organizations", `${own}?done=revoked`]) {
    const answer = await page.goto(dashboard(path));
    check((await answer.text()) + (await page.content()), path);
  }
}

function filesIn(folder) {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
  return files.filter((file) => statSync(file).size > 0);
}
