//! Reads `<data>/dev.env`, the plain `NAME=value` lines that a running `cargo dev` wrote.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, anyhow};
use eclips_shared::config::Config;

/// Reads the settings of tables and vault.
///
/// *Errors*: when the file is not there (no `cargo dev` ran in that folder) or lacks a setting.
pub fn read(path: &Path) -> anyhow::Result<Config> {
    let text = std::fs::read_to_string(path).with_context(|| {
        format!(
            "{} cannot be read; start `cargo dev`, or pass its --data",
            path.display()
        )
    })?;
    let settings: HashMap<&str, &str> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('='))
        .collect();
    let setting = |name: &str| {
        settings
            .get(name)
            .map(|value| (*value).to_owned())
            .ok_or_else(|| anyhow!("{} lacks {name}", path.display()))
    };
    Ok(Config {
        table_main: setting("ECLIPS_TABLE_MAIN")?,
        table_keys: setting("ECLIPS_TABLE_KEYS")?,
        vault: setting("ECLIPS_VAULT")?,
        region: Some(setting("AWS_REGION")?),
        dynamodb_endpoint: Some(setting("AWS_ENDPOINT_URL_DYNAMODB")?),
        ..Config::default()
    })
}
