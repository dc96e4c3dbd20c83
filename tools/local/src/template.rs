//! Reads `infra/template.yaml`, the one definition of tables, queues and function limits, for what the laptop needs of
//! it. Makes nothing.

mod functions;

use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_yaml_ng::Value;

use crate::queue::Rules;

/// What `${AWS::StackName}` stands for here.
pub const STACK: &str = "eclips";

/// The stack's template, as this build was made with it.
const TEMPLATE: &str = include_str!("../../../infra/template.yaml");

/// What a table's properties may say. The second row concerns AWS only; anything else would be lost unseen, so it is an
/// error.
const TABLE_PROPERTIES: [&str; 11] = [
    "TableName",
    "AttributeDefinitions",
    "KeySchema",
    "GlobalSecondaryIndexes",
    "StreamSpecification",
    "TimeToLiveSpecification",
    "DeletionProtectionEnabled",
    "BillingMode",
    "SSESpecification",
    "PointInTimeRecoverySpecification",
    "Tags",
];

/// SQS's own values where a queue says nothing. *Source*: CloudFormation, `AWS::SQS::Queue`.
const VISIBILITY_TIMEOUT_S: u64 = 30;
const RETENTION_S: u64 = 345_600;

/// The parsed template.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Template {
    #[serde(default)]
    globals: Value,
    resources: Value,
}

/// A table as CreateTable needs it, in one order whatever the source's, so that two can be compared.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Table {
    /// The local name.
    pub name: String,
    /// Name and type (`S`, `N`, `B`) of each key attribute, by name.
    pub attributes: Vec<(String, String)>,
    /// Name and kind (`HASH`, `RANGE`) of the key's attributes, in the key's order.
    pub key: Vec<(String, String)>,
    /// Global secondary indexes, by name.
    pub indexes: Vec<Index>,
    /// The stream's view type; `None` without a stream.
    pub stream: Option<String>,
    /// The attribute that holds the time of expiry.
    pub ttl: Option<String>,
    /// Whether DeleteTable is refused.
    pub deletion_protection: bool,
}

/// A global secondary index.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Index {
    /// The index's name.
    pub name: String,
    /// Name and kind of the key's attributes.
    pub key: Vec<(String, String)>,
    /// `ALL`, `KEYS_ONLY` or `INCLUDE`.
    pub projection: String,
    /// The attributes of an `INCLUDE`, by name.
    pub non_key_attributes: Vec<String>,
}

impl Template {
    /// The template of this build.
    ///
    /// *Errors*: the template is not YAML of the expected form; a test of this crate finds that first.
    pub fn embedded() -> Result<Self> {
        Self::parse(TEMPLATE)
    }

    /// Reads a template from its text.
    pub fn parse(text: &str) -> Result<Self> {
        serde_yaml_ng::from_str(text).context("infra/template.yaml")
    }

    /// A table by its logical id.
    ///
    /// *Errors*: not there, or it uses what the laptop does not know.
    pub fn table(&self, logical_id: &str) -> Result<Table> {
        let properties = self.properties(logical_id, "AWS::DynamoDB::Table")?;
        for name in properties.as_mapping().into_iter().flat_map(|mapping| mapping.keys()) {
            if !name.as_str().is_some_and(|name| TABLE_PROPERTIES.contains(&name)) {
                bail!("{logical_id}: the local tables do not know the property {name:?}");
            }
        }
        let read: TableProperties = typed(properties, logical_id)?;
        read.normal().with_context(|| logical_id.to_owned())
    }

    /// A queue by its logical id, dead-letter queue and all; the names are local ones.
    ///
    /// *Errors*: not there, or of another form.
    pub fn queue(&self, logical_id: &str) -> Result<Rules> {
        let read: QueueProperties = typed(self.properties(logical_id, "AWS::SQS::Queue")?, logical_id)?;
        let dead_letters = match read.redrive_policy {
            None => None,
            Some(policy) => {
                let target = tagged(&policy.dead_letter_target_arn, "GetAtt").and_then(|arn| arn.strip_suffix(".Arn"));
                let target =
                    target.with_context(|| format!("{logical_id}: deadLetterTargetArn is no !GetAtt X.Arn"))?;
                Some((queue_name(target), policy.max_receive_count))
            }
        };
        Ok(Rules {
            name: queue_name(logical_id),
            visibility_timeout: Duration::from_secs(read.visibility_timeout.unwrap_or(VISIBILITY_TIMEOUT_S)),
            retention: Duration::from_secs(read.message_retention_period.unwrap_or(RETENTION_S)),
            dead_letters,
        })
    }

    /// Every queue of the template.
    pub fn queues(&self) -> Result<Vec<Rules>> {
        let resources = self.resources.as_mapping().context("Resources is no mapping")?;
        let queues = resources
            .iter()
            .filter(|(_, resource)| resource["Type"].as_str() == Some("AWS::SQS::Queue"));
        queues
            .map(|(name, _)| self.queue(name.as_str().unwrap_or_default()))
            .collect()
    }

    fn properties(&self, logical_id: &str, kind: &str) -> Result<&Value> {
        let resource = self
            .resources
            .get(logical_id)
            .with_context(|| format!("no resource {logical_id}"))?;
        if resource["Type"].as_str() != Some(kind) {
            bail!("{logical_id} is no {kind}");
        }
        Ok(&resource["Properties"])
    }
}

/// The local name of a queue: `RunsQueue` is `eclips-runs`, `RunsDeadLetterQueue` is `eclips-runs-dead`.
#[must_use]
pub fn queue_name(logical_id: &str) -> String {
    let (stem, ending) = match logical_id.strip_suffix("DeadLetterQueue") {
        Some(stem) => (stem, "-dead"),
        None => (logical_id.strip_suffix("Queue").unwrap_or(logical_id), ""),
    };
    format!("{STACK}-{}{ending}", stem.to_ascii_lowercase())
}

fn typed<T: DeserializeOwned>(value: &Value, logical_id: &str) -> Result<T> {
    serde_yaml_ng::from_value(value.clone()).with_context(|| logical_id.to_owned())
}

/// The text of `!Name text`.
fn tagged<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    match value {
        Value::Tagged(tagged) if tagged.tag == name => tagged.value.as_str(),
        _ => None,
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct QueueProperties {
    visibility_timeout: Option<u64>,
    message_retention_period: Option<u64>,
    redrive_policy: Option<RedrivePolicy>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RedrivePolicy {
    dead_letter_target_arn: Value,
    max_receive_count: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TableProperties {
    table_name: Value,
    attribute_definitions: Vec<AttributeDefinition>,
    key_schema: Vec<KeyElement>,
    #[serde(default)]
    global_secondary_indexes: Vec<IndexProperties>,
    stream_specification: Option<StreamSpecification>,
    time_to_live_specification: Option<TimeToLive>,
    #[serde(default)]
    deletion_protection_enabled: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AttributeDefinition {
    attribute_name: String,
    attribute_type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct KeyElement {
    attribute_name: String,
    key_type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct IndexProperties {
    index_name: String,
    key_schema: Vec<KeyElement>,
    projection: Projection,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Projection {
    projection_type: String,
    #[serde(default)]
    non_key_attributes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StreamSpecification {
    stream_view_type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TimeToLive {
    attribute_name: String,
    enabled: bool,
}

impl TableProperties {
    fn normal(self) -> Result<Table> {
        let name = tagged(&self.table_name, "Sub").ok_or_else(|| anyhow!("TableName is no !Sub text"))?;
        let attributes = self
            .attribute_definitions
            .into_iter()
            .map(|it| (it.attribute_name, it.attribute_type));
        let indexes = self.global_secondary_indexes.into_iter().map(|it| Index {
            name: it.index_name,
            key: key(it.key_schema),
            projection: it.projection.projection_type,
            non_key_attributes: sorted(it.projection.non_key_attributes),
        });
        Ok(Table {
            name: name.replace("${AWS::StackName}", STACK),
            attributes: sorted(attributes),
            key: key(self.key_schema),
            indexes: sorted(indexes),
            stream: self.stream_specification.map(|stream| stream.stream_view_type),
            ttl: self
                .time_to_live_specification
                .filter(|ttl| ttl.enabled)
                .map(|ttl| ttl.attribute_name),
            deletion_protection: self.deletion_protection_enabled,
        })
    }
}

fn key(elements: Vec<KeyElement>) -> Vec<(String, String)> {
    elements
        .into_iter()
        .map(|element| (element.attribute_name, element.key_type))
        .collect()
}

/// The one order in which tables are compared.
pub(crate) fn sorted<T: Ord>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut items: Vec<T> = items.into_iter().collect();
    items.sort();
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_those_of_the_template() {
        let template = Template::embedded().unwrap();
        let main = template.table("MainTable").unwrap();
        assert_eq!(main.name, "eclips-main");
        assert_eq!(main.key, [("pk".into(), "HASH".into()), ("sk".into(), "RANGE".into())]);
        assert_eq!(main.stream.as_deref(), Some("NEW_AND_OLD_IMAGES"));
        assert_eq!(main.ttl.as_deref(), Some("ttl"));
        let names: Vec<_> = main.indexes.iter().map(|index| index.name.as_str()).collect();
        assert_eq!(
            names,
            ["by_agent", "by_batch", "by_due", "by_status", "by_tenant", "by_triage"]
        );
        for index in &main.indexes {
            let carried = match index.name.as_str() {
                "by_batch" | "by_due" | "by_triage" => 0,
                _ => 17,
            };
            assert_eq!(index.non_key_attributes.len(), carried, "{}", index.name);
        }

        let keys = template.table("KeysTable").unwrap();
        assert_eq!((keys.name.as_str(), keys.stream, keys.ttl), ("eclips-keys", None, None));
        assert_eq!(keys.attributes, [("key_hash".into(), "B".into())]);
    }

    #[test]
    fn every_queue_has_its_dead_letters_among_the_queues() {
        let queues = Template::embedded().unwrap().queues().unwrap();
        assert!(
            queues
                .iter()
                .any(|queue| queue.name == "eclips-runs" && queue.dead_letters.is_some())
        );
        assert!(queues.iter().any(|queue| queue.name == "eclips-dispatch-dead"));
        for queue in &queues {
            if let Some((name, count)) = &queue.dead_letters {
                assert!(*count > 0);
                assert!(queues.iter().any(|other| other.name == *name), "{name}");
            }
        }
    }

    #[test]
    fn a_property_the_laptop_does_not_know_is_refused() {
        let text =
            "Resources: {T: {Type: AWS::DynamoDB::Table, Properties: {TableName: !Sub x, LocalSecondaryIndexes: []}}}";
        let refused = Template::parse(text).unwrap().table("T").unwrap_err().to_string();
        assert!(refused.contains("LocalSecondaryIndexes"), "{refused}");
    }
}
