//! Posts outcomes to the receivers that clients named.

pub mod post;
