//! `docs/costs.md`: each product is its quantity times its price, each sum is that of its lines, the summary repeats the sums, and the
//! quantities are what `units.rs` measures and what the template says.

use eclips_tests::costs::{Costs, amount, bare, number};
use eclips_tests::figures;
use eclips_tests::proxy::Units;
use eclips_tests::repository;
use eclips_tests::stack::Stack;

/// As the page writes money.
fn dollars(amount: f64) -> String {
    format!("{amount:.4}")
}

fn is_near(one: f64, other: f64) -> bool {
    (one - other).abs() < 1e-9
}

#[test]
fn each_product_and_each_sum_is_right() {
    let (page, prices) = (Costs::read(), Costs::read().prices());
    let costs = page.all();
    assert!(costs.len() > 8, "{}", costs.len());
    for cost in costs {
        for line in &cost.lines {
            let price = prices
                .get(&line.price)
                .unwrap_or_else(|| panic!("no price {}", line.price));
            let usd = dollars(amount(&line.quantity) * price * cost.times);
            assert_eq!(line.usd, usd, "{}: {}", cost.name, line.what);
        }
        let sum = cost.lines.iter().map(|line| number(&line.usd)).sum();
        assert_eq!(cost.sum, dollars(sum), "{}", cost.name);
    }
}

#[test]
fn the_summary_repeats_the_sums() {
    let page = Costs::read();
    let rows = repository::table(page.part("summary"));
    let costs = page.all();
    assert_eq!(rows.len(), costs.len());
    for (row, cost) in rows.iter().zip(costs) {
        assert_eq!(bare(&row[0]), cost.name);
        assert!(is_near(number(&row[1]), cost.times), "{}", cost.name);
        assert_eq!(row[2], format!("{:.2}", number(&cost.sum)), "{}", cost.name);
    }
}

#[test]
fn each_price_says_where_and_when_it_was_read() {
    let rows = repository::table(Costs::read().part("prices"));
    assert!(rows.len() > 10, "{}", rows.len());
    for row in rows {
        assert!(row[4].contains("https://"), "{row:?}");
        assert!(row[5].starts_with("2026-"), "{row:?}");
    }
}

#[test]
fn units_are_those_that_are_measured() {
    let page = Costs::read();
    let rows = figures::ROWS as f64;
    let run = [
        figures::CREATE_RUN,
        figures::WORK,
        figures::COUNT_BEGINNING,
        figures::COUNT,
    ];
    let told = |telling: &[Units]| [&run, telling].concat();
    for (name, all) in [
        ("a read by id", vec![figures::SHOW_RUN]),
        ("a list", vec![figures::LIST_RUNS]),
        ("POST /v1/run", vec![figures::CREATE_RUN]),
        ("a plain run", told(&[figures::TELL_NOBODY])),
        ("a run with one webhook", told(&[figures::TELL_ONE, figures::DELIVER])),
        (
            "a row of a batch",
            vec![
                share(figures::CREATE_BATCH, rows),
                share(figures::MAKE_ROWS, rows),
                figures::WORK_ON_ROW,
                figures::COUNT_ROW_BEGINNING,
                figures::COUNT_ROW,
                figures::TELL_NOBODY,
            ],
        ),
    ] {
        let cost = page.cost(name);
        let (read, write): (f64, f64) = (
            all.iter().map(|units| units.read).sum(),
            all.iter().map(|units| units.write).sum(),
        );
        assert!(
            is_near(cost.of("read"), read),
            "{name}: {} read, not {read}",
            cost.of("read")
        );
        assert!(
            is_near(cost.of("write"), write),
            "{name}: {} written, not {write}",
            cost.of("write")
        );
    }
}

fn share(units: Units, of: f64) -> Units {
    Units {
        read: units.read / of,
        write: units.write / of,
    }
}

/// A line of computing reads "`runs`, 15 ms", and its quantity is the function's memory in GB times these seconds.
#[test]
fn computing_is_reckoned_with_the_templates_memory() {
    let stack = Stack::read();
    // An absent size is the one that all share.
    let memory_gb = |name: &str| {
        let own = &stack.function(name).properties()["MemorySize"];
        let mb = own.as_f64().or_else(|| stack.globals()["MemorySize"].as_f64());
        mb.expect("a size") / 1_024.0
    };
    for cost in Costs::read().all() {
        for line in cost.lines.iter().filter(|line| line.price == "compute") {
            let (name, time) = line.what.split_once(", ").expect("a function and a time");
            let ms: String = time.chars().take_while(|c| c.is_ascii_digit() || *c == ' ').collect();
            let one = memory_gb(&bare(name)) * number(&ms) / 1_000.0;
            let many = amount(&line.quantity) / one;
            assert!(
                is_near(many, many.round()) || many < 1.0,
                "{}: {}",
                cost.name,
                line.what
            );
            assert!(
                line.quantity.contains(&format!("{} × ", memory_gb(&bare(name)))),
                "{}",
                line.what
            );
        }
    }
}

#[test]
fn what_an_idle_stack_has_is_what_the_template_has() {
    let (stack, cost) = (Stack::read(), Costs::read().cost("an idle month"));
    let polled = stack.functions().flat_map(|function| {
        let events = function.properties()["Events"].as_object().into_iter().flatten();
        events.filter(|(_, event)| event["Type"] == "SQS")
    });
    // Five pollers that wait for 20 s, for the hours of a month.
    let receives = polled.count() as f64 * 5.0 * 3.0 * 60.0 * 730.0;
    assert!(is_near(cost.of("receive"), receives), "{receives}");
    assert!(is_near(cost.of("key"), stack.of_type("AWS::KMS::Key").count() as f64));
    // The page leaves room: an alarm more costs ten cents, and one that reckons as many as it has metrics.
    let watched = stack.of_type("AWS::CloudWatch::Alarm").map(|(_, alarm)| {
        let metrics = alarm["Metrics"].as_array().into_iter().flatten();
        metrics
            .filter(|metric| metric.get("MetricStat").is_some())
            .count()
            .max(1)
    });
    let watched = watched.sum::<usize>() as f64;
    assert!(watched <= cost.of("alarm"), "{watched} metrics of alarms");
    assert!(stack.of_type("AWS::CloudWatch::Dashboard").count() as f64 <= cost.of("dashboard"));
}

#[test]
fn the_models_are_the_templates_defaults() {
    let (stack, page) = (Stack::read(), Costs::read());
    for tier in ["ModelFast", "ModelSmart", "ModelPremium"] {
        let model = stack.parameter(tier)["Default"].as_str().expect("a default");
        let id = model.strip_prefix("bedrock:").expect("a model of Bedrock");
        assert!(page.part("prices").contains(id), "{id}");
    }
}
