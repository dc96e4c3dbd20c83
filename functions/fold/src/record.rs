//! What a record of the stream says that counts; everything else is nothing.
//!
//! The stream's filter in `infra/template.yaml` lets through what is read here. It is a saving: this room decides again.

use aws_lambda_events::dynamodb::EventRecord;
use eclips_shared::auth::Tenant;
use eclips_shared::ids::{OrgId, RunId};
use eclips_shared::run::{Status, Usage};
use eclips_shared::store::{AnswerChange, Change, DayChange, Owner, RunChange};
use eclips_shared::time::{Day, Timestamp};
use eclips_shared::window::CELL_MS;
use serde::Deserialize;
use serde::de::DeserializeOwned;

#[derive(Deserialize)]
struct Keys {
    pk: String,
    sk: String,
}

/// A run, as `R#<run>` / `M` has it.
#[derive(Deserialize)]
struct RunImage {
    #[serde(flatten)]
    owner: OwnerImage,
    created_at: i64,
    seq: u64,
    status: String,
    ttl: i64,
}

/// An attempt that a model answered, as `R#<run>` / `A#<stage>#<n>` has it.
#[derive(Deserialize)]
struct AnswerImage {
    #[serde(flatten)]
    owner: OwnerImage,
    ended_at: i64,
    credits: u64,
    input_tokens: u64,
    output_tokens: u64,
}

#[derive(Deserialize)]
struct OwnerImage {
    tenant: String,
    agent_type: String,
    key_id: String,
}

/// An organization's limits, as `L#<org>` / `M` has them.
#[derive(Deserialize)]
struct LimitsImage {
    cell: i64,
    day_used: u64,
}

/// Reads a record; `None` when it counts nothing.
pub fn read(record: EventRecord) -> Option<Change> {
    let keys: Keys = serde_dynamo::from_item(record.change.keys.clone()).ok()?;
    let is_deleted = record.event_name == "REMOVE";
    let (new, old) = (record.change.new_image, record.change.old_image);
    let read = match (keys.pk.split_once('#')?, keys.sk.as_str()) {
        (("R", run), "M") => {
            let image = if is_deleted { old } else { new };
            run_change(RunId::parse(run)?, image, is_deleted).map(Change::Run)
        }
        (("R", run), sk) => {
            let name = sk.strip_prefix("A#")?;
            if is_deleted || !new.contains_key("credits") {
                // Its time is over, or nobody answered yet, or nobody did.
                return None;
            }
            answer_change(RunId::parse(run)?, name, new).map(Change::Answer)
        }
        (("L", org), "M") => return day_change(OrgId::parse(org)?, old, new).map(Change::Day),
        _ => return None,
    };
    if read.is_none() {
        // It would fail as often as it is repeated, and hold up all behind it: an operator has to look.
        tracing::error!(
            alarm = "corrupt_record",
            pk = keys.pk,
            sk = keys.sk,
            "a record could not be counted"
        );
    }
    read
}

fn run_change(run: RunId, image: serde_dynamo::Item, is_deleted: bool) -> Option<RunChange> {
    let image: RunImage = image_of(image)?;
    Some(RunChange {
        run,
        owner: owner(image.owner)?,
        created_at: Timestamp::from_ms(image.created_at),
        seq: image.seq,
        status: Status::parse(&image.status)?,
        is_gone: is_deleted,
        ttl: image.ttl,
    })
}

fn answer_change(run: RunId, name: &str, image: serde_dynamo::Item) -> Option<AnswerChange> {
    let image: AnswerImage = image_of(image)?;
    Some(AnswerChange {
        run,
        name: name.to_owned(),
        owner: owner(image.owner)?,
        ended_at: Timestamp::from_ms(image.ended_at),
        credits: image.credits,
        usage: Usage {
            input_tokens: image.input_tokens,
            output_tokens: image.output_tokens,
        },
    })
}

/// The first request of a day: the image before it has the last count of the day before.
fn day_change(org: OrgId, old: serde_dynamo::Item, new: serde_dynamo::Item) -> Option<DayChange> {
    let (old, new): (LimitsImage, LimitsImage) = (image_of(old)?, image_of(new)?);
    let day_of = |cell: i64| Day::of(Timestamp::from_ms(cell.saturating_mul(CELL_MS)));
    let is_over = day_of(old.cell) < day_of(new.cell) && old.day_used > 0;
    is_over.then(|| DayChange {
        org,
        day: day_of(old.cell),
        requests: old.day_used,
    })
}

fn owner(image: OwnerImage) -> Option<Owner> {
    Some(Owner {
        tenant: Tenant::parse(&image.tenant)?,
        agent_type: image.agent_type,
        key_id: image.key_id,
    })
}

fn image_of<T: DeserializeOwned>(item: serde_dynamo::Item) -> Option<T> {
    serde_dynamo::from_item(item).ok()
}
