//! Agents: whom a run can be given to. A file per page.

pub mod list;
pub mod show;
