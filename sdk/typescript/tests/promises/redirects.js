/**
 * Where the key goes after a redirect: nowhere but within the origin.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { EClipsClient, EClipsError } from "@eclips/sdk";
import { strangersKey } from "../world/customers.js";
import { collect, refused } from "../world/refused.js";
import { RUN, Scripted, json, text } from "../world/scripted.js";

const STATUSES = [301, 302, 303, 307, 308];

export function promises() {
  test("never to another origin, whatever the status and the method", async () => {
    const stranger = await Scripted.start(json(200, RUN));
    for (const status of STATUSES) {
      const server = await Scripted.start(text(status, "", { location: `${stranger.url}/v1/runs/${RUN.id}` }));
      const client = new EClipsClient({ apiKey: strangersKey(), baseUrl: server.url });
      const calls = [
        () => client.getRun(RUN.id),
        () => client.run("center", "x"),
        () => client.deleteWebhook(RUN.id),
        () => collect(client.streamRun(RUN.id)),
      ];
      for (const call of calls) {
        const error = await refused(call(), EClipsError);
        assert.deepEqual([error.code, error.statusCode], ["redirect_refused", status]);
      }
      server.stop();
    }
    assert.deepEqual(stranger.heard, []);
    stranger.stop();
  });

  test("not to the same host by another name, port or scheme, nor to what is no address", async () => {
    const server = await Scripted.start((heard, response) => {
      response.writeHead(307, { location: decodeURIComponent(heard.url.split("cursor=")[1]) }).end();
    });
    const client = new EClipsClient({ apiKey: strangersKey(), baseUrl: server.url });
    const { port } = new URL(server.url);
    const places = [
      `http://localhost:${port}/`,
      `https://127.0.0.1:${port}/`,
      `//127.0.0.2:${port}/`,
      "http://127.0.0.1:1/",
      `http://a:b@127.0.0.1:${port}/`,
      "javascript:0",
      "http://",
      "data:,{}",
    ];
    for (const place of places) {
      const error = await refused(client.listRuns({ cursor: place }), EClipsError);
      assert.equal(error.code, "redirect_refused", place);
    }
    assert.equal(server.heard.length, places.length);
    server.stop();
  });

  test("within the origin it is followed, with method and body, and not for ever", async () => {
    const server = await Scripted.start(text(308, "", { location: "/v2/run" }), json(202, { run_id: RUN.id }));
    const client = new EClipsClient({ apiKey: strangersKey(), baseUrl: server.url });
    assert.equal((await client.run("center", "x")).run_id, RUN.id);
    const [first, second] = server.heard;
    assert.equal(second.url, "/v2/run");
    assert.equal(second.method, "POST");
    assert.equal(second.body, first.body);
    server.stop();

    const circle = await Scripted.start(text(307, "", { location: "/again" }));
    const round = new EClipsClient({ apiKey: strangersKey(), baseUrl: circle.url });
    assert.equal((await refused(round.getUsage(), EClipsError)).code, "redirect_refused");
    assert.equal(circle.heard.length, 4);
    circle.stop();
  });

  test("a POST does not become a GET", async () => {
    for (const status of [301, 302, 303]) {
      const server = await Scripted.start(text(status, "", { location: "/v1/runs" }), json(200, {}));
      const client = new EClipsClient({ apiKey: strangersKey(), baseUrl: server.url });
      assert.equal((await refused(client.run("center", "x"), EClipsError)).code, "redirect_refused");
      assert.equal(server.heard.length, 1);
      server.stop();
    }
  });

  test("an answer from elsewhere is not believed, if a fetch follows by itself", async () => {
    const stranger = await Scripted.start(json(200, RUN));
    const server = await Scripted.start(text(307, "", { location: stranger.url }));
    const client = new EClipsClient({
      apiKey: strangersKey(),
      baseUrl: server.url,
      fetch: (url, init) => fetch(url, { ...init, redirect: "follow" }),
    });
    assert.equal((await refused(client.getUsage(), EClipsError)).code, "redirect_refused");
    server.stop();
    stranger.stop();
  });
}
