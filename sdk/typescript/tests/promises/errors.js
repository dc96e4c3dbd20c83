/**
 * Every class of errors, with what it carries: from the real system wherever that refuses so.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  AuthenticationError,
  ConflictError,
  ConnectionError,
  EClipsClient,
  EClipsError,
  NotFoundError,
  PermissionError,
  RateLimitError,
  ServerError,
  TimeoutError,
  ValidationError,
  WebhookVerificationError,
} from "@eclips/sdk";
import { admin, baseUrl, keyFor, somebody, strangersKey } from "../world/customers.js";
import { refused } from "../world/refused.js";
import { Scripted, json, text } from "../world/scripted.js";

const RUN = "019e9c29-1a80-7000-8000-0000000000a1";

export function promises() {
  test("all are EClipsError and Error, and say their name", () => {
    const classes = {
      AuthenticationError,
      ConflictError,
      ConnectionError,
      NotFoundError,
      PermissionError,
      RateLimitError,
      ServerError,
      TimeoutError,
      ValidationError,
      WebhookVerificationError,
    };
    for (const [name, kind] of Object.entries(classes)) {
      assert.ok(kind.prototype instanceof EClipsError, name);
      assert.equal(kind.prototype.name, name);
    }
    assert.ok(EClipsError.prototype instanceof Error);
    assert.equal(EClipsError.prototype.name, "EClipsError");
  });

  test("400: ValidationError with its field", async () => {
    const { client } = await somebody();
    const empty = await refused(client.run("center", "  "), ValidationError);
    assert.deepEqual(facts(empty), {
      message: "task is required",
      statusCode: 400,
      code: "validation_error",
      field: "task",
    });
    const agent = await refused(client.run("nobody", "x"), ValidationError);
    assert.deepEqual(facts(agent), {
      message: "Unknown agent_type",
      statusCode: 400,
      code: "validation_error",
      field: "agent_type",
    });
    for (const data of ["text", 7, true, []])
      assert.equal((await refused(client.run("center", "x", data), ValidationError)).field, "data");
    await refused(client.run("center", undefined), ValidationError);
    await refused(client.run("center", "x", null, { priority: "soon" }), ValidationError);
  });

  test("413 and 422: ValidationError too, told apart by code", async () => {
    const { client } = await somebody();
    const large = await refused(client.run("center", "x", { text: "x".repeat(300 * 1024) }), ValidationError);
    assert.deepEqual([large.statusCode, large.code], [413, "payload_too_large"]);
    await client.run("center", "x", null, { idempotencyKey: "order-4711" });
    const reused = await refused(client.run("center", "y", null, { idempotencyKey: "order-4711" }), ValidationError);
    assert.deepEqual([reused.statusCode, reused.code, reused.field], [422, "unprocessable", "Idempotency-Key"]);
  });

  test("401: AuthenticationError, for keys unknown, malformed and revoked", async () => {
    const { client, keyId } = await somebody();
    await admin("key", "revoke", keyId);
    const clients = [
      client,
      ...[strangersKey(), "nonsense"].map((apiKey) => new EClipsClient({ apiKey, baseUrl: baseUrl() })),
    ];
    for (const stranger of clients) {
      const error = await refused(stranger.listRuns(), AuthenticationError);
      assert.deepEqual(facts(error), {
        message: "Invalid, expired or revoked API key",
        statusCode: 401,
        code: "invalid_api_key",
      });
    }
  });

  test("403: PermissionError, with the scopes where one is missing", async () => {
    const { client, org } = await somebody({ scopes: ["agents:read"] });
    const scope = await refused(client.run("center", "x"), PermissionError);
    assert.deepEqual(facts(scope), {
      message: "Insufficient scope",
      statusCode: 403,
      code: "insufficient_scope",
      required: "agents:run",
      provided: ["agents:read"],
    });
    await admin("org", "suspend", org);
    assert.equal((await refused(client.listRuns(), PermissionError)).code, "organization_suspended");
    const { client: poor } = await somebody({ plan: "starter" });
    assert.equal((await refused(poor.listRuns(), PermissionError)).code, "plan_required");
  });

  test("404: NotFoundError, also for what is another's", async () => {
    const { client, org } = await somebody();
    const { run_id } = await client.run("center", "x");
    const { client: stranger } = await somebody();
    const { client: tester } = await keyFor(org, { mode: "test" });
    for (const [who, id] of [
      [client, RUN],
      [stranger, run_id],
      [tester, run_id],
    ]) {
      assert.deepEqual(facts(await refused(who.getRun(id), NotFoundError)), {
        message: "Run not found",
        statusCode: 404,
        code: "not_found",
      });
    }
    assert.equal((await refused(client.getBatch(RUN), NotFoundError)).message, "Batch not found");
    assert.equal((await refused(client.getTriageItem(RUN), NotFoundError)).message, "Triage item not found");
    assert.equal((await refused(client.listDeliveries(RUN), NotFoundError)).message, "Webhook not found");
  });

  test("409: ConflictError, with where it stands", async () => {
    const { client } = await somebody();
    const { id } = await client.runAndWait("center", "x", null, { pollIntervalMs: 100 });
    const error = await refused(client.cancelRun(id), ConflictError);
    assert.equal(error.code, "conflict");
    assert.equal(error.status, "completed");
  });

  test("429: RateLimitError, with when to come back, by code", async () => {
    const { client, org } = await somebody();
    const once = { maxRetries: 0 };
    await admin("org", "set-limit", org, "strict-per-minute", "1");
    await client.run("center", "x");
    const minute = await refused(client.run("center", "x", null, once), RateLimitError);
    assert.deepEqual([minute.message, minute.code], ["Rate limit exceeded", "rate_limited"]);
    assert.ok(
      Number.isInteger(minute.retryAfter) && minute.retryAfter >= 1 && minute.retryAfter <= 120,
      `${minute.retryAfter}`,
    );

    const { client: spender, org: spent } = await somebody();
    await admin("org", "set-limit", spent, "credits-per-month", "0");
    const credits = await refused(spender.run("center", "x"), RateLimitError);
    assert.equal(credits.code, "credits_exhausted");
    assert.ok(credits.retryAfter > 60, "it is told at once, and not after the wait");
    await admin("org", "set-limit", spent, "requests-per-day", "1");
    assert.equal((await refused(spender.listRuns(), RateLimitError)).code, "daily_limit");
  });

  test("every error of the system has the id of its request", async () => {
    const { client } = await somebody();
    assert.match((await refused(client.getRun(RUN), NotFoundError)).requestId, /^[0-9a-f-]{20,}$/);
  });

  test("408: TimeoutError, local, with the run that goes on", async () => {
    const { client } = await somebody();
    const error = await refused(
      client.runAndWait("center", "x", { sandbox: { delay_ms: 1500 } }, { timeoutMs: 500, pollIntervalMs: 50 }),
      TimeoutError,
    );
    assert.deepEqual([error.statusCode, error.code], [408, "timeout"]);
    assert.equal((await client.waitForRun(error.runId, { pollIntervalMs: 100 })).status, "completed");
  });

  test("5xx: ServerError, whatever its body is", async () => {
    const bodies = [
      [
        500,
        json(500, { error: "Internal error" }, { "x-eclips-error-code": "internal" }),
        "Internal error",
        "internal",
      ],
      [
        502,
        text(502, "<html><h1>Bad Gateway</h1></html>", { "content-type": "text/html" }),
        "HTTP 502",
        "unexpected_status",
      ],
      [504, text(504, ""), "HTTP 504", "unexpected_status"],
      [500, text(500, "[1,2]", { "content-type": "application/json" }), "HTTP 500", "internal"],
      [500, text(500, "null"), "HTTP 500", "internal"],
      [500, json(500, { error: { nested: true } }), "HTTP 500", "internal"],
      [500, json(500, { error: "x".repeat(100_000) }), "x".repeat(500), "internal"],
    ];
    for (const [statusCode, step, message, code] of bodies) {
      const error = await answeredBy(step, ServerError);
      assert.deepEqual(facts(error), { message, statusCode, code });
    }
  });

  test("other statuses without a body keep their class", async () => {
    const kinds = {
      400: ValidationError,
      401: AuthenticationError,
      403: PermissionError,
      404: NotFoundError,
      409: ConflictError,
      415: ValidationError,
      418: EClipsError,
    };
    for (const [status, kind] of Object.entries(kinds)) {
      const error = await answeredBy(text(Number(status), ""), kind);
      assert.equal(error.constructor, kind);
      assert.equal(error.message, `HTTP ${status}`);
    }
  });

  test("a good status with a body that is no answer is an error", async () => {
    for (const step of [
      text(200, ""),
      text(200, "<html>"),
      text(200, "[]"),
      text(200, "null"),
      text(200, "7"),
      text(204),
    ]) {
      const error = await answeredBy(step, EClipsError);
      assert.equal(error.code, "invalid_answer");
    }
  });

  test("ids that are none are refused here, before they become paths", async () => {
    const { client } = await somebody();
    const calls = [
      (id) => client.getRun(id),
      (id) => client.cancelRun(id),
      (id) => client.waitForRun(id),
      (id) => client.getBatch(id),
      (id) => client.deleteWebhook(id),
      (id) => client.approveTriage(id),
      (id) => client.resendDelivery(RUN, id),
    ];
    for (const id of [undefined, null, "", ".", "..", "a/b", "a?b", "a#b", "%2e%2e", "a b", 7, {}]) {
      for (const call of calls) assert.match((await refused(call(id), ValidationError)).field, /Id$/);
    }
  });

  test("data that JSON has not is refused here", async () => {
    const { client } = await somebody();
    const circle = {};
    circle.circle = circle;
    for (const data of [{ huge: 2n ** 70n }, circle])
      assert.equal((await refused(client.run("center", "x", data), ValidationError)).field, "data");
    const { run_id } = await client.run("center", "x", {
      large: Number.MAX_SAFE_INTEGER,
      small: 5e-324,
      most: 1.7976931348623157e308,
    });
    assert.deepEqual((await client.getRun(run_id)).data, {
      large: Number.MAX_SAFE_INTEGER,
      small: 5e-324,
      most: 1.7976931348623157e308,
    });
  });
}

/** What an error says beyond its class, without what differs from call to call. */
function facts({ message, requestId, ...others }) {
  return { message, ...others };
}

/** The error of a call to a server with one answer. */
async function answeredBy(step, kind) {
  const server = await Scripted.start(step);
  try {
    const client = new EClipsClient({ apiKey: strangersKey(), baseUrl: server.url });
    const error = await refused(client.getUsage(), kind);
    assert.equal(server.heard.length, 1, "it is not tried again");
    return error;
  } finally {
    server.stop();
  }
}
