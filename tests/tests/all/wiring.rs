//! The lists that must say the same: route table, template, README, events, folders, settings, policies, indexes, costs, runbook.
//!
//! Nothing is called here but the functions' binaries, to see which settings they ask for.

mod alarms;
mod costs;
mod deployment;
mod functions;
mod models;
mod openapi;
mod policies;
mod queues;
mod routes;
mod runbook;
mod streams;
mod tables;
mod walk;
