//! The rules of the local queues, one promise a test.

use super::*;
use crate::folder::Folder;

fn rules(visibility_ms: u64) -> Vec<Rules> {
    let rules = |name: &str, dead_letters| Rules {
        name: name.to_owned(),
        visibility_timeout: Duration::from_millis(visibility_ms),
        retention: Duration::from_secs(3600),
        dead_letters,
    };
    vec![rules("q", Some(("q-dead".to_owned(), 2))), rules("q-dead", None)]
}

fn in_memory(visibility_ms: u64) -> Queues {
    Queues::open(&Place::Memory, rules(visibility_ms)).unwrap()
}

fn send(queues: &Queues, body: &str) -> Sent {
    queues.send("q", None, body, Duration::ZERO).unwrap()
}

#[test]
fn a_received_message_is_hidden_until_deleted() {
    let queues = in_memory(60_000);
    let sent = send(&queues, "héllo");
    assert_eq!(sent.md5_of_body, md5_hex("héllo"));
    assert_eq!(
        queues.depth("q").unwrap(),
        Depth {
            visible: 1,
            ..Depth::default()
        }
    );
    let got = queues.receive("q", 10, None).unwrap();
    assert_eq!((got.len(), got[0].body.as_str(), got[0].receive_count), (1, "héllo", 1));
    assert_eq!(got[0].message_id, sent.message_id);
    assert!(queues.receive("q", 10, None).unwrap().is_empty());
    assert_eq!(
        queues.depth("q").unwrap(),
        Depth {
            in_flight: 1,
            ..Depth::default()
        }
    );
    queues.delete("q", &got[0].receipt_handle).unwrap();
    assert_eq!(queues.depth("q").unwrap(), Depth::default());
}

#[test]
fn messages_come_in_order_and_never_more_than_asked_for() {
    let queues = in_memory(60_000);
    for body in ["1", "2", "3"] {
        send(&queues, body);
    }
    let bodies = |messages: Vec<Message>| messages.into_iter().map(|it| it.body).collect::<Vec<_>>();
    assert_eq!(bodies(queues.receive("q", 2, None).unwrap()), ["1", "2"]);
    assert_eq!(bodies(queues.receive("q", 2, None).unwrap()), ["3"]);
}

#[test]
fn an_old_receipt_deletes_nothing() {
    let queues = in_memory(0);
    send(&queues, "a");
    let old = queues.receive("q", 1, None).unwrap();
    let new = queues.receive("q", 1, Some(Duration::from_secs(60))).unwrap();
    assert_eq!(new[0].receive_count, 2);
    assert_eq!(new[0].first_received_ms, old[0].first_received_ms);
    queues.delete("q", &old[0].receipt_handle).unwrap();
    assert_eq!(queues.depth("q").unwrap().in_flight, 1);
    queues.delete("q-dead", &new[0].receipt_handle).unwrap();
    assert_eq!(queues.depth("q").unwrap().in_flight, 1);
}

#[test]
fn a_message_received_too_often_goes_to_the_dead_letters_with_its_id() {
    let queues = in_memory(0);
    let sent = send(&queues, "poison");
    assert_eq!(queues.receive("q", 1, None).unwrap().len(), 1);
    assert_eq!(queues.receive("q", 1, None).unwrap().len(), 1);
    assert!(queues.receive("q", 1, None).unwrap().is_empty());
    let dead = queues.receive("q-dead", 1, None).unwrap();
    assert_eq!(
        (dead[0].message_id.as_str(), dead[0].receive_count),
        (sent.message_id.as_str(), 3)
    );
}

#[test]
fn what_the_queues_do_not_know_is_refused() {
    let queues = in_memory(0);
    assert!(queues.send("nope", None, "a", Duration::ZERO).is_err());
    assert!(queues.send("q", None, "a", Duration::from_secs(901)).is_err());
    let mut orphan = rules(0);
    orphan.pop();
    assert!(Queues::open(&Place::Memory, orphan).is_err());
}

#[test]
fn a_message_past_its_retention_is_never_received() {
    let mut short = rules(0);
    short[0].retention = Duration::ZERO;
    let queues = Queues::open(&Place::Memory, short).unwrap();
    send(&queues, "late");
    std::thread::sleep(Duration::from_millis(5));
    assert!(queues.receive("q", 1, None).unwrap().is_empty());
}

#[test]
fn after_a_restart_messages_in_flight_are_visible_and_delayed_ones_still_delayed() {
    let place = tempfile::tempdir().unwrap();
    let open = || Queues::open(&Place::Folder(Folder::take(place.path()).unwrap()), rules(60_000)).unwrap();
    let queues = open();
    send(&queues, "held");
    let held = queues.receive("q", 1, None).unwrap();
    send(&queues, "waiting");
    queues.send("q", None, "later", DELAY_MAX).unwrap();
    drop(queues);

    let queues = open();
    assert_eq!(
        queues.depth("q").unwrap(),
        Depth {
            visible: 2,
            in_flight: 0,
            delayed: 1
        }
    );
    queues.delete("q", &held[0].receipt_handle).unwrap();
    let again = queues.receive("q", 10, None).unwrap();
    let seen: Vec<_> = again.iter().map(|it| (it.body.as_str(), it.receive_count)).collect();
    assert_eq!(seen, [("held", 2), ("waiting", 1)]);
}

#[test]
fn an_acknowledged_send_survives_a_killed_process() {
    let (place, after) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let queues = Queues::open(&Place::Folder(Folder::take(place.path()).unwrap()), rules(60_000)).unwrap();
    send(&queues, "kept");
    // What a killed process leaves: the files as they are, nothing closed.
    for file in ["queues.sqlite", "queues.sqlite-wal"] {
        std::fs::copy(place.path().join(file), after.path().join(file)).unwrap();
    }
    let reopened = Queues::open(&Place::Folder(Folder::take(after.path()).unwrap()), rules(60_000)).unwrap();
    assert_eq!(reopened.receive("q", 10, None).unwrap()[0].body, "kept");
}

#[test]
fn a_file_from_before_the_groups_opens_with_its_messages() {
    let place = tempfile::tempdir().unwrap();
    let old = Connection::open(place.path().join("queues.sqlite")).unwrap();
    old.execute_batch(
        "CREATE TABLE messages (
             id INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL, message_id TEXT NOT NULL, body TEXT NOT NULL,
             sent_ms INTEGER NOT NULL, visible_ms INTEGER NOT NULL, receive_count INTEGER NOT NULL DEFAULT 0,
             first_received_ms INTEGER, receipt TEXT
         );
         CREATE INDEX by_time ON messages (queue, visible_ms, id);
         CREATE INDEX by_receives ON messages (queue, receive_count);
         CREATE UNIQUE INDEX by_receipt ON messages (receipt) WHERE receipt IS NOT NULL;",
    )
    .unwrap();
    let now = Timestamp::now().ms();
    let insert = "INSERT INTO messages (queue, message_id, body, sent_ms, visible_ms) VALUES ('q', 'm', 'old', ?1, ?1)";
    old.execute(insert, [now]).unwrap();
    drop(old);

    // Twice: what is made for the old file is there already the second time.
    for receive_count in 1..=2 {
        let place = Place::Folder(Folder::take(place.path()).unwrap());
        let queues = Queues::open(&place, rules(60_000)).unwrap();
        let got = queues.receive("q", 10, None).unwrap();
        let got: Vec<_> = got
            .iter()
            .map(|it| (it.body.as_str(), it.group.as_deref(), it.receive_count))
            .collect();
        assert_eq!(got, [("old", None, receive_count)]);
    }
}

#[test]
fn a_message_keeps_its_group_among_the_dead_letters() {
    let queues = in_memory(0);
    queues.send("q", Some("A"), "poison", Duration::ZERO).unwrap();
    for _ in 0..3 {
        queues.receive("q", 1, None).unwrap();
    }
    let dead = queues.receive("q-dead", 1, None).unwrap();
    assert_eq!(dead[0].group.as_deref(), Some("A"));
}

#[tokio::test]
async fn a_waiting_poller_is_woken_by_a_send_and_by_the_end_of_a_delay() {
    let queues = in_memory(60_000);
    let waiting = queues.clone();
    let poller = tokio::spawn(async move { waiting.wait("q", 1, None, Duration::from_secs(10)).await });
    tokio::time::sleep(Duration::from_millis(20)).await;
    let before = Instant::now();
    queues.send("q", None, "soon", Duration::from_millis(60)).unwrap();
    let got = poller.await.unwrap().unwrap();
    assert_eq!(got[0].body, "soon");
    let waited = before.elapsed();
    assert!(
        waited >= Duration::from_millis(59) && waited < Duration::from_secs(5),
        "{waited:?}"
    );
    assert!(
        queues
            .wait("q", 1, None, Duration::from_millis(10))
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_pollers_take_each_message_once() {
    let queues = in_memory(60_000);
    let pollers: Vec<_> = (0..8)
        .map(|_| {
            let queues = queues.clone();
            tokio::spawn(async move {
                let mut taken = Vec::new();
                loop {
                    let got = queues.wait("q", 1, None, Duration::from_millis(300)).await.unwrap();
                    let Some(message) = got.into_iter().next() else {
                        return taken;
                    };
                    queues.delete("q", &message.receipt_handle).unwrap();
                    taken.push(message.body);
                }
            })
        })
        .collect();
    for number in 0..400 {
        send(&queues, &number.to_string());
        if number % 50 == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    let mut taken = Vec::new();
    for poller in pollers {
        taken.extend(poller.await.unwrap());
    }
    taken.sort_by_key(|body| body.parse::<u32>().unwrap());
    let sent: Vec<_> = (0..400).map(|number| number.to_string()).collect();
    assert_eq!(taken, sent);
}

fn send_of(queues: &Queues, group: &str, body: &str) {
    queues.send("q", Some(group), body, Duration::ZERO).unwrap();
}

/// Receives one message; gives its body and its receipt.
fn receive_one(queues: &Queues) -> (String, String) {
    let message = queues.receive("q", 1, None).unwrap().pop().expect("there is one");
    (message.body, message.receipt_handle)
}

#[test]
fn one_message_of_a_group_does_not_wait_for_five_hundred_of_another() {
    for in_flight in [0, 1, 10] {
        let queues = in_memory(60_000);
        for number in 0..500 {
            send_of(&queues, "a", &format!("a{number}"));
        }
        // Somebody has been at it for a while, and has still some in hand.
        for _ in 0..20 {
            let (_, receipt) = receive_one(&queues);
            queues.delete("q", &receipt).unwrap();
        }
        let _held = queues.receive("q", in_flight, None).unwrap();
        send_of(&queues, "b", "b");
        assert_eq!(receive_one(&queues).0, "b", "{in_flight} of the others in flight");
    }
}

#[test]
fn nobody_gets_a_message_twice_in_one_call() {
    let queues = in_memory(60_000);
    for body in ["1", "2"] {
        send(&queues, body);
    }
    for _ in 0..2 {
        let got = queues.receive("q", 10, Some(Duration::ZERO)).unwrap();
        assert_eq!(got.len(), 2, "and they are visible again at once");
    }
}

#[test]
fn groups_take_turns_and_each_keeps_its_order() {
    let queues = in_memory(60_000);
    for number in 0..3 {
        send_of(&queues, "a", &format!("a{number}"));
    }
    for number in 0..3 {
        send_of(&queues, "b", &format!("b{number}"));
    }
    let bodies: Vec<String> = queues
        .receive("q", 10, None)
        .unwrap()
        .into_iter()
        .map(|it| it.body)
        .collect();
    assert_eq!(bodies, ["a0", "b0", "a1", "b1", "a2", "b2"]);
}

#[test]
fn what_a_group_has_in_flight_counts_until_it_is_deleted_or_visible_again() {
    let queues = in_memory(60_000);
    for number in 0..4 {
        send_of(&queues, "a", &format!("a{number}"));
        send_of(&queues, "b", &format!("b{number}"));
    }
    let (first, second) = (receive_one(&queues), receive_one(&queues));
    assert_eq!((first.0.as_str(), second.0.as_str()), ("a0", "b0"));
    queues.delete("q", &second.1).unwrap();
    assert_eq!(
        receive_one(&queues).0,
        "b1",
        "b has none in flight, though it was served last"
    );
    queues.change_visibility("q", &first.1, Duration::ZERO).unwrap();
    // Which of them is another matter: the oldest is the one that has been visible for longest.
    assert!(receive_one(&queues).0.starts_with('a'), "and now a has none");
}

#[test]
fn a_long_queue_of_many_groups_is_served_without_a_walk_through_it() {
    let queues = in_memory(60_000);
    for number in 0..4_000 {
        send_of(&queues, &format!("g{}", number % 40), "x");
    }
    let groups: std::collections::BTreeSet<Option<String>> = queues
        .receive("q", 40, None)
        .unwrap()
        .into_iter()
        .map(|it| it.group)
        .collect();
    assert_eq!(groups.len(), 40, "each group is served once before any is served twice");
}
