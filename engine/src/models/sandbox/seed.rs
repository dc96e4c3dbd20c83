//! The seed: every figure that the sandbox model makes up comes from here.
//!
//! SHA-256 over agent, task and data. No clock and no randomness, so an answer can be repeated.

use sha2::{Digest, Sha256};

use super::fields;
use crate::models::ModelRequest;

/// What a request hashes to, and how long it was.
pub(super) struct Seed {
    digest: [u8; 32],
    /// Bytes of the task and of the data as JSON.
    pub input_bytes: u64,
}

impl Seed {
    /// Hashes the request. The directives are left out: the same work with another delay has the same answer.
    pub(super) fn of(request: &ModelRequest<'_>) -> Self {
        let mut hash = Sha256::new();
        let mut input_bytes = 0;
        // Each part is preceded by its length, so that no two requests give the same bytes.
        let mut add = |part: &[u8]| {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
            input_bytes += part.len() as u64;
        };
        add(request.task.as_bytes());
        for (name, value) in fields(request) {
            add(name.as_bytes());
            add(value.to_string().as_bytes());
        }
        hash.update(request.agent.id);
        Self {
            digest: hash.finalize().into(),
            input_bytes,
        }
    }

    /// Gives a number below `bound` for one purpose; other purposes give unrelated numbers.
    pub(super) fn below(&self, purpose: &str, bound: u64) -> u64 {
        let digest = Sha256::new().chain_update(self.digest).chain_update(purpose).finalize();
        let mut first = [0; 8];
        first.copy_from_slice(&digest[..8]);
        u64::from_be_bytes(first) % bound
    }

    /// Gives a confidence from 0.90 to 0.99. *Source*: contract §10, 0.9 or above without directives.
    pub(super) fn confidence(&self) -> f64 {
        self.high_figure("confidence")
    }

    /// Gives the evaluator's confidence, from 0.90 to 0.99 as well.
    pub(super) fn evaluator_confidence(&self) -> f64 {
        self.high_figure("evaluator's confidence")
    }

    fn high_figure(&self, purpose: &str) -> f64 {
        (90 + self.below(purpose, 10)) as f64 / 100.0
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::agents;

    fn digest(agent: &str, task: &str, data: &Value) -> [u8; 32] {
        let agent = agents::find(agent).expect("an agent of the roster");
        let request = ModelRequest {
            agent,
            tier: agent.tier,
            task,
            data: data.as_object(),
            attempt: 1,
        };
        Seed::of(&request).digest
    }

    #[test]
    fn depends_on_agent_task_and_data() {
        let first = digest("center", "task", &json!({ "a": "b" }));
        assert_eq!(
            digest("center", "task", &json!({ "a": "b", "sandbox": { "fail": "once" } })),
            first
        );
        assert_ne!(digest("reader", "task", &json!({ "a": "b" })), first);
        assert_ne!(digest("center", "tasks", &json!({ "a": "b" })), first);
        assert_ne!(digest("center", "task", &json!({ "a": "c" })), first);
        assert_ne!(digest("center", "task", &json!({ "ab": "" })), first);
    }
}
