//! `GET /reference`, `GET /reference/{id}` and `GET /openapi.json`: the API for whoever programs against it. Public, and
//! written from `docs/openapi.json` alone; asks no store and no provider.

mod document;
mod fields;
mod operation;
mod prose;

use askama::Template;
use http::StatusCode;

use self::document::{Document, LOCAL_URL, TEXT, document};
use self::operation::{Heading, OperationView};
use self::prose::{Piece, pieces};
use crate::answer::Answer;
use crate::frame::Frame;
use crate::pages::Outcome;
use crate::refusal::Refusal;
use crate::visit::Visit;

/// Operations that belong together.
struct Group {
    name: &'static str,
    text: Vec<Piece>,
    operations: Vec<Heading>,
}

/// A kind of value that several fields have: an id, a time, one of some words.
struct Kind {
    name: &'static str,
    text: Vec<Piece>,
    words: &'static [String],
}

#[derive(Template)]
#[template(path = "reference/list.html")]
struct ListPage {
    frame: Frame,
    version: &'static str,
    api_url: String,
    paragraphs: Vec<Vec<Piece>>,
    groups: Vec<Group>,
    kinds: Vec<Kind>,
}

#[derive(Template)]
#[template(path = "reference/show.html")]
struct ShowPage {
    frame: Frame,
    operation: OperationView,
}

/// Shows what there is, group by group.
pub fn list(visit: &Visit<'_>) -> Outcome {
    let document = document();
    let page = ListPage {
        frame: Frame::reading("API reference"),
        version: &document.info.version,
        api_url: visit.app.api_url.clone(),
        paragraphs: document.info.description.split("\n\n").map(pieces).collect(),
        groups: groups(document),
        kinds: kinds(document),
    };
    Answer::page(StatusCode::OK, &page)
}

/// Shows one operation, or one thing that webhooks are sent.
pub fn show(visit: &Visit<'_>) -> Outcome {
    let document = document();
    let wanted = visit.id.as_deref().unwrap_or_default();
    let found = document
        .operations()
        .find(|place| place.operation.operation_id == wanted);
    let operation = OperationView::of(&found.ok_or(Refusal::NotFound)?, document, &visit.app.api_url);
    let page = ShowPage {
        frame: Frame::reading(&operation.heading.summary),
        operation,
    };
    Answer::page(StatusCode::OK, &page)
}

/// Gives the document itself, with this stack's address in the place of a laptop's.
pub fn text(visit: &Visit<'_>) -> Answer {
    Answer::document("application/json", TEXT.replace(LOCAL_URL, &visit.app.api_url))
}

fn groups(document: &'static Document) -> Vec<Group> {
    let of = |tag: &'static str| {
        let all = document.operations();
        all.filter(move |place| place.operation.tags.iter().any(|own| own == tag))
            .map(|place| Heading::of(&place))
    };
    let tags = document.tags.iter();
    tags.map(|tag| Group {
        name: &tag.name,
        text: pieces(&tag.description),
        operations: of(&tag.name).collect(),
    })
    .collect()
}

/// The document's schemas that are no objects: what fields refer to by name.
fn kinds(document: &'static Document) -> Vec<Kind> {
    let schemas = document.components.schemas.iter();
    schemas
        .filter(|(_, schema)| schema.is_plain())
        .map(|(name, schema)| Kind {
            name,
            text: pieces(schema.description.as_deref().unwrap_or_default()),
            words: &schema.words,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_in_one_group_and_has_a_page() {
        let document = document();
        let listed: Vec<String> = groups(document)
            .into_iter()
            .flat_map(|group| group.operations)
            .map(|heading| heading.id.to_owned())
            .collect();
        let all: Vec<&str> = document
            .operations()
            .map(|place| place.operation.operation_id.as_str())
            .collect();
        assert_eq!(listed.len(), all.len());
        for id in all {
            assert_eq!(listed.iter().filter(|listed| *listed == id).count(), 1, "{id}");
        }
        for place in document.operations() {
            let view = OperationView::of(&place, document, "https://api.example.com");
            assert!(
                !view.heading.summary.is_empty() && !view.answers.is_empty(),
                "{}",
                view.heading.id
            );
        }
    }

    #[test]
    fn the_address_of_a_laptop_is_there_once() {
        assert_eq!(TEXT.matches(LOCAL_URL).count(), 1);
    }
}
