//! The `runs` Lambda.

use eclips_shared::config::Config;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    eclips_shared::log::start();
    lambda_runtime::run(eclips_runs::service(&Config::asking()?).await).await
}
