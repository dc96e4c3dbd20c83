/**
 * Makes the error of an answer that is none: the class by the status, the words by the body. Whatever stands between may answer
 * too, in HTML or with nothing; of that only the status is told.
 */

import {
  AuthenticationError,
  ConflictError,
  EClipsError,
  NotFoundError,
  PermissionError,
  RateLimitError,
  ServerError,
  ValidationError,
} from "./errors.js";
import type { Answer } from "./fetch.js";

/** How much of a message is kept; the service's own are shorter. */
const MESSAGE_LENGTH_MAX = 500;

/** The codes of the contract's statuses, for answers without `X-eClips-Error-Code`. */
const CODES: Record<number, string> = {
  400: "validation_error",
  401: "invalid_api_key",
  403: "forbidden",
  404: "not_found",
  409: "conflict",
  413: "payload_too_large",
  415: "unsupported_media_type",
  422: "unprocessable",
  429: "rate_limited",
  500: "internal",
  503: "unavailable",
};

/** Makes the error of an answer. `body` is what its JSON says, or nothing where it is no object. */
export function refusal(answer: Pick<Answer, "status" | "headers">, body: Record<string, unknown>): EClipsError {
  const { status, headers } = answer;
  const facts = {
    statusCode: status,
    code: headers.get("x-eclips-error-code") ?? CODES[status] ?? "unexpected_status",
    requestId: headers.get("x-request-id") ?? undefined,
  };
  const said = typeof body.error === "string" && body.error !== "" ? body.error : `HTTP ${status}`;
  const message = said.slice(0, MESSAGE_LENGTH_MAX);
  const retryAfter = seconds(headers.get("retry-after"));
  switch (status) {
    case 400:
    case 413:
    case 415:
    case 422:
      return new ValidationError(message, { ...facts, field: typeof body.field === "string" ? body.field : undefined });
    case 401:
      return new AuthenticationError(message, facts);
    case 403:
      return new PermissionError(message, { ...facts, required: body.required, provided: body.provided });
    case 404:
      return new NotFoundError(message, facts);
    case 409:
      return new ConflictError(message, {
        ...facts,
        status: body.status,
        decidedAt: body.decided_at,
        decidedBy: body.decided_by,
      });
    case 429:
      return new RateLimitError(message, { ...facts, retryAfter });
    default:
      return status >= 500 ? new ServerError(message, { ...facts, retryAfter }) : new EClipsError(message, facts);
  }
}

/** Reads `Retry-After`: whole seconds, or a date. What is neither counts as not there. *Source*: RFC 9110, 10.2.3. */
export function seconds(header: string | null): number | undefined {
  if (header === null) return undefined;
  if (/^\s*\d+\s*$/.test(header)) return Number(header);
  // Only what begins with the name of a day is a date; `Date.parse` takes "-1" for a year.
  const at = /^\s*[A-Z][a-z]/.test(header) ? Date.parse(header) : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, Math.ceil((at - Date.now()) / 1000));
}
