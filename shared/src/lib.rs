//! What every function needs on the road from an event to its answer: keys and scopes, the route table, the guards,
//! the store, the queues. No run logic and no outgoing HTTP but to the store and the queues.

pub mod asked;
pub mod auth;
pub mod batch;
pub mod body;
pub mod config;
pub mod email;
pub mod error;
pub mod idempotency;
pub mod ids;
pub mod lambda;
pub mod log;
pub mod metrics;
pub mod page;
pub mod plan;
pub mod queue;
pub mod receiver;
pub mod role;
pub mod routes;
pub mod run;
mod sdk;
pub mod serve;
pub mod store;
pub mod time;
pub mod triage;
pub mod vault;
pub mod webhook;
pub mod window;

/// The version that `GET /v1/health` names; that of the workspace.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
