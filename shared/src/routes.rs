//! THE table: every route with its method, path, function, scope, limiter and effect.
//!
//! Template, README, events and the authorization grid are compared with it by tests; nothing else lists routes.

use http::Method;

use crate::auth::Scope;

/// What a route does; each function answers its own operations.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Operation {
    /// `GET /v1/health`.
    HealthShow,
    /// `POST /v1/run`.
    RunCreate,
    /// `GET /v1/runs`.
    RunList,
    /// `GET /v1/runs/{id}`.
    RunShow,
    /// `POST /v1/runs/{id}/cancel`.
    RunCancel,
    /// `GET /v1/runs/{id}/stream`.
    StreamShow,
    /// `GET /v1/triage`.
    TriageList,
    /// `GET /v1/triage/{id}`.
    TriageShow,
    /// `POST /v1/triage/{id}/approve`.
    TriageApprove,
    /// `POST /v1/triage/{id}/reject`.
    TriageReject,
    /// `POST /v1/webhooks`.
    WebhookCreate,
    /// `GET /v1/webhooks`.
    WebhookList,
    /// `DELETE /v1/webhooks/{id}`.
    WebhookDelete,
    /// `POST /v1/webhooks/{id}/rotate`.
    WebhookRotate,
    /// `GET /v1/webhooks/{id}/deliveries`.
    WebhookDeliveries,
    /// `POST /v1/webhooks/{id}/deliveries/{delivery_id}/resend`.
    WebhookResend,
    /// `POST /v1/batches`.
    BatchCreate,
    /// `GET /v1/batches`.
    BatchList,
    /// `GET /v1/batches/{id}`.
    BatchShow,
    /// `POST /v1/batches/{id}/cancel`.
    BatchCancel,
    /// `GET /v1/usage`.
    UsageSummary,
    /// `GET /v1/usage/daily`.
    UsageDaily,
    /// `GET /v1/usage/agents`.
    UsageAgents,
    /// `GET /v1/usage/keys`.
    UsageKeys,
}

/// The Lambda that answers a route.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Function {
    /// `functions/health`, and every path that is none.
    Health,
    /// `functions/runs`.
    Runs,
    /// `functions/stream`, whose answers are streamed.
    Stream,
    /// `functions/triage`.
    Triage,
    /// `functions/webhooks`.
    Webhooks,
    /// `functions/batches`.
    Batches,
    /// `functions/usage`.
    Usage,
}

impl Function {
    /// The name of the binary and of the folder.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Health => "health",
            Self::Runs => "runs",
            Self::Stream => "stream",
            Self::Triage => "triage",
            Self::Webhooks => "webhooks",
            Self::Batches => "batches",
            Self::Usage => "usage",
        }
    }
}

/// Which per-minute limit a request counts against. *Source*: contract §9.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Limiter {
    /// `POST /v1/run` and `POST /v1/batches`.
    Strict,
    /// Every other route but health.
    Standard,
}

impl Limiter {
    /// The policy's name in the `RateLimit` headers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Standard => "standard",
        }
    }
}

/// What a keyed route does to the data, which decides the order of its last guards.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Changes nothing: its read may run beside the limiter, and is thrown away when the limiter refuses.
    Reads,
    /// Changes something, or takes something for a while: nothing is done before the limiter has spoken.
    Writes,
    /// Starts runs: as [`Effect::Writes`], and the month's credits are looked at after the body was validated.
    StartsRuns,
}

/// Who may call a route.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// Anyone; touches no store.
    Public,
    /// A key with the scope, within the limits.
    Key {
        /// The one scope that opens the route.
        scope: Scope,
        /// The limit that the request counts against.
        limiter: Limiter,
        /// What it does.
        effect: Effect,
    },
}

/// One row of the table.
#[derive(Debug)]
pub struct Route {
    /// The only method that the path answers to, in this row.
    pub method: Method,
    /// The path as matchit and API Gateway write it: `{id}` is a parameter of one segment.
    pub path: &'static str,
    /// What it does.
    pub operation: Operation,
    /// Who answers it.
    pub function: Function,
    /// Who may call it.
    pub access: Access,
}

/// Every route of the API.
pub static ROUTES: [Route; 24] = [
    Route {
        method: Method::GET,
        path: "/v1/health",
        operation: Operation::HealthShow,
        function: Function::Health,
        access: Access::Public,
    },
    Route {
        method: Method::POST,
        path: "/v1/run",
        operation: Operation::RunCreate,
        function: Function::Runs,
        access: key(Scope::AgentsRun, Limiter::Strict, Effect::StartsRuns),
    },
    Route {
        method: Method::GET,
        path: "/v1/runs",
        operation: Operation::RunList,
        function: Function::Runs,
        access: key(Scope::AgentsRead, Limiter::Standard, Effect::Reads),
    },
    Route {
        method: Method::GET,
        path: "/v1/runs/{id}",
        operation: Operation::RunShow,
        function: Function::Runs,
        access: key(Scope::AgentsRead, Limiter::Standard, Effect::Reads),
    },
    Route {
        method: Method::POST,
        path: "/v1/runs/{id}/cancel",
        operation: Operation::RunCancel,
        function: Function::Runs,
        access: key(Scope::AgentsRun, Limiter::Standard, Effect::Writes),
    },
    Route {
        method: Method::GET,
        path: "/v1/runs/{id}/stream",
        operation: Operation::StreamShow,
        function: Function::Stream,
        access: key(Scope::AgentsRead, Limiter::Standard, Effect::Writes),
    },
    Route {
        method: Method::GET,
        path: "/v1/triage",
        operation: Operation::TriageList,
        function: Function::Triage,
        access: key(Scope::TriageRead, Limiter::Standard, Effect::Reads),
    },
    Route {
        method: Method::GET,
        path: "/v1/triage/{id}",
        operation: Operation::TriageShow,
        function: Function::Triage,
        access: key(Scope::TriageRead, Limiter::Standard, Effect::Reads),
    },
    Route {
        method: Method::POST,
        path: "/v1/triage/{id}/approve",
        operation: Operation::TriageApprove,
        function: Function::Triage,
        access: key(Scope::TriageWrite, Limiter::Standard, Effect::Writes),
    },
    Route {
        method: Method::POST,
        path: "/v1/triage/{id}/reject",
        operation: Operation::TriageReject,
        function: Function::Triage,
        access: key(Scope::TriageWrite, Limiter::Standard, Effect::Writes),
    },
    Route {
        method: Method::POST,
        path: "/v1/webhooks",
        operation: Operation::WebhookCreate,
        function: Function::Webhooks,
        access: key(Scope::WebhooksWrite, Limiter::Standard, Effect::Writes),
    },
    Route {
        method: Method::GET,
        path: "/v1/webhooks",
        operation: Operation::WebhookList,
        function: Function::Webhooks,
        access: key(Scope::WebhooksRead, Limiter::Standard, Effect::Reads),
    },
    Route {
        method: Method::DELETE,
        path: "/v1/webhooks/{id}",
        operation: Operation::WebhookDelete,
        function: Function::Webhooks,
        access: key(Scope::WebhooksWrite, Limiter::Standard, Effect::Writes),
    },
    Route {
        method: Method::POST,
        path: "/v1/webhooks/{id}/rotate",
        operation: Operation::WebhookRotate,
        function: Function::Webhooks,
        access: key(Scope::WebhooksWrite, Limiter::Standard, Effect::Writes),
    },
    Route {
        method: Method::GET,
        path: "/v1/webhooks/{id}/deliveries",
        operation: Operation::WebhookDeliveries,
        function: Function::Webhooks,
        access: key(Scope::WebhooksRead, Limiter::Standard, Effect::Reads),
    },
    Route {
        method: Method::POST,
        path: "/v1/webhooks/{id}/deliveries/{delivery_id}/resend",
        operation: Operation::WebhookResend,
        function: Function::Webhooks,
        access: key(Scope::WebhooksWrite, Limiter::Standard, Effect::Writes),
    },
    Route {
        method: Method::POST,
        path: "/v1/batches",
        operation: Operation::BatchCreate,
        function: Function::Batches,
        access: key(Scope::BatchRun, Limiter::Strict, Effect::StartsRuns),
    },
    Route {
        method: Method::GET,
        path: "/v1/batches",
        operation: Operation::BatchList,
        function: Function::Batches,
        access: key(Scope::BatchRead, Limiter::Standard, Effect::Reads),
    },
    Route {
        method: Method::GET,
        path: "/v1/batches/{id}",
        operation: Operation::BatchShow,
        function: Function::Batches,
        access: key(Scope::BatchRead, Limiter::Standard, Effect::Reads),
    },
    Route {
        method: Method::POST,
        path: "/v1/batches/{id}/cancel",
        operation: Operation::BatchCancel,
        function: Function::Batches,
        access: key(Scope::BatchRun, Limiter::Standard, Effect::Writes),
    },
    Route {
        method: Method::GET,
        path: "/v1/usage",
        operation: Operation::UsageSummary,
        function: Function::Usage,
        access: key(Scope::AgentsRead, Limiter::Standard, Effect::Reads),
    },
    Route {
        method: Method::GET,
        path: "/v1/usage/daily",
        operation: Operation::UsageDaily,
        function: Function::Usage,
        access: key(Scope::AgentsRead, Limiter::Standard, Effect::Reads),
    },
    Route {
        method: Method::GET,
        path: "/v1/usage/agents",
        operation: Operation::UsageAgents,
        function: Function::Usage,
        access: key(Scope::AgentsRead, Limiter::Standard, Effect::Reads),
    },
    Route {
        method: Method::GET,
        path: "/v1/usage/keys",
        operation: Operation::UsageKeys,
        function: Function::Usage,
        access: key(Scope::AgentsRead, Limiter::Standard, Effect::Reads),
    },
];

const fn key(scope: Scope, limiter: Limiter, effect: Effect) -> Access {
    Access::Key { scope, limiter, effect }
}

/// The ids that a path names, as they stand there.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PathIds<'p> {
    /// `{id}`.
    pub id: Option<&'p str>,
    /// `{delivery_id}`.
    pub delivery_id: Option<&'p str>,
}

/// The table made ready for look-ups: one router over the paths, each with its rows.
#[derive(Clone, Debug)]
pub struct Table(matchit::Router<Vec<&'static Route>>);

impl Table {
    /// Builds the look-up, once per process.
    #[must_use]
    pub fn new() -> Self {
        let mut router = matchit::Router::new();
        for route in &ROUTES {
            let rows: Vec<_> = ROUTES.iter().filter(|row| row.path == route.path).collect();
            // The second row of a path finds the first one's entry there; both hold the same rows.
            let _ = router.insert(route.path, rows);
        }
        Self(router)
    }

    /// Finds the row of a request, and the ids that its path names.
    ///
    /// Paths match exactly: another case, a trailing slash, `//`, dot segments and encoded characters find nothing.
    /// *Errors*: `None`; the client sees 404.
    #[must_use]
    pub fn find<'p>(&self, method: &Method, path: &'p str) -> Option<(&'static Route, PathIds<'p>)> {
        let found = self.0.at(path).ok()?;
        let route = found.value.iter().find(|row| row.method == *method)?;
        let ids = PathIds {
            id: found.params.get("id"),
            delivery_id: found.params.get("delivery_id"),
        };
        // No id of ours needs encoding, so an encoded one is another spelling of a path: not found.
        let is_plain = |id: &str| !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let are_plain = ids.id.is_none_or(is_plain) && ids.delivery_id.is_none_or(is_plain);
        are_plain.then_some((*route, ids))
    }
}

impl Default for Table {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_match_exactly() {
        let table = Table::new();
        assert_eq!(
            table.find(&Method::POST, "/v1/run").unwrap().0.operation,
            Operation::RunCreate
        );
        assert_eq!(table.find(&Method::GET, "/v1/runs/a-1").unwrap().1.id, Some("a-1"));
        let (_, ids) = table
            .find(&Method::POST, "/v1/webhooks/a-1/deliveries/b-2/resend")
            .unwrap();
        assert_eq!((ids.id, ids.delivery_id), (Some("a-1"), Some("b-2")));
        for path in [
            "",
            "/",
            "/v1",
            "/V1/run",
            "/v1/run/",
            "/v1//run",
            "//v1/run",
            "/v1/./run",
            "/v1/x/../run",
            "/v1%2frun",
            "/v1/%72un",
            "/v1/run%00",
            "/v1/run%20",
            "/v1/run;a=b",
            "/v1/run.json",
            "/v1\\run",
            "/v1/RUN",
            "/v1/runs/",
            "/v1/runs/a/b",
            "/v1/webhooks/a/deliveries/b%2fc/resend",
            "/v1/webhooks/a/deliveries//resend",
            "/v1/runs/%2e",
            "/v1/runs/..",
            "/v1/runs/a%2fb",
            "/v1/runs/é",
            "v1/run",
            "/v1/health/",
        ] {
            for method in [Method::GET, Method::POST] {
                assert!(table.find(&method, path).is_none(), "{method} {path}");
            }
        }
    }

    #[test]
    fn methods_match_exactly() {
        let table = Table::new();
        for method in [
            "GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "post", "PROPFIND",
        ] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            assert!(table.find(&method, "/v1/run").is_none(), "{method}");
        }
    }

    #[test]
    fn every_row_is_found_and_no_two_are_the_same() {
        let table = Table::new();
        for route in &ROUTES {
            let path = route.path.replace("{id}", "x").replace("{delivery_id}", "y");
            assert_eq!(table.find(&route.method, &path).unwrap().0.operation, route.operation);
            assert_eq!(ROUTES.iter().filter(|row| row.operation == route.operation).count(), 1);
        }
    }
}
