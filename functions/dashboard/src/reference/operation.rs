//! One operation as its page shows it: what is sent, what comes back, every refusal, and a command that does it.

use serde_json::value::RawValue;

use super::document::{Direction, Document, Media, Operation, Place, Response};
use super::fields::{Field, field, fields};
use super::prose::{Piece, example, one_line, pieces};

/// What lists say of an operation.
#[derive(Debug)]
pub struct Heading {
    pub id: &'static str,
    pub summary: String,
    /// `POST`.
    pub method: String,
    /// The path, or the event that is posted.
    pub path: &'static str,
    pub scope: Option<&'static str>,
    /// The limit that it counts against; `None` where it counts against none.
    pub limit: Option<&'static str>,
    pub is_posted: bool,
}

/// An operation, whole.
#[derive(Debug)]
pub struct OperationView {
    pub heading: Heading,
    pub text: Vec<Piece>,
    /// A command that does it; `None` of what is posted to webhooks.
    pub curl: Option<String>,
    pub parameters: Vec<ParameterView>,
    pub request: Option<BodyView>,
    pub answers: Vec<AnswerView>,
    pub refusals: Vec<RefusalView>,
}

#[derive(Debug)]
pub struct ParameterView {
    /// `path`, `query` or `header`.
    pub place: &'static str,
    pub field: Field,
}

/// What is sent, or comes back.
#[derive(Debug)]
pub struct BodyView {
    pub is_required: bool,
    pub content_type: &'static str,
    pub text: Vec<Piece>,
    pub fields: Vec<Field>,
    pub example: Option<String>,
}

#[derive(Debug)]
pub struct AnswerView {
    pub status: &'static str,
    pub text: Vec<Piece>,
    pub headers: Vec<Field>,
    pub body: Option<BodyView>,
}

#[derive(Debug)]
pub struct RefusalView {
    pub status: &'static str,
    /// The machine word.
    pub code: String,
    /// The exact body.
    pub body: String,
    pub text: Vec<Piece>,
}

impl Heading {
    pub fn of(place: &Place) -> Self {
        let operation = place.operation;
        let mut scopes = operation
            .security
            .iter()
            .flat_map(|needs| needs.iter())
            .flat_map(|(_, scopes)| scopes);
        Self {
            id: &operation.operation_id,
            summary: operation.summary.clone(),
            method: place.method.to_uppercase(),
            path: place.path,
            scope: scopes.next().map(String::as_str),
            limit: operation.limit.as_deref().filter(|limit| *limit != "none"),
            is_posted: place.direction == Direction::Posted,
        }
    }
}

impl OperationView {
    pub fn of(place: &Place, document: &'static Document, api_url: &str) -> Self {
        let operation = place.operation;
        let responses: Vec<(&str, &Response)> = operation
            .responses
            .iter()
            .map(|(status, response)| (status, document.response(response)))
            .collect();
        let is_refusal = |status: &str| status.starts_with('4') || status.starts_with('5');
        // What a receiver answers is its own: there is no machine word and no body of ours.
        let (refused, answered): (Vec<_>, Vec<_>) = responses
            .into_iter()
            .partition(|(status, _)| place.direction == Direction::Asked && is_refusal(status));
        Self {
            heading: Heading::of(place),
            text: pieces(&operation.description),
            curl: (place.direction == Direction::Asked).then(|| curl(place, document, api_url)),
            parameters: parameters(operation, document),
            request: operation.request_body.as_ref().and_then(|request| {
                let media = request.content.iter().next();
                media.map(|media| body(media, request.required, document))
            }),
            answers: answered
                .into_iter()
                .map(|(status, response)| answer(status, response, document))
                .collect(),
            refusals: refused
                .into_iter()
                .flat_map(|(status, response)| refusals(status, response))
                .collect(),
        }
    }
}

fn parameters(operation: &'static Operation, document: &'static Document) -> Vec<ParameterView> {
    let all = operation
        .parameters
        .iter()
        .map(|parameter| document.parameter(parameter));
    all.map(|parameter| {
        let name = parameter.name.clone();
        ParameterView {
            place: &parameter.place,
            field: field(
                name,
                &parameter.schema,
                parameter.required,
                &parameter.description,
                document,
            ),
        }
    })
    .collect()
}

fn body(
    (content_type, media): (&'static str, &'static Media),
    is_required: bool,
    document: &'static Document,
) -> BodyView {
    let schema = &media.schema;
    let said = document.schema(schema).description.as_deref();
    BodyView {
        is_required,
        content_type,
        text: pieces(said.unwrap_or_default()),
        fields: fields(schema, document),
        example: media.first_example().map(example),
    }
}

fn answer(status: &'static str, response: &'static Response, document: &'static Document) -> AnswerView {
    let headers = response.headers.iter().map(|(name, header)| {
        let header = document.header(header);
        field(name.to_owned(), &header.schema, true, &header.description, document)
    });
    AnswerView {
        status,
        text: pieces(&response.description),
        headers: headers.collect(),
        body: response.content.iter().next().map(|media| body(media, true, document)),
    }
}

fn refusals(status: &'static str, response: &'static Response) -> Vec<RefusalView> {
    let examples = response.content.iter().flat_map(|(_, media)| media.examples.iter());
    examples
        .map(|(name, example)| RefusalView {
            status,
            code: code(response, name),
            body: one_line(&example.value),
            text: pieces(&example.summary),
        })
        .collect()
}

/// The machine word of an example: the one of the answer's that its name begins with.
fn code(response: &Response, name: &str) -> String {
    let words = response.headers.get("X-eClips-Error-Code").map(|header| &header.schema);
    let listed = words
        .into_iter()
        .flat_map(|schema| schema.words.iter().map(String::as_str));
    let only = words.and_then(|schema| schema.constant.as_ref()?.as_str());
    listed
        .chain(only)
        .find(|word| name.starts_with(word))
        .unwrap_or_default()
        .to_owned()
}

/// The command, with the document's own examples and the key where `cargo dev` and the README have it.
fn curl(place: &Place, document: &Document, api_url: &str) -> String {
    let mut path = place.path.to_owned();
    for parameter in &place.operation.parameters {
        let parameter = document.parameter(parameter);
        if let ("path", Some(id)) = (parameter.place.as_str(), &parameter.example) {
            path = path.replace(&format!("{{{}}}", parameter.name), id);
        }
    }
    let sent = place.operation.request_body.as_ref().and_then(|request| {
        let (_, media) = request.content.iter().next()?;
        media.first_example()
    });
    let method = match (place.method, sent) {
        ("get", _) | ("post", Some(_)) => String::new(),
        (method, _) => format!("-X {} ", method.to_uppercase()),
    };
    let wait = if place.operation.responses.iter().any(|(_, response)| streams(response)) {
        "-N "
    } else {
        ""
    };
    let mut command = format!("curl {wait}{method}{api_url}{path}");
    if !place.operation.security.is_empty() {
        command += " \\\n  -H \"Authorization: Bearer $ECLIPS_API_KEY\"";
    }
    if let Some(body) = sent.map(sendable) {
        command += &format!(" \\\n  -H 'Content-Type: application/json' \\\n  -d '{body}'");
    }
    command
}

fn streams(response: &Response) -> bool {
    response
        .content
        .iter()
        .any(|(content_type, _)| content_type == "text/event-stream")
}

/// A body between a shell's single quotes.
fn sendable(raw: &RawValue) -> String {
    one_line(raw).replace('\'', r"'\''")
}

#[cfg(test)]
mod tests {
    use super::super::document::document;
    use super::*;

    fn view(id: &str) -> OperationView {
        let place = document()
            .operations()
            .find(|place| place.operation.operation_id == id)
            .unwrap();
        OperationView::of(&place, document(), "https://api.example.com")
    }

    #[test]
    fn a_command_does_what_the_page_says() {
        assert_eq!(
            view("triageReject").curl.unwrap(),
            "curl https://api.example.com/v1/triage/019e9c29-1a80-7000-8000-0000000000b2/reject \\\n  \
             -H \"Authorization: Bearer $ECLIPS_API_KEY\" \\\n  -H 'Content-Type: application/json' \\\n  \
             -d '{\"note\":\"Too dear.\"}'"
        );
        assert!(
            view("webhookDelete")
                .curl
                .unwrap()
                .starts_with("curl -X DELETE https://")
        );
        assert!(view("streamShow").curl.unwrap().starts_with("curl -N https://"));
        assert_eq!(
            view("healthShow").curl.unwrap(),
            "curl https://api.example.com/v1/health"
        );
        assert_eq!(view("toldRunFailed").curl, None);
    }

    #[test]
    fn every_refusal_has_its_machine_word_and_its_body() {
        for place in document().operations() {
            for refusal in view(&place.operation.operation_id).refusals {
                assert!(!refusal.code.is_empty(), "{}: {refusal:?}", place.path);
                assert!(refusal.body.starts_with(r#"{"error":""#), "{}: {refusal:?}", place.path);
            }
        }
        let told = view("runCreate").refusals;
        assert!(
            told.iter()
                .any(|refusal| (refusal.status, refusal.code.as_str()) == ("429", "credits_exhausted"))
        );
    }
}
