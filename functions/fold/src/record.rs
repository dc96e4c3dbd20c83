//! What a record of the stream says that counts; everything else is nothing.
//!
//! The stream's filter in `infra/template.yaml` lets through what is read here. It is a saving: this room decides again.

use aws_lambda_events::dynamodb::EventRecord;
use eclips_shared::auth::Tenant;
use eclips_shared::ids::{BatchId, OrgId, RunId};
use eclips_shared::run::{Status, Usage};
use eclips_shared::store::{AnswerChange, Change, DayChange, Owner, RunChange, read_counts};
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
    batch_id: Option<String>,
    row_index: Option<u16>,
    created_at: i64,
    seq: u64,
    status: String,
    counts: Option<String>,
    probe: Option<bool>,
    completed_at: Option<i64>,
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
    let row = match (image.batch_id, image.row_index) {
        (None, None) => None,
        (batch, row) => Some((BatchId::parse(&batch?)?, row?)),
    };
    Some(RunChange {
        run,
        row,
        owner: owner(image.owner)?,
        created_at: Timestamp::from_ms(image.created_at),
        seq: image.seq,
        status: Status::parse(&image.status)?,
        is_gone: is_deleted,
        counts: match image.counts {
            Some(word) => Some(read_counts(&word)?),
            None => None,
        },
        is_probe: image.probe.unwrap_or(false),
        ended_at: image.completed_at.map(Timestamp::from_ms),
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const RUN: &str = "01980000-0000-7000-8000-000000000001";
    const ORG: &str = "01980000-0000-7000-8000-000000000002";

    fn record(name: &str, pk: &str, sk: &str, old: &Value, new: &Value) -> Option<Change> {
        let record = json!({
            "eventID": "e", "eventName": name, "awsRegion": "us-east-1",
            "dynamodb": {
                "ApproximateCreationDateTime": 1_780_736_400.0, "SizeBytes": 1,
                "Keys": { "pk": { "S": pk }, "sk": { "S": sk } }, "OldImage": old, "NewImage": new,
            },
        });
        read(serde_json::from_value(record).unwrap())
    }

    fn run(status: &str) -> Value {
        json!({
            "tenant": { "S": format!("{ORG}#live") }, "agent_type": { "S": "center" }, "key_id": { "S": "k" },
            "created_at": { "N": "1780736400000" }, "seq": { "N": "3" }, "status": { "S": status }, "ttl": { "N": "1788512400" },
        })
    }

    #[test]
    fn runs_are_read_from_the_image_that_is_there() {
        let (pk, none) = (format!("R#{RUN}"), json!({}));
        for (name, old, new, is_gone) in [
            ("INSERT", &none, &run("queued"), false),
            ("MODIFY", &run("queued"), &run("completed"), false),
            ("REMOVE", &run("completed"), &none, true),
        ] {
            let Some(Change::Run(change)) = record(name, &pk, "M", old, new) else {
                panic!("{name}")
            };
            assert_eq!(
                (change.is_gone, change.seq, change.run.to_string()),
                (is_gone, 3, RUN.to_owned())
            );
        }
        assert!(record("INSERT", &pk, "M", &none, &run("nowhere")).is_none());
        assert!(record("INSERT", "R#x", "M", &none, &run("queued")).is_none());
        for sk in ["IN", "OUT", "T", "F", "E#00000001"] {
            assert!(record("INSERT", &pk, sk, &none, &run("queued")).is_none(), "{sk}");
        }
    }

    #[test]
    fn answers_count_and_attempts_without_one_do_not() {
        let (pk, mut image) = (format!("R#{RUN}"), run("x"));
        assert!(record("INSERT", &pk, "A#first#1", &json!({}), &image).is_none());
        for (name, number) in [
            ("ended_at", 1_780_736_400_007i64),
            ("credits", 3),
            ("input_tokens", 5),
            ("output_tokens", 7),
        ] {
            image[name] = json!({ "N": number.to_string() });
        }
        let Some(Change::Answer(answer)) = record("MODIFY", &pk, "A#first#1", &json!({}), &image) else {
            panic!("an answer")
        };
        assert_eq!(
            (answer.name.as_str(), answer.credits, answer.usage.output_tokens),
            ("first#1", 3, 7)
        );
        assert!(
            record("REMOVE", &pk, "A#first#1", &image, &json!({})).is_none(),
            "its time is over"
        );
    }

    #[test]
    fn a_day_is_over_when_the_next_one_begins() {
        let limits = |day: i64, day_used: u64| {
            let cell = day * 28_800;
            json!({ "cell": { "N": cell.to_string() }, "day_used": { "N": day_used.to_string() } })
        };
        let pk = format!("L#{ORG}");
        let read = |old: &Value, new: &Value| record("MODIFY", &pk, "M", old, new);
        let Some(Change::Day(over)) = read(&limits(20_000, 41), &limits(20_002, 1)) else {
            panic!("a day")
        };
        assert_eq!(
            (over.day, over.requests),
            (Day::of(Timestamp::from_ms(20_000 * 86_400_000)), 41)
        );
        assert!(read(&limits(20_000, 41), &limits(20_000, 42)).is_none(), "the same day");
        assert!(
            read(&limits(0, 0), &limits(20_000, 1)).is_none(),
            "the first request of all"
        );
        assert!(
            read(&limits(20_000, 41), &limits(19_999, 1)).is_none(),
            "a clock set back"
        );
        assert!(record("MODIFY", &pk, "S#1", &limits(1, 1), &limits(2, 1)).is_none());
    }
}
