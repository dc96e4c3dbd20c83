//! A walk on which every function makes every kind of call that it makes anywhere: what its role is for. A call that the walk does
//! not make and the role allows counts as a right too many; a call that it makes and the role does not allow fails here.

use aws_sdk_dynamodb::types::AttributeValue;
use eclips_shared::config::Config;
use eclips_shared::ids::{DeliveryId, RunId, WebhookId};
use eclips_shared::role::Role;
use eclips_shared::time::Timestamp;
use eclips_shared::webhook::{Errand, Source, Target};
use eclips_tests::backstage::Backstage;
use eclips_tests::function::Function;
use eclips_tests::proxy::Fault;
use eclips_tests::receiver::{Receiver, Reply};
use eclips_tests::records;
use eclips_tests::roles::Roles;
use eclips_tests::visitor::{Visitor, hidden, member_id};
use eclips_tests::world::{Person, World};
use reqwest::Method;
use serde_json::{Value, json};

/// The rights that were used.
pub async fn all() -> Roles {
    let world = World::start().await;
    let person = world.somebody().await;
    customer(&world, &person).await;
    owner(&world, &person).await;
    let scene = Backstage::with(world.roles.clone()).await;
    secrets(&world, &person, &scene).await;
    requests(&scene).await;
    leases(&scene).await;
    let failing = deliveries(&scene).await;
    sweeps(&scene, &failing).await;
    world.roles
}

/// What a customer sees: of the API each verb that reads, and what follows by itself through stream and queues.
async fn customer(world: &World, person: &Person) {
    let receiver = Receiver::start().await;
    let hook = json!({ "url": receiver.url("/"), "events": ["run.completed"] });
    let made = world
        .send(Method::POST, "/v1/webhooks", person, Some(hook))
        .await
        .json();
    let run = world.run(person, json!({ "task": "x" })).await;
    world.settled(person, run).await;
    let urgent = world.run(person, json!({ "task": "x", "priority": "urgent" })).await;
    world.settled(person, urgent).await;
    receiver.wait(2).await;
    let rows = json!({ "agent_type": "summariser", "rows": [{ "task": "x" }] });
    let batch = world.batch(person, rows).await;
    world.batch_ended(person, &batch).await;
    let webhook = format!("/v1/webhooks/{}", made["id"].as_str().expect("an id"));
    let deliveries = format!("{webhook}/deliveries");
    for path in [
        "/v1/runs",
        "/v1/runs?status=completed",
        "/v1/runs?agent_type=center",
        &format!("/v1/runs/{run}/stream"),
        "/v1/batches",
        "/v1/webhooks",
        &deliveries,
        "/v1/usage",
        "/v1/usage/daily",
        "/v1/usage/agents",
        "/v1/usage/keys",
    ] {
        let got = world.get(path, person).await;
        assert_eq!(got.status, 200, "{path}: {}", got.text);
    }
    let listed = world.get(&deliveries, person).await.json();
    let sent = listed["data"][0]["id"].as_str().expect("a delivery");
    // `dispatch` sends it by what the stream says.
    let before = receiver.arrivals().len();
    let resend = format!("{deliveries}/{sent}/resend");
    assert!(
        world
            .send(Method::POST, &resend, person, None)
            .await
            .status
            .is_success()
    );
    receiver.wait(before + 1).await;
    let rotated = world
        .send(Method::POST, &format!("{webhook}/rotate"), person, None)
        .await;
    let gone = world.send(Method::DELETE, &webhook, person, None).await;
    assert!(rotated.status.is_success() && gone.status.is_success());
}

/// What the owner of an organization does in the dashboard.
async fn owner(world: &World, person: &Person) {
    let mut owner = Visitor::member(world, person.org, "ada@example.com", Role::Owner).await;
    let token = owner.form_token().await;
    let form = owner.get("/settings/api-keys/new").await;
    let form_id = hidden(&form.text, "form_id").expect("a form");
    let fields = [
        ("form_id", form_id.as_str()),
        ("name", "CI"),
        ("mode", "live"),
        ("scope", "agents:read"),
        ("life", "90"),
        ("date", ""),
    ];
    let made = owner.post("/settings/api-keys", &token, &fields).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let key = format!("/settings/api-keys/{}", person.key_id);
    for path in [
        "/settings/api-keys",
        &key,
        "/settings/audit-log",
        "/settings/team",
        "/settings/plan",
        "/settings/trust",
        "/usage",
        "/agents",
        "/agents/center",
        "/runs",
        "/runs?show=status:completed",
        "/runs?show=agent:center",
        "/inbox",
        "/batches",
    ] {
        assert_eq!(owner.get(path).await.status, 200, "{path}");
    }
    team(&mut owner, &token).await;
    let form = owner.get(&format!("{key}/roll")).await;
    let form_id = hidden(&form.text, "form_id").expect("a form");
    let grace = [("form_id", form_id.as_str()), ("grace", "3600000")];
    assert_eq!(owner.post(&format!("{key}/roll"), &token, &grace).await.status, 201);
    assert_eq!(owner.post(&format!("{key}/revoke"), &token, &[]).await.status, 303);
    assert_eq!(owner.post("/sign-out", &token, &[]).await.status, 303);
}

/// What an owner does with secrets, where KMS keeps the key above them: a laptop's is in a file.
async fn secrets(world: &World, person: &Person, scene: &Backstage) {
    let mut owner = Visitor::member(world, person.org, "bob@example.com", Role::Owner).await;
    let token = owner.form_token().await;
    let config = Config {
        vault: scene.config().vault,
        kms_endpoint: scene.config().kms_endpoint,
        ..world.config().clone()
    };
    let origin = config.dashboard_url.clone();
    let dashboard = Function::dashboard(&world.roles.of("dashboard", config)).await;
    let session = format!("eclips_session={}", owner.cookies["eclips_session"]);
    let fields = format!("form_token={token}");
    let made = dashboard
        .form("/webhooks/default-secret", &session, &origin, &fields)
        .await;
    assert_eq!(made.status, 201, "{}", made.body);
}

/// Somebody joins, becomes an owner beside the one there is, and goes again.
async fn team(owner: &mut Visitor, token: &str) {
    let path = format!("/settings/team/{}", member_id("bob@example.com"));
    let role = format!("{path}/role");
    let joins = [("email", "bob@example.com"), ("role", "member")];
    assert_eq!(owner.post("/settings/team", token, &joins).await.status, 303);
    assert_eq!(owner.get(&role).await.status, 200);
    assert_eq!(owner.post(&role, token, &[("role", "owner")]).await.status, 303);
    assert_eq!(owner.get("/settings/team/leave").await.status, 200);
    assert_eq!(owner.post(&format!("{path}/remove"), token, &[]).await.status, 303);
}

/// What requests write, where the test decides what happens between them.
async fn requests(scene: &Backstage) {
    for _ in 0..2 {
        let named = scene
            .runs
            .create_named(&scene.key, "one", &json!({ "task": "x" }))
            .await;
        assert_eq!(named.status, 202, "{}", named.body);
    }
    let run = scene.create(json!({ "task": "x" })).await;
    assert_eq!(scene.cancel(run).await.0, 200);
    let (_, doubtful) = scene.waiting().await;
    for path in ["/v1/triage".to_owned(), format!("/v1/triage/{doubtful}")] {
        let got = scene.triage.call("GET", &path, Some(&scene.key), None).await;
        assert_eq!(got.status, 200, "{}", got.body);
    }
    assert_eq!(scene.decide(&doubtful, "approve", json!({})).await.0, 200);
    let batch = scene.batch(&[json!({}), json!({})]).await;
    assert!(scene.tend(batch).await);
    scene.show_batch(batch).await;
    assert_eq!(scene.cancel_batch(batch).await.0, 200);
}

/// Whoever finds a run held looks again when the lease is over, by the queue of the run's priority.
async fn leases(scene: &Backstage) {
    for priority in ["normal", "urgent"] {
        let run = scene.create(json!({ "task": "x", "priority": priority })).await;
        let later = ms(Timestamp::now().plus_ms(60_000));
        set(
            scene,
            run,
            &[
                ("status", AttributeValue::S("running".to_owned())),
                ("lease_until", later),
            ],
        )
        .await;
        scene.work_on(run).await;
    }
}

/// An organization's own secret, a receiver that fails, and an outage while something is told; gives that receiver's webhook.
async fn deliveries(scene: &Backstage) -> Value {
    let receiver = Receiver::start().await;
    receiver.always(Reply::Status(500));
    let webhook = scene.webhook(&receiver.url("/"), &["run.completed"]).await;
    let run = scene
        .create(json!({ "task": "x", "webhook_url": receiver.url("/own") }))
        .await;
    scene.work_on(run).await;
    scene.tell(Source::Run(run)).await;
    assert_eq!(scene.deliver_all("DeliveriesQueue").await, 2);
    let news = json!({ "news_of": Source::Run(run).to_string() }).to_string();
    scene.proxy.set(Fault::Broken);
    assert!(scene.deliver("NewsQueue", &news).await, "it is sent anew");
    scene.proxy.set(Fault::None);
    webhook
}

/// What the sweep finds: lost hints, a decision that nobody makes, a delivery that is due, a dead letter.
async fn sweeps(scene: &Backstage, webhook: &Value) {
    let now = || ms(Timestamp::now());
    for priority in ["normal", "urgent"] {
        let run = scene.create(json!({ "task": "x", "priority": priority })).await;
        set(scene, run, &[("due_at", now())]).await;
    }
    let (run, triage) = scene.waiting().await;
    records::set(&scene.config(), &format!("Q#{triage}"), "M", &[("expires_at", now())]).await;
    set(scene, run, &[("due_at", now())]).await;
    let waiting = scene.deliveries(webhook).await.remove(0);
    let errand = Errand {
        tenant: scene.tenant(),
        target: Target::Webhook(webhook["id"].as_str().and_then(WebhookId::parse).expect("an id")),
        id: waiting["id"].as_str().and_then(DeliveryId::parse).expect("an id"),
    };
    let (pk, sk) = errand.place();
    records::set(&scene.config(), &pk, &sk, &[("next_at", now()), ("due_at", now())]).await;
    let swept = scene.sweep().await;
    assert!(swept["hinted"].as_u64() >= Some(3) && swept["expired"] == 1, "{swept}");
    let run = scene.create(json!({ "task": "x" })).await;
    assert!(scene.bury(run).await);
}

async fn set(scene: &Backstage, run: RunId, attributes: &[(&str, AttributeValue)]) {
    records::set(&scene.config(), &format!("R#{run}"), "M", attributes).await;
}

fn ms(at: Timestamp) -> AttributeValue {
    AttributeValue::N(at.ms().to_string())
}
