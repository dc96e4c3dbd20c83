//! The engine: what a run does.
//!
//! Who can do the work (`agents`), what answers (`models`) and what follows from an answer (`harness`).
//! No HTTP comes in here and no store is touched; the worker calls the engine and saves what it says.

pub mod action;
pub mod agents;
pub mod harness;
pub mod models;
pub mod tier;
