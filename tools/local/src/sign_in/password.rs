//! The one password. Neither printed nor kept: only its hash is, to compare with.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// A password as far as it must be known.
pub(super) struct Password([u8; 32]);

impl Password {
    pub(super) fn new(password: &str) -> Self {
        Self(Sha256::digest(password).into())
    }

    /// Whether this is it, in a time that tells neither how much of it is right nor how long it is.
    pub(super) fn is(&self, guess: &str) -> bool {
        let guess: [u8; 32] = Sha256::digest(guess).into();
        self.0.ct_eq(&guess).into()
    }
}
