//! What the data gave stays, and what follows from it agrees.

use super::*;

/// Data, and the figures of the answer that it gives or that follow from it.
type Case = (&'static str, Value, Vec<(&'static str, f64)>);

fn hold(cases: Vec<Case>) {
    for (agent, data, expected) in cases {
        let output = written(agent, &data);
        for (pointer, expected) in expected {
            let value = output.pointer(pointer).map(figure);
            assert!(
                value.is_some_and(|value| same(value, expected)),
                "{agent}: {pointer}: {output}"
            );
        }
    }
}

#[test]
fn works_out_only_the_money_that_the_data_does_not_give() {
    hold(vec![
        (
            "payroll_processor",
            json!({ "employees": [{ "name": "Ada", "gross_usd": 1_000, "deductions_usd": 400 }] }),
            vec![("/employees/0/deductions_usd", 400.0), ("/employees/0/net_usd", 600.0)],
        ),
        (
            "payroll_processor",
            json!({ "employees": [{ "gross_usd": 1_000, "net_usd": 650 }] }),
            vec![("/employees/0/deductions_usd", 350.0), ("/total_net_usd", 650.0)],
        ),
        (
            "invoice_processor",
            json!({ "net": 1_000, "tax": 190, "total": 1_190, "currency": "EUR" }),
            vec![
                ("/totals/net", 1_000.0),
                ("/totals/tax", 190.0),
                ("/totals/total", 1_190.0),
            ],
        ),
        (
            "invoice_processor",
            json!({ "lines": [{ "amount": 100 }, { "amount": 50.5 }], "total": 180.5 }),
            vec![("/totals/net", 150.5), ("/totals/tax", 30.0), ("/totals/total", 180.5)],
        ),
        (
            "invoice_processor",
            json!({ "totals": { "total": 120 } }),
            vec![("/totals/net", 100.0), ("/totals/tax", 20.0), ("/totals/total", 120.0)],
        ),
        (
            "spend_analyzer",
            json!({ "categories": [{ "category": "IT", "spend_usd": 300 }, { "spend_usd": 100 }] }),
            vec![
                ("/categories/0/share_percent", 75.0),
                ("/categories/1/share_percent", 25.0),
                ("/total_usd", 400.0),
            ],
        ),
        (
            "rfq_generator",
            json!({ "criteria": [{ "criterion": "Price", "weight_percent": 70 }, { "criterion": "Service" }] }),
            vec![
                ("/criteria/0/weight_percent", 70.0),
                ("/criteria/1/weight_percent", 30.0),
            ],
        ),
        (
            "revenue_recognizer",
            json!({ "contract_price_usd": 120, "obligations": [{ "share_percent": 60 }, { "share_percent": 40 }] }),
            vec![("/obligations/0/price_usd", 72.0), ("/obligations/1/price_usd", 48.0)],
        ),
        (
            "quote_generator",
            json!({ "lines": [{ "quantity": 3, "unit_price": 10, "total": 25 }], "tax_usd": 5 }),
            vec![
                ("/lines/0/total_usd", 25.0),
                ("/lines/0/discount_percent", 0.0),
                ("/total_usd", 30.0),
            ],
        ),
    ]);
}

#[test]
fn works_out_only_the_figures_that_the_data_does_not_give() {
    hold(vec![
        (
            "quality_checker",
            json!({ "measurements": [{ "value": -5, "low": -10, "high": -1 }] }),
            vec![
                ("/measurements/0/low", -10.0),
                ("/measurements/0/high", -1.0),
                ("/pass_percent", 100.0),
            ],
        ),
        (
            "quality_checker",
            json!({ "measurements": [{ "value": -5 }] }),
            vec![("/measurements/0/low", -5.5), ("/measurements/0/high", -4.5)],
        ),
        (
            "sla_monitor",
            json!({ "breaches": [{ "target_hours": 8, "actual_hours": 9.5 }] }),
            vec![("/breaches/0/target_hours", 8.0), ("/breaches/0/actual_hours", 9.5)],
        ),
        (
            "goods_receiver",
            json!({ "lines": [{ "item": "Lamp", "ordered": 10, "received": 7 }] }),
            vec![("/lines/0/received", 7.0), ("/lines/0/damaged", 0.0)],
        ),
        (
            "analytics_reporter",
            json!({ "changes": [{ "metric": "Visits", "before": 1, "after": 20_000 }] }),
            vec![("/changes/0/change_percent", 1_000_000.0)],
        ),
    ]);
    let receipt = written(
        "goods_receiver",
        &json!({ "lines": [{ "item": "Lamp", "ordered": 10, "received": 7 }] }),
    );
    assert_eq!(receipt["claims"], json!(["Lamp: 10 ordered, 7 received, 0 damaged."]));
}

/// What the data gives in total is what the lines add up to.
#[test]
fn makes_drawn_lines_add_up_to_a_given_total() {
    for total in [0.0, 0.01, 99.99, 5_000.0, 1e6 + 0.07, 1e12] {
        let total_only = |name: &str| json!({ name: total });
        for (agent, list, member, name) in [
            ("invoice_processor", "lines", "amount", "net"),
            ("po_creator", "lines", "total_usd", "total_usd"),
            ("campaign_manager", "channels", "budget_usd", "budget_usd"),
            ("revenue_recognizer", "schedule", "amount_usd", "contract_price_usd"),
            ("revenue_recognizer", "obligations", "price_usd", "contract_price_usd"),
            ("payroll_processor", "employees", "gross_usd", "total_gross_usd"),
            ("payroll_processor", "employees", "net_usd", "total_net_usd"),
            ("spend_analyzer", "categories", "spend_usd", "total_usd"),
            ("ar_collector", "overdue", "amount_usd", "total_overdue_usd"),
        ] {
            let output = written(agent, &total_only(name));
            assert!(same(sum(&output, list, member), total), "{agent}: {name}: {output}");
        }
    }
}
