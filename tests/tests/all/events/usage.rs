//! The `usage` function's events. What there is to show, the `fold` function counts first.

use eclips_shared::time::{SECOND_MS, Timestamp};
use serde_json::{Value, json};

use super::fold;
use super::scene::{Answer, Scene, nothing_failed, request_id};

pub async fn sums_up_the_month(mut scene: Scene) {
    let before = asked(&mut scene).await;
    assert_eq!(before["runs"]["total"], 0, "{before}");
    // The file's run is one of June 2026.
    let event = moved_to_now(&fold::of_the_scene(&scene, "fold-run-ended").await);
    assert_eq!(scene.send("fold", &event).await, nothing_failed());

    let mut summary = asked(&mut scene).await;
    let (org, _) = scene.stores.owner(&scene.key).await;
    let period = summary["period"].take();
    let at = |name: &str| {
        period[name]
            .as_str()
            .and_then(Timestamp::parse)
            .unwrap_or_else(|| panic!("{period}"))
    };
    assert!(
        at("start") <= Timestamp::now() && Timestamp::now() < at("end"),
        "{period}"
    );
    // The run of the scene, the first look and this one, which counts itself or not: it reads beside the limiter.
    let today = summary["requests"]["today"].take();
    assert!((2..=3).contains(&today.as_u64().expect("a number")), "{today}");
    let expected = json!({
        "organization_id": org.to_string(), "plan": "growth", "period": null,
        "credits": { "included": 50_000, "used": 1, "remaining": 49_999 },
        "runs": { "total": 1, "completed": 1, "failed": 0, "cancelled": 0, "pending_triage": 0 },
        "tokens": { "input": 412, "output": 236 },
        "requests": { "today": null, "daily_limit": 200_000 },
    });
    assert_eq!(summary, expected);
}

pub async fn shows_two_days(mut scene: Scene) {
    for file in ["fold-run-ended", "fold-day-began"] {
        let event = fold::of_the_scene(&scene, file).await;
        assert_eq!(scene.send("fold", &event).await, nothing_failed());
    }
    let mut shown = asked(&mut scene).await;
    // On that very day there are requests of the scene's own.
    shown["data"][1]["requests"].take();
    let runs =
        |count: u64| json!({ "total": count, "completed": count, "failed": 0, "cancelled": 0, "pending_triage": 0 });
    let expected = json!({ "data": [
        { "date": "2026-06-05", "credits": 0, "runs": runs(0), "tokens": { "input": 0, "output": 0 }, "requests": 1_234 },
        { "date": "2026-06-06", "credits": 1, "runs": runs(1), "tokens": { "input": 412, "output": 236 }, "requests": null },
    ] });
    assert_eq!(shown, expected);
}

pub async fn shows_what_each_agent_used(mut scene: Scene) {
    shows_what_each_used(&mut scene, "agent_type", "procurement_specialist").await;
}

pub async fn shows_what_each_key_used(mut scene: Scene) {
    let (_, key) = scene.stores.owner(&scene.key).await;
    shows_what_each_used(&mut scene, "key_id", &key.to_string()).await;
}

async fn shows_what_each_used(scene: &mut Scene, by: &str, name: &str) {
    let event = moved_to_now(&fold::of_the_scene(scene, "fold-run-ended").await);
    assert_eq!(scene.send("fold", &event).await, nothing_failed());
    let shown = asked(scene).await;
    let rows = shown["data"].as_array().expect("a list");
    assert_eq!(rows.len(), 1, "{shown}");
    let figures = [
        &rows[0][by],
        &rows[0]["credits"],
        &rows[0]["runs"]["completed"],
        &rows[0]["tokens"],
    ];
    let tokens = json!({ "input": 412, "output": 236 });
    assert_eq!(figures, [&json!(name), &json!(1), &json!(1), &tokens], "{shown}");
}

async fn asked(scene: &mut Scene) -> Value {
    let answer: Answer = scene.ask().await;
    assert_eq!(answer.status, 200, "{}\n{}", answer.body, scene.log("usage"));
    assert_eq!(answer.headers["x-request-id"], request_id(&scene.event()));
    answer.json()
}

/// The same records, as if they had been written a moment ago: the two seconds of the file become those before now.
fn moved_to_now(event: &Value) -> Value {
    let now_s = Timestamp::now().ms() / SECOND_MS;
    let text = event
        .to_string()
        .replace("1780736401", &now_s.to_string())
        .replace("1780736400", &(now_s - 1).to_string());
    serde_json::from_str(&text).expect("only digits became others")
}
