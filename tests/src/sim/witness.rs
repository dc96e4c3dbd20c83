//! Who sees what happens outside the store: which models were asked, and which of them answered. It listens to the worker's
//! own log, so that nothing in the product has to know of it.

use std::cell::Cell;
use std::sync::OnceLock;

use tracing::dispatcher::DefaultGuard;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Dispatch, Event, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

thread_local! {
    static ASKED: Cell<usize> = const { Cell::new(0) };
    static ANSWERED: Cell<usize> = const { Cell::new(0) };
}

/// What was seen of models in a schedule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Seen {
    /// Calls that began.
    pub asked: usize,
    /// Calls that were answered.
    pub answered: usize,
}

/// Begins to watch this thread; until the guard is dropped.
#[must_use]
pub fn watch() -> DefaultGuard {
    // While there is one subscriber in the process, tracing asks the thread that comes to a log line first whether anybody wants
    // it, and keeps the answer: a test beside this one, which has none, would deafen it. There are never fewer than two.
    static ANOTHER: OnceLock<Dispatch> = OnceLock::new();
    ANOTHER.get_or_init(ears);
    tracing::dispatcher::set_default(&ears())
}

fn ears() -> Dispatch {
    let only = Targets::new().with_target("eclips_worker", LevelFilter::DEBUG);
    Dispatch::new(tracing_subscriber::registry().with(Ears.with_filter(only)))
}

/// What was seen since it was last forgotten.
#[must_use]
pub fn seen() -> Seen {
    Seen {
        asked: ASKED.get(),
        answered: ANSWERED.get(),
    }
}

/// Forgets what was seen.
pub fn forget() {
    ASKED.set(0);
    ANSWERED.set(0);
}

struct Ears;

impl<S: Subscriber> Layer<S> for Ears {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        struct Said(String);
        impl Visit for Said {
            fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
                if field.name() == "message" {
                    self.0 = format!("{value:?}");
                }
            }
        }
        let mut said = Said(String::new());
        event.record(&mut said);
        match said.0.as_str() {
            "model is asked" => ASKED.set(ASKED.get() + 1),
            "model has answered" => ANSWERED.set(ANSWERED.get() + 1),
            _ => {}
        }
    }
}
