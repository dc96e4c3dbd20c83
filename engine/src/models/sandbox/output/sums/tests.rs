//! What a reader would work out by himself, held against many drawn answers.

mod given;

use serde_json::{Value, json};

use crate::agents;
use crate::models::ModelRequest;
use crate::models::sandbox::answer;

fn written(agent: &str, data: &Value) -> Value {
    let agent = agents::find(agent).expect("an agent of the roster");
    let request = ModelRequest {
        agent,
        tier: agent.tier,
        task: "Do the usual",
        data: data.as_object(),
        attempt: 1,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let output = runtime.block_on(answer(&request)).expect("an answer").output;
    assert_eq!(agents::fits(agent, &output), Ok(()), "{data}");
    Value::Object(output)
}

fn figure(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("a figure: {value}"))
}

fn entries<'a>(output: &'a Value, list: &str) -> &'a [Value] {
    output[list].as_array().unwrap_or_else(|| panic!("a list: {list}"))
}

fn sum(output: &Value, list: &str, member: &str) -> f64 {
    entries(output, list).iter().map(|entry| figure(&entry[member])).sum()
}

/// Equal to the cent.
fn same(one: f64, other: f64) -> bool {
    (one - other).abs() < 0.006
}

fn count(output: &Value, list: &str, member: &str, word: &str) -> usize {
    entries(output, list)
        .iter()
        .filter(|entry| entry[member] == word)
        .count()
}

fn minutes(time: &Value) -> u32 {
    let (hour, minute) = time.as_str().and_then(|time| time.split_once(':')).expect("HH:MM");
    hour.parse::<u32>().expect("an hour") * 60 + minute.parse::<u32>().expect("a minute")
}

/// An agent, and what holds in each of its answers.
type Promise = (&'static str, fn(&Value) -> bool);

const MONEY: &[Promise] = &[
    ("invoice_processor", |output| {
        let totals = &output["totals"];
        same(sum(output, "lines", "amount"), figure(&totals["net"]))
            && same(
                figure(&totals["net"]) + figure(&totals["tax"]),
                figure(&totals["total"]),
            )
    }),
    ("revenue_recognizer", |output| {
        let price = figure(&output["contract_price_usd"]);
        same(sum(output, "obligations", "price_usd"), price)
            && same(sum(output, "schedule", "amount_usd"), price)
            && same(sum(output, "obligations", "share_percent"), 100.0)
    }),
    ("quote_generator", |output| {
        same(
            sum(output, "lines", "total_usd") + figure(&output["tax_usd"]),
            figure(&output["total_usd"]),
        )
    }),
    ("po_creator", |output| {
        same(sum(output, "lines", "total_usd"), figure(&output["total_usd"]))
    }),
    ("spend_analyzer", |output| {
        let total = figure(&output["total_usd"]);
        same(sum(output, "categories", "spend_usd"), total)
            && same(sum(output, "categories", "share_percent"), 100.0)
            && entries(output, "categories").iter().all(|entry| {
                (figure(&entry["spend_usd"]) / total * 100.0 - figure(&entry["share_percent"])).abs() < 0.1
            })
    }),
    ("rfq_generator", |output| {
        same(sum(output, "criteria", "weight_percent"), 100.0)
    }),
    ("campaign_manager", |output| {
        same(sum(output, "channels", "budget_usd"), figure(&output["budget_usd"]))
    }),
    ("payroll_processor", |output| {
        let is_net = |pay: &Value| {
            same(
                figure(&pay["gross_usd"]) - figure(&pay["deductions_usd"]),
                figure(&pay["net_usd"]),
            )
        };
        entries(output, "employees").iter().all(is_net)
            && same(sum(output, "employees", "net_usd"), figure(&output["total_net_usd"]))
            && same(
                sum(output, "employees", "gross_usd"),
                figure(&output["total_gross_usd"]),
            )
    }),
    ("vat_calculator", |output| {
        let is_right = |line: &Value| {
            let bears = ["standard", "reduced"].contains(&line["treatment"].as_str().expect("a word"));
            bears == (figure(&line["rate_percent"]) > 0.0)
                && same(
                    figure(&line["net"]) * figure(&line["rate_percent"]) / 100.0,
                    figure(&line["vat"]),
                )
        };
        entries(output, "lines").iter().all(is_right)
            && same(sum(output, "lines", "vat"), figure(&output["total_vat"]))
            && same(sum(output, "lines", "net"), figure(&output["total_net"]))
    }),
    ("bank_reconciler", |output| {
        same(
            sum(output, "unmatched_bank", "amount_usd") - sum(output, "unmatched_ledger", "amount_usd"),
            figure(&output["difference_usd"]),
        )
    }),
    ("invoice_matcher", |output| {
        let differences = sum(output, "differences", "invoiced") - sum(output, "differences", "expected");
        same(differences, figure(&output["difference_usd"]))
            && (output["matched"] == true) == entries(output, "differences").is_empty()
    }),
    ("treasury_manager", |output| {
        let weeks = entries(output, "weeks");
        let carries_on = |pair: &[Value]| {
            same(
                figure(&pair[0]["closing_usd"]) + figure(&pair[1]["inflow_usd"]) - figure(&pair[1]["outflow_usd"]),
                figure(&pair[1]["closing_usd"]),
            )
        };
        let lowest = weeks
            .iter()
            .map(|week| figure(&week["closing_usd"]))
            .fold(f64::MAX, f64::min);
        weeks.windows(2).all(carries_on) && same(lowest, figure(&output["lowest_balance_usd"]))
    }),
    ("deal_tracker", |output| {
        let is_open = |deal: &&Value| deal["stage"] != "won" && deal["stage"] != "lost";
        let open = entries(output, "deals").iter().filter(is_open);
        same(
            open.map(|deal| figure(&deal["value_usd"])).sum(),
            figure(&output["pipeline_usd"]),
        )
    }),
    ("benefits_admin", |output| {
        same(
            sum(output, "eligible", "employee_cost_usd"),
            figure(&output["employee_monthly_cost_usd"]),
        )
    }),
    ("reorder_trigger", |output| output.get("total_usd").is_none()),
];

const JUDGEMENTS: &[Promise] = &[
    ("fraud_detector", |output| {
        entries(output, "transactions").iter().all(|entry| {
            let expected = match figure(&entry["score"]) {
                ..30.0 => "clear",
                ..=70.0 => "review",
                _ => "block",
            };
            entry["verdict"] == expected
        })
    }),
    ("sla_monitor", |output| {
        let is_over = |entry: &Value| figure(&entry["actual_hours"]) > figure(&entry["target_hours"]);
        entries(output, "breaches").iter().all(is_over)
    }),
    ("goods_receiver", |output| {
        let is_whole = |line: &Value| line["received"] == line["ordered"] && line["damaged"] == 0;
        let is_complete = entries(output, "lines").iter().all(is_whole);
        (output["complete"] == is_complete) && (entries(output, "claims").is_empty() == is_complete)
    }),
    ("resume_screener", |output| {
        output["met_count"] == count(output, "requirements", "met", "yes")
    }),
    ("kpi_reporter", |output| {
        let is_reached = |entry: &&Value| figure(&entry["value"]) >= figure(&entry["target"]);
        output["on_target_count"] == entries(output, "indicators").iter().filter(is_reached).count()
    }),
    ("lead_scorer", |output| {
        (figure(&output["score"]) - f64::midpoint(figure(&output["fit"]), figure(&output["intent"]))).abs() <= 0.5
    }),
    ("vendor_evaluator", |output| {
        let scores = output["scores"].as_object().expect("scores");
        let mean = scores.values().map(figure).sum::<f64>() / 4.0;
        (figure(&output["overall_score"]) - mean).abs() <= 0.5
    }),
    ("it_compliance", |output| {
        let met = count(output, "controls", "state", "met") as f64 / entries(output, "controls").len() as f64;
        (figure(&output["met_percent"]) - met * 100.0).abs() < 0.1
    }),
    ("quality_checker", |output| {
        entries(output, "measurements").iter().all(|entry| {
            let value = figure(&entry["value"]);
            entry["passed"] == (value >= figure(&entry["low"]) && value <= figure(&entry["high"]))
        })
    }),
    ("quality_checker", |output| {
        let failed = entries(output, "measurements")
            .iter()
            .filter(|entry| entry["passed"] == false);
        failed
            .clone()
            .all(|entry| entries(output, "hold").contains(&entry["batch"]))
            && (failed.count() == 0) == (output["pass_percent"] == 100.0)
    }),
    ("change_manager", |output| {
        let is_ready = |check: &Value| check["ready"] == true;
        entries(output, "checks").iter().all(is_ready) == (output["decision"] == "proceed")
    }),
    ("po_approver", |output| {
        let has_passed = |check: &Value| check["passed"] == true;
        entries(output, "checks").iter().all(has_passed) == (output["decision"] == "approve")
    }),
    ("backup_verifier", |output| {
        let is_proven = |job: &Value| job["state"] == "ok" && job["restore_tested"] == true;
        output["compliant"] == entries(output, "jobs").iter().all(is_proven)
    }),
    ("interview_scheduler", |output| {
        let lasts = |slot: &Value| minutes(&slot["ends_at"]) - minutes(&slot["starts_at"]);
        let slots = entries(output, "slots").iter();
        slots.map(lasts).all(|lasts| output["duration_minutes"] == lasts)
    }),
    ("system_monitor", |output| {
        let worst = ["critical", "warning", "ok"]
            .into_iter()
            .find(|state| count(output, "components", "state", state) > 0);
        output["overall"] == worst.expect("a component")
    }),
    ("contract_reviewer", |output| {
        let worst = ["unacceptable", "high", "medium", "low"]
            .into_iter()
            .find(|risk| count(output, "clauses", "risk", risk) > 0);
        output["overall_risk"] == worst.expect("a clause")
            && (output["recommendation"] == "sign") == (output["overall_risk"] == "low")
    }),
    ("lead_qualifier", |output| {
        let criteria = output["criteria"].as_object().expect("criteria");
        let has_none_absent = criteria.values().all(|word| word != "absent");
        output["qualified"] == (criteria["need"] == "confirmed" && has_none_absent)
    }),
    ("churn_detector", |output| {
        let is_likely = |customer: &Value| figure(&customer["risk_percent"]) > 50.0;
        entries(output, "customers").iter().any(is_likely) == (figure(&output["revenue_at_risk_usd"]) > 0.0)
    }),
    ("ar_collector", |output| {
        entries(output, "overdue").iter().all(|entry| {
            let expected = match figure(&entry["days_overdue"]) {
                ..=14.0 => "friendly",
                ..=45.0 => "firm",
                _ => "final",
            };
            entry["reminder"] == expected
        })
    }),
    ("content_creator", |output| {
        let texts = entries(output, "paragraphs").iter().filter_map(Value::as_str);
        output["word_count"] == texts.map(|text| text.split_whitespace().count()).sum::<usize>()
    }),
    ("nda_manager", |output| {
        (output["acceptable"] == true) == entries(output, "problems").is_empty()
    }),
    ("capacity_planner", |output| {
        let first = entries(output, "periods")
            .iter()
            .find(|entry| figure(&entry["gap"]) < 0.0);
        output.get("first_shortfall") == first.map(|entry| &entry["period"])
    }),
    ("tier_1_support", |output| {
        (output["resolved"] == true) == output.get("handover").is_none()
    }),
];

#[test]
fn agrees_in_itself_whatever_is_drawn() {
    for (agent, promise) in MONEY.iter().chain(JUDGEMENTS) {
        for seed in 0..40 {
            let output = written(agent, &json!({ "seed": seed }));
            assert!(promise(&output), "{agent}: {output}");
        }
    }
}

/// What was drawn for a line stays: only a total of the data's is cut into equal parts.
#[test]
fn draws_lines_of_their_own_where_the_data_has_no_total() {
    for (agent, member) in [("invoice_processor", "amount"), ("quote_generator", "total_usd")] {
        let output = written(agent, &json!({}));
        let figures: Vec<f64> = entries(&output, "lines")
            .iter()
            .map(|line| figure(&line[member]))
            .collect();
        assert!(
            figures.windows(2).all(|pair| (pair[0] - pair[1]).abs() > 1.0),
            "{agent}: {figures:?}"
        );
    }
}
