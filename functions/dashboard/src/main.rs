//! The `dashboard` Lambda.

use eclips_shared::config::Config;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    eclips_shared::log::start();
    lambda_runtime::run(eclips_dashboard::service(&Config::dashboard()?).await?).await
}
