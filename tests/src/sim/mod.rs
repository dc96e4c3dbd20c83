//! A small world without time of its own: tables and queues in this thread, a clock that moves only when nothing else
//! can, and faults at chosen calls. What runs in it is the product's own code, with the SDK, against the embedded engine.
//!
//! A *port call* is one operation of the SDK on a table or a queue; its retries belong to it. Everything that an actor does
//! to the world is a port call, so a crash before or after each of them is a crash anywhere.

mod beside;
mod carrier;
mod queue;
mod tables;
mod turns;
pub mod witness;
mod world;

pub use beside::Look;
pub use carrier::{Call, Fault, Plan, Watch};
pub use queue::Message;
pub use tables::Reader;
pub use turns::Order;
pub use world::{Actor, Sim, now};
