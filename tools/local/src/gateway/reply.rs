//! Answers: a function's, turned back into HTTP, and the gateway's own.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use eclips_shared::error::{ApiError, Missing};
use eclips_shared::serve::common_headers;
use http::header::{CONNECTION, CONTENT_LENGTH, RETRY_AFTER, SET_COOKIE, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use http_body_util::Full;
use lambda_runtime::MetadataPrelude;
use serde::Deserialize;
use serde_json::Value;

/// What `Retry-After` says. *Source*: the gateway response `DEFAULT_5XX` in `infra/template.yaml`.
const RETRY_AFTER_S: u64 = 5;

/// What the gateway answers without a function's word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Own {
    /// The target is no path.
    NotFound,
    /// The body, or the event made of it, is over 6 MB.
    TooLarge,
    /// The function crashed, timed out, or answered what is none. In AWS the template makes one 503 of all of these.
    Unavailable,
    /// The `Host` is none of this machine's; only a laptop has this.
    Misdirected,
    /// The body did not come in time; only a laptop says so.
    TooSlow,
}

impl Own {
    /// The whole response, with the headers that every answer of the API has.
    pub fn response(self, request_id: &str) -> Response<Full<Bytes>> {
        let (status, code, body) = match self {
            Self::NotFound => of_api(&ApiError::NotFound(Missing::Route)),
            Self::TooLarge => of_api(&ApiError::PayloadTooLarge),
            Self::Unavailable => of_api(&ApiError::Unavailable),
            Self::Misdirected => {
                let body = r#"{"error":"The local API answers to localhost, 127.0.0.1 and [::1] only"}"#;
                (StatusCode::MISDIRECTED_REQUEST, "misdirected", body.to_owned())
            }
            Self::TooSlow => (
                StatusCode::REQUEST_TIMEOUT,
                "request_timeout",
                r#"{"error":"Request timed out"}"#.to_owned(),
            ),
        };
        let mut response = Response::new(Full::from(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        common_headers(headers, request_id, Some(code));
        match self {
            Self::Unavailable => {
                headers.insert(RETRY_AFTER, HeaderValue::from(RETRY_AFTER_S));
            }
            // Part of the body may still be on its way; what follows it could not be told from it.
            Self::TooLarge | Self::TooSlow => {
                headers.insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Self::NotFound | Self::Misdirected => {}
        }
        response
    }
}

fn of_api(error: &ApiError) -> (StatusCode, &'static str, String) {
    (error.status(), error.code(), error.body())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    status_code: u16,
    #[serde(default)]
    headers: Option<BTreeMap<String, Value>>,
    #[serde(default)]
    multi_value_headers: Option<BTreeMap<String, Vec<Value>>>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: Option<bool>,
}

/// A function's answer as a response.
///
/// *Errors*: what API Gateway calls a malformed proxy response.
pub fn from(answer: &[u8]) -> Result<Response<Full<Bytes>>> {
    let answer: Answer = serde_json::from_slice(answer)?;
    let status = last_word(StatusCode::from_u16(answer.status_code)?)?;
    let text = answer.body.unwrap_or_default();
    let body = match answer.is_base64_encoded {
        Some(true) => Bytes::from(BASE64_STANDARD.decode(text).context("body")?),
        _ => Bytes::from(text),
    };
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    *response.headers_mut() = merged(
        answer.headers.unwrap_or_default(),
        answer.multi_value_headers.unwrap_or_default(),
    )?;
    Ok(response)
}

/// The beginning of a streamed answer as that of a response; what follows is none of this function's.
///
/// *Errors*: as [`from`].
pub fn opened(prelude: MetadataPrelude) -> Result<Response<()>> {
    let mut response = Response::new(());
    *response.status_mut() = last_word(prelude.status_code)?;
    *response.headers_mut() = prelude.headers;
    for cookie in prelude.cookies {
        response
            .headers_mut()
            .append(SET_COOKIE, HeaderValue::try_from(cookie)?);
    }
    leave_to_the_server(response.headers_mut());
    Ok(response)
}

/// Both maps in one; where both have the same value of a header, it is there once.
fn merged(single: BTreeMap<String, Value>, multi: BTreeMap<String, Vec<Value>>) -> Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    let multi = multi
        .into_iter()
        .flat_map(|(name, values)| values.into_iter().map(move |value| (name.clone(), value)));
    for (name, value) in multi {
        let (name, value) = header(&name, &value)?;
        headers.append(name, value);
    }
    for (name, value) in single {
        let (name, value) = header(&name, &value)?;
        if !headers.get_all(&name).iter().any(|there| there == value) {
            headers.append(name, value);
        }
    }
    leave_to_the_server(&mut headers);
    Ok(headers)
}

fn last_word(status: StatusCode) -> Result<StatusCode> {
    if status.is_informational() {
        bail!("status {status} ends no request");
    }
    Ok(status)
}

/// Takes out what the server says itself, and truthfully.
fn leave_to_the_server(headers: &mut HeaderMap) {
    for name in [CONTENT_LENGTH, CONNECTION, TRANSFER_ENCODING] {
        headers.remove(name);
    }
}

fn header(name: &str, value: &Value) -> Result<(HeaderName, HeaderValue)> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        _ => bail!("the header {name} is no text"),
    };
    Ok((HeaderName::try_from(name)?, HeaderValue::try_from(text)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};

    use http_body_util::BodyExt;
    use serde_json::json;

    async fn body(response: Response<Full<Bytes>>) -> Bytes {
        response.into_body().collect().await.unwrap().to_bytes()
    }

    #[tokio::test]
    async fn both_header_maps_count_and_nothing_doubles() {
        let answer = json!({
            "statusCode": 202,
            "headers": {"X-One": "1", "a": "x", "Content-Length": "7"},
            "multiValueHeaders": {"A": ["x", "y"], "n": [7]},
            "body": "/w==",
            "isBase64Encoded": true,
        });
        let response = from(answer.to_string().as_bytes()).unwrap();
        assert_eq!(response.status(), 202);
        let all: Vec<_> = response.headers().get_all("a").iter().collect();
        assert_eq!(all, ["x", "y"]);
        assert_eq!(
            (&response.headers()["x-one"], &response.headers()["n"]),
            (&"1".parse().unwrap(), &"7".parse().unwrap())
        );
        assert!(!response.headers().contains_key(CONTENT_LENGTH));
        assert_eq!(body(response).await.as_ref(), [0xff]);
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        for answer in [
            json!(null),
            json!("ok"),
            json!({"body": "no status"}),
            json!({"statusCode": 99}),
            json!({"statusCode": 101}),
            json!({"statusCode": 200, "headers": {"a b": "x"}}),
            json!({"statusCode": 200, "headers": {"a": "x\r\ny: z"}}),
            json!({"statusCode": 200, "body": {"not": "text"}}),
            json!({"statusCode": 200, "body": "!", "isBase64Encoded": true}),
        ] {
            assert!(from(answer.to_string().as_bytes()).is_err(), "{answer}");
        }
    }

    #[test]
    fn a_streamed_answer_begins_with_a_last_word_and_its_cookies() {
        let prelude = |status| MetadataPrelude {
            status_code: StatusCode::from_u16(status).unwrap(),
            headers: [(TRANSFER_ENCODING, HeaderValue::from_static("gzip"))]
                .into_iter()
                .collect(),
            cookies: vec!["a=b".to_owned(), "c=d".to_owned()],
        };
        let response = opened(prelude(404)).unwrap();
        assert_eq!(response.status(), 404);
        assert_eq!(response.headers().get_all(SET_COOKIE).iter().count(), 2);
        assert_eq!(response.headers().len(), 2);
        assert!(opened(prelude(100)).is_err());
        let mut odd = prelude(200);
        odd.cookies = vec!["a\r\nb".to_owned()];
        assert!(opened(odd).is_err());
    }

    #[tokio::test]
    async fn own_answers_carry_the_contracts_words_and_headers() {
        for (own, status, text) in [
            (Own::NotFound, 404, r#"{"error":"Not found"}"#),
            (Own::TooLarge, 413, r#"{"error":"Request body too large"}"#),
            (Own::Unavailable, 503, r#"{"error":"Service temporarily unavailable"}"#),
        ] {
            let response = own.response("r-1");
            assert_eq!(response.status(), status);
            let headers = response.headers();
            assert_eq!(headers[CONTENT_TYPE], "application/json; charset=utf-8");
            assert_eq!(headers[CACHE_CONTROL], "no-store");
            assert_eq!(headers[X_CONTENT_TYPE_OPTIONS], "nosniff");
            assert_eq!(headers["x-request-id"], "r-1");
            assert_eq!(headers.contains_key(RETRY_AFTER), status == 503);
            assert_eq!(body(response).await, text);
        }
    }
}
