//! The event of a REST API's proxy integration (payload 1.0). *Source*: API Gateway, "Lambda proxy integrations".

use std::collections::BTreeMap;
use std::net::IpAddr;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use eclips_shared::time::Timestamp;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, header};
use serde_json::{Value, json};

/// The stage's name. It is no part of the paths.
pub const STAGE: &str = "local";

/// Headers that concern one connection only, and end at the gateway.
const HOP_BY_HOP: [&str; 7] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// How a request came.
pub struct Arrival<'a> {
    pub peer: IpAddr,
    pub port: u16,
    pub request_id: &'a str,
}

type Lists = BTreeMap<String, Vec<String>>;

pub fn of(head: &Parts, body: &[u8], arrival: &Arrival<'_>) -> Value {
    let path = head.uri.path();
    let headers = lists(&forwarded(&head.headers, arrival));
    let query = head.uri.query().map(parameters).unwrap_or_default();
    let (body, is_base64) = match std::str::from_utf8(body) {
        Ok("") => (Value::Null, false),
        Ok(text) => (json!(text), false),
        Err(_) => (json!(BASE64_STANDARD.encode(body)), true),
    };
    let proxy = path.strip_prefix('/').filter(|rest| !rest.is_empty());
    let resource = if proxy.is_some() { "/{proxy+}" } else { "/" };
    json!({
        "resource": resource,
        "path": path,
        "httpMethod": head.method.as_str(),
        "headers": last_of(&headers),
        "multiValueHeaders": headers,
        "queryStringParameters": (!query.is_empty()).then(|| last_of(&query)),
        "multiValueQueryStringParameters": (!query.is_empty()).then_some(&query),
        "pathParameters": proxy.map(|proxy| json!({ "proxy": proxy })),
        "stageVariables": null,
        "requestContext": context(head, resource, arrival),
        "body": body,
        "isBase64Encoded": is_base64,
    })
}

fn context(head: &Parts, resource: &str, arrival: &Arrival<'_>) -> Value {
    json!({
        "accountId": crate::sqs::ACCOUNT,
        "apiId": "local",
        "stage": STAGE,
        "domainName": "localhost",
        "protocol": format!("{:?}", head.version),
        "httpMethod": head.method.as_str(),
        "resourceId": "local",
        "resourcePath": resource,
        "path": head.uri.path(),
        "requestId": arrival.request_id,
        "requestTimeEpoch": Timestamp::now().ms(),
        "identity": {
            "sourceIp": arrival.peer.to_string(),
            "userAgent": head.headers.get(header::USER_AGENT).map(text),
        },
    })
}

/// The headers as they leave the gateway: those of the connection are gone, and those that say how the request came are
/// the gateway's. A client's own `X-Forwarded-Proto` must not pass: the HTTP adapter makes a URL of it.
fn forwarded(headers: &HeaderMap, arrival: &Arrival<'_>) -> HeaderMap {
    let mut headers = headers.clone();
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
    let before: Vec<_> = headers.get_all("x-forwarded-for").iter().map(text).collect();
    let chain = before
        .into_iter()
        .chain([arrival.peer.to_string()])
        .collect::<Vec<_>>()
        .join(", ");
    if let Ok(chain) = HeaderValue::try_from(chain) {
        headers.insert("x-forwarded-for", chain);
    }
    headers.insert("x-forwarded-proto", HeaderValue::from_static("http"));
    headers.insert("x-forwarded-port", HeaderValue::from(arrival.port));
    headers
}

fn lists(headers: &HeaderMap) -> Lists {
    let mut lists = Lists::new();
    for (name, value) in headers {
        lists.entry(name.as_str().to_owned()).or_default().push(text(value));
    }
    lists
}

/// JSON has no bytes: what is not UTF-8 is read as Latin-1, which loses none.
fn text(value: &HeaderValue) -> String {
    let bytes = value.as_bytes();
    std::str::from_utf8(bytes).map_or_else(|_| bytes.iter().map(|byte| char::from(*byte)).collect(), str::to_owned)
}

fn last_of(lists: &Lists) -> BTreeMap<&str, &str> {
    lists
        .iter()
        .filter_map(|(name, values)| Some((name.as_str(), values.last()?.as_str())))
        .collect()
}

fn parameters(query: &str) -> Lists {
    let mut lists = Lists::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        lists.entry(decoded(name)).or_default().push(decoded(value));
    }
    lists
}

/// Percent signs and pluses decoded; a percent sign that begins no code stays as it is.
fn decoded(text: &str) -> String {
    let (bytes, mut decoded, mut at) = (text.as_bytes(), Vec::with_capacity(text.len()), 0);
    while let Some(&byte) = bytes.get(at) {
        let code = (byte == b'%').then(|| bytes.get(at + 1..at + 3)).flatten();
        let code = code.filter(|code| code.iter().all(u8::is_ascii_hexdigit));
        let code = code.and_then(|code| u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok());
        decoded.push(match (byte, code) {
            (_, Some(code)) => code,
            (b'+', None) => b' ',
            (byte, None) => byte,
        });
        at += if code.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    fn event(request: http::request::Builder, body: &[u8]) -> Value {
        let (head, ()) = request.body(()).unwrap().into_parts();
        let arrival = Arrival {
            peer: [127, 0, 0, 1].into(),
            port: 8080,
            request_id: "r-1",
        };
        of(&head, body, &arrival)
    }

    #[test]
    fn headers_are_there_with_their_last_and_with_all_values() {
        let request = Request::post("/v1/run")
            .header("authorization", "one")
            .header("Authorization", "two");
        let event = event(request.header("connection", "close"), b"{}");
        assert_eq!(event["headers"]["authorization"], "two");
        assert_eq!(event["multiValueHeaders"]["authorization"], json!(["one", "two"]));
        assert!(event["headers"].get("connection").is_none());
        assert_eq!(
            (&event["body"], &event["isBase64Encoded"]),
            (&json!("{}"), &json!(false))
        );
    }

    #[test]
    fn the_path_stays_as_it_came_and_the_query_is_decoded() {
        let event = event(
            Request::get("/v1/%72uns/a%2Fb/../c?a=1&a=%41+b&e&=x&p=100%&u=%C3%A9&&"),
            b"",
        );
        assert_eq!(event["path"], "/v1/%72uns/a%2Fb/../c");
        assert_eq!(event["pathParameters"]["proxy"], "v1/%72uns/a%2Fb/../c");
        let expected = json!({"a": ["1", "A b"], "e": [""], "": ["x"], "p": ["100%"], "u": ["é"]});
        assert_eq!(event["multiValueQueryStringParameters"], expected);
        assert_eq!(event["queryStringParameters"]["a"], "A b");
        assert_eq!(event["body"], Value::Null);
    }

    #[test]
    fn what_is_not_there_is_null_and_what_is_not_text_is_base64() {
        let event = event(Request::get("/"), &[0xff]);
        for member in [
            "queryStringParameters",
            "multiValueQueryStringParameters",
            "pathParameters",
            "stageVariables",
        ] {
            assert_eq!(event[member], Value::Null, "{member}");
        }
        assert_eq!(
            (&event["body"], &event["isBase64Encoded"]),
            (&json!("/w=="), &json!(true))
        );
        assert_eq!(event["resource"], "/");
    }

    #[test]
    fn the_client_cannot_say_how_it_came() {
        let request = Request::get("/a")
            .header("x-forwarded-for", "1.2.3.4")
            .header("x-forwarded-proto", "1:");
        let event = event(request.header("user-agent", "curl/8"), b"");
        assert_eq!(event["multiValueHeaders"]["x-forwarded-proto"], json!(["http"]));
        assert_eq!(event["headers"]["x-forwarded-for"], "1.2.3.4, 127.0.0.1");
        let context = &event["requestContext"];
        assert_eq!(
            context["identity"],
            json!({"sourceIp": "127.0.0.1", "userAgent": "curl/8"})
        );
        assert_eq!(
            (&context["requestId"], &context["stage"]),
            (&json!("r-1"), &json!("local"))
        );
        assert_eq!(
            (&context["protocol"], &context["resourcePath"]),
            (&json!("HTTP/1.1"), &json!("/{proxy+}"))
        );
    }
}
