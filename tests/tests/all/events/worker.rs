//! The `worker` function's events. What it did is asked of the `runs` function, as an owner would.

use eclips_shared::ids::RunId;
use eclips_shared::time::Timestamp;
use serde_json::{Value, json};

use super::scene::{Answer, Scene, nothing_failed};

pub async fn drives_a_run_to_its_end(mut scene: Scene) {
    let before = scene.shown(scene.run).await;
    assert_eq!((&before["status"], &before["result"]), (&json!("queued"), &Value::Null));
    assert_eq!(scene.play().await, nothing_failed());
    ended_well(&mut scene).await;
    // The same message again, as SQS may send it, changes nothing.
    let after = scene.shown(scene.run).await;
    assert_eq!(scene.play().await, nothing_failed());
    assert_eq!(scene.shown(scene.run).await, after);
}

pub async fn gives_back_the_poisonous_message_alone(mut scene: Scene) {
    let failed = json!({ "batchItemFailures": [{ "itemIdentifier": "059f36b4-87a3-44ab-83d2-661975020002" }] });
    assert_eq!(scene.play().await, failed);
    ended_well(&mut scene).await;
    assert!(
        scene.log("worker").contains(r#""alarm":"unreadable_message""#),
        "{}",
        scene.log("worker")
    );
}

pub async fn makes_the_runs_of_a_batch(mut scene: Scene) {
    scene.batch = super::batches::make(&mut scene).await;
    // The same message again, as SQS may send it, makes no others.
    for _ in 0..2 {
        assert_eq!(scene.play().await, nothing_failed());
    }
    let shown = Answer::read(&scene.play_also("batches-show").await).json();
    eclips_tests::batches::adds_up(&shown);
    for (row, task) in [
        (0, "Get 3 vendor quotes for 500 laptops"),
        (1, "Get 2 vendor quotes for 40 docking stations"),
    ] {
        let run = RunId::of_row(scene.batch, row);
        assert_eq!(shown["rows"][usize::from(row)]["run_id"], run.to_string());
        let run = scene.shown(run).await;
        assert_eq!(
            (&run["task"], &run["status"], &run["batch_id"], &run["created_at"]),
            (
                &json!(task),
                &json!("queued"),
                &json!(scene.batch.to_string()),
                &shown["job"]["created_at"]
            )
        );
    }
    let first = scene.shown(RunId::of_row(scene.batch, 0)).await;
    assert_eq!(first["data"], json!({ "sites": ["Lisbon", "Gdańsk"] }));
}

async fn ended_well(scene: &mut Scene) {
    let run = scene.shown(scene.run).await;
    let said = [
        "status",
        "attempts",
        "credits",
        "model",
        "error",
        "requires_triage",
        "triage_item_id",
    ];
    let ended: Vec<&Value> = said.iter().map(|name| &run[*name]).collect();
    let expected = [
        json!("completed"),
        json!(1),
        json!(1),
        json!("sandbox-fast"),
        Value::Null,
        json!(false),
        Value::Null,
    ];
    assert_eq!(ended, expected.iter().collect::<Vec<_>>(), "{run}");
    assert_eq!(run["result"]["simulated"], true, "{run}");
    assert!(
        run["confidence_score"]
            .as_f64()
            .is_some_and(|score| (0.9..=1.0).contains(&score)),
        "{run}"
    );
    assert!(
        ["input_tokens", "output_tokens"]
            .iter()
            .all(|kind| run["usage"][kind].as_u64() > Some(0)),
        "{run}"
    );
    let at = |name: &str| {
        run[name]
            .as_str()
            .and_then(Timestamp::parse)
            .unwrap_or_else(|| panic!("{name}: {run}"))
    };
    assert!(
        at("created_at") <= at("started_at") && at("started_at") <= at("completed_at"),
        "{run}"
    );
    for queue in ["RunsQueue", "PriorityQueue"] {
        assert_eq!(
            scene.stores.count_messages(queue),
            0,
            "a run that ended needs no further look"
        );
    }
}
