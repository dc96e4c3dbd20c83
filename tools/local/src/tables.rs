//! Makes the local tables after the template, and refuses data that was made after another one. Reads and writes no item.

use anyhow::{Context, Result, bail};
use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType,
    ScalarAttributeType, StreamSpecification, StreamViewType, TableDescription, TimeToLiveSpecification,
    TimeToLiveStatus,
};

use crate::template::{Index, Table, Template, sorted};

/// The logical ids of the tables.
pub const TABLES: [&str; 2] = ["MainTable", "KeysTable"];

/// Makes every table that is not there, with its indexes, stream and TTL.
///
/// *Errors*: one line when a table is there in another shape: the data was made by another version. Nothing is changed
/// then.
pub async fn ensure(config: &SdkConfig, template: &Template) -> Result<()> {
    let client = Client::from_conf(config.into());
    for logical_id in TABLES {
        let table = template.table(logical_id)?;
        match describe(&client, &table.name).await? {
            None => create(&client, &table).await?,
            Some(found) if same_shape(&found, &table) => {}
            Some(_) => bail!(
                "the table {} has another shape: the data was made by another version; start with --data DIR or delete it",
                table.name
            ),
        }
        ensure_ttl(&client, &table).await?;
    }
    Ok(())
}

async fn describe(client: &Client, name: &str) -> Result<Option<TableDescription>> {
    match client.describe_table().table_name(name).send().await {
        Ok(found) => Ok(found.table),
        Err(error)
            if error
                .as_service_error()
                .is_some_and(|error| error.is_resource_not_found_exception()) =>
        {
            Ok(None)
        }
        Err(error) => Err(error).with_context(|| format!("cannot describe the table {name}")),
    }
}

async fn create(client: &Client, table: &Table) -> Result<()> {
    let attributes = table.attributes.iter().map(|(name, kind)| {
        AttributeDefinition::builder()
            .attribute_name(name)
            .attribute_type(ScalarAttributeType::from(kind.as_str()))
    });
    let attributes: Result<Vec<_>, _> = attributes.map(|attribute| attribute.build()).collect();
    let indexes: Result<Vec<_>> = table.indexes.iter().map(index).collect();
    let mut request = client
        .create_table()
        .table_name(&table.name)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(attributes?))
        .set_key_schema(Some(key(&table.key)?))
        .set_global_secondary_indexes(Some(indexes?).filter(|indexes| !indexes.is_empty()))
        .deletion_protection_enabled(table.deletion_protection);
    if let Some(view) = &table.stream {
        let stream = StreamSpecification::builder().stream_enabled(true);
        request = request.stream_specification(stream.stream_view_type(StreamViewType::from(view.as_str())).build()?);
    }
    let made = request.send().await;
    made.with_context(|| format!("cannot make the table {}", table.name))?;
    Ok(())
}

/// Apart from the creation, since a process may die between the two.
async fn ensure_ttl(client: &Client, table: &Table) -> Result<()> {
    let Some(attribute) = &table.ttl else { return Ok(()) };
    let found = client
        .describe_time_to_live()
        .table_name(&table.name)
        .send()
        .await
        .context("cannot read the TTL")?;
    let status = found.time_to_live_description.and_then(|ttl| ttl.time_to_live_status);
    if status == Some(TimeToLiveStatus::Enabled) {
        return Ok(());
    }
    let ttl = TimeToLiveSpecification::builder()
        .attribute_name(attribute)
        .enabled(true)
        .build()?;
    let set = client
        .update_time_to_live()
        .table_name(&table.name)
        .time_to_live_specification(ttl)
        .send()
        .await;
    set.with_context(|| format!("cannot set the TTL of {}", table.name))?;
    Ok(())
}

fn key(elements: &[(String, String)]) -> Result<Vec<KeySchemaElement>> {
    let elements = elements.iter().map(|(name, kind)| {
        KeySchemaElement::builder()
            .attribute_name(name)
            .key_type(KeyType::from(kind.as_str()))
            .build()
    });
    Ok(elements.collect::<Result<_, _>>()?)
}

fn index(index: &Index) -> Result<GlobalSecondaryIndex> {
    let attributes = Some(index.non_key_attributes.clone()).filter(|attributes| !attributes.is_empty());
    let projection = Projection::builder()
        .projection_type(ProjectionType::from(index.projection.as_str()))
        .set_non_key_attributes(attributes);
    let built = GlobalSecondaryIndex::builder()
        .index_name(&index.name)
        .set_key_schema(Some(key(&index.key)?));
    Ok(built.projection(projection.build()).build()?)
}

/// TTL and deletion protection are no part of the comparison: they change nothing about the data that is there.
fn same_shape(found: &TableDescription, wanted: &Table) -> bool {
    let attributes = found.attribute_definitions().iter().map(|attribute| {
        (
            attribute.attribute_name().to_owned(),
            attribute.attribute_type().as_str().to_owned(),
        )
    });
    let indexes = found.global_secondary_indexes().iter().map(|index| Index {
        name: index.index_name().unwrap_or_default().to_owned(),
        key: pairs(index.key_schema()),
        projection: index
            .projection()
            .and_then(|projection| projection.projection_type())
            .map_or_else(String::new, |kind| kind.as_str().to_owned()),
        non_key_attributes: sorted(
            index
                .projection()
                .map(|projection| projection.non_key_attributes().to_vec())
                .unwrap_or_default(),
        ),
    });
    let stream = found.stream_specification().filter(|stream| stream.stream_enabled());
    let stream = stream
        .and_then(|stream| stream.stream_view_type())
        .map(|view| view.as_str().to_owned());
    sorted(attributes) == wanted.attributes
        && pairs(found.key_schema()) == wanted.key
        && sorted(indexes) == wanted.indexes
        && stream == wanted.stream
}

fn pairs(key: &[KeySchemaElement]) -> Vec<(String, String)> {
    key.iter()
        .map(|element| {
            (
                element.attribute_name().to_owned(),
                element.key_type().as_str().to_owned(),
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Engine, sdk_config};
    use crate::folder::Place;

    #[tokio::test]
    async fn the_tables_are_made_once_and_found_again() {
        let engine = Engine::open(&Place::Memory).unwrap();
        let config = sdk_config(engine.endpoint());
        let template = Template::embedded().unwrap();
        ensure(&config, &template).await.unwrap();
        ensure(&config, &template).await.unwrap();

        let client = Client::from_conf((&config).into());
        for logical_id in TABLES {
            let wanted = template.table(logical_id).unwrap();
            let found = describe(&client, &wanted.name).await.unwrap().unwrap();
            assert!(same_shape(&found, &wanted));
            let ttl = client
                .describe_time_to_live()
                .table_name(&wanted.name)
                .send()
                .await
                .unwrap();
            let ttl = ttl.time_to_live_description.and_then(|ttl| ttl.attribute_name);
            assert_eq!(ttl, wanted.ttl);
        }
    }

    #[tokio::test]
    async fn data_of_another_shape_is_refused_in_one_line() {
        let engine = Engine::open(&Place::Memory).unwrap();
        let config = sdk_config(engine.endpoint());
        let template = Template::embedded().unwrap();
        let mut other = template.table("MainTable").unwrap();
        other.indexes[0].non_key_attributes.pop();
        create(&Client::from_conf((&config).into()), &other).await.unwrap();
        let refused = ensure(&config, &template).await.unwrap_err().to_string();
        assert_eq!(
            refused,
            "the table eclips-main has another shape: the data was made by another version; start with --data DIR or delete it"
        );
    }
}
