//! Forms and queries: pairs of names and values, read strictly.

use crate::refusal::Refusal;

/// The pairs of a form or a query, decoded, in their order.
#[derive(Clone, Debug, Default)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads `application/x-www-form-urlencoded`.
    pub fn parse(text: &[u8]) -> Self {
        Self(form_urlencoded::parse(text).into_owned().collect())
    }

    /// The one value of a field; `None` when absent.
    ///
    /// *Errors*: [`Refusal::BadForm`] when it is there twice: no form of ours sends that.
    pub fn one<'a>(&'a self, name: &'a str) -> Result<Option<&'a str>, Refusal> {
        let mut values = self.all(name);
        match (values.next(), values.next()) {
            (value, None) => Ok(value),
            _ => Err(Refusal::BadForm),
        }
    }

    /// Every value of a field.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(field, _)| field == name)
            .map(|(_, value)| value.as_str())
    }

    /// Refuses fields that the form does not have: an organization, a creator or a limit is never taken from one.
    ///
    /// *Errors*: [`Refusal::BadForm`].
    pub fn only(&self, known: &[&str]) -> Result<(), Refusal> {
        let unknown = self.0.iter().any(|(name, _)| !known.contains(&name.as_str()));
        if unknown { Err(Refusal::BadForm) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubled_and_unknown_fields_are_refused() {
        let fields = Fields::parse(b"name=a+b%21&scope=x&scope=y&e=");
        assert_eq!(fields.one("name").unwrap(), Some("a b!"));
        assert_eq!(fields.one("none").unwrap(), None);
        assert_eq!(fields.one("e").unwrap(), Some(""));
        assert!(fields.one("scope").is_err());
        assert_eq!(fields.all("scope").collect::<Vec<_>>(), ["x", "y"]);
        assert!(fields.only(&["name", "scope", "e"]).is_ok());
        assert!(fields.only(&["name", "scope"]).is_err());
    }
}
