//! What a decision writes: the item, the run that waits for it, the run's last events and its result, all or nothing.

use aws_sdk_dynamodb::types::TransactWriteItem;
use eclips_engine::harness::Outcome as Ladder;

use super::super::StoreError;
use super::super::conduct::counts as counts_of;
use super::super::item::{Attributes, Row, at, b, fill, keyed, n, s};
use super::super::runs::{INLINE_BYTES_MAX, events};
use super::super::transact::{create, update, update_main};
use super::{IS_IN_TIME, Question, SETTLE, Triages, settle};
use crate::run::{EventDetail, EventKind, Status, event};
use crate::time::Timestamp;
use crate::triage::{Decision, Ruling};

/// What becomes of a run by a decision.
struct End<'a> {
    status: Status,
    /// What is said of the decision, and then of the end.
    kinds: [EventKind; 2],
    result: Option<&'a str>,
    error: Option<String>,
    counts: Ladder,
}

impl<'a> End<'a> {
    fn of(question: &'a Question, decision: &'a Decision) -> Self {
        let edit = decision.edit(&question.payload);
        match decision.ruling {
            Ruling::Approve { .. } => Self {
                status: Status::Completed,
                kinds: [EventKind::Approved, EventKind::Completed],
                result: Some(edit.unwrap_or(&question.payload)),
                error: None,
                counts: if edit.is_some() { Ladder::Reset } else { Ladder::Correct },
            },
            Ruling::Reject => Self {
                status: Status::Cancelled,
                kinds: [EventKind::Rejected, EventKind::Cancelled],
                result: None,
                error: Some(match &decision.note {
                    None => "Rejected in triage".to_owned(),
                    Some(note) => format!("Rejected in triage: {note}"),
                }),
                counts: Ladder::Reset,
            },
        }
    }
}

impl Triages<'_> {
    /// The writes of a decision; `main` is the run as it was read.
    pub(super) fn writes(
        &self,
        question: &Question,
        main: &Attributes,
        decision: &Decision,
        now: Timestamp,
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        let (run, row, end) = (question.item.run_id, Row::new("run", main), End::of(question, decision));
        let (pk, seq) = (format!("R#{run}"), row.number::<u64>("seq")?);
        let ttl = n(row.number::<i64>("ttl")?);
        let decided = EventDetail {
            triage_item_id: Some(question.item.id),
            ..EventDetail::default()
        };
        let ended = EventDetail {
            error: end.error.clone(),
            confidence_score: end.result.map(|_| question.item.confidence_score),
            ..EventDetail::default()
        };
        let texts = vec![
            event(run, seq + 1, end.kinds[0], now, Status::PendingTriage, &decided),
            event(run, seq + 2, end.kinds[1], now, end.status, &ended),
        ];
        let mut writes = vec![
            self.item(question, decision, now),
            self.run(question, &end, seq, now),
            create(&self.0.main, events(&pk, seq + 1, texts, ttl.clone()), "pk"),
        ];
        if let Some(result) = end.result.filter(|result| result.len() > INLINE_BYTES_MAX) {
            let mut apart = keyed(&pk, "OUT");
            fill(&mut apart, [("result", Some(s(result))), ("ttl", Some(ttl))]);
            writes.push(create(&self.0.main, apart, "pk"));
        }
        Ok(writes)
    }

    fn item(&self, question: &Question, decision: &Decision, now: Timestamp) -> TransactWriteItem {
        let fingerprint = decision.fingerprint(&question.payload);
        let mut change = settle(self.0, question.tenant, question.item.id, decision.status(), now)
            .condition_expression(IS_IN_TIME)
            .expression_attribute_values(":by", s(&decision.by))
            .expression_attribute_values(":decision", b(&fingerprint));
        let mut sets = format!("{SETTLE}, decided_by = :by, decision = :decision");
        if let Some(note) = &decision.note {
            sets.push_str(", note = :note");
            change = change.expression_attribute_values(":note", s(note));
        }
        update(change.update_expression(sets))
    }

    fn run(&self, question: &Question, end: &End<'_>, seq: u64, now: Timestamp) -> TransactWriteItem {
        let status = end.status.as_str();
        let mut change = update_main(self.0, &format!("R#{}", question.item.run_id), "M")
            // Whatever happens to a run raises its `seq`: of two who end it, one is refused.
            .condition_expression("seq = :seq AND #status = :waiting")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":seq", n(seq))
            .expression_attribute_values(":waiting", s(Status::PendingTriage.as_str()))
            .expression_attribute_values(":status", s(status))
            .expression_attribute_values(":list", s(format!("{}#{status}", question.tenant)))
            .expression_attribute_values(":last", n(seq + 2))
            .expression_attribute_values(":now", at(now));
        let mut sets = "SET #status = :status, tenant_status = :list, seq = :last, completed_at = :now".to_owned();
        let result = end.result.filter(|result| result.len() <= INLINE_BYTES_MAX);
        if let (Some(apart), None) = (end.result, result) {
            sets.push_str(", result_bytes = :bytes");
            change = change.expression_attribute_values(":bytes", n(apart.len()));
        }
        let counts = Some(counts_of(end.counts));
        for (name, value) in [("result", result), ("error", end.error.as_deref()), ("counts", counts)] {
            let Some(value) = value else { continue };
            sets.push_str(&format!(", #{name} = :{name}"));
            change = change
                .expression_attribute_names(format!("#{name}"), name)
                .expression_attribute_values(format!(":{name}"), s(value));
        }
        // Nobody has to look after a run that has ended.
        update(change.update_expression(format!("{sets} REMOVE progress, due, due_at")))
    }
}
