//! Forms and queries: pairs of names and values, read strictly.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::stream;
use multer::Multipart;

use crate::refusal::Refusal;

/// The pairs of a form or a query, decoded, in their order.
#[derive(Clone, Debug, Default)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads `application/x-www-form-urlencoded`.
    pub fn parse(text: &[u8]) -> Self {
        Self(form_urlencoded::parse(text).into_owned().collect())
    }

    /// Reads a form as its `Content-Type` says that it is written: with parts (RFC 7578) where it has a file, whose content is then the
    /// value of its field; what is no UTF-8 in it becomes U+FFFD.
    ///
    /// *Errors*: [`Refusal::BadForm`] for any other type, and for parts that are cut off or have no name.
    pub async fn of_form(content_type: &str, body: &[u8]) -> Result<Self, Refusal> {
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        if essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Ok(Self::parse(body));
        }
        // Any type but the one with parts is an error here.
        let boundary = multer::parse_boundary(content_type).map_err(|_| Refusal::BadForm)?;
        Self::of_parts(boundary, Bytes::copy_from_slice(body))
            .await
            .ok_or(Refusal::BadForm)
    }

    async fn of_parts(boundary: String, body: Bytes) -> Option<Self> {
        let mut parts = Multipart::new(stream::once(async { Ok::<_, Infallible>(body) }), boundary);
        let mut pairs = Vec::new();
        while let Some(part) = parts.next_field().await.ok()? {
            let name = part.name()?.to_owned();
            let content = part.bytes().await.ok()?;
            pairs.push((name, String::from_utf8_lossy(&content).into_owned()));
        }
        Some(Self(pairs))
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

    /// The text of a field, empty when absent.
    ///
    /// *Errors*: as [`Fields::one`].
    pub fn text(&self, name: &str) -> Result<String, Refusal> {
        self.one(name).map(|value| value.unwrap_or_default().to_owned())
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

    #[tokio::test]
    async fn a_form_with_a_file_is_read_by_its_parts() {
        let part = |head: &str, content: &str| {
            format!("--b\r\nContent-Disposition: form-data; {head}\r\n\r\n{content}\r\n").into_bytes()
        };
        let whole = [
            part("name=\"name\"", "a+b"),
            part(
                "name=\"table\"; filename=\"a.csv\"\r\nContent-Type: text/csv",
                "x\n\u{e9}",
            ),
            b"--b--\r\n".to_vec(),
        ]
        .concat();
        let kind = "multipart/form-data; boundary=b";
        let fields = Fields::of_form(kind, &whole).await.unwrap();
        assert_eq!(fields.one("name").unwrap(), Some("a+b"));
        assert_eq!(fields.one("table").unwrap(), Some("x\n\u{e9}"));
        let latin = whole.iter().map(|byte| if *byte == 0xc3 { 0xff } else { *byte });
        let fields = Fields::of_form(kind, &latin.collect::<Vec<_>>()).await.unwrap();
        assert_eq!(fields.one("table").unwrap(), Some("x\n\u{fffd}\u{fffd}"));
        let plain = Fields::of_form("Application/X-WWW-Form-Urlencoded; charset=utf-8", b"name=a+b").await;
        assert_eq!(plain.unwrap().one("name").unwrap(), Some("a b"));
        for (kind, body) in [
            (kind, &whole[..whole.len() - 9]),
            (kind, &part("filename=\"x\"", "y")[..]),
            ("multipart/form-data", &whole[..]),
            ("text/plain", &whole[..]),
            ("", &whole[..]),
        ] {
            assert!(Fields::of_form(kind, body).await.is_err(), "{kind}");
        }
    }
}
