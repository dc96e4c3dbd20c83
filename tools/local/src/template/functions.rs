//! What the template says of a function: its time, its place behind the gateway, its source in the main table's stream,
//! its schedule.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_yaml_ng::Value;

use super::{Template, tagged, typed};
use crate::stream::{Filter, Mapping};

/// SAM's own value where a function says nothing.
const FUNCTION_TIMEOUT_S: u64 = 3;
/// Lambda's own value where a mapping from a stream says nothing.
const BATCH_SIZE: usize = 100;
/// The mapping's word for what the local stream takes for granted.
const PARTIAL_FAILURES: &str = "ReportBatchItemFailures";

impl Template {
    /// How long a function may take: its own Timeout, or the one of the template's Globals.
    pub fn function_timeout(&self, logical_id: &str) -> Result<Duration> {
        let own = &self.function(logical_id)?["Timeout"];
        let global = self
            .globals
            .get("Function")
            .and_then(|function| function.get("Timeout"));
        let seconds = own
            .as_u64()
            .or_else(|| global.and_then(Value::as_u64))
            .unwrap_or(FUNCTION_TIMEOUT_S);
        Ok(Duration::from_secs(seconds))
    }

    /// How long the gateway lets an answer of a function stream, from the request to the last piece.
    ///
    /// *Errors*: the function has not exactly one route that streams, or the route names no time.
    pub fn streaming_timeout(&self, logical_id: &str) -> Result<Duration> {
        let streams = |event: &&Value| event["ResponseTransferMode"].as_str() == Some("RESPONSE_STREAM");
        let mut routes = self.events(logical_id, "Api")?.filter(streams);
        let (Some(route), None) = (routes.next(), routes.next()) else {
            bail!("{logical_id} has not exactly one route that streams");
        };
        let milliseconds = route["TimeoutInMillis"].as_u64();
        let milliseconds = milliseconds.with_context(|| format!("{logical_id}: the route has no TimeoutInMillis"))?;
        Ok(Duration::from_millis(milliseconds))
    }

    /// The mapping from the main table's stream to a function.
    ///
    /// *Errors*: the function has not exactly one, or it asks for what the local stream does not do.
    pub fn mapping(&self, logical_id: &str) -> Result<Mapping> {
        let mut events = self.events(logical_id, "DynamoDB")?;
        let (Some(event), None) = (events.next(), events.next()) else {
            bail!("{logical_id} has not exactly one event of a stream");
        };
        let read: MappingProperties = typed(event, logical_id)?;
        read.mapping(logical_id).with_context(|| logical_id.to_owned())
    }

    /// How often a function is called by its schedule.
    ///
    /// *Errors*: the function has not exactly one schedule, or one of another form than `rate(N minutes)`.
    pub fn schedule(&self, logical_id: &str) -> Result<Duration> {
        let mut events = self.events(logical_id, "Schedule")?;
        let (Some(event), None) = (events.next(), events.next()) else {
            bail!("{logical_id} has not exactly one schedule");
        };
        let read: ScheduleProperties = typed(event, logical_id)?;
        rate(&read.schedule).with_context(|| {
            format!(
                "{logical_id}: the local schedule knows rate(1 minute) and rate(N minutes), not {}",
                read.schedule
            )
        })
    }

    fn function(&self, logical_id: &str) -> Result<&Value> {
        self.properties(logical_id, "AWS::Serverless::Function")
    }

    /// The properties of a function's events of a type.
    fn events(&self, logical_id: &str, kind: &'static str) -> Result<impl Iterator<Item = &Value>> {
        let events = self.function(logical_id)?["Events"].as_mapping().into_iter().flatten();
        let of_kind = events.filter(move |(_, event)| event["Type"].as_str() == Some(kind));
        Ok(of_kind.map(|(_, event)| &event["Properties"]))
    }
}

/// All that a schedule may say; the last concerns outages, which only AWS has.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ScheduleProperties {
    schedule: String,
    #[serde(rename = "Description")]
    _description: Option<String>,
    #[serde(rename = "RetryPolicy")]
    _retry_policy: Option<Value>,
}

/// `rate(1 minute)` or `rate(N minutes)`. *Source*: EventBridge, which refuses the other number of the word.
fn rate(schedule: &str) -> Option<Duration> {
    let (number, unit) = schedule.strip_prefix("rate(")?.strip_suffix(')')?.split_once(' ')?;
    let minutes: u64 = number.parse().ok()?;
    let is_plain = minutes.to_string() == number;
    let fits = match minutes {
        0 => false,
        1 => unit == "minute",
        _ => unit == "minutes",
    };
    (is_plain && fits).then(|| Duration::from_secs(60 * minutes))
}

/// All that a mapping may say; anything else would be lost unseen. The four last ones concern outages, which only AWS
/// has.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct MappingProperties {
    stream: Value,
    starting_position: String,
    filter_criteria: Option<FilterCriteria>,
    batch_size: Option<usize>,
    #[serde(default)]
    maximum_batching_window_in_seconds: u64,
    #[serde(default)]
    function_response_types: Vec<String>,
    #[serde(rename = "BisectBatchOnFunctionError")]
    _bisect_batch_on_function_error: Option<bool>,
    #[serde(rename = "MaximumRecordAgeInSeconds")]
    _maximum_record_age_in_seconds: Option<i64>,
    #[serde(rename = "MaximumRetryAttempts")]
    _maximum_retry_attempts: Option<i64>,
    #[serde(rename = "DestinationConfig")]
    _destination_config: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct FilterCriteria {
    filters: Vec<FilterPattern>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct FilterPattern {
    pattern: String,
}

impl MappingProperties {
    fn mapping(self, logical_id: &str) -> Result<Mapping> {
        if tagged(&self.stream, "GetAtt") != Some("MainTable.StreamArn") {
            bail!("Stream is not !GetAtt MainTable.StreamArn");
        }
        if self.starting_position != "TRIM_HORIZON" {
            bail!(
                "the local stream begins at TRIM_HORIZON, not at {}",
                self.starting_position
            );
        }
        if self.function_response_types != [PARTIAL_FAILURES] {
            bail!("FunctionResponseTypes is not [{PARTIAL_FAILURES}]");
        }
        let patterns = self
            .filter_criteria
            .map(|criteria| criteria.filters)
            .unwrap_or_default();
        Ok(Mapping {
            function: logical_id.to_owned(),
            batch_max: self.batch_size.unwrap_or(BATCH_SIZE).max(1),
            window: Duration::from_secs(self.maximum_batching_window_in_seconds),
            filter: Filter::parse(patterns.iter().map(|filter| filter.pattern.as_str()))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn with_event(kind: &str, properties: &str) -> Template {
        let text = format!(
            "Resources: {{F: {{Type: AWS::Serverless::Function, Properties: \
             {{Events: {{E: {{Type: {kind}, Properties: {{{properties}}}}}}}}}}}}}"
        );
        Template::parse(&text).unwrap()
    }

    fn mapping_with(more: &str) -> Result<Mapping> {
        let all = "Stream: !GetAtt MainTable.StreamArn, StartingPosition: TRIM_HORIZON, \
                   FunctionResponseTypes: [ReportBatchItemFailures]";
        with_event("DynamoDB", &format!("{all}{more}")).mapping("F")
    }

    #[test]
    fn a_function_without_a_timeout_has_the_global_one() {
        let template = Template::embedded().unwrap();
        assert_eq!(
            template.function_timeout("WorkerFunction").unwrap(),
            Duration::from_secs(900)
        );
        let text =
            "Globals: {Function: {Timeout: 7}}\nResources: {F: {Type: AWS::Serverless::Function, Properties: {}}}";
        assert_eq!(
            Template::parse(text).unwrap().function_timeout("F").unwrap(),
            Duration::from_secs(7)
        );
        assert!(template.function_timeout("MainTable").is_err());
    }

    #[test]
    fn a_route_that_streams_says_for_how_long() {
        let template = Template::embedded().unwrap();
        let streaming = template.streaming_timeout("StreamFunction").unwrap();
        assert!(streaming > Duration::from_secs(29), "{streaming:?}");
        assert!(template.streaming_timeout("RunsFunction").is_err());
        let silent = with_event("Api", "ResponseTransferMode: RESPONSE_STREAM");
        assert!(silent.streaming_timeout("F").is_err());
    }

    #[test]
    fn the_mappings_are_those_of_the_template() {
        let template = Template::embedded().unwrap();
        let dispatch = template.mapping("DispatchFunction").unwrap();
        assert_eq!((dispatch.batch_max, dispatch.window), (100, Duration::ZERO));
        let item = |sk: &str| {
            json!({"eventName": "INSERT", "dynamodb": {
                "Keys": {"pk": {"S": "R#1"}, "sk": {"S": sk}}, "NewImage": {"status": {"S": "queued"}},
            }})
        };
        assert!(dispatch.filter.lets_through(&item("M")));
        assert!(!dispatch.filter.lets_through(&item("IN")));

        let fold = template.mapping("FoldFunction").unwrap();
        assert_eq!((fold.batch_max, fold.window), (500, Duration::from_secs(1)));
        assert!(fold.filter.lets_through(&item("M")));
        assert!(!fold.filter.lets_through(&item("IN")));
        assert!(template.mapping("RunsFunction").is_err());
    }

    #[test]
    fn a_schedule_is_a_rate_in_minutes() {
        let template = Template::embedded().unwrap();
        assert_eq!(template.schedule("SweepFunction").unwrap(), Duration::from_secs(60));
        assert!(template.schedule("RunsFunction").is_err());
        let given = |schedule: &str| with_event("Schedule", &format!("Schedule: {schedule}")).schedule("F");
        assert_eq!(given("rate(5 minutes)").unwrap(), Duration::from_secs(300));
        for other in [
            "rate(1 minutes)",
            "rate(2 minute)",
            "rate(0 minutes)",
            "rate(01 minute)",
            "rate(1 hour)",
            "rate(minute)",
            "cron(0 12 * * ? *)",
            "7",
        ] {
            assert!(given(&format!("'{other}'")).is_err(), "{other}");
        }
        let with_input = with_event("Schedule", "Schedule: rate(1 minute), Input: '{}'");
        assert!(
            with_input.schedule("F").is_err(),
            "the local schedule sends no other event"
        );
    }

    #[test]
    fn a_mapping_that_says_nothing_has_lambdas_own_values() {
        let mapping = mapping_with("").unwrap();
        assert_eq!((mapping.batch_max, mapping.window), (100, Duration::ZERO));
        assert!(mapping.filter.lets_through(&json!({})));
    }

    #[test]
    fn what_the_local_stream_does_not_do_is_refused() {
        for more in [
            ", ParallelizationFactor: 2",
            ", TumblingWindowInSeconds: 30",
            ", FilterCriteria: {Filters: [{Pattern: '{\"a\":[{\"suffix\":\"x\"}]}'}]}",
        ] {
            assert!(mapping_with(more).is_err(), "{more}");
        }
        let late = "Stream: !GetAtt MainTable.StreamArn, StartingPosition: LATEST, \
                    FunctionResponseTypes: [ReportBatchItemFailures]";
        assert!(with_event("DynamoDB", late).mapping("F").is_err());
        let all_or_nothing = "Stream: !GetAtt MainTable.StreamArn, StartingPosition: TRIM_HORIZON";
        assert!(with_event("DynamoDB", all_or_nothing).mapping("F").is_err());
    }
}
