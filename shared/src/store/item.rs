//! Attribute maps, read and written with types. A wrong type is a corrupt record, never a default.

use std::collections::HashMap;
use std::str::FromStr;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;

use super::StoreError;
use crate::auth::Mark;
use crate::time::Timestamp;

/// A DynamoDB item.
pub type Attributes = HashMap<String, AttributeValue>;

/// An item being read; `record` names its kind in errors.
pub struct Row<'a> {
    record: &'static str,
    attributes: &'a Attributes,
}

impl<'a> Row<'a> {
    pub fn new(record: &'static str, attributes: &'a Attributes) -> Self {
        Self { record, attributes }
    }

    pub fn corrupt(&self, attribute: &str) -> StoreError {
        StoreError::Corrupt {
            record: self.record,
            attribute: attribute.to_owned(),
        }
    }

    pub fn opt_text(&self, name: &str) -> Result<Option<&'a str>, StoreError> {
        match self.attributes.get(name) {
            None => Ok(None),
            Some(AttributeValue::S(text)) => Ok(Some(text)),
            Some(_) => Err(self.corrupt(name)),
        }
    }

    pub fn text(&self, name: &str) -> Result<&'a str, StoreError> {
        self.opt_text(name)?.ok_or_else(|| self.corrupt(name))
    }

    pub fn opt_number<T: FromStr>(&self, name: &str) -> Result<Option<T>, StoreError> {
        match self.attributes.get(name) {
            None => Ok(None),
            Some(AttributeValue::N(digits)) => digits.parse().map(Some).map_err(|_| self.corrupt(name)),
            Some(_) => Err(self.corrupt(name)),
        }
    }

    pub fn number<T: FromStr>(&self, name: &str) -> Result<T, StoreError> {
        self.opt_number(name)?.ok_or_else(|| self.corrupt(name))
    }

    pub fn flag(&self, name: &str) -> Result<bool, StoreError> {
        match self.attributes.get(name) {
            Some(AttributeValue::Bool(flag)) => Ok(*flag),
            _ => Err(self.corrupt(name)),
        }
    }

    pub fn opt_time(&self, name: &str) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.opt_number(name)?.map(Timestamp::from_ms))
    }

    pub fn time(&self, name: &str) -> Result<Timestamp, StoreError> {
        self.number(name).map(Timestamp::from_ms)
    }

    pub fn bytes(&self, name: &str) -> Result<&'a [u8], StoreError> {
        match self.attributes.get(name) {
            Some(AttributeValue::B(blob)) => Ok(blob.as_ref()),
            _ => Err(self.corrupt(name)),
        }
    }

    /// A string set; absent means empty, because DynamoDB has no empty set.
    pub fn words(&self, name: &str) -> Result<&'a [String], StoreError> {
        match self.attributes.get(name) {
            None => Ok(&[]),
            Some(AttributeValue::Ss(words)) => Ok(words),
            Some(_) => Err(self.corrupt(name)),
        }
    }

    /// A list of texts.
    pub fn texts(&self, name: &str) -> Result<Vec<&'a str>, StoreError> {
        let Some(AttributeValue::L(values)) = self.attributes.get(name) else {
            return Err(self.corrupt(name));
        };
        let texts = values.iter().map(|value| value.as_s().map(String::as_str));
        texts.collect::<Result<_, _>>().map_err(|_| self.corrupt(name))
    }

    /// An attribute read by a parser of ours.
    pub fn parsed<T>(&self, name: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T, StoreError> {
        parse(self.text(name)?).ok_or_else(|| self.corrupt(name))
    }

    /// As [`Row::parsed`], where the attribute may be absent.
    pub fn opt_parsed<T>(&self, name: &str, parse: impl Fn(&str) -> Option<T>) -> Result<Option<T>, StoreError> {
        self.opt_text(name)?
            .map(|text| parse(text).ok_or_else(|| self.corrupt(name)))
            .transpose()
    }
}

pub fn s(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "numbers are copied; a reference would only clutter the calls"
)]
pub fn n(number: impl ToString) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

pub fn at(time: Timestamp) -> AttributeValue {
    n(time.ms())
}

pub fn flag(value: bool) -> AttributeValue {
    AttributeValue::Bool(value)
}

pub fn b(bytes: &[u8]) -> AttributeValue {
    AttributeValue::B(Blob::new(bytes))
}

/// Starts an item of the main table.
pub fn keyed(pk: impl Into<String>, sk: impl Into<String>) -> Attributes {
    HashMap::from([("pk".to_owned(), s(pk)), ("sk".to_owned(), s(sk))])
}

/// Sets under which names the request is known elsewhere that made an item.
pub fn mark(item: &mut Attributes, mark: &Mark) {
    let request_id = Some(&mark.request_id).filter(|id| !id.is_empty());
    fill(
        item,
        [("request_id", request_id.map(s)), ("trace", mark.trace.as_ref().map(s))],
    );
}

/// Adds attributes, leaving out the absent ones.
pub fn fill(item: &mut Attributes, attributes: impl IntoIterator<Item = (&'static str, Option<AttributeValue>)>) {
    item.extend(
        attributes
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?))),
    );
}
