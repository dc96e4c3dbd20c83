//! What becomes of a run of records: which come next, which come again, which are given up. Calls nobody.
//!
//! The rules are those of Lambda's stream mapping with `ReportBatchItemFailures` and `BisectBatchOnFunctionError`, but
//! for the patience: Lambda tries for 23 hours, since it waits for an outage to pass; here nothing has outages, and what
//! fails ten times is a defect that should be seen.

use std::time::Duration;

use anyhow::Result;
use serde_json::Value;

use super::Mapping;

/// Tries of the first record of what is left, before it is given up: 13 s with the pauses between.
const TRIES_MAX: u32 = 10;
const PAUSE_FIRST: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(3);

/// Records on their way, in order, as a function sees them.
pub struct Delivery<'r> {
    left: &'r [Value],
    mapping: &'r Mapping,
    /// How many of them go together.
    together: usize,
    /// How often the first of them failed.
    tries: u32,
}

/// What an answer says about a batch.
#[derive(PartialEq, Eq, Debug)]
enum Verdict {
    AllDone,
    DoneUpTo(usize),
    NoneDone,
}

impl<'r> Delivery<'r> {
    /// All of these, in batches as large as they may be at first.
    pub fn of(records: &'r [Value], mapping: &'r Mapping) -> Self {
        Self {
            left: records,
            mapping,
            together: mapping.batch_max,
            tries: 0,
        }
    }

    /// The batch to send now; `None` when all are settled.
    pub fn next(&self) -> Option<&'r [Value]> {
        let batch = self.batch();
        (!batch.is_empty()).then_some(batch)
    }

    /// How long to wait before the next batch.
    pub fn pause(&self) -> Duration {
        match self.tries {
            0 => Duration::ZERO,
            tries => (PAUSE_FIRST * 2_u32.pow(tries.min(10) - 1)).min(PAUSE_MAX),
        }
    }

    /// Takes the outcome of the batch that [`Self::next`] gave.
    pub fn settle(&mut self, outcome: Result<Value>) {
        let batch = self.batch();
        match outcome {
            Ok(answer) => match verdict(&answer, batch) {
                Verdict::AllDone => self.advance(batch.len()),
                Verdict::DoneUpTo(0) => self.failed("its sequence number is in batchItemFailures"),
                Verdict::DoneUpTo(done) => self.advance(done),
                Verdict::NoneDone => self.failed("batchItemFailures has an id that is none of the batch"),
            },
            Err(error) => {
                // Halved until the one that breaks the function stands alone.
                self.together = batch.len().div_ceil(2);
                self.failed(&format!("{error:#}"));
            }
        }
    }

    fn batch(&self) -> &'r [Value] {
        &self.left[..self.together.min(self.left.len())]
    }

    fn advance(&mut self, done: usize) {
        self.left = &self.left[done..];
        self.together = self.mapping.batch_max;
        self.tries = 0;
    }

    fn failed(&mut self, why: &str) {
        self.tries += 1;
        let function = &self.mapping.function;
        let change = &self.left[0]["dynamodb"];
        let sequence_number = change["SequenceNumber"].as_str();
        if self.tries < TRIES_MAX {
            tracing::warn!(
                function,
                sequence_number,
                tries = self.tries,
                why,
                "stream records failed; they come again"
            );
            return;
        }
        tracing::error!(
            function,
            sequence_number,
            keys = %change["Keys"],
            why,
            "a stream record failed {TRIES_MAX} times and is given up"
        );
        self.advance(1);
    }
}

/// *Source*: Lambda: an empty or missing list is success; an empty or unknown id fails the batch; else all from the
/// lowest sequence number on comes again.
fn verdict(answer: &Value, batch: &[Value]) -> Verdict {
    let Some(failures) = answer["batchItemFailures"].as_array() else {
        return Verdict::AllDone;
    };
    let mut first = batch.len();
    for failure in failures {
        let id = failure["itemIdentifier"].as_str();
        match batch
            .iter()
            .position(|record| id.is_some() && record["dynamodb"]["SequenceNumber"].as_str() == id)
        {
            Some(position) => first = first.min(position),
            None => return Verdict::NoneDone,
        }
    }
    if first == batch.len() {
        Verdict::AllDone
    } else {
        Verdict::DoneUpTo(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::anyhow;
    use serde_json::json;

    fn mapping(batch_max: usize) -> Mapping {
        Mapping {
            function: "f".to_owned(),
            batch_max,
            window: Duration::ZERO,
            filter: Default::default(),
        }
    }

    fn records(count: usize) -> Vec<Value> {
        (0..count)
            .map(|number| json!({"dynamodb": {"SequenceNumber": number.to_string()}}))
            .collect()
    }

    fn numbers(batch: &[Value]) -> Vec<usize> {
        batch
            .iter()
            .map(|record| record["dynamodb"]["SequenceNumber"].as_str().unwrap().parse().unwrap())
            .collect()
    }

    fn failures(numbers: &[&str]) -> Value {
        let ids: Vec<_> = numbers.iter().map(|number| json!({"itemIdentifier": number})).collect();
        json!({ "batchItemFailures": ids })
    }

    #[test]
    fn from_the_lowest_failure_on_all_comes_again() {
        let (records, mapping) = (records(5), mapping(100));
        let mut delivery = Delivery::of(&records, &mapping);
        assert_eq!(numbers(delivery.next().unwrap()), [0, 1, 2, 3, 4]);
        delivery.settle(Ok(failures(&["4", "2"])));
        assert_eq!(numbers(delivery.next().unwrap()), [2, 3, 4]);
        assert_eq!(delivery.pause(), Duration::ZERO);
        delivery.settle(Ok(failures(&["2"])));
        assert_eq!(numbers(delivery.next().unwrap()), [2, 3, 4]);
        assert_eq!(delivery.pause(), PAUSE_FIRST);
        delivery.settle(Ok(json!({ "batchItemFailures": [] })));
        assert!(delivery.next().is_none());
    }

    #[test]
    fn an_error_halves_the_batch_and_gives_up_the_one_at_fault_only() {
        let (records, mapping) = (records(8), mapping(100));
        let mut delivery = Delivery::of(&records, &mapping);
        let (mut done, mut waited) = (Vec::new(), Duration::ZERO);
        while let Some(batch) = delivery.next() {
            let batch = numbers(batch);
            if batch.contains(&5) {
                delivery.settle(Err(anyhow!("boom")));
            } else {
                done.extend(batch);
                delivery.settle(Ok(Value::Null));
            }
            waited += delivery.pause();
        }
        assert_eq!(done, [0, 1, 2, 3, 4, 6, 7]);
        assert!(waited < Duration::from_secs(20), "{waited:?}");
    }

    #[test]
    fn a_poisoned_record_is_given_up_after_ten_tries_and_the_next_one_begins_anew() {
        let (records, mapping) = (records(2), mapping(100));
        let mut delivery = Delivery::of(&records, &mapping);
        for _ in 0..TRIES_MAX {
            assert_eq!(numbers(delivery.next().unwrap()), [0, 1]);
            delivery.settle(Ok(failures(&["0"])));
        }
        assert_eq!(numbers(delivery.next().unwrap()), [1]);
        assert_eq!(delivery.pause(), Duration::ZERO);
    }

    #[test]
    fn no_batch_is_larger_than_it_may_be() {
        let (records, mapping) = (records(5), mapping(2));
        let mut delivery = Delivery::of(&records, &mapping);
        let mut sizes = Vec::new();
        while let Some(batch) = delivery.next() {
            sizes.push(batch.len());
            delivery.settle(Ok(Value::Null));
        }
        assert_eq!(sizes, [2, 2, 1]);
    }

    #[test]
    fn ids_that_are_none_of_the_batch_fail_it_all() {
        let records = records(2);
        assert_eq!(verdict(&failures(&["1", "7"]), &records), Verdict::NoneDone);
        assert_eq!(verdict(&failures(&[""]), &records), Verdict::NoneDone);
        assert_eq!(
            verdict(&json!({"batchItemFailures": [{}]}), &records),
            Verdict::NoneDone
        );
        assert_eq!(verdict(&json!({"batchItemFailures": null}), &records), Verdict::AllDone);
        assert_eq!(verdict(&Value::Null, &records), Verdict::AllDone);
    }
}
