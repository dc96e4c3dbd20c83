//! Batches from a table: looked at before anything starts, made once, followed, cancelled, downloaded.

use eclips_shared::plan::Plan;
use eclips_shared::role::Role;
use eclips_tests::visitor::{Form, Visitor, hidden};
use eclips_tests::world::{Person, Reply, World};
use serde_json::{Value, json};

const TABLE: &str = "item;Task;quantity\nlaptops;\"Get quotes, for <laptops>\";500\nscreens;Get quotes for screens;\n";

struct Scene {
    world: World,
    person: Person,
    worker: Visitor,
    token: String,
}

impl Scene {
    async fn open() -> Self {
        let world = World::start().await;
        let person = world.somebody().await;
        let mut worker = Visitor::member(&world, person.org, "ada@example.com", Role::Member).await;
        let token = worker.form_token().await;
        Self {
            world,
            person,
            worker,
            token,
        }
    }

    async fn preview(&mut self, form: Form<'_>, table: &[u8]) -> Reply {
        self.worker.upload("/batches/preview", &self.token, form, table).await
    }

    async fn start(&mut self, form: Form<'_>, table: &str) -> Reply {
        self.worker
            .upload("/batches", &self.token, form, table.as_bytes())
            .await
    }

    /// The batches that the API has.
    async fn batches(&self) -> Vec<Value> {
        let listed = self.world.get("/v1/batches", &self.person).await.json();
        listed["jobs"].as_array().expect("a list").clone()
    }
}

/// The id of the batch that a redirect leads to.
fn batch_of(got: &Reply) -> String {
    assert_eq!(got.status, 303, "{}", got.text);
    let path = got
        .header("location")
        .strip_prefix("/batches/")
        .expect("a batch's page");
    path.to_owned()
}

/// What a page says, with what askama escapes.
fn says(page: &Reply, words: &str) -> bool {
    let escaped = words.replace('<', "&#60;").replace('>', "&#62;").replace('"', "&#34;");
    page.text.contains(&escaped)
}

#[tokio::test]
async fn a_table_is_looked_at_first_and_then_makes_one_batch() {
    let mut scene = Scene::open().await;
    let about = [("name", "Offices"), ("agent", "procurement_specialist")];
    let seen = scene.preview(&about, TABLE.as_bytes()).await;
    assert_eq!(seen.status, 200, "{}", seen.text);
    for words in [
        "Offices",
        "Start 2 runs",
        "Get quotes, for <laptops>",
        r#"{"item":"laptops","quantity":"500"}"#,
        r#"{"item":"screens"}"#,
    ] {
        assert!(says(&seen, words), "{words}: {}", seen.text);
    }
    assert!(scene.batches().await.is_empty(), "nothing starts by being looked at");

    // Another choice of columns; the table comes back from the page itself.
    let form_id = hidden(&seen.text, "form_id").unwrap();
    let kept = hidden(&seen.text, "table").unwrap().replace("&#34;", "\"");
    let kept = kept.replace("&#60;", "<").replace("&#62;", ">");
    assert_eq!(kept, TABLE);
    let mut chosen = about.to_vec();
    chosen.extend([("form_id", form_id.as_str()), ("task", "1"), ("data", "0")]);
    let kept = kept.replace('\n', "\r\n");
    let again = scene.preview(&chosen, kept.as_bytes()).await;
    assert!(says(&again, r#"{"item":"laptops"}"#), "{}", again.text);
    assert_eq!(hidden(&again.text, "form_id").as_deref(), Some(form_id.as_str()));

    let batch = batch_of(&scene.start(&chosen, &kept).await);
    assert_eq!(batch_of(&scene.start(&chosen, &kept).await), batch, "a second click");
    let ended = scene.world.batch_ended(&scene.person, &batch).await;
    let job = &ended["job"];
    assert_eq!((&job["name"], &job["total_rows"]), (&json!("Offices"), &json!(2)));
    assert_eq!(job["agent_type"], "procurement_specialist");
    assert_eq!(ended["rows"][0]["task"], "Get quotes, for <laptops>");
    let run = ended["rows"][0]["run_id"].as_str().unwrap();
    let run = scene.world.get(&format!("/v1/runs/{run}"), &scene.person).await.json();
    assert_eq!(run["data"], json!({ "item": "laptops" }));
    assert_eq!(scene.batches().await.len(), 1);

    // The same form with another table, from the browser's memory, makes nothing.
    let other = scene.start(&chosen, &kept.replace("screens", "chairs")).await;
    assert_eq!(other.status, 200, "{}", other.text);
    assert_eq!(scene.batches().await.len(), 1);
}

#[tokio::test]
async fn what_is_wrong_is_said_by_line_and_nothing_starts() {
    let mut scene = Scene::open().await;
    let about = [("name", ""), ("agent", "center")];
    let faulty = "task,n\nx,1\n ,2\ny\n";
    let seen = scene.preview(&about, faulty.as_bytes()).await;
    assert_eq!(seen.status, 422);
    for words in [
        "Line 3: task is required",
        "Line 4: It has 1 cells, and the first line 2.",
        "Error: New batch",
    ] {
        assert!(says(&seen, words), "{words}: {}", seen.text);
    }
    assert!(!seen.text.contains("class=\"main\""), "there is no button to start");
    // Whoever sends it nevertheless is told the same.
    let form_id = hidden(&seen.text, "form_id").unwrap();
    let mut forced = about.to_vec();
    forced.push(("form_id", &form_id));
    assert_eq!(scene.start(&forced, faulty).await.status, 422);

    let many = format!("task{}", "\nx".repeat(501));
    let (long, large) = ("n".repeat(201), "x".repeat(1_048_577));
    for (about, table, words) in [
        (about, &b""[..], "Choose a file with something in it."),
        (about, b"t\xe4sk\nx", "The file is not UTF-8 text."),
        (about, many.as_bytes(), "Maximum 500 rows per batch; there are 501."),
        (about, large.as_bytes(), "The file is larger than 1 MiB."),
        (
            [("name", long.as_str()), ("agent", "center")],
            b"task\nx",
            "name must be at most 200 characters",
        ),
        ([("name", ""), ("agent", "nobody")], b"task\nx", "Unknown agent_type"),
    ] {
        let seen = scene.preview(&about, table).await;
        assert_eq!(seen.status, 422, "{words}: {}", seen.text);
        assert!(says(&seen, words), "{words}: {}", seen.text);
    }
    for bad in [("task", "2"), ("task", "x"), ("data", "-1"), ("rows", "1")] {
        let form = [about[0], about[1], ("task", "0"), bad];
        let form = if bad.0 == "task" {
            &[form[0], form[1], bad][..]
        } else {
            &form[..]
        };
        assert_eq!(scene.preview(form, b"task,n\nx,1").await.status, 400, "{bad:?}");
    }
    let token = scene.token.clone();
    let no_file = scene.worker.post("/batches/preview", &token, &about).await;
    assert_eq!(no_file.status, 400);
    assert!(scene.batches().await.is_empty());
}

#[tokio::test]
async fn a_batch_is_followed_row_by_row_and_downloaded() {
    let mut scene = Scene::open().await;
    let row = |task: &str, data: Value| json!({ "task": task, "data": data });
    let mut rows: Vec<Value> = (0..51)
        .map(|number| row(&format!("=sum({number})"), json!({})))
        .collect();
    rows.push(row("fails", json!({ "sandbox": { "fail": "model" } })));
    rows.push(row("asks", json!({ "sandbox": { "confidence": 0.4 } })));
    let body = json!({ "agent_type": "center", "rows": rows });
    let batch = scene.world.batch(&scene.person, body).await;
    let path = format!("/batches/{batch}");
    let seen = scene.worker.get(&path).await;
    assert!(seen.text.contains("data-live"), "{}", seen.text);
    loop {
        let shown = scene.world.get(&format!("/v1{path}"), &scene.person).await.json();
        let job = &shown["job"];
        if job["triage_rows"] == 1 && job["completed_rows"] == 51 && job["failed_rows"] == 1 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    let seen = scene.worker.get(&path).await;
    assert!(says(&seen, "52 of 53, 1 failed, 1 for a person"), "{}", seen.text);
    assert_eq!(seen.text.matches("<tr>").count(), 51, "50 rows and a head");
    assert!(says(&seen, "Later rows") && !says(&seen, "Earlier rows"));
    let rest = scene.worker.get(&format!("{path}?from=50")).await;
    assert!(says(&rest, "fails") && says(&rest, "Earlier rows") && !says(&rest, "Later rows"));
    let failed = scene.worker.get(&format!("{path}?show=failed")).await;
    assert_eq!(failed.text.matches("<tr>").count(), 2, "{}", failed.text);
    assert!(says(
        &scene.worker.get(&format!("{path}?show=running")).await,
        "There are no such rows."
    ));
    for none in ["show=none", "from=x", "from=-1", "mode=test"] {
        assert_eq!(scene.worker.get(&format!("{path}?{none}")).await.status, 404, "{none}");
    }

    let file = scene.worker.get(&format!("{path}/results.csv")).await;
    assert_eq!(file.header("content-type"), "application/octet-stream");
    assert_eq!(
        file.header("content-disposition"),
        format!("attachment; filename=\"batch-{batch}.csv\"")
    );
    assert_eq!(file.header("cache-control"), "no-store");
    let text = file.text.trim_start_matches('\u{feff}');
    let lines: Vec<&str> = text.lines().collect();
    assert!(
        lines[0].starts_with("row,status,task,error,run_id,result_truncated,result."),
        "{}",
        lines[0]
    );
    assert!(
        lines[1].starts_with("1,completed,'=sum(0),,"),
        "no formula: {}",
        lines[1]
    );
    assert!(text.contains("\n52,failed,fails,"), "{text}");

    let list = scene.worker.get("/batches").await;
    assert!(list.text.contains(&path) && says(&list, "53 tasks"), "{}", list.text);
    let run = scene.world.get(&format!("/v1{path}"), &scene.person).await.json();
    let run = run["rows"][0]["run_id"].as_str().unwrap().to_owned();
    let run = scene.worker.get(&format!("/runs/{run}")).await;
    assert!(run.text.contains(&format!("href=\"{path}\"")), "{}", run.text);
    let mut stranger = Visitor::member(
        &scene.world,
        scene.world.org(Plan::Growth).await,
        "eve@example.com",
        Role::Owner,
    )
    .await;
    for path in [path.clone(), format!("{path}/results.csv"), format!("{path}/cancel")] {
        assert_eq!(stranger.get(&path).await.status, 404, "{path}");
    }
    assert!(!stranger.get("/batches").await.text.contains(&batch));
}

#[tokio::test]
async fn a_batch_is_cancelled_after_it_was_asked_for_once() {
    let mut scene = Scene::open().await;
    let slow = json!({ "task": "x", "data": { "sandbox": { "delay_ms": 8_000 } } });
    let body = json!({ "agent_type": "center", "name": "Slow <ones>", "rows": vec![slow; 30] });
    let batch = scene.world.batch(&scene.person, body).await;
    let path = format!("/batches/{batch}/cancel");
    let asked = scene.worker.get(&path).await;
    assert!(
        says(&asked, "Cancel this batch?") && says(&asked, "Slow <ones>"),
        "{}",
        asked.text
    );
    let token = scene.token.clone();
    for _ in 0..2 {
        assert_eq!(scene.worker.post(&path, &token, &[]).await.status, 303);
    }
    let ended = scene.world.batch_ended(&scene.person, &batch).await;
    assert_eq!(ended["job"]["status"], "cancelled");
    assert_eq!(
        scene.worker.get(&path).await.status,
        303,
        "there is nothing to ask any more"
    );
}
