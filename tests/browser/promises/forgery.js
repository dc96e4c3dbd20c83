// Forms that no page of this session sent: whatever is wrong with them, nothing is done.

import assert from "node:assert/strict";
import http from "node:http";
import { promise } from "../world/scene.js";
import { dashboard } from "../world/server.js";
import * as store from "../world/store.js";
import { encode, send } from "../world/wire.js";

const CREATE = "/settings/api-keys";
const FORM = "application/x-www-form-urlencoded";

/** What makes a form a stranger's, with the status that says so. */
const STRANGE_HEADERS = [
  ["no Origin", { origin: undefined }, 403],
  ["Origin: null", { origin: "null" }, 403],
  ["another site's Origin", { origin: "https://evil.example" }, 403],
  ["another port's Origin", { origin: "http://127.0.0.1:1" }, 403],
  ["localhost as Origin", () => ({ origin: dashboard().replace("127.0.0.1", "localhost") }), 403],
  ["an Origin with https", () => ({ origin: dashboard().replace("http:", "https:") }), 403],
  ["an Origin with a path", () => ({ origin: dashboard("/") }), 403],
  ["an Origin that only begins like ours", () => ({ origin: dashboard("0") }), 403],
  ["two Origins", () => ({ origin: [dashboard(), dashboard()] }), 403],
  ["a Referer in place of Origin", () => ({ origin: undefined, referer: dashboard("/settings/api-keys/new") }), 403],
  ["text/plain", { "content-type": "text/plain" }, 400],
  ["multipart", { "content-type": "multipart/form-data; boundary=x" }, 400],
  ["JSON", { "content-type": "application/json" }, 400],
  ["no Content-Type", { "content-type": undefined }, 400],
];

/** Where a form can be sent, each with fields that would do something. */
const FORMS = [
  ["create", async (owner) => [CREATE, await owner.keyForm("Forged")]],
  [
    "roll",
    async (owner, id) => [`${CREATE}/${id}/roll`, { ...(await owner.open(`${CREATE}/${id}/roll`)), grace: "0" }],
  ],
  ["revoke", async (owner, id) => [`${CREATE}/${id}/revoke`, await owner.open(`${CREATE}/${id}/revoke`)]],
  ["sign out", async (owner) => ["/sign-out", { form_token: await owner.formToken() }]],
  [
    "choose an organization",
    async (owner) => ["/organizations", { form_token: await owner.formToken(), org: owner.org.id }],
  ],
];

for (const [name, prepare] of FORMS) {
  promise(`a form to ${name} is refused with strange headers, and changes nothing`, async (scene) => {
    const { owner, path, fields } = await made(scene, prepare);
    await store.unchanged(owner.org.id, async () => {
      for (const [what, headers, status] of STRANGE_HEADERS) {
        const answer = await owner.post(path, fields, typeof headers === "function" ? headers() : headers);
        assert.equal(answer.status, status, what);
      }
    });
    await stillSignedIn(owner);
  });

  promise(`a form to ${name} is refused with another token, or none, and changes nothing`, async (scene) => {
    const { owner, path, fields } = await made(scene, prepare);
    const stranger = await scene.owner();
    const colleague = await (await owner.org.add("owner")).signIn();
    const { form_token: own, ...rest } = fields;
    await store.unchanged(owner.org.id, async () => {
      for (const form_token of [
        await stranger.formToken(),
        await colleague.formToken(),
        "",
        `${own}A`,
        own.toLowerCase(),
        owner.cookie,
      ]) {
        assert.equal((await owner.post(path, { ...rest, form_token })).status, 403, form_token);
      }
      assert.equal((await owner.post(path, rest)).status, 403, "none");
      const inQuery = `${path}?${encode({ form_token: own })}`;
      assert.equal((await owner.post(inQuery, rest)).status, 403, "in the address");
      const replayed = await colleague.post(path, fields);
      assert.equal(replayed.status, 403, "a form of somebody else's session");
    });
    await stillSignedIn(owner);
  });
}

promise("a field sent twice is refused", async (scene) => {
  const { owner, fields } = await made(scene, FORMS[0][1]);
  await store.unchanged(owner.org.id, async () => {
    for (const name of ["form_token", "form_id", "name", "mode", "life", "date"]) {
      const pairs = [...new URLSearchParams(encode(fields)), [name, fields[name]]];
      assert.equal((await owner.post(CREATE, pairs)).status, 400, name);
    }
  });
});

for (const [name, prepare] of FORMS.slice(0, 3)) {
  promise(`a field that the form to ${name} does not have is refused, whoever it names`, async (scene) => {
    const { owner, path, fields } = await made(scene, prepare);
    const other = await scene.owner();
    await store.unchanged(owner.org.id, async () => {
      for (const extra of [
        "org_id",
        "org",
        "created_by",
        "by",
        "role",
        "limit",
        "key",
        "email",
        "authenticated_at",
        "__proto__",
      ]) {
        // Pairs, because an object takes the last name for itself.
        const pairs = [...new URLSearchParams(encode(fields)), [extra, other.org.id]];
        assert.equal((await owner.post(path, pairs)).status, 400, extra);
      }
    });
  });
}

promise("values that the form does not offer are refused", async (scene) => {
  const { owner, fields } = await made(scene, FORMS[0][1]);
  const wrong = [
    [400, { mode: "Live" }],
    [400, { mode: "" }],
    [400, { scope: "agents:all" }],
    [400, { scope: ["agents:run", "*"] }],
    [400, { form_id: "" }],
    [400, { form_id: "1" }],
    [400, { form_id: "../x" }],
    [422, { name: "" }],
    [422, { name: "x".repeat(101) }],
    [422, { name: "a\u202eb" }],
    [422, { name: "a\nb" }],
    [422, { scope: [] }],
    [422, { life: "91" }],
    [422, { life: "" }],
    [422, { life: "custom", date: "" }],
    [422, { life: "custom", date: "2020-01-01" }],
    [422, { life: "custom", date: "9999-12-31" }],
    [413, { name: "x".repeat(17_000) }],
  ];
  await store.unchanged(owner.org.id, async () => {
    for (const [status, change] of wrong) {
      const answer = await owner.post(CREATE, { ...fields, ...change });
      assert.equal(answer.status, status, JSON.stringify(change).slice(0, 80));
    }
  });
  assert.equal((await owner.post(CREATE, fields)).status, 201, "and the form itself was right");
});

promise("a key is made by a form alone, not by an address or another method", async (scene) => {
  const { owner, fields } = await made(scene, FORMS[0][1]);
  const { key_id: id } = await owner.org.makeKey("Other", "--test");
  await store.unchanged(owner.org.id, async () => {
    assert.equal((await owner.look(`${CREATE}?${encode(fields)}`)).status, 200, "only shows the list");
    assert.equal((await owner.look(`${CREATE}/${id}/revoke?${encode(fields)}`)).status, 200, "only asks");
    for (const method of ["PUT", "DELETE", "PATCH"]) {
      const answer = await send(method, dashboard(`${CREATE}/${id}`), {
        headers: owner.headers(),
        body: encode(fields),
      });
      assert.equal(answer.status, 405, method);
    }
    const overridden = await owner.post(
      `${CREATE}/${id}`,
      { ...fields, _method: "DELETE" },
      { "x-http-method-override": "DELETE" },
    );
    assert.equal(overridden.status, 405);
  });
});

for (const [host, status] of [
  ["localhost", 401],
  ["127.0.0.1", 403],
]) {
  // The first is another site, so that the browser keeps the cookie to itself; the second is the same site on another
  // port, and only the origin gives it away.
  promise(`a page on another origin (${host}) cannot send our form`, async (scene) => {
    const { owner, path, fields } = await made(scene, FORMS[0][1]);
    const page = await scene.browse(owner);
    scene.foreign(host);
    await attacker(host, formPage(path, fields), async (url) => {
      await page.goto(url);
      const sent = page.waitForResponse((response) => response.request().method() === "POST");
      await store.unchanged(owner.org.id, async () => {
        await page.getByRole("button", { name: "Win a prize" }).click();
        assert.equal((await sent).status(), status);
      });
    });
  });
}

promise("no other site frames a page of ours", async (scene) => {
  const owner = await scene.owner();
  const page = await scene.browse(owner);
  for (const host of ["localhost", "127.0.0.1"]) {
    scene.foreign(host);
    await attacker(host, `<iframe src="${dashboard(CREATE)}"></iframe>`, async (url) => {
      await page.goto(url);
      const frame = page.frames()[1];
      await frame.waitForLoadState();
      assert.equal(frame.url(), "chrome-error://chromewebdata/", host);
    });
  }
  scene.expect(/frame-ancestors|X-Frame-Options|chromewebdata/);
});

promise("a page on another origin reads nothing of ours", async (scene) => {
  const owner = await scene.owner();
  const page = await scene.browse(owner);
  scene.foreign("127.0.0.1");
  await attacker("127.0.0.1", "<h1>Look</h1>", async (url) => {
    await page.goto(url);
    const read = await page.evaluate(
      (target) =>
        fetch(target, { credentials: "include" }).then(
          (answer) => answer.text(),
          (error) => error.name,
        ),
      dashboard(CREATE),
    );
    assert.equal(read, "TypeError");
    const embedded = await page.evaluate(
      (target) =>
        new Promise((done) => {
          const script = document.createElement("script");
          script.onload = () => done("loaded");
          script.onerror = () => done("refused");
          script.src = target;
          document.head.append(script);
        }),
      dashboard(CREATE),
    );
    assert.equal(embedded, "refused");
  });
  scene.expect(/CORS|ERR_FAILED|ERR_BLOCKED_BY/);
});

/** An owner with a key, and a form of hers that would do something. */
async function made(scene, prepare) {
  const owner = await scene.owner();
  const { key_id: id } = await owner.makeKey("Safe");
  const [path, fields] = await prepare(owner, id);
  return { owner, path, fields };
}

async function stillSignedIn(owner) {
  assert.equal((await owner.look("/settings/api-keys")).status, 200);
}

function formPage(path, fields) {
  const inputs = [...new URLSearchParams(encode(fields))].map(
    ([name, value]) => `<input name="${name}" value="${value}">`,
  );
  return `<form method="post" action="${dashboard(path)}" enctype="${FORM}">${inputs.join("")}<button>Win a prize</button></form>`;
}

/** Serves a stranger's page on loopback for as long as `act` takes. */
async function attacker(host, html, act) {
  const server = http.createServer((_, response) => {
    response.setHeader("content-type", "text/html");
    response.end(`<!doctype html><title>Prizes</title><link rel="icon" href="data:,">${html}`);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  try {
    await act(`http://${host}:${server.address().port}/`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}
