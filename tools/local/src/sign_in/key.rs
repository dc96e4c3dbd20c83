//! The key that signs ID tokens: Ed25519, made anew at each start and never written down.

use anyhow::{Context, Result, anyhow};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use openidconnect::core::{
    CoreEdDsaPrivateSigningKey, CoreIdToken, CoreIdTokenClaims, CoreJsonWebKeySet, CoreJwsSigningAlgorithm,
};
use openidconnect::{AccessToken, JsonWebKeyId, PrivateSigningKey};

use super::random_text;

/// What it signs with. Not RS256, OpenID's default: an unoptimized build looks for an RSA key for seconds.
pub(super) const ALGORITHM: CoreJwsSigningAlgorithm = CoreJwsSigningAlgorithm::EdDsa;

/// What stands before the 32 bytes of an Ed25519 key in PKCS #8. *Source*: RFC 8410 §7.
const PKCS8_START: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// The private key.
pub(super) struct SigningKey(CoreEdDsaPrivateSigningKey);

impl SigningKey {
    /// Makes a key from the system's randomness, under an id of its own: no key of an earlier start is taken for it.
    pub(super) fn generate() -> Result<Self> {
        let mut document = [0u8; 48];
        let (start, seed) = document.split_at_mut(PKCS8_START.len());
        start.copy_from_slice(&PKCS8_START);
        getrandom::fill(seed).context("no randomness for a key")?;
        // PEM is the one form that the library reads, and 48 bytes are one line of it.
        let pem = format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
            STANDARD.encode(document)
        );
        let id = JsonWebKeyId::new(random_text().context("no randomness for a key's id")?);
        let key = CoreEdDsaPrivateSigningKey::from_ed25519_pem(&pem, Some(id));
        // Its error is about the form of our document; the key is not in it.
        key.map(Self).map_err(|error| anyhow!("no key for signing in: {error}"))
    }

    /// The public half, as clients fetch it.
    pub(super) fn public(&self) -> CoreJsonWebKeySet {
        CoreJsonWebKeySet::new(vec![self.0.as_verification_key()])
    }

    /// Signs the claims, with the access token's hash among them.
    pub(super) fn sign(&self, claims: CoreIdTokenClaims, access_token: &AccessToken) -> CoreIdToken {
        CoreIdToken::new(claims, &self.0, ALGORITHM, Some(access_token), None)
            .expect("claims are JSON, and an Ed25519 key signs any bytes")
    }
}
