// Small windows and large letters: nothing is cut off, nothing needs to be pushed sideways, everything can be tapped.

import assert from "node:assert/strict";
import { DESK, PHONE } from "../world/chromium.js";
import { furnish, LONGEST } from "../world/furnished.js";
import { shownKey } from "../world/pages.js";
import { promise } from "../world/scene.js";
import { dashboard } from "../world/server.js";
import { tour } from "../world/tour.js";

/** A desk's window at 100, 200 and 400 %. *Source*: WCAG 2.2, 1.4.4 and 1.4.10. */
const WINDOWS = [DESK.viewport, { width: 640, height: 400 }, { width: 320, height: 640 }];
/** *Source*: WCAG 2.2, 2.5.8. */
const TARGET_PX_MIN = 24;
/** What the reader's browser may be set to; ours is 16. */
const LETTERS_PX = 32;

promise(
  "on a phone nothing is pushed sideways, cut off or too small to be hit, however long the names and large the letters",
  async (scene) => {
    const found = await tour(scene, await furnish(LONGEST), PHONE, async (page) => {
      const width = await page.evaluate(() => innerWidth);
      const zoomed = width === PHONE.viewport.width ? [] : [`zoomed out to ${width} px`];
      const wrong = [await page.evaluate(beyond), await page.evaluate(small, TARGET_PX_MIN), await enlarged(page)];
      return [...zoomed, ...wrong.flat()];
    });
    assert.deepEqual(found, {});
  },
);

promise(
  "on a desk nothing is pushed sideways or cut off, at 100, 200 or 400 %, however long the names and large the letters",
  async (scene) => {
    const found = await tour(scene, await furnish(LONGEST), DESK, async (page) => {
      const wrong = await enlarged(page);
      for (const size of WINDOWS) {
        await page.setViewportSize(size);
        wrong.push(...(await page.evaluate(beyond)).map((line) => `${size.width}: ${line}`));
      }
      await page.setViewportSize(DESK.viewport);
      return wrong;
    });
    assert.deepEqual(found, {});
  },
);

/** What is wrong with a page for a reader whose browser has large letters. */
async function enlarged(page) {
  const chrome = await page.context().newCDPSession(page);
  await chrome.send("Page.setFontSizes", { fontSizes: { standard: LETTERS_PX, fixed: 26 } });
  const size = await page.evaluate(() => getComputedStyle(document.body).fontSize);
  const wrong = await page.evaluate(beyond);
  await chrome.send("Page.setFontSizes", { fontSizes: { standard: 16, fixed: 13 } });
  await chrome.detach();
  return size === `${LETTERS_PX}px` ? wrong.map((line) => `large letters: ${line}`) : [`letters of ${size}`];
}

promise("on a phone a key is made, copied and revoked with a finger", async (scene) => {
  const owner = await scene.owner();
  const context = await scene.context(owner, PHONE);
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: dashboard() });
  const page = await context.newPage();
  await page.goto(dashboard("/settings/api-keys"));
  await page.getByRole("link", { name: "Make the first key" }).tap();
  await page.getByLabel("Name").fill("Scanner 12");
  await page.getByRole("main").getByRole("link", { name: "Batches" }).tap();
  await page.getByText("after 30 days").tap();
  await page.getByRole("button", { name: "Create key" }).tap();
  const made = await shownKey(page);
  await page.getByRole("button", { name: "Copy key" }).tap();
  await page.getByRole("button", { name: "Copied" }).waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), made.key);
  await page.getByRole("link", { name: "I have stored it" }).tap();
  await page.getByRole("link", { name: "Revoke this key" }).tap();
  await page.getByRole("button", { name: "Revoke key" }).tap();
  await page.getByText("The key is revoked.").waitFor();
});

promise("on a phone every place is reached: both sections, the organizations, and the way out", async (scene) => {
  const owner = await scene.owner();
  const page = await scene.browse(owner, PHONE);
  await page.goto(dashboard());
  await page.getByRole("link", { name: "Audit log" }).tap();
  await page.getByRole("heading", { name: "Audit log" }).waitFor();
  await page.getByRole("link", { name: "API keys" }).tap();
  await page.getByRole("heading", { name: "API keys" }).waitFor();
  await page.locator("summary").tap();
  for (const way of [
    page.getByRole("link", { name: "Your organizations" }).last(),
    page.getByRole("button", { name: "Sign out" }),
  ]) {
    const box = await way.boundingBox();
    assert.ok(box.x >= 0 && box.x + box.width <= 390 && box.y + box.height <= 844, JSON.stringify(box));
  }
  await page.getByRole("button", { name: "Sign out" }).tap();
  await page.getByText("You are signed out.").waitFor();
});

promise("on a phone the open account menu covers nothing that can be pressed, however long the address", async (scene) => {
  const page = await scene.browse(await scene.owner(), PHONE);
  await page.goto(dashboard());
  await page.locator("summary").tap();
  for (const letters of [12, 24, 48, 96]) {
    const covered = await page.evaluate((address) => {
      document.querySelector(".menu p").firstChild.data = address;
      const { bottom, left } = document.querySelector(".menu").getBoundingClientRect();
      return [...document.querySelectorAll("main a, nav a")]
        .filter((link) => link.getBoundingClientRect().top < bottom && link.getBoundingClientRect().right > left)
        .map((link) => link.textContent);
    }, `${"a".repeat(letters)}@people.example`);
    assert.deepEqual(covered, []);
  }
});

promise("on a phone each cell of a table says what it is", async (scene) => {
  const { owner, ids } = await furnish();
  const page = await scene.browse(owner, PHONE);
  for (const path of [
    "/settings/api-keys",
    `/settings/api-keys/${ids.revoked}`,
    "/settings/audit-log",
    "/organizations",
  ]) {
    await page.goto(dashboard(path));
    const labels = await page.locator("tbody td:not(.act)").evaluateAll((cells) =>
      cells.map((cell) => {
        return getComputedStyle(cell, "::before").content.replaceAll('"', "");
      }),
    );
    const heads = await page.locator("thead th").allTextContents();
    assert.ok(labels.length > 0, path);
    for (const label of labels) assert.ok(heads.includes(label), `${path}: ${label}`);
  }
});

/** Runs in the page. What reaches beyond the window, or is cut off within its own box. @returns {string[]} */
function beyond() {
  const width = document.documentElement.clientWidth;
  const found = [];
  if (document.documentElement.scrollWidth > width)
    found.push(`the page is ${document.documentElement.scrollWidth} px wide`);
  // What is for screen readers only, and what the window cuts short because the whole is one tap away.
  const apart = ".unseen, .unseen *, .skip, thead, thead *, input, .clip, summary, .org";
  for (const element of document.querySelectorAll("body *")) {
    const box = element.getBoundingClientRect();
    if (box.width === 0 || element.matches(apart) || !element.checkVisibility()) continue;
    const name = `${element.tagName.toLowerCase()}.${element.className} "${element.textContent.trim().slice(0, 40)}"`;
    if (box.right > width + 0.5 || box.left < -0.5)
      found.push(`beyond: ${name} ${Math.round(box.left)}–${Math.round(box.right)}`);
    const cuts = getComputedStyle(element).overflowX !== "visible" && element.scrollWidth > element.clientWidth + 1;
    if (cuts) found.push(`cut off: ${name} ${element.scrollWidth} in ${element.clientWidth}`);
  }
  return found;
}

/**
 * Runs in the page. What can be pressed and is smaller than `min` in either direction; a control counts with its label.
 * @param {number} min
 * @returns {string[]}
 */
function small(min) {
  const found = [];
  for (const element of document.querySelectorAll("a[href], button, summary, input:not([type=hidden])")) {
    if (element.matches(".skip") || !element.checkVisibility()) continue;
    const boxes = [element, ...(element.labels ?? [])].map((target) => target.getBoundingClientRect());
    if (boxes.some(({ width, height }) => width >= min && height >= min)) continue;
    found.push(
      `${element.outerHTML.slice(0, 90)} ${boxes.map(({ width, height }) => `${width}×${height}`).join(", ")}`,
    );
  }
  return found;
}
