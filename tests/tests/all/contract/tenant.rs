//! Whose a run is: for the other mode of the same organization, and for another organization, it does not exist, in the very
//! bytes of a run that never was. *Source*: contract §1 and §2.

use eclips_tests::target::Target;
use reqwest::Method;
use serde_json::json;

use super::{NO_RUN, assert_refused, unknown_run};

/// Nobody with this key sees the run, ends it or follows it.
async fn assert_hidden(target: &Target, run: &str, key: &str) {
    for id in [run, &unknown_run()] {
        let path = format!("/v1/runs/{id}");
        assert_refused(&target.get(&path, key).await, (404, "not_found", NO_RUN));
        assert_refused(&target.cancel(id, key).await, (404, "not_found", NO_RUN));
        if target.streams() {
            let got = target.get(&format!("{path}/stream"), key).await;
            assert_refused(&got, (404, "not_found", NO_RUN));
        }
    }
}

/// A run of the live key: one that is there, or a new one, since a live run may cost a credit.
async fn live_run(target: &Target) -> String {
    let listed = target.get("/v1/runs?limit=1", target.live()).await.json();
    if let Some(run) = listed["data"][0]["id"].as_str() {
        return run.to_owned();
    }
    let body = json!({ "task": "Contract test" });
    let accepted = target.post("/v1/run", target.live(), &body).await;
    assert_eq!(accepted.status, 202, "{}", accepted.text);
    accepted.json()["run_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_live_run_does_not_exist_for_a_test_key() {
    let target = Target::find();
    let run = live_run(&target).await;
    assert_hidden(&target, &run, target.test()).await;
    let own = target.get(&format!("/v1/runs/{run}"), target.live()).await;
    assert_eq!((own.status.as_u16(), &own.json()["mode"]), (200, &json!("live")));
}

#[tokio::test]
async fn a_test_run_does_not_exist_for_a_live_key() {
    let target = Target::find();
    let run = target.run(&json!({ "task": "Contract test" })).await;
    assert_hidden(&target, &run, target.live()).await;
    assert_eq!(
        target.settled(&run).await["status"],
        "completed",
        "nobody else could cancel it"
    );
}

#[tokio::test]
async fn a_run_does_not_exist_for_another_organization() {
    let target = Target::find();
    let Some(stranger) = target.stranger() else { return };
    let run = target.run(&json!({ "task": "Contract test" })).await;
    assert_hidden(&target, &run, stranger).await;
    assert_eq!(
        target.settled(&run).await["status"],
        "completed",
        "nobody else could cancel it"
    );
}

#[tokio::test]
async fn an_id_that_is_none_is_a_run_that_does_not_exist() {
    let target = Target::find();
    let run = target.run(&json!({ "task": "Contract test" })).await;
    let others = [
        run.to_uppercase(),
        run.replace('-', ""),
        "0".to_owned(),
        "00000000-0000-0000-0000-000000000000".to_owned(),
    ];
    for id in others {
        let request = target.request(Method::GET, &format!("/v1/runs/{id}"));
        let got = target.answer(request.bearer_auth(target.test())).await;
        assert_refused(&got, (404, "not_found", NO_RUN));
    }
}
