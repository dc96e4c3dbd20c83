//! How the runs of some records came out, for the metrics. Every end of a run comes by here, whoever ended it. A batch that comes twice is
//! said twice: the totals are exact, these figures are for people who look after the service.

use aws_lambda_events::dynamodb::EventRecord;
use eclips_shared::run::Status;
use serde::Deserialize;

/// How many came to each outcome; `None` for none, which is nothing to say.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Outcomes {
    /// Completed.
    pub completed: Option<u64>,
    /// Failed.
    pub failed: Option<u64>,
    /// Cancelled, by whoever may.
    pub cancelled: Option<u64>,
    /// Put before a person.
    pub to_triage: Option<u64>,
}

#[derive(Deserialize)]
struct Image {
    pk: Option<String>,
    sk: Option<String>,
    status: Option<String>,
}

impl Image {
    /// Where a run stands; `None` for other records.
    fn status(&self) -> Option<Status> {
        let is_run = self.pk.as_deref()?.starts_with("R#") && self.sk.as_deref()? == "M";
        is_run.then(|| Status::parse(self.status.as_deref()?)).flatten()
    }
}

impl Outcomes {
    /// Reads them: a record counts when a run stands elsewhere than before.
    pub fn of(records: &[EventRecord]) -> Self {
        let mut outcomes = Self::default();
        for record in records {
            let read = |image: &serde_dynamo::Item| {
                let image: Image = serde_dynamo::from_item(image.clone()).ok()?;
                image.status()
            };
            let (old, new) = (read(&record.change.old_image), read(&record.change.new_image));
            if old == new {
                continue;
            }
            let count = match new {
                Some(Status::Completed) => &mut outcomes.completed,
                Some(Status::Failed) => &mut outcomes.failed,
                Some(Status::Cancelled) => &mut outcomes.cancelled,
                Some(Status::PendingTriage) => &mut outcomes.to_triage,
                Some(Status::Queued | Status::Running) | None => continue,
            };
            *count = Some(count.unwrap_or(0) + 1);
        }
        outcomes
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn record(pk: &str, sk: &str, old: Option<&str>, new: Option<&str>) -> EventRecord {
        let image = |status: Option<&str>| match status {
            Some(status) => json!({ "pk": { "S": pk }, "sk": { "S": sk }, "status": { "S": status } }),
            None => json!({}),
        };
        let record: Value = json!({
            "eventID": "e", "eventName": "MODIFY", "awsRegion": "eu-west-1", "eventSource": "aws:dynamodb",
            "dynamodb": {
                "Keys": { "pk": { "S": pk }, "sk": { "S": sk } }, "OldImage": image(old), "NewImage": image(new),
                "SequenceNumber": "1", "SizeBytes": 1, "StreamViewType": "NEW_AND_OLD_IMAGES"
            }
        });
        serde_json::from_value(record).unwrap()
    }

    #[test]
    fn a_run_counts_when_it_comes_to_an_outcome_and_not_while_it_stays_there() {
        let records = [
            record("R#1", "M", None, Some("queued")),
            record("R#1", "M", Some("queued"), Some("running")),
            record("R#1", "M", Some("running"), Some("pending_triage")),
            record("R#1", "M", Some("pending_triage"), Some("pending_triage")),
            record("R#1", "M", Some("pending_triage"), Some("completed")),
            record("R#2", "M", Some("queued"), Some("cancelled")),
            record("R#3", "M", Some("running"), Some("completed")),
            // Deleted by its time; another item; another kind of thing.
            record("R#4", "M", Some("failed"), None),
            record("R#5", "A#first#1", None, Some("failed")),
            record("B#6", "M", Some("running"), Some("failed")),
        ];
        let counted = Outcomes {
            completed: Some(2),
            failed: None,
            cancelled: Some(1),
            to_triage: Some(1),
        };
        assert_eq!(Outcomes::of(&records), counted);
        assert_eq!(Outcomes::of(&records[..2]), Outcomes::default());
    }
}
