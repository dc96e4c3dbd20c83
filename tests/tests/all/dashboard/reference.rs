//! The reference: open to everybody, whole, and the document that it is made of.

use eclips_shared::auth::Scope;
use eclips_shared::routes::{Access, ROUTES};
use eclips_tests::openapi::DOCUMENT;
use eclips_tests::visitor::Visitor;
use eclips_tests::world::World;
use reqwest::Method;
use serde_json::{Value, json};

/// What stands in a page for characters of its own.
const ESCAPES: [(&str, &str); 3] = [("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")];

fn plain(html: &str) -> String {
    ESCAPES
        .iter()
        .fold(html.to_owned(), |html, (escape, char)| html.replace(escape, char))
}

#[tokio::test]
async fn shows_every_operation_with_its_scope_and_its_refusals() {
    let world = World::start().await;
    let mut anyone = Visitor::anyone(&world);
    let list = anyone.get("/reference").await;
    assert_eq!(
        (list.status.as_u16(), list.header("content-type")),
        (200, "text/html; charset=utf-8")
    );
    assert!(list.text.contains(world.base_url()));
    for route in &ROUTES {
        let described = DOCUMENT.operation(route);
        let id = described["operationId"].as_str().unwrap();
        assert!(list.text.contains(&format!("href=\"/reference/{id}\"")), "{id}");
        assert!(
            list.text
                .contains(&format!("<code>{} {}</code>", route.method, route.path)),
            "{id}"
        );
        let page = anyone.get(&format!("/reference/{id}")).await;
        assert_eq!(page.status, 200, "{id}");
        let html = plain(&page.text);
        let access = match route.access {
            Access::Public => "public: no key is needed".to_owned(),
            Access::Key { scope, .. } => format!("<code class=\"scope\">{scope}</code>"),
        };
        assert!(html.contains(&access), "{id}: {access}");
        assert!(
            html.contains(&format!("curl {}", if id == "streamShow" { "-N " } else { "" })),
            "{id}"
        );
        for (status, response) in described["responses"].as_object().unwrap() {
            let media = &DOCUMENT.resolve(response)["content"]["application/json"];
            for (_, example) in media["examples"].as_object().into_iter().flatten() {
                // One of its members is enough to tell it from the others; their order is the document's.
                let error = &example["value"]["error"];
                assert!(html.contains(&format!("{{\"error\":{error}")), "{id}: {status} {error}");
            }
        }
    }
    for scope in Scope::ALL {
        assert!(list.text.contains(scope.as_str()), "{scope}");
    }
    for path in [
        "/reference/",
        "/reference/none",
        "/reference/RunCreate",
        "/reference/runCreate/",
    ] {
        assert_eq!(anyone.get(path).await.status, 404, "{path}");
    }
    world.stop().await;
}

#[tokio::test]
async fn hands_out_the_document_with_the_address_of_its_own_stack() {
    let world = World::start().await;
    let mut anyone = Visitor::anyone(&world);
    let got = anyone.get("/openapi.json").await;
    assert_eq!(
        (got.status.as_u16(), got.header("content-type")),
        (200, "application/json")
    );
    assert_eq!(got.header("cache-control"), "public, max-age=300");
    assert_eq!(got.header("set-cookie"), "");
    let mut document: Value = got.json();
    assert_eq!(document["servers"][0]["url"], json!(world.base_url()));
    document["servers"] = DOCUMENT.json["servers"].clone();
    assert_eq!(document, DOCUMENT.json, "otherwise it is docs/openapi.json");
    let request = anyone.request(Method::HEAD, "/openapi.json");
    assert_eq!(anyone.send(request).await.pair(), (200, ""));
    world.stop().await;
}
