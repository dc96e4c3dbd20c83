//! The `health` Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    eclips_shared::log::start();
    lambda_runtime::run(eclips_health::service()).await
}
