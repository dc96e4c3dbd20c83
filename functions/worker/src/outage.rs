//! What a worker does while the store is out of reach: it waits a little and tries again, within its lease.

use std::time::Duration;

use eclips_shared::ids::RunId;
use eclips_shared::store::StoreError;

/// How long a message waits that met a store out of reach, in seconds.
pub const OUTAGE_DELAY_S: i32 = 10;
/// Between the tries of reading a run, in milliseconds.
pub const LOAD_PAUSES_MS: [u64; 3] = [500, 2_000, 5_000];
/// Between the tries of saving a step, in milliseconds. In all less than a lease, which the step itself carries.
pub const SAVE_PAUSES_MS: [u64; 4] = [200, 1_000, 3_000, 6_000];

/// Makes a store call until it is answered, as long as there are pauses left. A macro, since the compiler cannot tell that a
/// closure's future may be sent to another thread.
macro_rules! persist {
    ($run:expr, $pauses_ms:expr, $call:expr) => {{
        let mut pauses_ms = $pauses_ms.into_iter();
        loop {
            let answer = $call.await;
            if !$crate::outage::again($run, answer.as_ref().err(), &mut pauses_ms).await {
                break answer;
            }
        }
    }};
}
pub(crate) use persist;

/// Whether to make a store call again: the store was out of reach and a pause is left, which is over when this returns.
pub async fn again(run: RunId, error: Option<&StoreError>, pauses_ms: &mut impl Iterator<Item = u64>) -> bool {
    let (Some(error @ StoreError::Unavailable { .. }), Some(pause_ms)) = (error, pauses_ms.next()) else {
        return false;
    };
    tracing::warn!(run_id = %run, %error, "store out of reach; trying again");
    tokio::time::sleep(Duration::from_millis(pause_ms)).await;
    true
}
