//! What the checker found, against what we have a reason for. Pure.

use serde_json::Value;

/// A finding that stays: the rule, the resources (one, or all that begin alike: `AWS::SQS::Queue.*`), why.
#[derive(Debug, PartialEq, Eq)]
struct Exception<'a> {
    rule: &'a str,
    resources: &'a str,
    reason: &'a str,
}

impl Exception<'_> {
    fn covers(&self, (rule, resource): &(&str, &str)) -> bool {
        let fits = match self.resources.strip_suffix('*') {
            Some(beginning) => resource.starts_with(beginning),
            None => *resource == self.resources,
        };
        *rule == self.rule && fits
    }
}

/// Compares the checker's report with the table of exceptions. *Shape*: a line for each finding without a row, each row
/// without a finding, and each row without a reason; none when all is well.
pub fn faults(report: &Value, exceptions: &str) -> Vec<String> {
    let exceptions: Vec<Exception<'_>> = exceptions.lines().filter_map(exception).collect();
    let checks = report["results"]["failed_checks"].as_array().into_iter().flatten();
    let found: Vec<(&str, &str, &str)> = checks
        .map(|check| {
            let text = |name: &str| check[name].as_str().unwrap_or_default();
            (text("check_id"), text("resource"), text("check_name"))
        })
        .collect();
    let mut faults = Vec::new();
    for (rule, resource, name) in &found {
        if !exceptions.iter().any(|exception| exception.covers(&(rule, resource))) {
            faults.push(format!("{rule} {resource}: {name}"));
        }
    }
    for exception in &exceptions {
        let Exception {
            rule,
            resources,
            reason,
        } = exception;
        if !found
            .iter()
            .any(|(rule, resource, _)| exception.covers(&(rule, resource)))
        {
            faults.push(format!("{rule} {resources}: has a row, and is no finding any more"));
        }
        if reason.len() < 20 {
            faults.push(format!("{rule} {resources}: has a row, and no reason"));
        }
    }
    faults
}

/// Reads a row of the table: rule and resources in code, and the reason.
fn exception(line: &str) -> Option<Exception<'_>> {
    let mut cells = line.strip_prefix("| `CKV").map(|_| line.trim_matches('|').split('|'))?;
    let mut cell = || cells.next().map_or("", str::trim);
    Some(Exception {
        rule: cell().trim_matches('`'),
        resources: cell().trim_matches('`'),
        reason: cell(),
    })
}

#[cfg(test)]
mod promises {
    use serde_json::{Value, json};

    use super::faults;

    const TABLE: &str = "| Rule | Resources | Why it stays |\n|---|---|---|\n\
                         | `CKV_AWS_27` | `AWS::SQS::Queue.*` | they are encrypted with SQS's own key |\n\
                         | `CKV_AWS_120` | `AWS::ApiGateway::Stage.ApiStage` | no answer is good for a second caller |";

    fn report(found: &[(&str, &str)]) -> Value {
        let checks = found
            .iter()
            .map(|(rule, resource)| json!({ "check_id": rule, "resource": resource, "check_name": "Ensure" }));
        json!({ "results": { "failed_checks": checks.collect::<Vec<_>>() } })
    }

    const KNOWN: [(&str, &str); 3] = [
        ("CKV_AWS_27", "AWS::SQS::Queue.RunsQueue"),
        ("CKV_AWS_27", "AWS::SQS::Queue.NewsQueue"),
        ("CKV_AWS_120", "AWS::ApiGateway::Stage.ApiStage"),
    ];

    #[test]
    fn accepts_what_has_a_reason() {
        assert_eq!(faults(&report(&KNOWN), TABLE), Vec::<String>::new());
    }

    #[test]
    fn blames_a_finding_without_a_row() {
        for new in [
            ("CKV_AWS_18", "AWS::S3::Bucket.Files"),
            ("CKV_AWS_120", "AWS::ApiGateway::Stage.OtherStage"),
            ("CKV_AWS_120", "AWS::ApiGateway::Stage.ApiStageToo"),
            ("CKV_AWS_2", "AWS::SQS::Queue.RunsQueue"),
        ] {
            let found = [&KNOWN[..], &[new]].concat();
            let expected = format!("{} {}: Ensure", new.0, new.1);
            assert_eq!(faults(&report(&found), TABLE), [expected]);
        }
    }

    #[test]
    fn blames_a_row_without_a_finding_and_one_without_a_reason() {
        let fewer = faults(&report(&KNOWN[..2]), TABLE);
        assert_eq!(fewer.len(), 1, "{fewer:?}");
        assert!(fewer[0].starts_with("CKV_AWS_120 "), "{fewer:?}");
        let silent = TABLE.replace("they are encrypted with SQS's own key", "noise");
        assert_eq!(
            faults(&report(&KNOWN), &silent),
            ["CKV_AWS_27 AWS::SQS::Queue.*: has a row, and no reason"]
        );
    }
}
