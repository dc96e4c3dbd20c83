//! The tables as the template defines them against what the store reads from their indexes.

use std::collections::BTreeSet;

use eclips_tests::repository;
use eclips_tests::stack::Stack;
use serde_json::{Value, json};

/// What reads an item by attribute name in the store.
const READERS: [&str; 10] = [
    "text",
    "opt_text",
    "number",
    "opt_number",
    "time",
    "opt_time",
    "flag",
    "parsed",
    "opt_parsed",
    "contains_key",
];

/// A room of the store and the files of its folder, as one text.
fn source(room: &str) -> String {
    let verbs = repository::names(&format!("shared/src/store/{room}")).into_iter();
    let files = verbs.map(|verb| format!("shared/src/store/{room}/{verb}"));
    std::iter::once(format!("shared/src/store/{room}.rs"))
        .chain(files)
        .map(|file| repository::text(&file))
        .collect()
}

/// The attributes that a function of a room names when it reads an item.
fn read_by(room: &str, function: &str) -> BTreeSet<String> {
    let (source, name) = (source(room), format!("fn {function}("));
    let start = source
        .find(&name)
        .unwrap_or_else(|| panic!("store/{room} has no {function}"));
    assert_eq!(source.matches(&name).count(), 1, "{function}");
    let line = source[..start].rfind('\n').map_or(0, |end| end + 1);
    let indent: String = source[line..].chars().take_while(|letter| *letter == ' ').collect();
    let body = source[start..]
        .split(&format!("\n{indent}}}\n"))
        .next()
        .unwrap_or_default();
    let mut names = BTreeSet::new();
    let pieces: Vec<&str> = body.split("(\"").collect();
    for pair in pieces.windows(2) {
        let before = pair[0]
            .rsplit_once("::<")
            .filter(|(_, kind)| kind.ends_with('>'))
            .map_or(pair[0], |(name, _)| name);
        let method = before
            .rsplit(|letter: char| !letter.is_alphanumeric() && letter != '_')
            .next()
            .unwrap_or_default();
        if READERS.contains(&method) {
            names.insert(pair[1].split('"').next().unwrap_or_default().to_owned());
        }
    }
    names
}

fn key_names(schema: &Value) -> BTreeSet<String> {
    let elements = schema.as_array().into_iter().flatten();
    elements
        .filter_map(|element| Some(element["AttributeName"].as_str()?.to_owned()))
        .collect()
}

/// The attributes that some functions of a room name.
fn read_by_all(room: &str, functions: &[&str], key: &str) -> BTreeSet<String> {
    let read: BTreeSet<String> = functions.iter().flat_map(|function| read_by(room, function)).collect();
    assert!(
        read.len() > 15 && read.contains(key) && read.contains("ttl"),
        "the reading of the source: {read:?}"
    );
    read
}

/// The indexes that say which items there are, and leave the rest to the items.
const OF_KEYS: [&str; 3] = ["by_batch", "by_due", "by_triage"];

#[test]
fn each_index_carries_exactly_what_a_list_reads() {
    let runs = read_by_all("runs", &["summary", "is_over", "page"], "run_id");
    let stack = Stack::read();
    let table = stack.properties("MainTable");
    let indexes = table["GlobalSecondaryIndexes"]
        .as_array()
        .expect("the main table has indexes");
    let mut projected_in_all = 0;
    for index in indexes {
        let name = &index["IndexName"];
        if OF_KEYS.iter().any(|index| name == index) {
            // With more in it, a run would be written to the one again and again, and a history of the other would be
            // read in megabytes.
            assert_eq!(index["Projection"], json!({ "ProjectionType": "KEYS_ONLY" }));
            continue;
        }
        assert_eq!(index["Projection"]["ProjectionType"], "INCLUDE", "{name}");
        let named = index["Projection"]["NonKeyAttributes"].as_array().into_iter().flatten();
        let named: BTreeSet<String> = named.filter_map(|name| Some(name.as_str()?.to_owned())).collect();
        // *Source*: DynamoDB's quotas, 20 for an index and 100 for a table.
        assert!(named.len() <= 20, "{name}");
        projected_in_all += named.len();
        // The keys of table and index are there by themselves.
        let keys: BTreeSet<String> = key_names(&table["KeySchema"])
            .union(&key_names(&index["KeySchema"]))
            .cloned()
            .collect();
        let needed: BTreeSet<String> = runs.difference(&keys).cloned().collect();
        assert_eq!(
            named, needed,
            "{name}: left: projected; right: what the store reads from a listed item"
        );
    }
    assert!(projected_in_all <= 100);
}

#[test]
fn a_list_asks_its_items_for_exactly_what_it_reads() {
    let source = source("triage");
    let (_, listed) = source.split_once("const LISTED: ").expect("what a list asks for");
    let (listed, _) = listed.split_once("];").expect("its end");
    let asked: BTreeSet<String> = listed.split('"').skip(1).step_by(2).map(str::to_owned).collect();
    let read = read_by_all("triage", &["shown", "is_gone"], "triage_id");
    assert_eq!(
        asked, read,
        "left: asked for; right: what the store reads from a listed item"
    );
}

#[test]
fn the_store_asks_for_the_indexes_that_there_are() {
    let source =
        source("runs") + &source("triage") + &source("batches") + &repository::text("shared/src/store/sweep.rs");
    let asked: BTreeSet<&str> = source
        .split("\"by_")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap_or_default())
        .collect();
    let stack = Stack::read();
    let indexes = stack.properties("MainTable")["GlobalSecondaryIndexes"]
        .as_array()
        .expect("the main table has indexes");
    let there: BTreeSet<&str> = indexes
        .iter()
        .filter_map(|index| index["IndexName"].as_str()?.strip_prefix("by_"))
        .collect();
    assert_eq!(asked, there, "left: the store; right: the template");
}

#[test]
fn attributes_are_defined_for_keys_and_for_nothing_else() {
    // CloudFormation refuses a table that defines more or fewer, at the deployment and not before.
    let stack = Stack::read();
    for (id, table) in stack.of_type("AWS::DynamoDB::Table") {
        let mut keys = key_names(&table["KeySchema"]);
        for index in table["GlobalSecondaryIndexes"].as_array().into_iter().flatten() {
            keys.extend(key_names(&index["KeySchema"]));
        }
        assert_eq!(key_names(&table["AttributeDefinitions"]), keys, "{id}");
    }
}

#[test]
fn both_tables_survive_mistakes() {
    let stack = Stack::read();
    let tables: Vec<(&str, &Value)> = stack.of_type("AWS::DynamoDB::Table").collect();
    assert_eq!(tables.len(), 2);
    for (id, table) in tables {
        assert_eq!(
            table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], true,
            "{id}"
        );
        assert_eq!(table["SSESpecification"]["SSEEnabled"], true, "{id}");
        assert_eq!(table["DeletionProtectionEnabled"], true, "{id}");
        assert!(stack.is_retained(id), "{id}");
    }
    assert!(
        stack.properties("KeysTable").get("StreamSpecification").is_none(),
        "hashes must not travel"
    );
    assert_eq!(
        stack.properties("MainTable")["StreamSpecification"]["StreamViewType"],
        "NEW_AND_OLD_IMAGES"
    );
    assert_eq!(
        stack.properties("MainTable")["TimeToLiveSpecification"]["AttributeName"],
        "ttl"
    );
}
