// For everybody: axe finds nothing on any page, light and dark, on a desk and on a phone.

import assert from "node:assert/strict";
import axe from "axe-core";
import { DESK, PHONE } from "../world/chromium.js";
import { furnish } from "../world/furnished.js";
import { promise } from "../world/scene.js";
import { dashboard } from "../world/server.js";
import { tour } from "../world/tour.js";

/** Everything up to WCAG 2.2 AA, and what axe thinks good besides. */
const ALL = { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] };
/** What can be different in the dark: the page is the same but for its colours. */
const COLOURS = { type: "rule", values: ["color-contrast", "link-in-text-block"] };
/** What is looked for on a page of each kind. */
const SCHEMES = { light: ALL, dark: COLOURS };

for (const [where, device] of [
  ["a desk", DESK],
  ["a phone", PHONE],
]) {
  promise(`axe finds nothing on any page, light or dark, on ${where}`, async (scene) => {
    // The policy forbids what axe does to look at a page; only for that it is put aside.
    const options = { ...device, bypassCSP: true };
    const found = await tour(scene, await furnish(), options, async (page) => {
      await page.evaluate(axe.source);
      const wrong = [];
      for (const [colorScheme, rules] of Object.entries(SCHEMES)) {
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        wrong.push(...(await scan(page, rules)).map((line) => `${colorScheme}: ${line}`));
      }
      return wrong;
    });
    assert.deepEqual(found, {});
  });
}

promise("axe looks at the dark page when it is dark", async (scene) => {
  const page = await scene.browse(undefined, { colorScheme: "dark" });
  await page.goto(dashboard("/sign-in"));
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const dark = await ground();
  await page.emulateMedia({ colorScheme: "light" });
  assert.notEqual(await ground(), dark);
});

promise("axe finds what is wrong where something is", async (scene) => {
  const page = await scene.browse(undefined, { bypassCSP: true });
  await page.setContent(
    "<!doctype html><html><title>x</title><main><h1>x</h1><p style='color:#ccc'>pale</p><img src='data:,'></main>",
  );
  await page.evaluate(axe.source);
  const found = async (rules) => (await scan(page, rules)).map((line) => line.split(":")[0]).sort();
  assert.deepEqual(await found(ALL), ["color-contrast", "html-has-lang", "image-alt"]);
  assert.deepEqual(await found(COLOURS), ["color-contrast"]);
});

/** @returns {Promise<string[]>} what axe, which the page has by now, has to say by these rules, a line each */
async function scan(page, rules) {
  const { violations } = await page.evaluate((runOnly) => axe.run(document, { runOnly }), rules);
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, any }) => {
      return `${id}: ${help} – ${target.join(" ")} ${any.map(({ message }) => message).join("; ")}`;
    }),
  );
}
