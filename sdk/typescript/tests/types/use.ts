/**
 * What users write, and what the compiler must say to it. Compiled by the room `types` and never run.
 */

import {
  type AgentType,
  type Batch,
  type BatchNews,
  ConflictError,
  EClipsClient,
  EClipsError,
  type Fetch,
  type JsonObject,
  type News,
  PermissionError,
  RateLimitError,
  type Run,
  type RunEvent,
  type RunNews,
  type RunSummary,
  type Scope,
  TimeoutError,
  ValidationError,
  verifyWebhook,
} from "@eclips/sdk";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Fails to compile where two types differ. */
function same<A, B>(_: Same<A, B>): void {}

interface Order {
  items: string[];
  due?: Date;
}

export async function use(eclips: EClipsClient, order: Order): Promise<void> {
  const accepted = await eclips.run("procurement_specialist", "x", order, {
    priority: "urgent",
    webhookUrl: "https://example.com",
  });
  same<typeof accepted.status, "queued">(true);
  await eclips.run("an_agent_of_tomorrow", "x");
  await eclips.run("center", "x", null, {
    signal: new AbortController().signal,
    timeoutMs: 1,
    maxRetries: 0,
    idempotencyKey: "x",
  });
  await eclips.run("center", "x", undefined, { priority: undefined });
  // @ts-expect-error A task is text.
  await eclips.run("center", 7);
  // @ts-expect-error A task is required.
  await eclips.run("center");
  // @ts-expect-error Data is an object.
  await eclips.run("center", "x", "text");
  // @ts-expect-error There is no such priority.
  await eclips.run("center", "x", {}, { priority: "soon" });
  // @ts-expect-error There is no such option.
  await eclips.run("center", "x", {}, { priorty: "low" });

  const run = await eclips.runAndWait("center", "x", order, { timeoutMs: 1000, pollIntervalMs: 100 });
  same<typeof run, Run>(true);
  same<typeof run.result, JsonObject | null>(true);
  same<typeof run.status, "queued" | "running" | "pending_triage" | "completed" | "failed" | "cancelled">(true);
  // @ts-expect-error It may be null.
  run.result.summary;
  // @ts-expect-error Nobody knows its type.
  const summary: string = run.result?.summary;
  // @ts-expect-error There is no such member.
  run.statsu;
  await eclips.waitForRun(run.id, { pollIntervalMs: 100 });

  const page = await eclips.listRuns({ status: "failed", limit: 10, offset: 0 });
  same<typeof page.data, RunSummary[]>(true);
  same<typeof page.next_cursor, string | null>(true);
  // @ts-expect-error A summary has no result.
  page.data[0]?.result;
  // @ts-expect-error There is no such status.
  await eclips.listRuns({ status: "finished" });
  for await (const item of eclips.allRuns({ agentType: "center" })) same<typeof item, RunSummary>(true);
  for await (const event of eclips.streamRun(run.id, { lastEventId: 2 })) {
    same<typeof event, RunEvent>(true);
    same<typeof event.attempt, number | undefined>(true);
  }

  await eclips.approveTriage("x", { note: "x", output: order });
  // @ts-expect-error A rejection has no output.
  await eclips.rejectTriage("x", { output: {} });

  const { job } = await eclips.createBatch("center", [{ task: "x", data: order }], { name: "x" });
  // @ts-expect-error A row has a task.
  await eclips.createBatch("center", [{ data: order }]);
  const batch = await eclips.waitForBatch(job.id);
  same<typeof batch, Batch>(true);

  const webhook = await eclips.createWebhook("https://example.com", ["run.completed"]);
  same<typeof webhook.secret, string>(true);
  const events = ["run.failed", "batch.completed"] as const;
  await eclips.createWebhook("https://example.com", events);
  // @ts-expect-error There is no such event.
  await eclips.createWebhook("https://example.com", ["run.finished"]);
  const listed = await eclips.listWebhooks();
  // @ts-expect-error A list has no secrets.
  listed.data[0]?.secret;
}

export function receive(
  body: Uint8Array,
  headers: Headers,
  nodes: Record<string, string | string[] | undefined>,
  secret: string,
): void {
  const verified = EClipsClient.verifyWebhook(body, headers.get("x-eclips-signature"), secret);
  // At once: a promise would be true for every forgery.
  same<typeof verified, boolean>(true);
  verifyWebhook(body, nodes["x-eclips-signature"], [secret, secret]);
  // @ts-expect-error A body that was parsed has another signature.
  verifyWebhook({ event: "run.completed" }, "x", secret);
  // @ts-expect-error An environment may lack it.
  verifyWebhook(body, "x", undefined as string | undefined);
  const event = EClipsClient.constructEvent(body, nodes, secret, { toleranceMs: 1000 });
  same<typeof event, News>(true);
  if (event.event === "batch.completed") {
    same<typeof event, BatchNews>(true);
    same<typeof event.data.total_rows, number>(true);
  } else {
    same<typeof event, RunNews>(true);
    same<typeof event.data.output, JsonObject | null>(true);
    // @ts-expect-error A run's event has no batch.
    event.batch_id;
  }
}

export function fail(error: unknown): void {
  if (error instanceof EClipsError) same<typeof error.statusCode, number>(true);
  if (error instanceof ValidationError) same<typeof error.field, string | undefined>(true);
  if (error instanceof RateLimitError) same<typeof error.retryAfter, number | undefined>(true);
  if (error instanceof TimeoutError) same<typeof error.runId, string | undefined>(true);
  if (error instanceof PermissionError) same<typeof error.required, Scope | undefined>(true);
  if (error instanceof ConflictError) same<typeof error.decidedBy, string | undefined>(true);
}

export const ours: Fetch = globalThis.fetch;
export const agents: AgentType[] = ["center", "tier_1_support"];
export const client = new EClipsClient({ apiKey: "x", baseUrl: "https://example.com", fetch: globalThis.fetch });
// @ts-expect-error The key is required.
new EClipsClient({});
// @ts-expect-error So are options.
new EClipsClient();
new EClipsClient({ apiKey: undefined as string | undefined });
// @ts-expect-error The way to the server is nobody's business.
client.transport;
