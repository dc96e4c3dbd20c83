//! The first floor: a bare lambda_http function. It says one thing to everybody, reads nothing, asks nobody and logs nothing. What it says
//! may be another function's answer, in a file.

use std::convert::Infallible;

use lambda_http::{Body, Error, Request, Response, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let answer = &answer()?;
    lambda_http::run(service_fn(async |_: Request| {
        Ok::<_, Infallible>(Response::new(Body::from(answer.as_str())))
    }))
    .await
}

/// What the bench wants to be said.
#[expect(
    clippy::disallowed_methods,
    reason = "a floor shares no settings with the functions: shared/src/config.rs would be part of what is measured"
)]
fn answer() -> Result<String, Error> {
    match std::env::var("FLOOR_ANSWER") {
        Ok(path) => Ok(std::fs::read_to_string(path)?),
        Err(_) => Ok(r#"{"status":"ok"}"#.to_owned()),
    }
}
