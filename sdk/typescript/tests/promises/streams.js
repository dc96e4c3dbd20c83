/**
 * Runs that are followed: at the real system, through a proxy that cuts, over a system that is killed, with a key that is revoked.
 */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import {
  AuthenticationError,
  EClipsClient,
  EClipsError,
  NotFoundError,
  RateLimitError,
  TimeoutError,
  ValidationError,
} from "@eclips/sdk";
import { System } from "../../../../tests/browser/world/system.js";
import { admin, baseUrl, keyFor, somebody, strangersKey } from "../world/customers.js";
import { Proxy } from "../world/proxy.js";
import { collect, refused } from "../world/refused.js";
import { Scripted, cut, json, refuse } from "../world/scripted.js";

const RUN = "019e9c29-1a80-7000-8000-0000000000a1";

export function promises() {
  test("tells what happens to a run, up to its end", async () => {
    const { client } = await somebody();
    const { run_id } = await client.run("researcher", "x", { sandbox: { delay_ms: 300 } });
    const events = await collect(client.streamRun(run_id));
    assert.deepEqual(
      events.map(({ type }) => type),
      ["run.queued", "run.started", "attempt.started", "attempt.succeeded", "run.completed"],
    );
    assertWhole(events, run_id);
    assert.deepEqual(await collect(client.streamRun(run_id)), events, "it is the same later");
  });

  test("ends where a person has to decide, and goes on after that", async () => {
    const { client } = await somebody();
    const { run_id } = await client.run("researcher", "x", { sandbox: { confidence: 0.4 } });
    const before = await collect(client.streamRun(run_id));
    assert.equal(before.at(-1).type, "run.triage_required");
    assert.deepEqual(
      await collect(client.streamRun(run_id, { lastEventId: before.length })),
      [],
      "nothing new, and no waiting for it",
    );
    await client.approveTriage(before.at(-1).triage_item_id);
    const after = await collect(client.streamRun(run_id, { lastEventId: before.length }));
    assert.equal(after.at(-1).type, "run.completed");
    assertWhole([...before, ...after], run_id);
  });

  test("goes on after any event, and ends where there is none", async () => {
    const { client } = await somebody();
    const { id } = await client.runAndWait("researcher", "x", null, { pollIntervalMs: 100 });
    const all = await collect(client.streamRun(id));
    assert.deepEqual(await collect(client.streamRun(id, { lastEventId: 3 })), all.slice(3));
    assert.deepEqual(await collect(client.streamRun(id, { lastEventId: all.length })), []);
    assert.deepEqual(await collect(client.streamRun(id, { lastEventId: 1000 })), [], "later than all");
    for (const lastEventId of [-1, 1.5, "2", Number.NaN])
      await refused(collect(client.streamRun(id, { lastEventId })), ValidationError);
  });

  test("cut after each single event it resumes: none twice, none lost", async () => {
    const { client, key } = await somebody();
    const { run_id } = await client.run("researcher", "x", { sandbox: { delay_ms: 200 } });
    const proxy = await Proxy.start(baseUrl());
    proxy.eventsPerStream = 1;
    const behind = new EClipsClient({ apiKey: key, baseUrl: proxy.url });
    const events = await collect(behind.streamRun(run_id));
    proxy.stop();
    assertWhole(events, run_id);
    assert.equal(events.at(-1).type, "run.completed");
    const resumed = proxy.heard.map(({ headers }) => headers["last-event-id"]);
    assert.deepEqual(resumed, [undefined, "1", "2", "3", "4"]);
  });

  test("a system that is killed in the middle and comes back is read on", async () => {
    const system = await System.start("disk");
    const port = Number(new URL(system.settings.ECLIPS_BASE_URL).port);
    try {
      const { client } = await somebody({ at: system });
      const { run_id } = await client.run("researcher", "x", { sandbox: { delay_ms: 10_000 } });
      const events = [];
      for await (const event of client.streamRun(run_id, { timeoutMs: 120_000 })) {
        events.push(event);
        if (event.type !== "attempt.started" || events.length > 3) continue;
        await system.kill();
        setTimeout(async () => {
          await system.start(port);
          await client.cancelRun(run_id);
        }, 2000);
      }
      assertWhole(events, run_id);
      assert.equal(events.at(-1).type, "run.cancelled");
    } finally {
      await system.stop();
    }
  });

  test("ends with 401 when its key is revoked in the middle", async () => {
    const { org, client: owner } = await somebody();
    const { client, keyId } = await keyFor(org);
    const { run_id } = await owner.run("researcher", "x", { sandbox: { delay_ms: 10_000 } });
    const events = [];
    const following = (async () => {
      for await (const event of client.streamRun(run_id)) {
        events.push(event);
        if (event.type === "attempt.started") await admin("key", "revoke", keyId);
      }
    })();
    const error = await refused(following, AuthenticationError);
    assert.equal(error.runId, run_id);
    assertWhole(events, run_id);
    await owner.cancelRun(run_id);
  });

  test("an eleventh stream is refused, or waits for a place", async () => {
    const { client, key } = await somebody();
    const { run_id } = await client.run("researcher", "x", { sandbox: { delay_ms: 10_000 } });
    const open = Array.from({ length: 10 }, () => client.streamRun(run_id));
    await Promise.all(open.map((stream) => stream.next()));
    const hasty = new EClipsClient({ apiKey: key, baseUrl: baseUrl(), maxRetries: 0 });
    const error = await refused(hasty.streamRun(run_id).next(), RateLimitError);
    assert.equal(error.message, "Too many open streams");
    // Whoever leaves the loop gives his place back.
    await Promise.all(open.map((stream) => stream.return()));
    await client.cancelRun(run_id);
    const events = await collect(client.streamRun(run_id));
    assert.equal(events.at(-1).type, "run.cancelled");
  });

  test("stops in time and when told, and the run goes on", async () => {
    const { client } = await somebody();
    const { run_id } = await client.run("researcher", "x", { sandbox: { delay_ms: 3000 } });
    const late = await refused(collect(client.streamRun(run_id, { timeoutMs: 400 })), TimeoutError);
    assert.equal(late.statusCode, 408);
    assert.equal(late.runId, run_id);
    const controller = new AbortController();
    const following = collect(client.streamRun(run_id, { signal: controller.signal }));
    setTimeout(() => controller.abort(new Error("enough")), 200);
    assert.equal((await refused(following, Error)).message, "enough");
    await refused(
      collect(client.streamRun(run_id, { signal: AbortSignal.abort(new RangeError("before")) })),
      RangeError,
    );
    assert.equal((await client.waitForRun(run_id, { pollIntervalMs: 100 })).status, "completed");
  });

  test("a run that is not there is told at once", async () => {
    const { client } = await somebody();
    await refused(collect(client.streamRun(RUN)), NotFoundError);
    await refused(collect(client.streamRun("../usage")), ValidationError);
  });

  test("an address where nobody listens is given up after the usual tries", async () => {
    const server = await Scripted.start(cut());
    const client = new EClipsClient({ apiKey: strangersKey(), baseUrl: server.url, maxRetries: 1 });
    const error = await refused(collect(client.streamRun(RUN)), EClipsError);
    assert.equal(error.code, "connection_error");
    assert.equal(server.heard.length, 2);
    server.stop();
  });

  test("comes back after an end, a cut, a 503 and events that it has: each once, whatever the server sends", async () => {
    const server = await Scripted.start(
      events(1, 2),
      refuse(503, 0),
      events(1, 2, 3),
      cut(),
      events(3, 4, "run.completed"),
    );
    const client = new EClipsClient({ apiKey: strangersKey(), baseUrl: server.url });
    const seen = await collect(client.streamRun(RUN));
    assert.deepEqual(
      seen.map(({ seq }) => seq),
      [1, 2, 3, 4],
    );
    assert.deepEqual(
      server.heard.map(({ headers }) => headers["last-event-id"]),
      [undefined, "2", "2", "3", "3"],
    );
    server.stop();
  });

  test("a server that says goodbye, goes down and comes back is read on", async () => {
    // The stream ends, nobody answers whether the run has ended, and later there is more.
    const server = await Scripted.start(stream("retry: 10\n\n"), cut(), refuse(503, 0), events(1, "run.completed"));
    const client = new EClipsClient({ apiKey: strangersKey(), baseUrl: server.url, maxRetries: 0 });
    assert.deepEqual(
      (await collect(client.streamRun(RUN))).map(({ seq }) => seq),
      [1],
    );
    assert.deepEqual(
      server.heard.map(({ url }) => url.endsWith("/stream")),
      [true, false, true, true],
    );
    server.stop();
  });

  test("an iterator that is left without a word does not hold the process", async () => {
    const server = await Scripted.start((_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end(`id: 1\ndata: {"seq":1,"type":"run.queued"}\n\n`);
    });
    const script = `
      import { EClipsClient } from ${JSON.stringify(import.meta.resolve("@eclips/sdk"))};
      const client = new EClipsClient({ apiKey: "no-key-of-anybody", baseUrl: ${JSON.stringify(server.url)} });
      console.log((await client.streamRun(${JSON.stringify(RUN)}).next()).value.seq);`;
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], {
      timeout: 15_000,
    });
    assert.equal(stdout, "1\n");
    server.stop();
  });

  test("what is no stream is refused, and not tried for ever", async () => {
    for (const step of [json(200, {}), stream("data: nonsense\n\n"), stream("data: {}\n\n")]) {
      const server = await Scripted.start(step);
      const client = new EClipsClient({ apiKey: strangersKey(), baseUrl: server.url });
      const error = await refused(collect(client.streamRun(RUN)), EClipsError);
      assert.equal(error.code, "invalid_answer");
      assert.equal(server.heard.length, 1);
      server.stop();
    }
  });
}

/** Events of one run, numbered from 1 without a gap. */
function assertWhole(events, run) {
  assert.deepEqual(
    events.map(({ seq }) => seq),
    events.map((_, at) => at + 1),
  );
  for (const event of events) assert.equal(event.run_id, run);
}

/** A stream with these events, the last one of a type, and then its end. */
function events(...what) {
  const type = typeof what.at(-1) === "string" ? what.pop() : "attempt.started";
  const told = what.map((seq) => `id: ${seq}\nevent: ${type}\ndata: ${JSON.stringify({ run_id: RUN, seq, type })}\n\n`);
  return stream(`retry: 10\n\n: a comment\n\n${told.join("")}`);
}

function stream(text) {
  return (_, response) => response.writeHead(200, { "content-type": "text/event-stream" }).end(text);
}
