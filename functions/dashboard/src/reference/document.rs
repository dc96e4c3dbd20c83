//! `docs/openapi.json` as the reference reads it: what its pages show, and nothing else. It is compiled in, and read when the
//! first of them is asked for: no other page pays for it.

use std::fmt;
use std::marker::PhantomData;
use std::sync::LazyLock;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Number, Value};

/// The document, byte for byte.
pub const TEXT: &str = include_str!("../../../../docs/openapi.json");
/// The one server that it names: `cargo dev`.
pub const LOCAL_URL: &str = "http://127.0.0.1:8787";

static DOCUMENT: LazyLock<Document> =
    LazyLock::new(|| serde_json::from_str(TEXT).expect("a test reads the document that is compiled in"));

/// The document.
pub fn document() -> &'static Document {
    &DOCUMENT
}

#[derive(Debug, Deserialize)]
pub struct Document {
    pub info: Info,
    pub tags: Vec<Tag>,
    paths: Ordered<Ordered<Operation>>,
    webhooks: Ordered<Ordered<Operation>>,
    pub components: Components,
}

#[derive(Debug, Deserialize)]
pub struct Info {
    pub version: String,
    pub description: String,
}

#[derive(Debug, Deserialize)]
pub struct Tag {
    pub name: String,
    pub description: String,
}

#[derive(Debug, Deserialize)]
pub struct Components {
    parameters: Ordered<Parameter>,
    headers: Ordered<Header>,
    responses: Ordered<Response>,
    pub schemas: Ordered<Schema>,
}

/// An operation and where it is.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub method: &'static str,
    /// The path, or the event that is posted.
    pub path: &'static str,
    pub direction: Direction,
    pub operation: &'static Operation,
}

/// Who asks whom.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    /// A client asks us.
    Asked,
    /// We post to a webhook.
    Posted,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Operation {
    pub tags: Vec<String>,
    pub operation_id: String,
    pub summary: String,
    pub description: String,
    pub security: Vec<Ordered<Vec<String>>>,
    #[serde(rename = "x-eclips-limit")]
    pub limit: Option<String>,
    #[serde(default)]
    pub parameters: Vec<Parameter>,
    pub request_body: Option<RequestBody>,
    pub responses: Ordered<Response>,
}

/// A parameter, or the name of one under `components`.
#[derive(Debug, Deserialize)]
#[serde(default)]
#[derive(Default)]
pub struct Parameter {
    #[serde(rename = "$ref")]
    reference: Option<String>,
    pub name: String,
    #[serde(rename = "in")]
    pub place: String,
    pub required: bool,
    pub description: String,
    pub schema: Schema,
    pub example: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct RequestBody {
    pub required: bool,
    pub content: Ordered<Media>,
}

/// An answer, or the name of one under `components`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Response {
    #[serde(rename = "$ref")]
    reference: Option<String>,
    pub description: String,
    pub headers: Ordered<Header>,
    pub content: Ordered<Media>,
}

/// A header of an answer, or the name of one under `components`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Header {
    #[serde(rename = "$ref")]
    reference: Option<String>,
    pub description: String,
    pub schema: Schema,
}

#[derive(Debug, Deserialize)]
pub struct Media {
    pub schema: Schema,
    pub example: Option<Box<RawValue>>,
    #[serde(default)]
    pub examples: Ordered<Example>,
}

impl Media {
    /// The example, or the first of several.
    pub fn first_example(&self) -> Option<&RawValue> {
        let first = self.examples.iter().next().map(|(_, example)| &*example.value);
        self.example.as_deref().or(first)
    }
}

#[derive(Debug, Deserialize)]
pub struct Example {
    pub summary: String,
    pub value: Box<RawValue>,
}

/// A schema, in the keywords that the document uses and the pages show.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Schema {
    #[serde(rename = "$ref")]
    reference: Option<String>,
    pub description: Option<String>,
    #[serde(rename = "type")]
    pub kind: Option<Value>,
    pub format: Option<String>,
    #[serde(rename = "enum")]
    pub words: Vec<String>,
    #[serde(rename = "const")]
    pub constant: Option<Value>,
    pub default: Option<Value>,
    pub minimum: Option<Number>,
    pub maximum: Option<Number>,
    pub min_length: Option<Number>,
    pub max_length: Option<Number>,
    pub min_items: Option<Number>,
    pub max_items: Option<Number>,
    pub properties: Ordered<Schema>,
    pub required: Vec<String>,
    pub items: Option<Box<Schema>>,
    pub any_of: Vec<Schema>,
    /// What a text holds that is JSON.
    pub content_schema: Option<Box<Schema>>,
}

impl Schema {
    /// Whether it is one value, and no object.
    pub fn is_plain(&self) -> bool {
        self.kind.as_ref().is_some_and(|kind| kind != "object")
    }

    /// The name under which `components` has what it refers to.
    pub fn name(&self) -> Option<&str> {
        self.reference.as_deref().map(last)
    }
}

impl Document {
    /// Every operation in the document's order, those that are posted last.
    pub fn operations(&'static self) -> impl Iterator<Item = Place> {
        let of = |paths: &'static Ordered<Ordered<Operation>>, direction| {
            paths.iter().flat_map(move |(path, methods)| {
                methods.iter().map(move |(method, operation)| Place {
                    method,
                    path,
                    direction,
                    operation,
                })
            })
        };
        of(&self.paths, Direction::Asked).chain(of(&self.webhooks, Direction::Posted))
    }

    /// What a schema says, or what the one says that it refers to.
    pub fn schema<'a>(&'a self, schema: &'a Schema) -> &'a Schema {
        follow(&self.components.schemas, schema, schema.reference.as_deref())
    }

    /// The parameter itself.
    pub fn parameter<'a>(&'a self, parameter: &'a Parameter) -> &'a Parameter {
        follow(&self.components.parameters, parameter, parameter.reference.as_deref())
    }

    /// The header itself.
    pub fn header<'a>(&'a self, header: &'a Header) -> &'a Header {
        follow(&self.components.headers, header, header.reference.as_deref())
    }

    /// The answer itself.
    pub fn response<'a>(&'a self, response: &'a Response) -> &'a Response {
        follow(&self.components.responses, response, response.reference.as_deref())
    }
}

fn follow<'a, T>(named: &'a Ordered<T>, own: &'a T, reference: Option<&str>) -> &'a T {
    // A name that nobody has shows nothing of its own; a test of the document finds it.
    reference
        .and_then(|reference| named.get(last(reference)))
        .unwrap_or(own)
}

fn last(reference: &str) -> &str {
    reference.rsplit('/').next().unwrap_or_default()
}

/// An object's members in the order in which they are written, which a map would lose: the first field is the one that
/// matters most.
#[derive(Debug)]
pub struct Ordered<T>(Vec<(String, T)>);

impl<T> Ordered<T> {
    /// Each member with its name.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&str, &T)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The member of a name.
    pub fn get(&self, name: &str) -> Option<&T> {
        self.iter().find(|(own, _)| *own == name).map(|(_, value)| value)
    }
}

impl<T> Default for Ordered<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Ordered<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
            type Value = Ordered<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
                let mut all = Vec::new();
                while let Some(member) = members.next_entry()? {
                    all.push(member);
                }
                Ok(Ordered(all))
            }
        }

        deserializer.deserialize_map(Members(PhantomData))
    }
}
