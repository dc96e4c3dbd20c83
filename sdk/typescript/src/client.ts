/**
 * `EClipsClient`: a method for each thing that the API does, and a few for what takes several of them. Methods only say what is
 * sent where; how it gets there and comes back is `transport.ts`'s.
 */

import { ConflictError, type EClipsError, NotFoundError, invalid } from "./errors.js";
import { newName } from "./idempotency.js";
import { each } from "./pages.js";
import type {
  AcceptedBatch,
  AcceptedRun,
  AgentType,
  AgentUsage,
  Approval,
  Batch,
  BatchList,
  BatchRowRequest,
  Cancelled,
  CreatedWebhook,
  DailyUsage,
  Decision,
  Deleted,
  Delivery,
  DeliveryList,
  Health,
  Id,
  Job,
  KeyUsage,
  Priority,
  Rejection,
  Resent,
  RotatedSecret,
  Run,
  RunEvent,
  RunList,
  RunStatus,
  RunSummary,
  TriageItem,
  TriageList,
  TriageStatus,
  Usage,
  Webhook,
  WebhookEvent,
  WebhookList,
} from "./schema.js";
import { type ClientOptions, settled } from "./settings.js";
import { ENDED, type StreamOptions, follow } from "./stream.js";
import { type CallOptions, Transport } from "./transport.js";
import { type WaitOptions, until } from "./wait.js";
import { constructEvent, verifyWebhook } from "./webhooks.js";

/** An agent: one that this version knows, or a newer one. */
export type AgentName = AgentType | (string & {});

/** How a run is started. */
export interface RunOptions extends CallOptions {
  /** How soon; `normal` when left out. */
  priority?: Priority | undefined;
  /** Where its outcome is posted. */
  webhookUrl?: string | undefined;
  /** Your own name for the request: sent again within 24 hours, also by another process, it starts no second run. */
  idempotencyKey?: string | undefined;
}

/** How a batch is started. */
export interface BatchOptions extends CallOptions {
  /** What people call it. */
  name?: string | undefined;
  /** Where its end is posted. */
  webhookUrl?: string | undefined;
  /** Your own name for the request: sent again within 24 hours, also by another process, it starts no second batch. */
  idempotencyKey?: string | undefined;
}

/** Which page of a list. */
export interface ListOptions extends CallOptions {
  /** Items of a page: 1 to 100, 20 when left out; 100 where all pages are walked. */
  limit?: number | undefined;
  /** Items that are skipped, up to 10 000. */
  offset?: number | undefined;
  /** The `next_cursor` of the page before, instead of `offset`. */
  cursor?: string | undefined;
}

/** Which runs. */
export interface RunListOptions extends ListOptions {
  /** Only those that stand there. */
  status?: RunStatus | undefined;
  /** Only those of this agent; not together with `status`. */
  agentType?: AgentName | undefined;
}

/** Which triage items. */
export interface TriageListOptions extends ListOptions {
  /** Those that stand there; the pending ones when left out. */
  status?: TriageStatus | undefined;
}

/** Which deliveries. */
export type DeliveryListOptions = ListOptions;

/** Which days, UTC. */
export interface DaysOptions extends CallOptions {
  /** The first, `YYYY-MM-DD`; the first of the month of `to` when left out. */
  from?: string | undefined;
  /** The last, included; today when left out. At most 92 days in all. */
  to?: string | undefined;
}

/** How long a run is waited for. Our choice: most take seconds. */
const RUN_WAIT = { timeoutMs: 300_000, pollIntervalMs: 1_000 };
/** How long a batch is waited for. Our choice: 500 rows take minutes. */
const BATCH_WAIT = { timeoutMs: 1_800_000, pollIntervalMs: 2_000 };
/** Items of a page where all are wanted: as many as the API gives. */
const PAGE = { limit: 100 };

/** The client of eClips API. Its methods reject with an `EClipsError`, or with the `reason` of the caller's own signal. */
export class EClipsClient {
  readonly #transport: Transport;

  /** Makes a client. *Errors*: without a key, or where the key would not be safe; `ClientOptions` says what is needed. */
  constructor(options: ClientOptions) {
    this.#transport = new Transport(settled(options));
  }

  /** Whether a webhook's body has the signature of `X-eClips-Signature`; see the function of the same name. */
  static verifyWebhook = verifyWebhook;
  /** Verifies a webhook's body with its time and returns the event, typed; see the function of the same name. */
  static constructEvent = constructEvent;

  /** Says whether the service is there. The key is not sent. */
  async health(options?: CallOptions): Promise<Health> {
    return this.#transport.send({ method: "GET", path: "/v1/health", key: "none" }, options);
  }

  /** Gives a task to an agent. The run is durable when this returns; it is one run, however often the request had to be sent. */
  async run(agentType: AgentName, task: string, data?: object | null, options: RunOptions = {}): Promise<AcceptedRun> {
    const { priority, webhookUrl, idempotencyKey } = options;
    const body = { task, agent_type: agentType, data, priority, webhook_url: webhookUrl };
    return this.#start("/v1/run", body, idempotencyKey, options);
  }

  /** Gives a task to an agent and waits until the run ends or a person has to decide. `timeoutMs` is for both together. */
  async runAndWait(
    agentType: AgentName,
    task: string,
    data?: object | null,
    options: RunOptions & WaitOptions = {},
  ): Promise<Run> {
    const { timeoutMs = RUN_WAIT.timeoutMs } = options;
    const begin = performance.now();
    const { run_id } = await this.run(agentType, task, data, { ...options, timeoutMs });
    const leftMs = Math.max(1, timeoutMs - (performance.now() - begin));
    return this.waitForRun(run_id, { ...options, timeoutMs: leftMs });
  }

  /** Waits until a run is `completed`, `failed`, `cancelled` or `pending_triage`, whichever comes first, and returns it. */
  async waitForRun(runId: Id, options: WaitOptions = {}): Promise<Run> {
    const isOver = (run: Run) => ENDED.has(run.status);
    return until({ ...RUN_WAIT, runId, isOver, read: (look) => this.getRun(runId, look) }, options);
  }

  /** Reads a run, as it is at this moment. */
  async getRun(runId: Id, options?: CallOptions): Promise<Run> {
    return this.#transport.send({ method: "GET", path: `/v1/runs/${segment("runId", runId)}` }, options);
  }

  /** Reads a page of the runs, newest first. */
  async listRuns(options: RunListOptions = {}): Promise<RunList> {
    const { status, agentType, ...page } = options;
    return this.#list("/v1/runs", { status, agent_type: agentType }, page);
  }

  /** Walks along all runs, newest first. Those that are made meanwhile are left out. */
  allRuns(options: RunListOptions = {}): AsyncGenerator<RunSummary, void, undefined> {
    return each(
      (place) => this.listRuns(next(options, place)),
      (page) => page.data,
    );
  }

  /**
   * Follows a run as it happens, up to its end or to where a person has to decide. Resumes by itself when the connection is cut: each
   * event comes once, in order, none is lost.
   */
  async *streamRun(runId: Id, options: StreamOptions = {}): AsyncGenerator<RunEvent, void, undefined> {
    yield* follow(this.#transport, runId, `/v1/runs/${segment("runId", runId)}/stream`, options);
  }

  /** Ends a run that has not ended. *Errors*: `ConflictError` if it has. */
  async cancelRun(runId: Id, options?: CallOptions): Promise<Cancelled> {
    const path = `/v1/runs/${segment("runId", runId)}/cancel`;
    return this.#transport.send({ method: "POST", path, doneBefore: cancelledBefore }, options);
  }

  /** Reads a page of what waits for a person, the most urgent first; `status` asks for the others. */
  async listTriage(options: TriageListOptions = {}): Promise<TriageList> {
    const { status, ...page } = options;
    return this.#list("/v1/triage", { status }, page);
  }

  /** Walks along all of what waits for a person. */
  allTriage(options: TriageListOptions = {}): AsyncGenerator<TriageItem, void, undefined> {
    return each(
      (place) => this.listTriage(next(options, place)),
      (page) => page.data,
    );
  }

  /** Reads a triage item. */
  async getTriageItem(triageItemId: Id, options?: CallOptions): Promise<TriageItem> {
    return this.#transport.send(
      { method: "GET", path: `/v1/triage/${segment("triageItemId", triageItemId)}` },
      options,
    );
  }

  /** Lets the run complete with what was proposed, or with another `output`. *Errors*: `ConflictError` if somebody decided otherwise. */
  async approveTriage(triageItemId: Id, approval: Approval = {}, options?: CallOptions): Promise<Decision> {
    const path = `/v1/triage/${segment("triageItemId", triageItemId)}/approve`;
    return this.#transport.send({ method: "POST", path, body: approval }, options);
  }

  /** Ends the run without a result. *Errors*: `ConflictError` if somebody decided otherwise. */
  async rejectTriage(triageItemId: Id, rejection: Rejection = {}, options?: CallOptions): Promise<Decision> {
    const path = `/v1/triage/${segment("triageItemId", triageItemId)}/reject`;
    return this.#transport.send({ method: "POST", path, body: rejection }, options);
  }

  /** Has events posted to a URL. Its `secret` is in this answer alone. Sent again after a 429 only: two would be two webhooks. */
  async createWebhook(url: string, events: readonly WebhookEvent[], options?: CallOptions): Promise<CreatedWebhook> {
    return this.#transport.send(
      { method: "POST", path: "/v1/webhooks", body: { url, events }, repeat: "once" },
      options,
    );
  }

  /** Reads a page of the webhooks, newest first, without their secrets. */
  async listWebhooks(options: ListOptions = {}): Promise<WebhookList> {
    return this.#list("/v1/webhooks", {}, options);
  }

  /** Walks along all webhooks. */
  allWebhooks(options: ListOptions = {}): AsyncGenerator<Webhook, void, undefined> {
    return each(
      (place) => this.listWebhooks(next(options, place)),
      (page) => page.data,
    );
  }

  /** Deletes a webhook; nothing is posted to it from then on. */
  async deleteWebhook(webhookId: Id, options?: CallOptions): Promise<Deleted> {
    const path = `/v1/webhooks/${segment("webhookId", webhookId)}`;
    const doneBefore = (refused: EClipsError) => (refused instanceof NotFoundError ? { deleted: true } : undefined);
    return this.#transport.send({ method: "DELETE", path, doneBefore }, options);
  }

  /** Gives a webhook another secret; both sign for 24 hours. Sent again after a 429 only: four a day are allowed. */
  async rotateWebhookSecret(webhookId: Id, options?: CallOptions): Promise<RotatedSecret> {
    const path = `/v1/webhooks/${segment("webhookId", webhookId)}/rotate`;
    return this.#transport.send({ method: "POST", path, repeat: "once" }, options);
  }

  /** Reads a page of what was posted to a webhook, newest event first, with every try. */
  async listDeliveries(webhookId: Id, options: DeliveryListOptions = {}): Promise<DeliveryList> {
    return this.#list(`/v1/webhooks/${segment("webhookId", webhookId)}/deliveries`, {}, options);
  }

  /** Walks along all that was posted to a webhook. */
  allDeliveries(webhookId: Id, options: DeliveryListOptions = {}): AsyncGenerator<Delivery, void, undefined> {
    return each(
      (place) => this.listDeliveries(webhookId, next(options, place)),
      (page) => page.data,
    );
  }

  /** Has an event posted once more, in the same bytes. Sent again after a 429 only. */
  async resendDelivery(webhookId: Id, deliveryId: Id, options?: CallOptions): Promise<Resent> {
    const delivery = `${segment("webhookId", webhookId)}/deliveries/${segment("deliveryId", deliveryId)}`;
    return this.#transport.send({ method: "POST", path: `/v1/webhooks/${delivery}/resend`, repeat: "once" }, options);
  }

  /** Gives up to 500 tasks to one agent. It is one batch, however often the request had to be sent. */
  async createBatch(
    agentType: AgentName,
    rows: readonly BatchRowRequest[],
    options: BatchOptions = {},
  ): Promise<AcceptedBatch> {
    const { name, webhookUrl, idempotencyKey } = options;
    const body = { agent_type: agentType, rows, name, webhook_url: webhookUrl };
    return this.#start("/v1/batches", body, idempotencyKey, options);
  }

  /** Reads a batch with its rows. */
  async getBatch(batchId: Id, options?: CallOptions): Promise<Batch> {
    return this.#transport.send({ method: "GET", path: `/v1/batches/${segment("batchId", batchId)}` }, options);
  }

  /** Reads a page of the batches, newest first. */
  async listBatches(options: ListOptions = {}): Promise<BatchList> {
    return this.#list("/v1/batches", {}, options);
  }

  /** Walks along all batches. */
  allBatches(options: ListOptions = {}): AsyncGenerator<Job, void, undefined> {
    return each(
      (place) => this.listBatches(next(options, place)),
      (page) => page.jobs,
    );
  }

  /** Ends a batch: what has not begun never does, what has ended keeps its results. *Errors*: `ConflictError` if it is over. */
  async cancelBatch(batchId: Id, options?: CallOptions): Promise<Cancelled> {
    const path = `/v1/batches/${segment("batchId", batchId)}/cancel`;
    return this.#transport.send({ method: "POST", path, doneBefore: cancelledBefore }, options);
  }

  /** Waits until a batch is `completed`, `failed` or `cancelled`, and returns it. Rows in triage are open: a person may take days. */
  async waitForBatch(batchId: Id, options: WaitOptions = {}): Promise<Batch> {
    const isOver = ({ job }: Batch) => job.status !== "pending" && job.status !== "running";
    return until({ ...BATCH_WAIT, isOver, read: (look) => this.getBatch(batchId, look) }, options);
  }

  /** Reads what the organization used this month, and what is left. */
  async getUsage(options?: CallOptions): Promise<Usage> {
    return this.#transport.send({ method: "GET", path: "/v1/usage" }, options);
  }

  /** Reads what was used, day by day. */
  async getDailyUsage({ from, to, ...options }: DaysOptions = {}): Promise<DailyUsage> {
    return this.#transport.send({ method: "GET", path: "/v1/usage/daily", query: { from, to } }, options);
  }

  /** Reads what was used, agent by agent. */
  async getAgentUsage({ from, to, ...options }: DaysOptions = {}): Promise<AgentUsage> {
    return this.#transport.send({ method: "GET", path: "/v1/usage/agents", query: { from, to } }, options);
  }

  /** Reads what was used, key by key. */
  async getKeyUsage({ from, to, ...options }: DaysOptions = {}): Promise<KeyUsage> {
    return this.#transport.send({ method: "GET", path: "/v1/usage/keys", query: { from, to } }, options);
  }

  /** Starts something under a name, so that it can be sent again. */
  async #start<T>(path: string, body: object, idempotencyKey: string | undefined, options: CallOptions): Promise<T> {
    const name = idempotencyKey ?? (await newName());
    if (typeof name !== "string" || !/^[!-~]{1,255}$/.test(name)) {
      throw invalid("idempotencyKey", "idempotencyKey must be 1 to 255 characters of visible ASCII");
    }
    return this.#transport.send({ method: "POST", path, body, headers: { "Idempotency-Key": name } }, options);
  }

  async #list<T>(path: string, filter: object, { limit, offset, cursor, ...options }: ListOptions): Promise<T> {
    return this.#transport.send({ method: "GET", path, query: { ...filter, limit, offset, cursor } }, options);
  }
}

/** The next page of the same list; where a cursor says where it begins, nothing else does. */
function next<Options extends ListOptions>(options: Options, place: { cursor?: string }): Options {
  return { ...PAGE, ...options, ...place, offset: place.cursor === undefined ? options.offset : undefined };
}

/** A cancellation that is refused the second time because the first one was heard. */
function cancelledBefore(refused: EClipsError): Cancelled | undefined {
  return refused instanceof ConflictError && refused.status === "cancelled" ? { cancelled: true } : undefined;
}

/** An id as a piece of a path. Anything else, such as `..`, could lead to another route. */
function segment(name: string, id: unknown): string {
  if (typeof id === "string" && /^[A-Za-z0-9_-]{1,100}$/.test(id)) return id;
  throw invalid(name, `${name} must be an id`);
}
