//! Who calls: the key in the header, the scopes on its record, the caller that a handler gets.
//!
//! A [`Caller`] is built in one place, from a key record that the store just read; nothing else in the workspace can make one.

mod caller;
mod header;
mod key;
mod scope;

pub use caller::{Author, Caller, Mark, Mode, Tenant};
pub use header::{Credential, credential};
pub use key::{KeyHash, PlainKey};
pub use scope::{Scope, ScopeSet};

pub(crate) use caller::authenticate;
