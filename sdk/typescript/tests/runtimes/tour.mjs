/**
 * Tries each kind of method at a real server, with nothing but what every runtime has. Whoever calls it brings the package, since
 * each runtime loads it in its own way.
 */

const EVENTS = ["run.queued", "run.started", "attempt.started", "attempt.succeeded", "run.completed"];

/**
 * Goes round, and throws at the first thing that is not as it should be.
 * @param {typeof import("@eclips/sdk")} sdk
 * @param {Record<string, string>} places the key and the servers of the test that started this
 * @returns {Promise<string[]>} what held
 */
export async function tour(sdk, places) {
  const held = [];
  for (const [name, step] of Object.entries(STEPS)) {
    await step(sdk, places);
    held.push(name);
  }
  return held;
}

const STEPS = {
  async run(sdk, places) {
    const eclips = clientOf(sdk, places);
    same((await eclips.health()).status, "ok");
    const run = await eclips.runAndWait(
      "researcher",
      "Prüfe \u{1F600}",
      { n: 1 },
      { timeoutMs: 30_000, pollIntervalMs: 100 },
    );
    same(run.status, "completed");
    same(run.task, "Prüfe \u{1F600}");
  },

  async batch(sdk, places) {
    const eclips = clientOf(sdk, places);
    const { job } = await eclips.createBatch("center", [{ task: "x" }, { task: "y" }]);
    const { rows } = await eclips.waitForBatch(job.id, { timeoutMs: 60_000, pollIntervalMs: 100 });
    same(
      rows.map((row) => row.status),
      ["completed", "completed"],
    );
  },

  async list(sdk, places) {
    let count = 0;
    for await (const run of clientOf(sdk, places).allRuns({ limit: 1 })) count += run.id ? 1 : 0;
    same(count, 3);
  },

  async stream(sdk, places) {
    const eclips = clientOf(sdk, places);
    const { run_id } = await eclips.run("researcher", "x", { sandbox: { delay_ms: 200 } });
    // Each connection is cut after two events.
    const cut = clientOf(sdk, places, { baseUrl: places.cutting });
    const types = [];
    for await (const event of cut.streamRun(run_id, { timeoutMs: 60_000 })) types.push(event.type);
    same(types, EVENTS);
    for await (const event of eclips.streamRun(run_id)) {
      same(event.seq, 1);
      break;
    }
  },

  async errors(sdk, places) {
    const eclips = clientOf(sdk, places);
    const missing = await refused(eclips.getRun("019e9c29-1a80-7000-8000-0000000000a1"), sdk.NotFoundError);
    same(missing.message, "Run not found");
    const empty = await refused(eclips.run("center", ""), sdk.ValidationError);
    same([empty.field, empty.code], ["task", "validation_error"]);
    const stranger = clientOf(sdk, places, { apiKey: "no-key-of-anybody" });
    const unknown = await refused(stranger.listRuns(), sdk.AuthenticationError);
    same(String(unknown.stack).includes("no-key-of-anybody"), false);
  },

  async connections(sdk, places) {
    const nobody = clientOf(sdk, places, { baseUrl: places.nobody, maxRetries: 1 });
    await refused(nobody.getUsage(), sdk.ConnectionError);
    const hanging = clientOf(sdk, places, { baseUrl: places.hanging });
    await refused(hanging.getUsage({ timeoutMs: 300 }), sdk.TimeoutError);
    const controller = new AbortController();
    setTimeout(() => controller.abort(new RangeError("enough")), 200);
    await refused(hanging.getUsage({ signal: controller.signal }), RangeError);
    await refused(hanging.getUsage({ signal: AbortSignal.abort(new RangeError("before")) }), RangeError);
  },

  async redirects(sdk, places) {
    const away = clientOf(sdk, places, { baseUrl: places.redirecting });
    same((await refused(away.getUsage(), sdk.EClipsError)).code, "redirect_refused");
    same((await refused(away.run("center", "x"), sdk.EClipsError)).code, "redirect_refused");
  },

  async secrecy(sdk, places) {
    const eclips = clientOf(sdk, places);
    same(JSON.stringify(eclips), "{}");
    same(Object.keys(eclips), []);
    const insecure = () => clientOf(sdk, places, { baseUrl: "http://api.example.com" });
    await refused((async () => insecure())(), sdk.ValidationError);
  },

  async webhooks(sdk) {
    // By the runtime's own Web Crypto, which is another one's work than ours.
    const bytes = new Uint8Array(32).fill(7);
    const secret = `whsec_${btoa(String.fromCharCode(...bytes))}`;
    const body = '{"event":"run.completed","note":"für \u{1F600}"}';
    const hex = (await hmac(new TextEncoder().encode(secret), body))
      .map((byte) => byte.toString(16).padStart(2, "0"))
      .join("");
    same(sdk.EClipsClient.verifyWebhook(body, `sha256=${hex}`, secret), true);
    same(sdk.EClipsClient.verifyWebhook(`${body} `, `sha256=${hex}`, secret), false);
    const [id, at] = ["1", String(Math.floor(Date.now() / 1000))];
    const signature = btoa(String.fromCharCode(...(await hmac(bytes, `${id}.${at}.${body}`))));
    const headers = new Headers({ "webhook-id": id, "webhook-timestamp": at, "webhook-signature": `v1,${signature}` });
    same(sdk.EClipsClient.constructEvent(new TextEncoder().encode(body), headers, secret).event, "run.completed");
  },
};

function clientOf(sdk, places, options = {}) {
  return new sdk.EClipsClient({ apiKey: places.key, baseUrl: places.api, ...options });
}

function same(seen, expected) {
  if (JSON.stringify(seen) !== JSON.stringify(expected))
    throw new Error(`${JSON.stringify(seen)} is not ${JSON.stringify(expected)}`);
}

async function refused(call, kind) {
  const error = await call.then(
    () => new Error("not refused"),
    (reason) => reason,
  );
  if (!(error instanceof kind)) throw error;
  return error;
}

/** Node 18 has it as a module only. */
async function hmac(key, text) {
  const name = "node:crypto";
  const { subtle } = globalThis.crypto ?? (await import(name)).webcrypto;
  const imported = await subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return [...new Uint8Array(await subtle.sign("HMAC", imported, new TextEncoder().encode(text)))];
}
