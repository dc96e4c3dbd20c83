//! Who is on stage: one actor alone, or two whose port calls are interleaved as a schedule says. An actor may stand still for
//! a while, as a process does that gets no time: the clock goes on, and nothing of it happens.

use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use eclips_shared::time::Timestamp;
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;

use super::world::now;

/// How two who act at once take turns.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Order {
    /// Before these port calls the other one goes on, until it ends, sleeps, or the next of them. The first of the two begins.
    pub switches: Vec<usize>,
    /// Before this port call its actor stands still for so many milliseconds.
    pub standstill: Option<(usize, i64)>,
}

/// The stage.
#[derive(Debug, Default)]
pub(super) struct Turns(Mutex<Stage>);

#[derive(Debug, Default)]
struct Stage {
    order: Order,
    /// Who is being polled.
    on_stage: usize,
    /// Who may go on, of those who wait for their turn.
    turn: usize,
    crashed: [bool; 2],
    still_until: [Option<Timestamp>; 2],
    waiting: Vec<Waker>,
}

impl Stage {
    fn is_still(&self, who: usize) -> bool {
        self.still_until[who].is_some_and(|until| until > now())
    }

    fn give_turn(&mut self, who: usize) {
        self.turn = who;
        self.waiting.drain(..).for_each(Waker::wake);
    }
}

impl Turns {
    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.0.lock().expect("nothing panics while it holds this")
    }

    pub(super) fn begin(&self, order: Order) {
        *self.stage() = Stage {
            order,
            ..Stage::default()
        };
    }

    /// Whose port call this is.
    pub(super) fn who(&self) -> usize {
        self.stage().on_stage
    }

    /// Waits, at a port call, until its actor may go on.
    pub(super) async fn at(&self, call: usize) {
        let me = {
            let mut stage = self.stage();
            let me = stage.on_stage;
            if stage.order.switches.contains(&call) {
                stage.give_turn(1 - me);
            } else if let Some((_, ms)) = stage.order.standstill.take_if(|(at, _)| *at == call) {
                stage.still_until[me] = Some(now().plus_ms(ms));
            } else {
                return;
            }
            me
        };
        poll_fn(|cx| {
            let mut stage = self.stage();
            if stage.turn == me && !stage.is_still(me) {
                return Poll::Ready(());
            }
            stage.waiting.push(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }

    /// Ends the process on stage: whoever runs it takes it off.
    pub(super) fn crash(&self) {
        let mut stage = self.stage();
        let me = stage.on_stage;
        stage.crashed[me] = true;
    }

    /// Whether the process on stage has ended by a crash.
    pub(super) fn take_crash(&self) -> bool {
        let mut stage = self.stage();
        let me = stage.on_stage;
        std::mem::take(&mut stage.crashed[me])
    }

    /// Has two act at once until both have ended.
    pub(super) async fn both<T>(&self, actors: [LocalBoxFuture<'_, T>; 2]) -> [T; 2] {
        let (mut actors, mut ended) = (actors.map(Some), [None, None]);
        poll_fn(|cx| self.poll(&mut actors, &mut ended, cx)).await;
        self.stage().on_stage = 0;
        ended.map(|end| end.expect("both have ended"))
    }

    fn poll<T>(
        &self,
        actors: &mut [Option<LocalBoxFuture<'_, T>>; 2],
        ended: &mut [Option<T>; 2],
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        loop {
            if actors.iter().all(Option::is_none) {
                return Poll::Ready(());
            }
            let turn = self.stage().turn;
            for who in [turn, 1 - turn] {
                let Some(actor) = &mut actors[who] else { continue };
                if !self.enter(who, cx) {
                    continue;
                }
                if let Poll::Ready(end) = actor.as_mut().poll(cx) {
                    (actors[who], ended[who]) = (None, Some(end));
                    self.stage().give_turn(1 - who);
                }
                if self.stage().turn != turn {
                    break;
                }
            }
            let mut stage = self.stage();
            if stage.turn != turn {
                continue;
            }
            // Whoever has the turn sleeps, stands still or is gone: the other one need not wait for it.
            let other = 1 - turn;
            if stage.waiting.is_empty() || actors[other].is_none() || stage.is_still(other) {
                return Poll::Pending;
            }
            stage.give_turn(other);
        }
    }

    /// Puts an actor on stage, unless it stands still: then the task is woken when that is over.
    fn enter(&self, who: usize, cx: &mut Context<'_>) -> bool {
        let mut stage = self.stage();
        if let Some(until) = stage.still_until[who] {
            let left_ms = until.ms() - now().ms();
            if left_ms > 0 {
                let waker = cx.waker().clone();
                let left = Duration::from_millis(left_ms.unsigned_abs());
                tokio::spawn(tokio::time::sleep(left).map(|()| waker.wake()));
                return false;
            }
            stage.still_until[who] = None;
            stage.give_turn(who);
        }
        stage.on_stage = who;
        true
    }
}
