//! The fixtures of the black-box tests: a system to call, people to call it, and peers that misbehave.

pub mod function;
pub mod process;
pub mod proxy;
pub mod raw;
pub mod world;
