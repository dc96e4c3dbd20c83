//! The store: our records in and out of DynamoDB. The only room that imports its SDK; the organization or tenant comes
//! first in every method that a caller's request reaches.

mod audit;
mod batches;
mod conduct;
mod deliveries;
mod error;
mod fold;
mod index;
mod item;
mod keys;
mod limits;
mod members;
mod news;
mod once;
mod orgs;
mod runs;
mod sessions;
mod several;
mod slots;
mod slow;
mod sweep;
mod totals;
mod transact;
mod triage;
mod webhooks;
mod work;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;

pub use audit::{Action, Actor, Audit, AuditEntry};
pub use batches::{Batch, BatchCancelled, BatchInput, Batches};
pub use conduct::{Conduct, Conducts, counts, read_counts};
pub use deliveries::{Claimed, Deliveries, Held, NewDelivery, Next};
pub use error::StoreError;
pub use fold::{AnswerChange, Change, DayChange, Fold, Owner, RunChange};
pub use keys::{GRACES_MS, KeyRecord, KeySummary, Keys, LIFE_MS_MAX, NewKey, Refused, RefusedRequests, Rolled};
pub use limits::{Allowed, Limits, Quota, Refusal};
pub use members::{MemberChange, MemberSummary, Members, Standing};
pub use news::{BatchNews, Happened, News, NewsOf, RunNews, Told};
pub use once::Made;
pub use orgs::{OrgSummary, Orgs, Override, Suspension};
pub use runs::{Cancelled, RunEvent, RunFilter, Runs, Watch};
pub use sessions::{Session, SessionHash, Sessions};
pub use slots::{Slot, Slots, Taken};
pub use slow::Slow;
pub use sweep::{Buried, DueBatch, DueRun, PARTITIONS, Sweeps, WaitsFor};
pub use totals::{Days, Drift, Figures, Per, Recount, Totals, UsageRow};
pub use triage::{Decided, Expired, Question, Triages};
pub use webhooks::{NewWebhook, Receiver, Rotated, Webhooks, place_of_default, place_of_secret};
pub use work::{Advance, AttemptRow, AttemptState, Claim, KeptAnswer, Outcome, TriageRow, Work, Works};

use self::error::written;
pub(crate) use self::error::{cause, unavailable};
use self::item::{Attributes, s};
use crate::config::Config;
use crate::ids::KeyId;
use crate::sdk;

/// The two tables.
#[derive(Clone, Debug)]
pub struct Store {
    client: Client,
    main: Arc<str>,
    keys: Arc<str>,
    calls: Arc<AtomicU32>,
    limits: Arc<limits::Memory>,
    touched: Arc<keys::Sampler<KeyId>>,
    refused: Arc<keys::Sampler<keys::Kind>>,
}

impl Store {
    /// Opens the tables that the settings name. No call is made yet.
    pub fn open(config: &Config) -> Self {
        let calls = Arc::new(AtomicU32::new(0));
        let shared = sdk::settings(config, config.dynamodb_endpoint.as_deref());
        let sdk = aws_sdk_dynamodb::config::Builder::from(&shared)
            .interceptor(CountCalls(calls.clone()))
            .build();
        Self {
            client: Client::from_conf(sdk),
            main: config.table_main.as_str().into(),
            keys: config.table_keys.as_str().into(),
            calls,
            limits: Arc::default(),
            touched: Arc::default(),
            refused: Arc::default(),
        }
    }

    /// Authentication and the life of keys.
    #[must_use]
    pub fn keys(&self) -> Keys<'_> {
        Keys(self)
    }

    /// Plan, suspension and rate limits.
    #[must_use]
    pub fn limits(&self) -> Limits<'_> {
        Limits(self)
    }

    /// The audit log.
    #[must_use]
    pub fn audit(&self) -> Audit<'_> {
        Audit(self)
    }

    /// Batches.
    #[must_use]
    pub fn batches(&self) -> Batches<'_> {
        Batches(self)
    }

    /// The members of organizations.
    #[must_use]
    pub fn members(&self) -> Members<'_> {
        Members(self)
    }

    /// How agents have done.
    #[must_use]
    pub fn conducts(&self) -> Conducts<'_> {
        Conducts(self)
    }

    /// Events on their way to receivers.
    #[must_use]
    pub fn deliveries(&self) -> Deliveries<'_> {
        Deliveries(self)
    }

    /// What counts into the totals.
    #[must_use]
    pub fn fold(&self) -> Fold<'_> {
        Fold(self)
    }

    /// What is to be told of runs and batches.
    #[must_use]
    pub fn news(&self) -> News<'_> {
        News(self)
    }

    /// Organizations.
    #[must_use]
    pub fn orgs(&self) -> Orgs<'_> {
        Orgs(self)
    }

    /// Runs as their owner sees them.
    #[must_use]
    pub fn runs(&self) -> Runs<'_> {
        Runs(self)
    }

    /// Sessions of the dashboard.
    #[must_use]
    pub fn sessions(&self) -> Sessions<'_> {
        Sessions(self)
    }

    /// The open streams of organizations.
    #[must_use]
    pub fn slots(&self) -> Slots<'_> {
        Slots(self)
    }

    /// Open runs that are due to be looked at.
    #[must_use]
    pub fn sweeps(&self) -> Sweeps<'_> {
        Sweeps(self)
    }

    /// What organizations use.
    #[must_use]
    pub fn totals(&self) -> Totals<'_> {
        Totals(self)
    }

    /// What persons have to decide.
    #[must_use]
    pub fn triages(&self) -> Triages<'_> {
        Triages(self)
    }

    /// Receivers that take long to answer.
    #[must_use]
    pub fn slow(&self) -> Slow<'_> {
        Slow(self)
    }

    /// Webhooks.
    #[must_use]
    pub fn webhooks(&self) -> Webhooks<'_> {
        Webhooks(self)
    }

    /// Runs as the worker drives them.
    #[must_use]
    pub fn works(&self) -> Works<'_> {
        Works(self)
    }

    /// Reads one item of the main table, strongly consistent.
    async fn get(&self, call: &'static str, pk: String, sk: &str) -> Result<Option<Attributes>, StoreError> {
        let read = self
            .client
            .get_item()
            .table_name(&*self.main)
            .key("pk", s(pk))
            .key("sk", s(sk))
            .consistent_read(true);
        let answer = read.send().await.map_err(|error| unavailable(call, &error))?;
        Ok(answer.item)
    }

    /// An update of one item of the main table.
    fn update(&self, pk: String, sk: &str) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&*self.main)
            .key("pk", s(pk))
            .key("sk", s(sk))
    }

    /// Reads one page of the items of the main table under a partition key whose sort key begins so, greatest sort key
    /// first and strongly consistent.
    async fn newest(
        &self,
        call: &'static str,
        pk: String,
        sk_prefix: &str,
        page: &Backwards<impl std::fmt::Display>,
    ) -> Result<Leaf<Attributes>, StoreError> {
        // A place to go on from need not be an item's: what is deleted meanwhile still tells the place.
        let before = page.before.as_ref();
        let from = before.map(|id| item::keyed(pk.clone(), format!("{sk_prefix}{id}")));
        let query = self
            .begins_with(pk, sk_prefix)
            .set_exclusive_start_key(from)
            .scan_index_forward(false)
            // One more than is shown tells whether there are older ones.
            .limit(page.items_max + 1);
        let answer = query.send().await.map_err(|error| unavailable(call, &error))?;
        // A page that is cut at 1 MB is shorter, and there is more.
        let was_cut = answer.last_evaluated_key().is_some_and(|key| !key.is_empty());
        let mut items = answer.items.unwrap_or_default();
        let shown = usize::try_from(page.items_max).unwrap_or(0);
        let has_older = items.len() > shown || was_cut;
        items.truncate(shown);
        Ok(Leaf { items, has_older })
    }

    /// Reads all items of the main table under a partition key whose sort key begins so, strongly consistent.
    async fn partition(&self, call: &'static str, pk: String, sk_prefix: &str) -> Result<Vec<Attributes>, StoreError> {
        let items = self.begins_with(pk, sk_prefix).into_paginator().items().send();
        items
            .collect::<Result<_, _>>()
            .await
            .map_err(|error| unavailable(call, &error))
    }

    fn begins_with(&self, pk: String, sk_prefix: &str) -> QueryFluentBuilder {
        let query = self
            .client
            .query()
            .table_name(&*self.main)
            .expression_attribute_values(":pk", s(pk))
            .consistent_read(true);
        if sk_prefix.is_empty() {
            // Which every key begins with, and DynamoDB refuses to be asked for.
            return query.key_condition_expression("pk = :pk");
        }
        query
            .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
            .expression_attribute_values(":prefix", s(sk_prefix))
    }

    /// Calls sent since this was last asked, retries included; for the log line.
    #[must_use]
    pub fn take_calls(&self) -> u32 {
        self.calls.swap(0, Ordering::Relaxed)
    }
}

/// Counts what is really sent, so that the log line and the tests see every call.
#[derive(Debug)]
struct CountCalls(Arc<AtomicU32>);

impl Intercept for CountCalls {
    fn name(&self) -> &'static str {
        "count store calls"
    }

    fn read_before_transmit(
        &self,
        _: &aws_sdk_dynamodb::config::interceptors::BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

/// Which page of a list that is read backwards.
#[derive(Clone, Copy, Debug)]
pub struct Backwards<I> {
    /// All items are older than this one, where it is given.
    pub before: Option<I>,
    /// Items at the most.
    pub items_max: i32,
}

/// One page of such a list, newest first.
#[derive(Debug)]
pub struct Leaf<T> {
    /// The items.
    pub items: Vec<T>,
    /// Whether there are older ones.
    pub has_older: bool,
}

impl<T> Leaf<T> {
    /// Reads each item.
    fn read<U>(self, read: impl Fn(&T) -> Result<U, StoreError>) -> Result<Leaf<U>, StoreError> {
        Ok(Leaf {
            items: self.items.iter().map(read).collect::<Result<_, _>>()?,
            has_older: self.has_older,
        })
    }
}
