// Signing in: nobody is led elsewhere, and nobody is signed in but by his own browser's own attempt.

import assert from "node:assert/strict";
import { sessionOf } from "../world/chromium.js";
import { heading, place, proveWho } from "../world/pages.js";
import { Organization, Person, SESSION } from "../world/people.js";
import { promise } from "../world/scene.js";
import { dashboard, settings } from "../world/server.js";
import * as store from "../world/store.js";
import { encode, send } from "../world/wire.js";

/** Addresses that lead elsewhere, or look as if they did not. */
const ELSEWHERE = [
  "https://evil.example",
  "//evil.example",
  "///evil.example",
  "/\\evil.example",
  "\\\\evil.example",
  "https:evil.example",
  "javascript:alert(1)",
  "data:text/html,x",
  "/\t/evil.example",
  "/\r\nLocation: https://evil.example",
  " //evil.example",
  "evil.example",
  "@evil.example",
  ":1@evil.example",
  "/%0d%0aSet-Cookie:x=1\u0000",
  "/sign-in",
  `/${"x".repeat(600)}`,
];

promise("a sign-in leads to no other place than our own pages", async (scene) => {
  const owner = await scene.owner();
  for (const to of ELSEWHERE) {
    const answer = await owner.look(`/sign-in?${encode({ to })}`);
    assert.deepEqual([answer.status, answer.location], [303, "/"], JSON.stringify(to));
    const callback = await new Person(owner.email, owner.org).signIn(to);
    assert.equal((await callback.look("/")).location, "/runs");
  }
});

promise("the page's button keeps the way back only where it is ours", async (scene) => {
  const page = await scene.browse();
  for (const to of ELSEWHERE) {
    await page.goto(dashboard(`/sign-in?${encode({ to })}`));
    const href = await page.getByRole("link", { name: "Sign in with your e-mail address" }).getAttribute("href");
    assert.equal(href, dashboard("/sign-in/start?to=%2F"), JSON.stringify(to));
  }
});

promise("a whole sign-in with a foreign address ends on the first page", async (scene) => {
  const owner = await (await Organization.make()).add("owner");
  const page = await scene.browse();
  await page.goto(dashboard("/sign-in?to=https%3A%2F%2Fevil.example%2F"));
  await page.getByRole("link", { name: "Sign in with your e-mail address" }).click();
  await proveWho(page, owner.email);
  assert.equal(place(page), "/runs");
});

promise("the provider is asked with PKCE, state and nonce, and each attempt has its own", async () => {
  const urls = [];
  for (let attempts = 0; attempts < 2; attempts += 1) {
    const answer = await send("GET", dashboard("/sign-in/start?to=%2F"));
    const [line] = answer.headers["set-cookie"];
    assert.match(line, /^eclips_sign_in_[0-9A-Za-z]+=[^;]+; HttpOnly; SameSite=Lax; Path=\/; Max-Age=600$/);
    urls.push(new URL(answer.location).searchParams);
  }
  for (const query of urls) {
    assert.equal(query.get("response_type"), "code");
    assert.equal(query.get("code_challenge_method"), "S256");
    assert.equal(query.get("redirect_uri"), dashboard("/sign-in/callback"));
    assert.equal(query.get("scope"), "openid email");
    assert.equal(query.get("prompt"), "login", "a provider that remembers somebody asks all the same");
  }
  for (const own of ["state", "nonce", "code_challenge"]) {
    assert.ok(urls[0].get(own).length >= 16, own);
    assert.notEqual(urls[0].get(own), urls[1].get(own), own);
  }
});

promise("an answer that comes a second time signs nobody in", async (scene) => {
  const owner = await (await Organization.make()).add("owner");
  const url = await owner.callbackUrl();
  const back = () => send("GET", url, { headers: owner.headers(owner.attempt) });
  assert.equal((await back()).status, 303);
  await refused(owner.org, back);
});

promise("an answer to somebody else's attempt signs nobody in", async (scene) => {
  const { owner: victim, forger } = await twoPeople(scene);
  const url = await forger.callbackUrl();
  const page = await scene.browse(victim);
  const answer = await store.unchanged(victim.org.id, () => page.goto(url));
  assert.equal(answer.status(), 400);
  assert.equal(await heading(page), "You were not signed in");
  assert.equal(await sessionOf(page.context()), victim.cookie, "and who was signed in still is");
  await page.goto(dashboard("/settings/api-keys"));
  await page.getByText(victim.email).first().waitFor();
});

promise("a code of somebody else in one's own attempt signs nobody in", async (scene) => {
  const { owner: victim, forger } = await twoPeople(scene);
  const foreign = new URL(await forger.callbackUrl()).searchParams.get("code");
  const own = new URL(await victim.callbackUrl());
  own.searchParams.set("code", foreign);
  await refused(victim.org, () => send("GET", own.href, { headers: victim.headers(victim.attempt) }));
});

promise("an answer that is not the provider's signs nobody in", async (scene) => {
  const { owner } = await twoPeople(scene);
  const wrong = [
    (query) => query.delete("state"),
    (query) => query.set("state", ""),
    (query) => query.set("state", "forged"),
    (query) => query.append("state", query.get("state")),
    (query) => query.set("state", `${query.get("state")}x`),
    // The cookie's name is the state's first characters: a state that begins the same finds it, and is not it.
    (query) => query.set("state", `${query.get("state").slice(0, -1)}-`),
    (query) => query.delete("code"),
    (query) => query.append("code", "second"),
    (query) => query.set("code", "forged"),
    (query) => query.set("code", ""),
    (query) => {
      query.delete("code");
      query.set("error", "access_denied");
    },
  ];
  for (const change of wrong) {
    const url = new URL(await owner.callbackUrl());
    change(url.searchParams);
    const answer = await refused(owner.org, () => send("GET", url.href, { headers: owner.headers(owner.attempt) }));
    assert.ok(!answer.body.includes("forged") && !answer.body.includes("access_denied"), "and what came is not shown");
  }
});

promise("somebody without an organization is told so, and is signed in nowhere", async (scene) => {
  const stranger = new Person("nobody@people.example", undefined);
  const page = await scene.browse();
  await page.goto(dashboard());
  await page.getByRole("link", { name: "Sign in with your e-mail address" }).click();
  await page.getByLabel("E-mail address").fill(stranger.email);
  await page.getByLabel("Password").fill(settings.ECLIPS_DASHBOARD_PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "No organization" }).waitFor();
  await page.getByText("nobody@people.example is not a member of any organization.").waitFor();
  assert.equal(await sessionOf(page.context()), "");
});

promise("a wrong password goes no further than the provider", async (scene) => {
  const owner = await (await Organization.make()).add("owner");
  const page = await scene.browse();
  await page.goto(dashboard());
  await page.getByRole("link", { name: "Sign in with your e-mail address" }).click();
  await page.getByLabel("E-mail address").fill(owner.email);
  await page.getByLabel("Password").fill("not it");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("That is not the password.").waitFor();
  assert.equal(new URL(page.url()).origin, settings.ECLIPS_OIDC_ISSUER);
});

promise("one person goes from one organization to another, and sees nothing of one in the other", async (scene) => {
  const owner = await scene.owner("Northern Mills");
  await owner.makeKey("Key of the north");
  const south = await Organization.make("Southern Mills");
  await south.add("member", owner.email);
  const page = await scene.browse(owner);
  await page.goto(dashboard("/organizations"));
  await page.getByRole("button", { name: "Show Southern Mills" }).click();
  await page.getByText("No runs yet.").waitFor();
  await page.getByRole("link", { name: "API keys" }).click();
  await page.getByText("No API keys yet.").waitFor();
  assert.ok(!(await page.content()).includes("Key of the north"));
  assert.equal(await page.getByRole("link", { name: "New key" }).count(), 0, "a member there");
  assert.equal((await owner.look("/settings/api-keys")).status, 303, "the old session is over");
});

promise("nobody goes to an organization that he is no member of", async (scene) => {
  const owner = await scene.owner();
  const other = await scene.owner();
  const form = await owner.open("/organizations");
  await store.unchanged(other.org.id, async () => {
    for (const [org, status] of [
      [other.org.id, 404],
      [crypto.randomUUID(), 400],
      ["", 400],
    ]) {
      const answer = await owner.post("/organizations", { ...form, org });
      assert.ok([status, 404].includes(answer.status), `${org}: ${answer.status}`);
      assert.equal(answer.cookies[SESSION], undefined);
    }
  });
});

async function twoPeople(scene) {
  return { owner: await scene.owner(), forger: await (await Organization.make()).add("owner") };
}

/** Sends what must sign nobody in. */
async function refused(org, act) {
  const answer = await store.unchanged(org.id, act);
  assert.equal(answer.status, 400);
  assert.equal(answer.cookies[SESSION], undefined);
  return answer;
}
