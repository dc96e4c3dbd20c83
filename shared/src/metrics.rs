//! Metrics that are said in the log: a line's fields that are figures, described in CloudWatch's embedded metric format on the same
//! line, so that a figure costs no call and no line of its own.
//!
//! A field is a metric when its name begins with a capital (`RequestTime`), one that ends in `Time` in milliseconds; a dimension
//! when it is one of `DIMENSIONS`. Every line with an `alarm` counts as one of the metric `Alarms`. Ids are never dimensions:
//! each value of a dimension is a metric that is paid for.
//!
//! *Source*: CloudWatch, "Specification: Embedded metric format".

use serde::Serialize;

use crate::time::Timestamp;

/// The fields by which metrics are told apart; a line has one of them at most.
const DIMENSIONS: [&str; 3] = ["function", "tier", "alarm"];

/// What of a line is a metric.
#[derive(Default)]
pub struct Found {
    metrics: Vec<&'static str>,
    dimension: Option<&'static str>,
}

impl Found {
    /// Looks at a field of the line.
    pub fn see(&mut self, name: &'static str) {
        if name.starts_with(|first: char| first.is_ascii_uppercase()) {
            self.metrics.push(name);
        } else if DIMENSIONS.contains(&name) {
            self.dimension = Some(name);
        }
    }

    /// Whether the line is an alarm, which is a figure that no field says: `Alarms`, one.
    #[must_use]
    pub fn is_alarm(&self) -> bool {
        self.dimension == Some("alarm")
    }

    /// The member `_aws`, by which the line's figures are metrics of a namespace; `None` where it has no figures.
    pub fn described<'a>(&'a self, namespace: &'a str) -> Option<impl Serialize + use<'a>> {
        let alarms = self.is_alarm().then_some("Alarms");
        let metrics: Vec<Metric> = self.metrics.iter().copied().chain(alarms).map(Metric::of).collect();
        (!metrics.is_empty()).then(|| Directive {
            timestamp: Timestamp::now().ms(),
            metrics: [Described {
                namespace,
                dimensions: [self.dimension.as_slice()],
                metrics,
            }],
        })
    }
}

/// What makes metrics of a line's members. *Shape*: the format's root node.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Directive<'a> {
    /// Milliseconds since 1970.
    timestamp: i64,
    #[serde(rename = "CloudWatchMetrics")]
    metrics: [Described<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Described<'a> {
    namespace: &'a str,
    dimensions: [&'a [&'static str]; 1],
    metrics: Vec<Metric>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metric {
    name: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<&'static str>,
}

impl Metric {
    fn of(name: &'static str) -> Self {
        Self {
            name,
            unit: name.ends_with("Time").then_some("Milliseconds"),
        }
    }
}
