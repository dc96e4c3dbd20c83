/**
 * What is sent and what is answered, in the words of the API. Written from docs/openapi.json by build/schema.mjs, never by hand;
 * a test fails where the two differ. Names of members are those on the wire.
 */

/** An object whose members are not described here. */
export interface JsonObject {
  [name: string]: unknown;
}

/** A UUID of version 7 in its one spelling: lower case, with hyphens. The order of ids is the order of creation. */
export type Id = string;

/** UTC, ISO 8601, milliseconds, `Z`. */
export type Time = string;

/** From 0 to 1. */
export type Share = number;

/** What a key allows. No scope implies another. */
export type Scope =
  | "agents:read"
  | "agents:run"
  | "batch:read"
  | "batch:run"
  | "triage:read"
  | "triage:write"
  | "webhooks:read"
  | "webhooks:write";

/** What an organization pays for. `starter` and `pro` have no API access. */
export type Plan = "starter" | "pro" | "team" | "growth" | "enterprise";

/** Whose data it is. Test keys see and make test data only, run on the sandbox model, and cost no credits. */
export type Mode = "live" | "test";

/** Where a run stands. The last three are final. */
export type RunStatus = "queued" | "running" | "pending_triage" | "completed" | "failed" | "cancelled";

/** How soon a run should be looked at. `high` and above have a queue of their own. */
export type Priority = "low" | "normal" | "high" | "urgent" | "critical";

/** What happened to a run. A stream ends with `run.completed`, `run.failed`, `run.cancelled` or `run.triage_required`. */
export type RunEventType =
  | "run.queued"
  | "run.started"
  | "attempt.started"
  | "attempt.succeeded"
  | "attempt.failed"
  | "run.escalated"
  | "run.evaluated"
  | "run.triage_required"
  | "run.approved"
  | "run.rejected"
  | "run.completed"
  | "run.failed"
  | "run.cancelled";

/** Where a triage item stands. All but the first are final. */
export type TriageStatus = "pending" | "approved" | "rejected" | "expired" | "cancelled";

/** What a webhook can be told. A rejected or cancelled run is told as `run.failed`. */
export type WebhookEvent = "run.completed" | "run.failed" | "run.triage_required" | "batch.completed";

/** Whether a webhook is told anything. A receiver that answers 410, or fails for 120 hours without one success, is `disabled`. */
export type WebhookStatus = "active" | "disabled";

/** What became of an event on its way to one receiver. */
export type DeliveryStatus = "pending" | "delivered" | "failed";

/** Where a batch stands. `completed` when no row is open, `failed` when all rows failed. */
export type BatchStatus = "pending" | "running" | "completed" | "failed" | "cancelled";

/** Where a row of a batch stands. The last three are final. */
export type RowStatus = "pending" | "running" | "pending_triage" | "completed" | "failed" | "cancelled";

/** The agents, department by department. What the output of each has is in `docs/agents.md`. */
export type AgentType =
  | "center"
  | "reader"
  | "orchestrator"
  | "researcher"
  | "summariser"
  | "invoice_processor"
  | "ap_specialist"
  | "ar_collector"
  | "bank_reconciler"
  | "vat_calculator"
  | "payroll_processor"
  | "fraud_detector"
  | "tax_filer"
  | "treasury_manager"
  | "capex_approver"
  | "revenue_recognizer"
  | "fx_manager"
  | "procurement_specialist"
  | "rfq_generator"
  | "vendor_evaluator"
  | "po_creator"
  | "po_approver"
  | "goods_receiver"
  | "invoice_matcher"
  | "inventory_monitor"
  | "reorder_trigger"
  | "contract_renewer"
  | "spend_analyzer"
  | "hr_query"
  | "job_poster"
  | "resume_screener"
  | "interview_scheduler"
  | "offer_writer"
  | "onboarder"
  | "offboarder"
  | "leave_approver"
  | "employee_relations"
  | "disciplinary_advisor"
  | "benefits_admin"
  | "lead_qualifier"
  | "lead_scorer"
  | "proposal_writer"
  | "contract_drafter"
  | "deal_tracker"
  | "account_manager"
  | "churn_detector"
  | "quote_generator"
  | "upsell_identifier"
  | "contract_reviewer"
  | "nda_manager"
  | "regulatory_monitor"
  | "gdpr_auditor"
  | "ip_protector"
  | "litigation_monitor"
  | "policy_updater"
  | "license_manager"
  | "sla_monitor"
  | "ticket_router"
  | "incident_responder"
  | "quality_checker"
  | "kpi_reporter"
  | "process_documenter"
  | "capacity_planner"
  | "change_manager"
  | "access_manager"
  | "threat_analyzer"
  | "backup_verifier"
  | "system_monitor"
  | "patch_manager"
  | "it_compliance"
  | "vendor_security"
  | "content_creator"
  | "seo_monitor"
  | "campaign_manager"
  | "social_media"
  | "email_marketer"
  | "brand_guardian"
  | "analytics_reporter"
  | "tier_1_support";

/** The body of `POST /v1/run`. */
export interface RunRequest {
  /** What is to be done, in words. Trimmed before its characters are counted. */
  task: string;
  /** Who does it. `center` picks a specialist. */
  agent_type?: AgentType | null | undefined;
  /** Whatever the agent needs, at most 128 KiB as sent; kept byte for byte. `data.sandbox` steers the sandbox model and no other. */
  data?: object | null | undefined;
  /** How soon. */
  priority?: Priority | null | undefined;
  /** Where the outcome of this one is posted, signed with the default secret of the organization: `https://`, a public host, port 443 or from 1024 on, no user name, no fragment. */
  webhook_url?: string | null | undefined;
}

/** The answer of `POST /v1/run`. */
export interface AcceptedRun {
  /** Ask for it by this. */
  run_id: Id;
  status: "queued";
  /** Who does it. */
  agent_type: AgentType;
  estimated_completion: "async";
}

/** What the model calls of a run took. */
export interface Tokens {
  /** Tokens read. */
  input_tokens: number;
  /** Tokens written. */
  output_tokens: number;
}

export interface RunSummary {
  id: Id;
  /** Who does it. */
  agent_type: string;
  status: RunStatus;
  priority: Priority;
  /** The task, cut to 280 characters. */
  task: string;
  /** How sure the answer is; null before there is one. */
  confidence_score: Share | null;
  /** Whether a person has, or had, to decide. */
  requires_triage: boolean;
  /** What the person decides on. */
  triage_item_id: Id | null;
  /** Why it failed, was rejected or was cancelled. */
  error: string | null;
  /** The model that gave the answer. */
  model: string | null;
  /** Credits spent: 1, 3 or 10 for each answer of the fast, smart or premium tier. Test runs cost none. */
  credits: number;
  usage: Tokens;
  /** Model calls made. */
  attempts: number;
  /** The batch that it is a row of. */
  batch_id: Id | null;
  mode: Mode;
  /** When it was accepted. */
  created_at: Time;
  /** When it was first worked on. */
  started_at: Time | null;
  /** When it ended. */
  completed_at: Time | null;
}

/** The answer of `GET /v1/runs/{id}`. */
export interface Run {
  id: Id;
  /** Who does it. */
  agent_type: string;
  status: RunStatus;
  priority: Priority;
  /** The whole task. */
  task: string;
  /** How sure the answer is; null before there is one. */
  confidence_score: Share | null;
  /** Whether a person has, or had, to decide. */
  requires_triage: boolean;
  /** What the person decides on. */
  triage_item_id: Id | null;
  /** Why it failed, was rejected or was cancelled. */
  error: string | null;
  /** The model that gave the answer. */
  model: string | null;
  /** Credits spent: 1, 3 or 10 for each answer of the fast, smart or premium tier. Test runs cost none. */
  credits: number;
  usage: Tokens;
  /** Model calls made. */
  attempts: number;
  /** The batch that it is a row of. */
  batch_id: Id | null;
  mode: Mode;
  /** When it was accepted. */
  created_at: Time;
  /** When it was first worked on. */
  started_at: Time | null;
  /** When it ended. */
  completed_at: Time | null;
  /** What was sent along, byte for byte. */
  data: JsonObject | null;
  /** What the agent answered, at most 64 KiB; null before it completed. */
  result: JsonObject | null;
}

/** The answer of `GET /v1/runs`. */
export interface RunList {
  /** The runs, newest first. */
  data: Array<RunSummary>;
  /** How many there are in all; may lag a write by seconds. */
  total: number;
  /** As asked. */
  limit: number;
  /** As asked. */
  offset: number;
  /** Where the next page begins; null at the end. */
  next_cursor: string | null;
}

/** The answer of `POST /v1/batches/{id}/cancel`. */
export interface Cancelled {
  cancelled: true;
}

/** The `data` of one event of a stream. The same event has the same bytes for every reader for ever. */
export interface RunEvent {
  run_id: Id;
  /** 1, 2, 3 … without a gap. */
  seq: number;
  type: RunEventType;
  /** When it happened. */
  at: Time;
  /** Where the run stood then. */
  status: RunStatus;
  /** The stage of the attempt. */
  stage?: string;
  /** Its number within its stage. */
  attempt?: number;
  /** The tier or the model that was asked. */
  model?: string;
  /** What went wrong. */
  error?: string;
  confidence_score?: Share;
  /** What the evaluator says. */
  verdict?: "pass" | "triage" | "retry";
  /** Something that its reader should know. */
  warning?: string;
  /** What a person has to decide on. */
  triage_item_id?: Id;
}

/** One event of a stream, by the names of its lines. */
export interface StreamEvent {
  /** The `seq` of the event: what `Last-Event-ID` says when you come back. */
  id: string;
  event: RunEventType;
  /** JSON on one line. */
  data: string;
}

/** The answer of `GET /v1/triage/{id}`. */
export interface TriageItem {
  id: Id;
  /** The run that waits for it. */
  run_id: Id;
  /** The agent of the run. */
  agent_type: string;
  priority: Priority;
  /** One line. */
  title: string;
  /** What the run was asked. */
  summary: string;
  /** Why a person has to decide. */
  reasoning: string;
  /** What the answer proposes to do. */
  risk: string | null;
  confidence_score: Share;
  /** The proposed output. In a list one over 8 KiB is null; the item itself has it. */
  payload: JsonObject | null;
  /** There where the list leaves the payload out, and only there. */
  payload_truncated?: true;
  status: TriageStatus;
  /** Since when it waits. */
  created_at: Time;
  /** From then on it is too late: seven days later. */
  expires_at: Time;
  /** When it was decided, expired or cancelled. */
  decided_at: Time | null;
  /** The id of the key that decided, or the e-mail address of the person; null when nobody did. */
  decided_by: string | null;
  /** What was said to it. */
  note: string | null;
}

/** The answer of `GET /v1/triage`. */
export interface TriageList {
  /** The items, highest priority first, oldest first within one. */
  data: Array<TriageItem>;
  /** How many there are in all, counted up to 1 000. */
  total: number;
  /** As asked. */
  limit: number;
  /** As asked. */
  offset: number;
  /** Where the next page begins; null at the end. */
  next_cursor: string | null;
}

/** The body of `POST /v1/triage/{id}/approve`. */
export interface Approval {
  /** What is said to it; trimmed, and of nothing but spaces it is none. */
  note?: string | null | undefined;
  /** Replaces the proposed output, at most 64 KiB as sent; has to fit the schema of the agent. */
  output?: object | null | undefined;
}

/** The body of `POST /v1/triage/{id}/reject`. */
export interface Rejection {
  /** What is said to it; trimmed, and of nothing but spaces it is none. */
  note?: string | null | undefined;
}

/** The answer of `POST /v1/triage/{id}/reject`. */
export interface Decision {
  id: Id;
  status: "approved" | "rejected";
  run_id: Id;
  decided_at: Time;
  /** The id of the key that decided. */
  decided_by: Id;
}

export interface BatchRowRequest {
  /** What is to be done, in words. Trimmed before its characters are counted. */
  task: string;
  /** Whatever the agent needs, at most 128 KiB as sent; kept byte for byte. `data.sandbox` steers the sandbox model and no other. */
  data?: object | null | undefined;
}

/** The body of `POST /v1/batches`. */
export interface BatchRequest {
  /** Who does all of it. */
  agent_type: AgentType;
  /** Each becomes a run. */
  rows: Array<BatchRowRequest>;
  /** What you call it; trimmed. */
  name?: string | null | undefined;
  /** Where the outcome of this one is posted, signed with the default secret of the organization: `https://`, a public host, port 443 or from 1024 on, no user name, no fragment. */
  webhook_url?: string | null | undefined;
}

export interface Job {
  id: Id;
  /** What its owner calls it. */
  name: string | null;
  /** The agent of every row. */
  agent_type: string;
  status: BatchStatus;
  /** Rows in all. */
  total_rows: number;
  /** Rows with a result. */
  completed_rows: number;
  /** Rows without one. */
  failed_rows: number;
  /** Rows that were ended. */
  cancelled_rows: number;
  /** Rows that wait for a person; they count as open. */
  triage_rows: number;
  /** When it was accepted. */
  created_at: Time;
  /** Since when it is over; null until its last row has ended. */
  completed_at: Time | null;
}

export interface BatchRow {
  /** From 0. */
  row_index: number;
  /** The whole task. */
  task: string;
  status: RowStatus;
  /** What the agent answered; null where it is over 8 KiB or the answer has no room for it. */
  result: JsonObject | null;
  /** There where the result is left out for its size, and only there; the run has it. */
  result_truncated?: true;
  /** Why it failed or was ended. */
  error_message: string | null;
  /** Its run; null until there is one. */
  run_id: Id | null;
}

/** The answer of `POST /v1/batches`. */
export interface AcceptedBatch {
  job: Job;
}

/** The answer of `GET /v1/batches/{id}`. */
export interface Batch {
  job: Job;
  /** By `row_index`. The counts of the job are those of these rows. */
  rows: Array<BatchRow>;
}

/** The answer of `GET /v1/batches`. */
export interface BatchList {
  /** The batches, newest first. Their counts may lag by seconds. */
  jobs: Array<Job>;
  /** How many there are in all; may lag a write by seconds. */
  total: number;
  /** As asked. */
  limit: number;
  /** As asked. */
  offset: number;
  /** Where the next page begins; null at the end. */
  next_cursor: string | null;
}

/** The body of `POST /v1/webhooks`. */
export interface WebhookRequest {
  /** Where to: `https://`, a public host, port 443 or from 1024 on, no user name, no fragment. */
  url: string;
  /** What it is told; each counts once. */
  events: Array<WebhookEvent>;
}

/** The answer of `POST /v1/webhooks`. */
export interface CreatedWebhook {
  id: Id;
  /** Where to, as it was given. */
  url: string;
  /** What it is told. */
  events: Array<WebhookEvent>;
  /** `whsec_` and the base64 of 32 random bytes. In this answer, and in no later one. */
  secret: string;
  status: "active";
  created_at: Time;
}

export interface Webhook {
  id: Id;
  /** Where to, as it was given. */
  url: string;
  /** What it is told. */
  events: Array<WebhookEvent>;
  status: WebhookStatus;
  created_at: Time;
}

/** The answer of `GET /v1/webhooks`. */
export interface WebhookList {
  /** The webhooks, newest first, without their secrets. */
  data: Array<Webhook>;
  /** How many there are in all. */
  total: number;
  /** As asked. */
  limit: number;
  /** As asked. */
  offset: number;
  /** Where the next page begins; null at the end. */
  next_cursor: string | null;
}

/** The answer of `DELETE /v1/webhooks/{id}`. */
export interface Deleted {
  deleted: true;
}

/** The answer of `POST /v1/webhooks/{id}/rotate`. */
export interface RotatedSecret {
  /** `whsec_` and the base64 of 32 random bytes. In this answer, and in no later one. */
  secret: string;
}

export interface Try {
  /** When it began. */
  at: Time;
  /** What the receiver answered; null where it did not. */
  status_code: number | null;
  /** How long it took. */
  duration_ms: number;
  /** Why it counts as failed; null where it was taken. */
  error: string | null;
}

export interface Delivery {
  /** Also the `webhook-id` of every try. */
  id: Id;
  event: WebhookEvent;
  /** Of which run; null where it is of a batch. */
  run_id: Id | null;
  /** Of which batch; null where it is of a run. */
  batch_id: Id | null;
  status: DeliveryStatus;
  /** Each try, oldest first. */
  attempts: Array<Try>;
  /** When it is tried next; null unless `pending`. */
  next_attempt_at: Time | null;
}

/** The answer of `GET /v1/webhooks/{id}/deliveries`. */
export interface DeliveryList {
  /** The deliveries, newest event first. They are kept for 30 days. */
  data: Array<Delivery>;
  /** How many there are in all, counted up to 1 000. */
  total: number;
  /** As asked. */
  limit: number;
  /** As asked. */
  offset: number;
  /** Where the next page begins; null at the end. */
  next_cursor: string | null;
}

/** The answer of `POST /v1/webhooks/{id}/deliveries/{delivery_id}/resend`. */
export interface Resent {
  id: Id;
  status: "pending";
}

/** What is posted of a run. The same bytes on every try. */
export interface RunNews {
  event: "run.completed" | "run.failed" | "run.triage_required";
  run_id: Id;
  /** Who did it. */
  agent_type: string;
  organization_id: Id;
  /** When it happened. */
  timestamp: Time;
  /** The `seq` of the event in its run, by which a receiver tells which of two came first. */
  sequence: number;
  data: {
    /** The result; of `run.triage_required` what is proposed; of `run.failed` null. */
    output: JsonObject | null;
    /** How sure the answer is. */
    confidence_score: Share | null;
    /** Whether a person has, or had, to decide. */
    requires_triage: boolean;
    /** On what. */
    triage_item_id: Id | null;
    /** Why there is no output. */
    error: string | null;
  };
}

/** What is posted of a batch once all its rows have ended, however they did. The same bytes on every try. */
export interface BatchNews {
  event: "batch.completed";
  batch_id: Id;
  /** Who did it. */
  agent_type: string;
  organization_id: Id;
  /** When it happened. */
  timestamp: Time;
  sequence: 1;
  data: Job;
}

export interface RunCounts {
  /** Runs made. */
  total: number;
  /** With a result. */
  completed: number;
  /** Without one. */
  failed: number;
  /** Ended by their owner or a person. */
  cancelled: number;
  /** Waiting for a person. */
  pending_triage: number;
}

export interface TokenCounts {
  /** Tokens read. */
  input: number;
  /** Tokens written. */
  output: number;
}

/** The answer of `GET /v1/usage`. */
export interface Usage {
  organization_id: Id;
  plan: Plan;
  period: {
    /** The first moment of the month. */
    start: Time;
    /** The first one of the next; exclusive. */
    end: Time;
  };
  credits: {
    /** What the plan has a month. */
    included: number;
    /** What was spent. */
    used: number;
    /** What is left, never below 0. */
    remaining: number;
  };
  runs: RunCounts;
  tokens: TokenCounts;
  requests: {
    /** Requests of this UTC day, all keys together. */
    today: number;
    /** How many a day may have. */
    daily_limit: number;
  };
}

/** The answer of `GET /v1/usage/daily`. */
export interface DailyUsage {
  /** One for every day, oldest first. */
  data: Array<{
    /** The day, UTC. */
    date: string;
    /** Credits used. */
    credits: number;
    runs: RunCounts;
    tokens: TokenCounts;
    /** Requests of the organization, live and test together. */
    requests: number;
  }>;
}

/** The answer of `GET /v1/usage/agents`. */
export interface AgentUsage {
  /** One for every agent that was used. */
  data: Array<{
    /** The agent. */
    agent_type: string;
    /** Credits used. */
    credits: number;
    runs: RunCounts;
    tokens: TokenCounts;
  }>;
}

/** The answer of `GET /v1/usage/keys`. */
export interface KeyUsage {
  /** One for every key that was used. */
  data: Array<{
    /** The id of the key, which is not the key; `dashboard` for what people started there. */
    key_id: string;
    /** Credits used. */
    credits: number;
    runs: RunCounts;
    tokens: TokenCounts;
  }>;
}

/** The answer of `GET /v1/health`. */
export interface Health {
  status: "ok";
  /** The version of the service. */
  version: string;
  timestamp: Time;
}

/** An object without members; the body may also be left out. */
export type NoBody = Record<string, never>;
