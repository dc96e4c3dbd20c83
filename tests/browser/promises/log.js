// Last of all: the log of the whole run, at its most talkative, holds no piece of any secret that the other tests met.

import assert from "node:assert/strict";
import { promise } from "../world/scene.js";
import { census, leaks } from "../world/secrets.js";
import { log, settings } from "../world/server.js";

promise("the log holds no key, session, form token, password, address or query of the whole run", async (scene) => {
  const owner = await scene.owner();
  await owner.makeKey("Logged");
  await owner.formToken();
  const text = log();
  const met = census();
  for (const what of ["key", "session cookie", "form token", "password"])
    assert.ok(met[what] > 0, `${what}: none was met`);
  assert.deepEqual(leaks(text), []);
  const pages = text.split("\n").filter((line) => line.includes(" page request_id="));
  assert.ok(pages.length > 5, `${pages.length} pages were logged`);
  for (const line of pages) assert.doesNotMatch(line, /@|[?&](code|state|to)=|Logged/, line);
});

promise("a secret in the log would be found", async () => {
  assert.ok(leaks(`x ${settings.ECLIPS_DASHBOARD_PASSWORD.slice(2, 10)} y`).length === 1);
  assert.deepEqual(leaks(`x ${settings.ECLIPS_DASHBOARD_PASSWORD.slice(2, 9)} y`), []);
});
