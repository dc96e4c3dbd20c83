//! The real SDK against the local endpoint.

use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{
    DeleteMessageBatchRequestEntry, MessageAttributeValue, MessageSystemAttributeName, QueueAttributeName,
    SendMessageBatchRequestEntry,
};

use super::*;
use crate::engine::sdk_config;
use crate::folder::Place;
use crate::queue::Rules;

async fn endpoint() -> (Endpoint, Client, String) {
    let rules = Rules {
        name: "eclips-runs".into(),
        visibility_timeout: Duration::from_secs(30),
        retention: Duration::from_secs(3600),
        dead_letters: None,
    };
    let endpoint = Endpoint::start(Queues::open(&Place::Memory, vec![rules]).unwrap())
        .await
        .unwrap();
    let client = Client::from_conf((&sdk_config(endpoint.url())).into());
    let url = endpoint.queue_url("eclips-runs");
    (endpoint, client, url)
}

#[tokio::test]
async fn a_message_makes_the_whole_round_through_the_sdk() {
    let (endpoint, client, url) = endpoint().await;
    let body = "{\"run_id\":\"Gdańsk\"}";
    let sent = client
        .send_message()
        .queue_url(&url)
        .message_body(body)
        .send()
        .await
        .unwrap();
    assert_eq!(sent.md5_of_message_body.unwrap(), crate::queue::md5_hex(body));
    let found = client.get_queue_url().queue_name("eclips-runs").send().await.unwrap();
    assert_eq!(found.queue_url.as_deref(), Some(url.as_str()));

    let got = client
        .receive_message()
        .queue_url("http://127.0.0.1:1/000000000000/eclips-runs")
        .message_system_attribute_names(MessageSystemAttributeName::All)
        .max_number_of_messages(10)
        .send()
        .await
        .unwrap();
    let message = &got.messages()[0];
    assert_eq!(message.body(), Some(body));
    assert_eq!(message.message_id, sent.message_id);
    assert_eq!(
        message.attributes().unwrap()[&MessageSystemAttributeName::ApproximateReceiveCount],
        "1"
    );

    let counts = client
        .get_queue_attributes()
        .queue_url(&url)
        .attribute_names(QueueAttributeName::All);
    let counts = counts.send().await.unwrap().attributes.unwrap();
    assert_eq!(counts[&QueueAttributeName::ApproximateNumberOfMessagesNotVisible], "1");

    let receipt = message.receipt_handle().unwrap();
    client
        .change_message_visibility()
        .queue_url(&url)
        .receipt_handle(receipt)
        .visibility_timeout(0)
        .send()
        .await
        .unwrap();
    let again = client
        .receive_message()
        .queue_url(&url)
        .wait_time_seconds(1)
        .send()
        .await
        .unwrap();
    let receipt = again.messages()[0].receipt_handle().unwrap();
    client
        .delete_message()
        .queue_url(&url)
        .receipt_handle(receipt)
        .send()
        .await
        .unwrap();
    assert_eq!(client.list_queues().send().await.unwrap().queue_urls().len(), 1);
    drop(endpoint);
}

#[tokio::test]
async fn a_batch_tells_for_each_entry_what_became_of_it() {
    let (_endpoint, client, url) = endpoint().await;
    let entry = |id: &str, delay| {
        SendMessageBatchRequestEntry::builder()
            .id(id)
            .message_body(id)
            .delay_seconds(delay)
            .build()
            .unwrap()
    };
    let sent = client
        .send_message_batch()
        .queue_url(&url)
        .entries(entry("a", 0))
        .entries(entry("b", 901));
    let sent = sent.send().await.unwrap();
    assert_eq!((sent.successful()[0].id(), sent.failed()[0].id()), ("a", "b"));
    assert!(sent.failed()[0].sender_fault());

    let got = client
        .receive_message()
        .queue_url(&url)
        .max_number_of_messages(10)
        .send()
        .await
        .unwrap();
    assert_eq!(got.messages().len(), 1);
    let receipt = got.messages()[0].receipt_handle().unwrap();
    let entry = DeleteMessageBatchRequestEntry::builder()
        .id("x")
        .receipt_handle(receipt)
        .build()
        .unwrap();
    let deleted = client
        .delete_message_batch()
        .queue_url(&url)
        .entries(entry)
        .send()
        .await
        .unwrap();
    assert_eq!(deleted.successful().len(), 1);

    let twice = DeleteMessageBatchRequestEntry::builder()
        .id("x")
        .receipt_handle(receipt)
        .build()
        .unwrap();
    let refused = client
        .delete_message_batch()
        .queue_url(&url)
        .entries(twice.clone())
        .entries(twice)
        .send()
        .await;
    assert!(
        refused
            .unwrap_err()
            .into_service_error()
            .is_batch_entry_ids_not_distinct()
    );
}

#[tokio::test]
async fn a_message_comes_back_with_the_group_it_was_sent_with() {
    let (_endpoint, client, url) = endpoint().await;
    let send = |body: &str| client.send_message().queue_url(&url).message_body(body);
    send("alone").message_group_id("org#live").send().await.unwrap();
    send("of nobody").send().await.unwrap();
    for wrong in ["", "two words", "Gdańsk", &"g".repeat(129)] {
        assert!(send("refused").message_group_id(wrong).send().await.is_err(), "{wrong}");
    }
    let entry = SendMessageBatchRequestEntry::builder()
        .id("x")
        .message_body("in a batch")
        .message_group_id("g".repeat(128));
    let batch = client.send_message_batch().queue_url(&url);
    batch.entries(entry.build().unwrap()).send().await.unwrap();

    let got = client
        .receive_message()
        .queue_url(&url)
        .message_system_attribute_names(MessageSystemAttributeName::MessageGroupId)
        .max_number_of_messages(10);
    let got = got.send().await.unwrap();
    let group = |body: &str| {
        let message = got.messages().iter().find(|message| message.body() == Some(body));
        let attributes = message.unwrap().attributes();
        attributes.and_then(|all| all.get(&MessageSystemAttributeName::MessageGroupId).cloned())
    };
    assert_eq!(got.messages().len(), 3);
    assert_eq!(group("alone").as_deref(), Some("org#live"));
    assert_eq!(group("in a batch"), Some("g".repeat(128)));
    assert_eq!(group("of nobody"), None);
}

#[tokio::test]
async fn refusals_reach_the_sdk_as_its_own_types() {
    let (endpoint, client, url) = endpoint().await;
    let nowhere = client
        .send_message()
        .queue_url(endpoint.queue_url("nope"))
        .message_body("a")
        .send()
        .await;
    assert!(nowhere.unwrap_err().into_service_error().is_queue_does_not_exist());
    let attribute = MessageAttributeValue::builder()
        .data_type("String")
        .string_value("v")
        .build()
        .unwrap();
    let refused = client
        .send_message()
        .queue_url(&url)
        .message_body("a")
        .message_attributes("k", attribute)
        .send()
        .await;
    assert!(refused.unwrap_err().into_service_error().is_unsupported_operation());
    assert!(
        client
            .receive_message()
            .queue_url(&url)
            .max_number_of_messages(11)
            .send()
            .await
            .is_err()
    );
}

#[tokio::test]
async fn another_name_for_this_machine_is_not_served() {
    let (endpoint, ..) = endpoint().await;
    let request = reqwest::Client::new()
        .post(endpoint.url())
        .header("host", "evil.example");
    let answer = request
        .header("x-amz-target", "AmazonSQS.ListQueues")
        .body("{}")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status().as_u16(), 421);
}
