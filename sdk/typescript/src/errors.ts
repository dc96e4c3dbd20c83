/**
 * What can go wrong, a class for each kind, all of them `EClipsError`. An error holds what the server said and nothing of what was
 * sent: no header, no body, no key, and no `cause` that could bring one along.
 */

import type { Id, Scope, Time } from "./schema.js";

/** What every error knows. */
export interface ErrorFacts {
  /** The HTTP status; 0 where there was no answer. */
  statusCode: number;
  /** The machine word: that of `X-eClips-Error-Code`, or one of this client's own. */
  code: string;
  /** The answer's `X-Request-Id`, for whoever asks the operator. */
  requestId?: string | undefined;
}

/** The base of all errors of this client, and the class of answers that have none of their own. */
export class EClipsError extends Error {
  static {
    this.prototype.name = "EClipsError";
  }

  /** The HTTP status; 0 where there was no answer, 408 where this client stopped waiting. */
  readonly statusCode: number;
  /** The machine word, such as `insufficient_scope`. */
  readonly code: string;
  /** The answer's `X-Request-Id`, where there was an answer. */
  declare readonly requestId?: string;
  /** The run that was waited for or followed when it happened. It goes on without its reader. */
  declare runId?: Id;

  constructor(message: string, { statusCode, code, requestId }: ErrorFacts) {
    super(message);
    this.statusCode = statusCode;
    this.code = code;
    if (requestId !== undefined) this.requestId = requestId;
  }
}

/** The request is wrong (400, 413, 415, 422), by the server's judgement or already by this client's. */
export class ValidationError extends EClipsError {
  static {
    this.prototype.name = "ValidationError";
  }

  /** The member, parameter or option that is wrong, such as `rows[17].task`. */
  declare readonly field?: string;

  constructor(message: string, { field, ...facts }: ErrorFacts & { field?: string | undefined }) {
    super(message, facts);
    if (field !== undefined) this.field = field;
  }
}

/** No key, or one that is malformed, unknown, revoked or expired (401). */
export class AuthenticationError extends EClipsError {
  static {
    this.prototype.name = "AuthenticationError";
  }
}

/** The key may not (403): a scope is missing, the plan has no API access, or the organization is suspended; `code` says which. */
export class PermissionError extends EClipsError {
  static {
    this.prototype.name = "PermissionError";
  }

  /** The scope that is missing. */
  declare readonly required?: Scope;
  /** The scopes that the key has. */
  declare readonly provided?: Scope[];

  constructor(
    message: string,
    { required, provided, ...facts }: ErrorFacts & { required?: unknown; provided?: unknown },
  ) {
    super(message, facts);
    if (typeof required === "string") this.required = required as Scope;
    if (Array.isArray(provided)) this.provided = provided;
  }
}

/** There is no such object (404), or it is of another organization or of the other mode. */
export class NotFoundError extends EClipsError {
  static {
    this.prototype.name = "NotFoundError";
  }
}

/** Something else was decided before (409). */
export class ConflictError extends EClipsError {
  static {
    this.prototype.name = "ConflictError";
  }

  /** Where the object stands. */
  declare readonly status?: string;
  /** Since when. */
  declare readonly decidedAt?: Time;
  /** By whom: the id of a key or a person. */
  declare readonly decidedBy?: Id;

  constructor(
    message: string,
    {
      status,
      decidedAt,
      decidedBy,
      ...facts
    }: ErrorFacts & { status?: unknown; decidedAt?: unknown; decidedBy?: unknown },
  ) {
    super(message, facts);
    if (typeof status === "string") this.status = status;
    if (typeof decidedAt === "string") this.decidedAt = decidedAt;
    if (typeof decidedBy === "string") this.decidedBy = decidedBy;
  }
}

/** A limit is reached (429): `rate_limited`, `daily_limit` or `credits_exhausted`. */
export class RateLimitError extends EClipsError {
  static {
    this.prototype.name = "RateLimitError";
  }

  /** When to come back, in seconds. */
  declare readonly retryAfter?: number;

  constructor(message: string, { retryAfter, ...facts }: ErrorFacts & { retryAfter?: number | undefined }) {
    super(message, facts);
    if (retryAfter !== undefined) this.retryAfter = retryAfter;
  }
}

/** The service, or something before it, could not answer (5xx). */
export class ServerError extends EClipsError {
  static {
    this.prototype.name = "ServerError";
  }

  /** When to come back, in seconds; with 503. */
  declare readonly retryAfter?: number;

  constructor(message: string, { retryAfter, ...facts }: ErrorFacts & { retryAfter?: number | undefined }) {
    super(message, facts);
    if (retryAfter !== undefined) this.retryAfter = retryAfter;
  }
}

/** There was no answer, or only a piece of one: not reached, refused, cut (`statusCode` 0). */
export class ConnectionError extends EClipsError {
  static {
    this.prototype.name = "ConnectionError";
  }

  constructor(message: string) {
    super(message, { statusCode: 0, code: "connection_error" });
  }
}

/** This client stopped waiting (408). What was waited for may still happen. */
export class TimeoutError extends EClipsError {
  static {
    this.prototype.name = "TimeoutError";
  }

  constructor(message: string, runId?: Id) {
    super(message, { statusCode: 408, code: "timeout" });
    if (runId !== undefined) this.runId = runId;
  }
}

/** What was posted is not to be believed: `missing_headers`, `invalid_signature`, `timestamp_out_of_tolerance` or `invalid_payload`. */
export class WebhookVerificationError extends EClipsError {
  static {
    this.prototype.name = "WebhookVerificationError";
  }

  constructor(
    message: string,
    code: "missing_headers" | "invalid_signature" | "timestamp_out_of_tolerance" | "invalid_payload",
  ) {
    super(message, { statusCode: 400, code });
  }
}

/** An argument or option that cannot be meant, refused before anything is sent. */
export function invalid(field: string, message: string): ValidationError {
  return new ValidationError(message, { statusCode: 400, code: "validation_error", field });
}
