/**
 * `@eclips/sdk`, the client of eClips API. Everything that it offers is named here and nothing else is to be imported.
 */

export { EClipsClient } from "./client.js";
export type {
  AgentName,
  BatchOptions,
  DaysOptions,
  DeliveryListOptions,
  ListOptions,
  RunListOptions,
  RunOptions,
  TriageListOptions,
} from "./client.js";
export type { ClientOptions } from "./settings.js";
export type { CallOptions } from "./transport.js";
export type { Answer, Fetch, FetchInit } from "./fetch.js";
export type { StreamOptions } from "./stream.js";
export type { WaitOptions } from "./wait.js";
export { constructEvent, verifyWebhook } from "./webhooks.js";
export type { ConstructOptions, News, RawBody, ReceivedHeaders, Secret } from "./webhooks.js";
export {
  AuthenticationError,
  ConflictError,
  ConnectionError,
  EClipsError,
  NotFoundError,
  PermissionError,
  RateLimitError,
  ServerError,
  TimeoutError,
  ValidationError,
  WebhookVerificationError,
} from "./errors.js";
export type * from "./schema.js";
export { VERSION } from "./version.js";
