//! The fixtures of the black-box tests: a system to call, people to call it, and peers that misbehave.

pub mod backstage;
pub mod batches;
pub mod chat;
pub mod costs;
pub mod event_file;
pub mod figures;
pub mod function;
pub mod function_process;
pub mod kms;
pub mod openapi;
pub mod process;
pub mod proxy;
pub mod raw;
pub mod reader;
pub mod receiver;
pub mod records;
pub mod repository;
pub mod roles;
pub mod runtime_api;
mod settings;
pub mod sim;
pub mod stack;
pub mod stores;
pub mod target;
pub mod unrest;
pub mod visitor;
pub mod world;
