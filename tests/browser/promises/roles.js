// Who may do what: a role that may not, cannot; another organization does not exist; keys and sessions open one house each.

import assert from "node:assert/strict";
import { fact, heading, row } from "../world/pages.js";
import { call, Organization, SESSION } from "../world/people.js";
import { promise } from "../world/scene.js";
import { admin, api, dashboard } from "../world/server.js";
import * as store from "../world/store.js";
import { send } from "../world/wire.js";

const KEYS = "/settings/api-keys";

promise("a member sees keys and audit log, and nothing to press", async (scene) => {
  const { org, key } = await staffed(scene);
  const member = await (await org.add("member")).signIn();
  const page = await scene.browse(member);
  for (const path of [KEYS, `${KEYS}/${key.key_id}`, "/settings/audit-log", "/organizations"]) {
    assert.equal((await page.goto(dashboard(path))).status(), 200, path);
    const names = await page.locator("main").getByRole("button").allTextContents();
    assert.deepEqual(names, [], path);
    assert.equal(await page.getByRole("link", { name: /^(New key|Make|Roll|Revoke)/ }).count(), 0, path);
  }
  await page.goto(dashboard(KEYS));
  await page.getByText("Owners and admins make keys.").waitFor();
});

promise("a member is refused every page and every form that makes or ends keys, and changes nothing", async (scene) => {
  const { org, key, owner } = await staffed(scene);
  const member = await (await org.add("member")).signIn();
  const form_token = await member.formToken();
  const own = `${KEYS}/${key.key_id}`;
  const { form_id, ...fields } = await owner.keyForm("Not his");
  await store.unchanged(org.id, async () => {
    for (const path of [`${KEYS}/new`, `${own}/roll`, `${own}/revoke`]) {
      assert.equal((await member.look(path)).status, 403, path);
    }
    const forms = [
      [KEYS, { ...fields, form_id, form_token }],
      [`${own}/roll`, { form_token, form_id, grace: "0" }],
      [`${own}/revoke`, { form_token }],
    ];
    for (const [path, form] of forms) {
      const answer = await member.post(path, form);
      assert.equal(answer.status, 403, path);
      assert.match(answer.body, /Your role does not allow this/);
    }
  });
  assert.equal((await call(key.key)).status, 200);
});

promise("an empty organization tells a member whom to ask", async (scene) => {
  const org = await Organization.make();
  const page = await scene.browse(await (await org.add("member")).signIn());
  await page.goto(dashboard(KEYS));
  await page.getByText("Ask an owner or an admin of your organization to make one.").waitFor();
});

promise("an admin is offered every scope but triage:write, and cannot grant it by hand", async (scene) => {
  const { org } = await staffed(scene);
  const colleague = await (await org.add("admin")).signIn();
  const page = await scene.browse(colleague);
  await page.goto(dashboard(`${KEYS}/new?preset=all`));
  assert.ok(await page.getByRole("checkbox", { name: "triage:write" }).isDisabled());
  assert.equal(await page.getByRole("checkbox", { disabled: false }).count(), 7);
  assert.equal(await page.getByRole("checkbox", { checked: true }).count(), 7);
  assert.equal(await page.getByRole("link", { name: "Triage desk" }).count(), 0);
  await store.unchanged(org.id, async () => {
    for (const scope of ["triage:write", ["agents:read", "triage:write"]]) {
      const answer = await colleague.post(KEYS, await colleague.keyForm("Too much", { scope }));
      assert.equal(answer.status, 403);
    }
  });
  assert.equal((await colleague.makeKey("Enough", { scope: ["triage:read"] })).key.length, 39);
});

promise("an admin cannot roll a key with triage:write, but can revoke it", async (scene) => {
  const { org, owner } = await staffed(scene);
  const colleague = await (await org.add("admin")).signIn();
  const mighty = await owner.makeKey("Mighty", { scope: ["triage:write"] });
  const own = `${KEYS}/${mighty.key_id}`;
  const page = await scene.browse(colleague);
  await page.goto(dashboard(own));
  assert.equal(await page.getByRole("link", { name: "Roll this key" }).count(), 0);
  const { form_token, form_id } = await colleague.keyForm("For its id");
  await store.unchanged(org.id, async () => {
    assert.equal((await colleague.look(`${own}/roll`)).status, 403);
    assert.equal((await colleague.post(`${own}/roll`, { form_token, form_id, grace: "0" })).status, 403);
  });
  await page.getByRole("link", { name: "Revoke this key" }).click();
  await page.getByRole("button", { name: "Revoke key" }).click();
  await page.getByText("The key is revoked.").waitFor();
  assert.ok((await fact(page, "State").textContent()).includes(colleague.email));
  assert.equal((await call(mighty.key)).status, 401);
});

promise("whoever loses his role while signed in is refused at the next request", async (scene) => {
  const { org, key } = await staffed(scene);
  const colleague = await (await org.add("admin")).signIn();
  const page = await scene.browse(colleague);
  await page.goto(dashboard(`${KEYS}/${key.key_id}/revoke`));
  await org.add("member", colleague.email);
  await store.unchanged(org.id, async () => {
    await page.getByRole("button", { name: "Revoke key" }).click();
    await page.getByRole("heading", { name: "Your role does not allow this" }).waitFor();
    assert.equal((await colleague.look(`${KEYS}/new`)).status, 403);
  });
  assert.equal((await call(key.key)).status, 200);
  assert.equal((await colleague.look(KEYS)).status, 200, "he still reads");
});

promise("whoever is removed is out at once, and his keys say that he has left", async (scene) => {
  const { org, owner, key } = await staffed(scene);
  const colleague = await (await org.add("admin")).signIn();
  const his = await colleague.makeKey("His own");
  const form = await colleague.keyForm("Last one");
  const page = await scene.browse(colleague);
  await page.goto(dashboard(KEYS));
  await org.remove(colleague.email);
  await store.unchanged(org.id, async () => {
    await page.getByRole("link", { name: "Audit log" }).click();
    assert.equal(await heading(page), "No longer a member");
    for (const path of [KEYS, `${KEYS}/${his.key_id}`, `${KEYS}/new`, "/settings/audit-log"]) {
      assert.equal((await colleague.look(path)).status, 403, path);
    }
    assert.equal((await colleague.post(KEYS, form)).status, 403);
    const back = await colleague.post("/organizations", { ...(await colleague.open("/organizations")), org: org.id });
    assert.equal(back.cookies[SESSION], undefined, "no new session");
    assert.equal((await colleague.look("/")).status, 403, "and still out");
  });
  const hers = await scene.browse(owner);
  await hers.goto(dashboard(KEYS));
  assert.equal(await row(hers, "His own").getByText("has left").count(), 1);
  assert.equal(await row(hers, "Everyday").getByText("has left").count(), 0);
  await hers.goto(dashboard(`${KEYS}/${his.key_id}`));
  await fact(hers, "Created").getByText("has left").waitFor();
  assert.equal((await call(his.key)).status, 200, "the key itself goes on");
  assert.ok(key.key_id !== his.key_id);
});

promise("whoever is removed goes to another organization of his, or out", async (scene) => {
  const { org } = await staffed(scene);
  const { org: other } = await staffed(scene);
  const member = await (await org.add("member")).signIn();
  await other.add("member", member.email);
  const page = await scene.browse(member);
  await page.goto(dashboard(KEYS));
  await org.remove(member.email);
  await page.reload();
  await page.getByRole("link", { name: "Your organizations" }).click();
  await page.getByRole("button", { name: `Show ${other.name}` }).click();
  await page.getByRole("link", { name: other.name }).waitFor();
  await other.remove(member.email);
  await page.goto(dashboard("/organizations"));
  await page.getByText("You are not a member of any organization.").waitFor();
  await page.locator("summary").click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByText("You are signed out.").waitFor();
});

promise("another organization's key is as unknown as one that never was", async (scene) => {
  const { org, key } = await staffed(scene);
  const { owner: stranger } = await staffed(scene);
  const never = `${key.key_id.slice(0, -1)}${key.key_id.endsWith("0") ? "1" : "0"}`;
  const { form_token, form_id } = await stranger.keyForm("For its id");
  const bare = ({ status, body }) => [status, body.replace(/Request [0-9a-f-]+/, "Request")];
  await store.unchanged(org.id, async () => {
    for (const end of ["", "/roll", "/revoke", "?done=revoked"]) {
      const [theirs, nobodys] = await Promise.all(
        [key.key_id, never].map((id) => stranger.look(`${KEYS}/${id}${end}`)),
      );
      assert.equal(theirs.status, 404, end);
      assert.deepEqual(bare(theirs), bare(nobodys), end);
    }
    for (const [end, form] of [
      ["/roll", { form_token, form_id, grace: "0" }],
      ["/revoke", { form_token }],
    ]) {
      const [theirs, nobodys] = await Promise.all(
        [key.key_id, never].map((id) => stranger.post(`${KEYS}/${id}${end}`, form)),
      );
      assert.equal(theirs.status, 404, end);
      assert.deepEqual(bare(theirs), bare(nobodys), end);
    }
  });
  const list = await stranger.look(`${KEYS}?before=${key.key_id}`);
  assert.ok(!list.body.includes(key.key_id));
});

promise("an API key opens nothing on the dashboard", async (scene) => {
  const { key } = await staffed(scene);
  for (const path of ["/", KEYS, `${KEYS}/${key.key_id}`, "/settings/audit-log", "/organizations"]) {
    const headers = { authorization: `Bearer ${key.key}`, cookie: `eclips_session=${key.key}`, "x-api-key": key.key };
    const answer = await send("GET", dashboard(path), { headers });
    assert.equal(answer.status, 303, path);
    assert.match(answer.location, /^\/sign-in\?to=/);
  }
  const sent = await send("POST", dashboard(KEYS), {
    headers: {
      authorization: `Bearer ${key.key}`,
      origin: dashboard(),
      "content-type": "application/x-www-form-urlencoded",
    },
    body: "name=x",
  });
  assert.equal(sent.status, 401);
});

promise("a session opens nothing of the API", async (scene) => {
  const { owner } = await staffed(scene);
  for (const path of ["/v1/runs", "/v1/runs/01a20f99-6c20-77aa-8c70-78742ef8f116"]) {
    const answer = await send("GET", api(path), { headers: owner.headers() });
    assert.equal(answer.status, 401, path);
    assert.equal(answer.headers["x-eclips-error-code"], "missing_api_key", path);
  }
  const bearer = await send("GET", api("/v1/runs"), { headers: { authorization: `Bearer ${owner.cookie}` } });
  assert.equal(bearer.headers["x-eclips-error-code"], "invalid_api_key");
});

promise("no page of the dashboard is on the API's host, and none of the API's on the dashboard's", async (scene) => {
  const { owner } = await staffed(scene);
  const onApi = await send("GET", api(KEYS), { headers: owner.headers() });
  assert.ok([401, 403, 404].includes(onApi.status), `${onApi.status}`);
  assert.equal((await owner.look("/v1/health")).status, 404);
});

for (const [what, plan, word] of [
  ["a suspended organization", "growth", "suspend"],
  ["an organization without API access", "starter"],
]) {
  promise(`${what} is told so on every page`, async (scene) => {
    const { org, owner, key } = await staffed(scene, plan);
    if (word) await admin("org", word, org.id);
    const page = await scene.browse(owner);
    for (const path of [KEYS, `${KEYS}/${key.key_id}`, `${KEYS}/new`, "/settings/audit-log"]) {
      await page.goto(dashboard(path));
      const notice = await page.getByRole("status").textContent();
      assert.match(notice, /^(This organization is suspended|API access is not included).* refused with 403\.$/, path);
    }
    assert.equal((await call(key.key)).status, 403, "and it is so");
  });
}

/** An organization with an owner and a key of hers. */
async function staffed(scene, plan) {
  const owner = await scene.owner(undefined, plan);
  return { org: owner.org, owner, key: await owner.makeKey("Everyday") };
}
