// What every page says about itself to the browser: no script but our one file, no frame, no way to another place.

import assert from "node:assert/strict";
import { furnish } from "../world/furnished.js";
import { promise } from "../world/scene.js";
import { api, dashboard } from "../world/server.js";
import { tour } from "../world/tour.js";

const HEADERS = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; " +
    "base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
};

promise("every answer carries the policy, whatever its status", async (scene) => {
  const { owner, ids } = await furnish();
  const paths = [
    [200, "/sign-in?done=signed-out"],
    [200, "/reference"],
    [200, "/reference/runCreate"],
    [404, "/reference/none"],
    [200, "/openapi.json"],
    [303, "/"],
    [200, "/settings/api-keys"],
    [200, "/settings/api-keys/new"],
    [200, `/settings/api-keys/${ids.active}`],
    [200, `/settings/api-keys/${ids.active}/roll`],
    [409, `/settings/api-keys/${ids.revoked}/roll`],
    [200, "/settings/audit-log"],
    [404, "/nowhere"],
    [400, "/sign-in/callback"],
    [404, "/assets/none"],
    [200, await asset(owner, "css")],
    [200, await asset(owner, "js")],
  ];
  for (const [status, path] of paths) {
    const answer = await owner.look(
      path.replace("done=signed-out", ""),
      path.includes("signed-out") ? { cookie: "" } : {},
    );
    assert.equal(answer.status, status, path);
    for (const [name, value] of Object.entries(HEADERS)) assert.equal(answer.headers[name], value, `${path}: ${name}`);
  }
});

promise("no page has a script or style within it, or asks another host for one", async (scene) => {
  const found = await tour(scene, await furnish(), {}, async (page) => {
    // The provider's page is not the dashboard's; in AWS it is Cognito's.
    if (!page.url().startsWith(dashboard())) return [];
    const html = await page.content();
    const inline = html.match(/<style|\sstyle=|\son[a-z]+=|javascript:|<base|<iframe|<object|<embed/gi) ?? [];
    const scripts = html.match(/<script[^>]*>[^<]*/g);
    const own =
      scripts.length === 1 && /^<script src="\/assets\/dashboard-[0-9a-f]{12}\.js" defer="">$/.test(scripts[0]);
    const asked = await page.locator("[src], link[href]").evaluateAll((all) => all.map(({ src, href }) => src ?? href));
    const forms = await page
      .locator("form")
      .evaluateAll((all) => all.map(({ action, method }) => `${method} ${action}`));
    const outside = asked.filter((url) => !url.startsWith(dashboard("/assets/")));
    return [
      ...inline,
      ...(own ? [] : scripts),
      ...outside,
      ...forms.filter((form) => ![`post ${dashboard("/")}`, `get ${dashboard("/")}`].some((own) => form.startsWith(own))),
    ];
  });
  assert.deepEqual(found, {});
});

promise(
  "the policy holds in the browser: no script is written into a page, and none talks to anyone but us",
  async (scene) => {
    const page = await scene.browse(await scene.owner());
    scene.expect(/Content Security Policy|TrustedHTML|Refused to|blocked/i);
    await page.goto(dashboard("/settings/api-keys"));
    const tried = await page.evaluate(async (target) => {
      const attempt = async (act) => {
        try {
          await act();
          return "done";
        } catch {
          return "refused";
        }
      };
      const script = document.createElement("script");
      return {
        html: await attempt(() => {
          document.body.innerHTML += "<b>x</b>";
        }),
        script: await attempt(() => {
          script.text = "window.ran = true";
          document.head.append(script);
        }),
        fetch: await attempt(() => fetch(target)),
        ran: window.ran ?? false,
      };
    }, api("/v1/health"));
    assert.deepEqual(tried, { html: "refused", script: "refused", fetch: "refused", ran: false });
  },
);

promise("style and script are kept for a year under a name that changes with them", async (scene) => {
  const owner = await scene.owner();
  for (const [ending, type] of [
    ["css", "text/css; charset=utf-8"],
    ["js", "text/javascript; charset=utf-8"],
  ]) {
    const answer = await owner.look(await asset(owner, ending));
    assert.equal(answer.headers["content-type"], type);
    assert.equal(answer.headers["cache-control"], "public, max-age=31536000, immutable");
    assert.equal(answer.headers["set-cookie"], undefined);
  }
});

async function asset(person, ending) {
  const page = await person.look("/settings/audit-log");
  return new RegExp(`/assets/dashboard-[0-9a-f]+\\.${ending}`).exec(page.body)[0];
}
