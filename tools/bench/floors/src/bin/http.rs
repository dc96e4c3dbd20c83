//! The first floor: a bare lambda_http function. It says one thing to everybody, reads nothing, asks nobody and logs nothing.

use std::convert::Infallible;

use lambda_http::{Body, Error, Request, Response, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_http::run(service_fn(async |_: Request| {
        Ok::<_, Infallible>(Response::new(Body::from(r#"{"status":"ok"}"#)))
    }))
    .await
}
