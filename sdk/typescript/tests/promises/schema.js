/**
 * The types against the document that they are written from, and the methods against its routes.
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { EClipsClient } from "@eclips/sdk";
import { schema } from "../../build/schema.mjs";
import { Scripted, json } from "../world/scripted.js";
import { strangersKey } from "../world/customers.js";

const ID = "019e9c29-1a80-7000-8000-0000000000a1";
/** A call for each operation of the document. @type {Record<string, (client: EClipsClient) => Promise<unknown>>} */
const CALLS = {
  healthShow: (client) => client.health(),
  runCreate: (client) => client.run("center", "x", {}, { priority: "low", webhookUrl: "https://example.com" }),
  runList: (client) => client.listRuns({ status: "failed", agentType: "center", limit: 1, offset: 1, cursor: "x" }),
  runShow: (client) => client.getRun(ID),
  runCancel: (client) => client.cancelRun(ID),
  streamShow: (client) => client.streamRun(ID, { lastEventId: 1 }).next(),
  triageList: (client) => client.listTriage({ status: "expired", limit: 1, offset: 1, cursor: "x" }),
  triageShow: (client) => client.getTriageItem(ID),
  triageApprove: (client) => client.approveTriage(ID, { note: "x", output: {} }),
  triageReject: (client) => client.rejectTriage(ID, { note: "x" }),
  webhookCreate: (client) => client.createWebhook("https://example.com", ["run.failed"]),
  webhookList: (client) => client.listWebhooks({ limit: 1, offset: 1, cursor: "x" }),
  webhookDelete: (client) => client.deleteWebhook(ID),
  webhookRotate: (client) => client.rotateWebhookSecret(ID),
  webhookDeliveries: (client) => client.listDeliveries(ID, { limit: 1, offset: 1, cursor: "x" }),
  webhookResend: (client) => client.resendDelivery(ID, ID),
  batchCreate: (client) =>
    client.createBatch("center", [{ task: "x", data: {} }], { name: "x", webhookUrl: "https://example.com" }),
  batchList: (client) => client.listBatches({ limit: 1, offset: 1, cursor: "x" }),
  batchShow: (client) => client.getBatch(ID),
  batchCancel: (client) => client.cancelBatch(ID),
  usageSummary: (client) => client.getUsage(),
  usageDaily: (client) => client.getDailyUsage({ from: "2026-06-01", to: "2026-06-06" }),
  usageAgents: (client) => client.getAgentUsage({ from: "2026-06-01", to: "2026-06-06" }),
  usageKeys: (client) => client.getKeyUsage({ from: "2026-06-01", to: "2026-06-06" }),
};

export function promises() {
  const document = JSON.parse(readFileSync(new URL("../../../../docs/openapi.json", import.meta.url), "utf8"));
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, ...operation })),
  );

  test("the types are those of docs/openapi.json (else: npm run schema)", () => {
    assert.equal(readFileSync(new URL("../../src/schema.ts", import.meta.url), "utf8"), schema());
  });

  test("every operation of the document has its method", () => {
    assert.deepEqual(Object.keys(CALLS).sort(), operations.map(({ operationId }) => operationId).sort());
  });

  test("every method asks for its route, with all that the route takes and nothing else", async () => {
    const resolved = (part) =>
      part.$ref
        ? part.$ref
            .slice(2)
            .split("/")
            .reduce((at, name) => at[name], document)
        : part;
    for (const { method, path, operationId, parameters = [], requestBody } of operations) {
      const server = await Scripted.start(json(200, {}));
      const client = new EClipsClient({ apiKey: strangersKey(), baseUrl: server.url, maxRetries: 0 });
      await CALLS[operationId](client).catch((error) => assert.equal(error.code, "invalid_answer"));
      const [heard] = server.heard;
      server.stop();
      const [asked, search = ""] = heard.url.split("?");
      assert.equal(`${heard.method} ${asked}`, `${method} ${path.replace(/\{\w+\}/g, ID)}`, operationId);
      const named = (place) =>
        parameters
          .map(resolved)
          .filter((parameter) => parameter.in === place)
          .map(({ name }) => name);
      assert.deepEqual([...new URLSearchParams(search).keys()].sort(), named("query").sort(), operationId);
      for (const name of named("header")) assert.ok(heard.headers[name.toLowerCase()], `${operationId} sends ${name}`);
      const body = resolved(requestBody?.content["application/json"].schema ?? {});
      const members = heard.body ? Object.keys(JSON.parse(heard.body)) : [];
      assert.deepEqual(members.sort(), Object.keys(body.properties ?? {}).sort(), operationId);
      assert.equal(heard.headers["content-type"], heard.body ? "application/json" : undefined);
    }
  });
}
