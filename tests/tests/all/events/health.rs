//! The `health` function's events. It gets no table and no queue, and so can touch none.

use eclips_shared::time::Timestamp;

use super::scene::{Scene, request_id};

pub async fn says_that_it_is_well_to_anyone(mut scene: Scene) {
    let before = Timestamp::now();
    let answer = scene.ask().await;
    assert_eq!(answer.status, 200);
    let said = answer.json()["timestamp"].as_str().expect("a time").to_owned();
    assert_eq!(
        answer.body,
        format!(r#"{{"status":"ok","version":"1.0.0","timestamp":"{said}"}}"#)
    );
    let said = Timestamp::parse(&said).expect("ISO 8601 in UTC with milliseconds");
    assert!(before <= said && said <= Timestamp::now(), "{said}");
    answer.has_headers(&request_id(&scene.event()), &[]);
}

pub async fn answers_404_for_an_unknown_path_even_with_a_key(scene: Scene) {
    not_found(scene).await;
}

pub async fn answers_404_for_a_wrong_method(scene: Scene) {
    not_found(scene).await;
}

async fn not_found(mut scene: Scene) {
    let answer = scene.ask().await;
    assert_eq!((answer.status, answer.body.as_str()), (404, r#"{"error":"Not found"}"#));
    answer.has_headers(&request_id(&scene.event()), &[("x-eclips-error-code", "not_found")]);
    assert!(!scene.log("health").contains(&scene.key), "the log holds the key");
}
