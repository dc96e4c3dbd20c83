// Without a mouse: everything is reached with Tab, done with Enter, Space and arrows, and the focus is always to be seen.

import assert from "node:assert/strict";
import { heading, shownKey } from "../world/pages.js";
import { promise } from "../world/scene.js";
import { dashboard, settings } from "../world/server.js";
import { Organization } from "../world/people.js";

/** More stops than any page has. */
const STOPS_MAX = 60;

promise("from sign-in to a key made and revoked with the keyboard alone", async (scene) => {
  const org = await Organization.make();
  const owner = await org.add("owner");
  const page = await scene.browse();
  await page.goto(dashboard());
  await signIn(page, owner.email);

  await tabTo(page, "API keys");
  await page.keyboard.press("Enter");
  await page.waitForURL(dashboard("/settings/api-keys"));
  await tabTo(page, "Make the first key");
  await page.keyboard.press("Enter");
  await fillIn(page);
  await tabTo(page, "Create key");
  await page.keyboard.press("Enter");
  const made = await shownKey(page);
  assert.ok(made.key.startsWith("eck_test_"), "the arrow chose test");

  await tabTo(page, "I have stored it");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Loading dock" }).waitFor();
  const scopes = await page.locator(".facts .scope").allTextContents();
  assert.deepEqual(scopes, ["agents:read", "agents:run", "batch:read"], "space chose one more");
  await tabTo(page, "Revoke this key");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Revoke “Loading dock”?" }).waitFor();
  await tabTo(page, "Revoke key");
  await page.keyboard.press("Space");
  await page.getByText("The key is revoked.").waitFor();
});

promise("the first stop of every page skips to its content", async (scene) => {
  const owner = await scene.owner();
  const { key_id: id } = await owner.makeKey("Lift");
  const page = await scene.browse(owner);
  const own = `/settings/api-keys/${id}`;
  for (const path of [
    "/settings/api-keys",
    "/settings/api-keys/new",
    own,
    `${own}/roll`,
    `${own}/revoke`,
    "/settings/audit-log",
    "/runs",
    "/runs/new",
    "/inbox",
    "/webhooks",
  ]) {
    await page.goto(dashboard(path));
    await page.keyboard.press("Tab");
    assert.equal(await focused(page), "Skip to the content", path);
    const box = await page.locator(".skip").boundingBox();
    assert.ok(box.x >= 0 && box.y >= 0, `${path}: it can be seen`);
    await page.keyboard.press("Enter");
    await page.locator("main:focus").waitFor();
    await page.keyboard.press("Tab");
    const inside = await page.evaluate(() => document.querySelector("main").contains(document.activeElement));
    // A page without anything to press in it leads out of the window.
    assert.ok(inside || (await focused(page)) === "", `${path}: the next stop is in the content`);
  }
});

promise("the account menu opens with Enter, closes with Escape, and gives the focus back", async (scene) => {
  const owner = await scene.owner();
  const page = await scene.browse(owner);
  await page.goto(dashboard("/settings/api-keys"));
  await tabTo(page, owner.email);
  await page.keyboard.press("Enter");
  const out = page.getByRole("button", { name: "Sign out" });
  await out.waitFor();
  await tabTo(page, "Your organizations");
  await page.keyboard.press("Escape");
  await out.waitFor({ state: "hidden" });
  assert.equal(await focused(page), owner.email);
});

promise("signing out with the keyboard ends the session", async (scene) => {
  const owner = await scene.owner();
  const page = await scene.browse(owner);
  await page.goto(dashboard("/settings/api-keys"));
  await tabTo(page, owner.email);
  await page.keyboard.press("Enter");
  await tabTo(page, "Sign out");
  await page.keyboard.press("Enter");
  await page.getByText("You are signed out.").waitFor();
  assert.equal((await owner.look("/settings/api-keys")).status, 303, "the cookie opens nothing any more");
});

promise("a form that was refused puts what is wrong beside the field and keeps what was typed", async (scene) => {
  const owner = await scene.owner();
  const page = await scene.browse(owner);
  await page.goto(dashboard("/settings/api-keys/new"));
  await page.getByLabel("Name").fill("   ");
  await page.getByRole("checkbox", { name: "agents:run" }).uncheck();
  await page.getByRole("checkbox", { name: "agents:read" }).uncheck();
  await page.getByRole("radio", { name: "at the end of a day" }).check();
  await page.getByRole("button", { name: "Create key" }).click();
  await page.getByRole("alert").first().waitFor();
  assert.equal(await page.getByRole("alert").count(), 3);
  const name = page.getByLabel("Name");
  assert.equal(await name.getAttribute("aria-invalid"), "true");
  const described = (await name.getAttribute("aria-describedby")).split(" ");
  assert.ok(described.includes("name-fault"));
  assert.ok(await page.getByRole("radio", { name: "at the end of a day" }).isChecked());
  await name.fill("Third time");
  await page.getByRole("checkbox", { name: "agents:run" }).check();
  await page.getByRole("radio", { name: "never" }).check();
  await page.getByRole("button", { name: "Create key" }).click();
  await shownKey(page);
});

async function signIn(page, email) {
  await tabTo(page, "Sign in with your e-mail address");
  await page.keyboard.press("Enter");
  await page.getByLabel("E-mail address").waitFor();
  await tabTo(page, "E-mail address");
  await page.keyboard.press("Control+A");
  await page.keyboard.type(email);
  await tabTo(page, "Password");
  await page.keyboard.type(settings.ECLIPS_DASHBOARD_PASSWORD);
  await page.keyboard.press("Enter");
  await page.waitForURL(dashboard("/runs"));
}

/** Types a name, chooses test with an arrow, one more scope with Space, and another length of life with arrows. */
async function fillIn(page) {
  await page.getByRole("heading", { name: "New API key" }).waitFor();
  assert.equal(await heading(page), "New API key");
  await tabTo(page, "Name");
  await page.keyboard.type("Loading dock");
  await tabTo(page, "Live");
  await page.keyboard.press("ArrowDown");
  assert.match(await focused(page), /^Test/);
  await tabTo(page, "batch:read");
  await page.keyboard.press("Space");
  await tabTo(page, "after 90 days");
  await page.keyboard.press("ArrowUp");
  assert.ok(await page.getByRole("radio", { name: "after 30 days" }).isChecked());
}

/** Presses Tab until something whose name begins like this has the focus; every stop on the way can be seen. */
async function tabTo(page, name) {
  for (let stops = 0; stops < STOPS_MAX; stops += 1) {
    await page.keyboard.press("Tab");
    const stop = await focused(page);
    if (stop !== "") await isSeen(page, stop);
    if (stop.startsWith(name)) return;
  }
  assert.fail(`no way to "${name}" with Tab`);
}

/** The name of what has the focus, as it is read out; nothing when the page itself has it. */
function focused(page) {
  return page.evaluate(() => {
    const element = document.activeElement;
    if (element === document.body) return "";
    const label = element.getAttribute("aria-label") ?? element.labels?.[0]?.textContent ?? element.textContent;
    return label.trim().replace(/\s+/g, " ");
  });
}

/** The focus has an outline, and is within the window. */
async function isSeen(page, stop) {
  const look = await page.evaluate(() => {
    const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
    const box = document.activeElement.getBoundingClientRect();
    return {
      outline: outlineStyle !== "none" && parseFloat(outlineWidth) >= 1,
      inside: box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth && box.width > 0,
    };
  });
  assert.deepEqual(look, { outline: true, inside: true }, stop);
}
