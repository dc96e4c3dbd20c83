//! Every minute: the deliveries whose time has come, or whose hint or deliverer was lost. Whether one is really to be tried is for
//! its claim to say; it gets a hint, and no look before.

use eclips_shared::queue::{Hint, Line};
use eclips_shared::store::{PARTITIONS, StoreError};
use eclips_shared::time::{MINUTE_MS, SECOND_MS, Timestamp};
use eclips_shared::webhook::Errand;
use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt};

use crate::Sweeper;

/// Deliveries of one page: 25 batches of hints and as many writes, well below a second.
const PAGE_MAX: i32 = 250;
/// What a page takes at the most when every call takes its 2 s: the query, 25 batches of hints, 16 writes.
const PAGE_MS: i64 = 50 * SECOND_MS;
/// Writes that are under way at once, for each partition.
const WRITES_AT_ONCE: usize = 16;
/// When one that got its hint is looked at again: it may wait behind a thousand others of a dead receiver.
const AGAIN_MS: i64 = 5 * MINUTE_MS;

/// What was done about deliveries.
#[derive(Clone, Copy, Default)]
pub struct Hinted {
    pub due: usize,
    pub hinted: usize,
    pub put_off: usize,
    pub failed: usize,
}

impl Sweeper {
    /// Sends a hint for each delivery that is due, as far as the time allows.
    pub(crate) async fn hint_deliveries(&self, deadline: Timestamp) -> Hinted {
        let parts = join_all((0..PARTITIONS).map(|partition| self.hint_partition(partition, deadline))).await;
        parts.into_iter().fold(Hinted::default(), |sum, part| Hinted {
            due: sum.due + part.due,
            hinted: sum.hinted + part.hinted,
            put_off: sum.put_off + part.put_off,
            failed: sum.failed + part.failed,
        })
    }

    async fn hint_partition(&self, partition: u8, deadline: Timestamp) -> Hinted {
        let (mut done, until) = (Hinted::default(), (self.now)());
        // The index lags, and would show again what was put off just now: each page begins behind the one before.
        let mut after = Timestamp::from_ms(0);
        // The first page is read in any case, so that a short invocation gets on, too.
        while done.due == 0 || (self.now)().plus_ms(PAGE_MS) < deadline {
            let page = match self.store.sweeps().due_errands(partition, after, until, PAGE_MAX).await {
                Ok(page) => page,
                Err(error) => {
                    error.log();
                    done.failed += 1;
                    break;
                }
            };
            let Some((last, _)) = page.last() else { break };
            after = *last;
            let is_last = page.len() < usize::try_from(PAGE_MAX).unwrap_or(0);
            done.due += page.len();
            self.hint_page(page, &mut done).await;
            if is_last {
                break;
            }
        }
        done
    }

    async fn hint_page(&self, page: Vec<(Timestamp, Errand)>, done: &mut Hinted) {
        let hints: Vec<Hint> = page
            .iter()
            .map(|(_, errand)| Hint::errand(*errand, Line::Retries))
            .collect();
        let refused = self.queues.send(&hints).await;
        done.hinted += hints.len() - refused.len();
        done.failed += refused.len();
        let again = (self.now)().plus_ms(AGAIN_MS);
        let sent = page.into_iter().enumerate().filter(|(at, _)| !refused.contains(at));
        let writes = stream::iter(sent)
            .map(|(_, (seen, errand))| async move { self.store.sweeps().put_off_errand(errand, seen, again).await });
        let written: Vec<_> = writes.buffer_unordered(WRITES_AT_ONCE).collect().await;
        for written in written {
            match written {
                Ok(()) => done.put_off += 1,
                // It is being tried, or was put off by another sweep.
                Err(StoreError::Lost) => {}
                Err(error) => {
                    error.log();
                    done.failed += 1;
                }
            }
        }
    }
}
