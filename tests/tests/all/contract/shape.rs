//! What JSON has to look like, member by member: nothing missing, nothing more, every value of its kind.

use eclips_shared::time::Timestamp;
use serde_json::Value;

use self::Is::{Flag, Id, List, Null, Object, Share, Text, Time, Whole, Word, Words};

/// What a value may be.
#[derive(Clone, Copy, Debug)]
pub enum Is {
    /// A UUID of version 7, lower case with hyphens.
    Id,
    /// A time as the contract writes it: UTC, milliseconds, `Z`.
    Time,
    /// Any text.
    Text,
    /// One of some words.
    Word(&'static [&'static str]),
    /// A list of some words, in their order, none twice, and at least one.
    Words(&'static [&'static str]),
    /// A number from 0 without a fraction.
    Whole,
    /// A number from 0 to 1.
    Share,
    /// `true` or `false`.
    Flag,
    /// An object, whatever is in it.
    Object,
    /// A list, whatever is in it.
    List,
    /// `null`.
    Null,
}

/// An object's members and what each may be.
pub type Shape = &'static [(&'static str, &'static [Is])];

const STATUS: Is = Word(&[
    "queued",
    "running",
    "pending_triage",
    "completed",
    "failed",
    "cancelled",
]);
const PRIORITY: Is = Word(&["low", "normal", "high", "urgent", "critical"]);

/// A run in a list. *Source*: contract §2 "Lists" and §3.
pub const RUN_SUMMARY: Shape = &[
    ("id", &[Id]),
    ("agent_type", &[Text]),
    ("status", &[STATUS]),
    ("priority", &[PRIORITY]),
    ("task", &[Text]),
    ("confidence_score", &[Share, Null]),
    ("requires_triage", &[Flag]),
    ("triage_item_id", &[Id, Null]),
    ("error", &[Text, Null]),
    ("model", &[Text, Null]),
    ("credits", &[Whole]),
    ("usage", &[Object]),
    ("attempts", &[Whole]),
    ("batch_id", &[Id, Null]),
    ("mode", &[Word(&["live", "test"])]),
    ("created_at", &[Time]),
    ("started_at", &[Time, Null]),
    ("completed_at", &[Time, Null]),
];

/// What one run has besides. *Source*: contract §3.
const RUN_WHOLE: Shape = &[("data", &[Object, Null]), ("result", &[Object, Null])];

/// A triage item. *Source*: contract §5.
pub const TRIAGE_ITEM: Shape = &[
    ("id", &[Id]),
    ("run_id", &[Id]),
    ("agent_type", &[Text]),
    ("priority", &[PRIORITY]),
    ("title", &[Text]),
    ("summary", &[Text]),
    ("reasoning", &[Text]),
    ("risk", &[Text, Null]),
    ("confidence_score", &[Share]),
    ("payload", &[Object]),
    (
        "status",
        &[Word(&["pending", "approved", "rejected", "expired", "cancelled"])],
    ),
    ("created_at", &[Time]),
    ("expires_at", &[Time]),
    ("decided_at", &[Time, Null]),
    ("decided_by", &[Id, Null]),
    ("note", &[Text, Null]),
];

/// A run's tokens.
const TOKENS: Shape = &[("input_tokens", &[Whole]), ("output_tokens", &[Whole])];

/// A run, whole.
pub fn assert_run(run: &Value) {
    assert_shape(run, &[RUN_SUMMARY, RUN_WHOLE].concat());
    assert_shape(&run["usage"], TOKENS);
}

/// A run in a list.
pub fn assert_run_summary(run: &Value) {
    assert_shape(run, RUN_SUMMARY);
    assert_shape(&run["usage"], TOKENS);
}

/// An object with exactly these members.
pub fn assert_shape(value: &Value, shape: &[(&str, &[Is])]) {
    let members = value.as_object().unwrap_or_else(|| panic!("no object: {value}"));
    for name in members.keys() {
        assert!(
            shape.iter().any(|(known, _)| known == name),
            "one too many, {name}: {value}"
        );
    }
    for (name, kinds) in shape {
        let member = members
            .get(*name)
            .unwrap_or_else(|| panic!("{name} is missing: {value}"));
        assert!(
            kinds.iter().any(|kind| kind.fits(member)),
            "{name} is none of {kinds:?}: {value}"
        );
    }
}

impl Is {
    fn fits(self, value: &Value) -> bool {
        match self {
            Id => value.as_str().is_some_and(is_id),
            Time => value.as_str().is_some_and(is_time),
            Text => value.is_string(),
            Word(words) => value.as_str().is_some_and(|word| words.contains(&word)),
            Words(words) => {
                let place = |word: &Value| words.iter().position(|known| word == known);
                let places = value.as_array().map(|list| list.iter().map(place).collect());
                let places: Option<Vec<usize>> = places.and_then(|places: Vec<_>| places.into_iter().collect());
                places.is_some_and(|places| !places.is_empty() && places.is_sorted_by(|one, next| one < next))
            }
            Whole => value.is_u64(),
            Share => value.as_f64().is_some_and(|share| (0.0..=1.0).contains(&share)),
            Flag => value.is_boolean(),
            Object => value.is_object(),
            List => value.is_array(),
            Null => value.is_null(),
        }
    }
}

fn is_id(text: &str) -> bool {
    uuid::Uuid::try_parse(text).is_ok_and(|id| id.get_version_num() == 7 && id.to_string() == text)
}

fn is_time(text: &str) -> bool {
    Timestamp::parse(text).is_some_and(|time| time.to_string() == text)
}
