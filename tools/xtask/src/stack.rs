//! `cargo xtask deploy`, `smoke` and `destroy`: a stack comes up, is tried as a client meets it, and goes. The commands that ask AWS
//! are SAM's, in the pinned version that the tests check the template with; credentials and region are those it finds.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use serde_json::Value;

use crate::python::Installed;
use crate::test::sam;
use crate::workspace::Workspace;
use crate::{environment, package};

/// The template, below the root.
const TEMPLATE: &str = "infra/template.yaml";
/// What the contract's tests need beside the address.
const KEYS: [&str; 2] = ["ECLIPS_API_KEY", "ECLIPS_TEST_KEY"];

/// The options of `cargo xtask deploy`.
#[derive(Args)]
pub struct Deploy {
    /// The stack's name.
    #[arg(long)]
    stack: String,
    /// The region; without it the one of AWS's own settings.
    #[arg(long)]
    region: Option<String>,
    /// A parameter of the template, `Name=value`; may be given more than once. What is not named keeps the value that it has.
    #[arg(long = "set", value_name = "NAME=VALUE")]
    parameters: Vec<String>,
    /// Deploys the zips in target/lambda as they are; without it they are built first, for arm64.
    #[arg(long)]
    built: bool,
    /// Shows what would change, and changes nothing.
    #[arg(long)]
    preview: bool,
}

/// The options of `cargo xtask smoke`.
#[derive(Args)]
pub struct Smoke {
    /// The system's address.
    #[arg(long, conflicts_with_all = ["stack", "data"])]
    url: Option<String>,
    /// A stack, whose address is its output `ApiUrl`.
    #[arg(long, conflicts_with = "data")]
    stack: Option<String>,
    /// The stack's region.
    #[arg(long, requires = "stack")]
    region: Option<String>,
    /// A running `cargo dev`, by its data folder; `.eclips` as a rule.
    #[arg(long)]
    data: Option<PathBuf>,
}

/// The options of `cargo xtask destroy`.
#[derive(Args)]
pub struct Destroy {
    /// The stack's name.
    #[arg(long)]
    stack: String,
    /// The region; without it the one of AWS's own settings.
    #[arg(long)]
    region: Option<String>,
    /// The stack's name once more, for whoever is not asked.
    #[arg(long, value_name = "STACK")]
    confirm: Option<String>,
}

/// Builds and deploys. *Errors*: what cannot be built, or what SAM says.
pub fn deploy(options: &Deploy, workspace: &Workspace) -> Result<ExitCode> {
    for parameter in &options.parameters {
        ensure!(
            parameter.split_once('=').is_some_and(|(name, _)| !name.is_empty()),
            "--set takes NAME=VALUE, and {parameter:?} is none"
        );
    }
    if !options.built {
        package::run(&package::Options::arm64(), workspace)?;
    }
    let mut command = deploying(TEMPLATE.as_ref(), &options.stack, options.region.as_deref(), workspace)?;
    command.arg(if options.preview {
        "--no-execute-changeset"
    } else {
        "--no-confirm-changeset"
    });
    if !options.parameters.is_empty() {
        command.arg("--parameter-overrides").args(&options.parameters);
    }
    run(
        command,
        "sam says above what it lacks. Credentials: `aws sts get-caller-identity` shows whose are found; a stack that stands half: \
         the events of `aws cloudformation describe-stack-events`.",
    )?;
    if !options.preview {
        println!("\nnext: cargo xtask smoke --stack {}", options.stack);
    }
    Ok(ExitCode::SUCCESS)
}

/// Looks at a system and has the contract's tests run against it. *Errors*: no address, no keys, or a test that failed.
pub fn smoke(options: &Smoke, workspace: &Workspace) -> Result<ExitCode> {
    let settings = match (&options.data, &options.stack, &options.url) {
        (Some(folder), _, _) => settings_of(folder)?,
        (None, Some(stack), _) => with_keys(api_url(listing(stack, options.region.as_deref(), workspace)?)?)?,
        (None, None, Some(url)) => with_keys(url.clone())?,
        (None, None, None) => bail!("whom? --url, --stack, or --data .eclips for a running `cargo dev`"),
    };
    println!("smoke: {}", settings[0].1);
    for line in [
        "cargo run --quiet -p eclips-tests --example first_look",
        "cargo test --workspace --test all -- contract::",
    ] {
        println!("\n$ {line}");
        let mut command = workspace.command_line(line);
        command.envs(settings.iter().map(|(name, value)| (name, value)));
        run(
            command,
            "A test's name says which promise is not kept; `cargo test --workspace --test all -- contract::<name>` tries it again.",
        )?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Deletes a stack, once its name was said twice. *Errors*: another name, or what SAM says.
pub fn destroy(options: &Destroy, workspace: &Workspace) -> Result<ExitCode> {
    println!(
        "deleting {}: gateways, functions, queues, and every message in them.\nkept: both tables, the user pool, the key of the \
         secrets; infra/README.md says how they go, and how a new stack gets them.",
        options.stack
    );
    let said = match &options.confirm {
        Some(said) => said.clone(),
        None => asked("the stack's name once more: ")?,
    };
    ensure!(said == options.stack, "{said:?} is another name; nothing was deleted");
    run(
        deleting(&options.stack, options.region.as_deref(), workspace)?,
        "sam says above what it lacks; what is left is in `aws cloudformation describe-stack-resources`.",
    )?;
    Ok(ExitCode::SUCCESS)
}

/// Prepares the upload of what a template names and the deployment of the stack; whether it is confirmed and with which parameters is
/// the caller's to add. *Errors*: no SAM, in a sentence.
pub fn deploying(template: &Path, stack: &str, region: Option<&str>, workspace: &Workspace) -> Result<Command> {
    let mut command = sam(workspace, &["deploy"], stack, region)?;
    command.arg("--template-file").arg(template);
    command.args([
        "--capabilities",
        "CAPABILITY_IAM",
        "--resolve-s3",
        "--no-fail-on-empty-changeset",
    ]);
    Ok(command)
}

/// Prepares a stack's deletion, which asks nobody any more. *Errors*: no SAM, in a sentence.
pub fn deleting(stack: &str, region: Option<&str>, workspace: &Workspace) -> Result<Command> {
    let mut command = sam(workspace, &["delete"], stack, region)?;
    command.arg("--no-prompts");
    Ok(command)
}

fn sam(workspace: &Workspace, verb: &[&str], stack: &str, region: Option<&str>) -> Result<Command> {
    let tool: Installed = sam::TOOL.ready(workspace)?;
    let mut command = tool.command(workspace);
    command
        .args(verb)
        .args(["--stack-name", stack])
        .env("SAM_CLI_TELEMETRY", "0");
    if let Some(region) = region {
        command.args(["--region", region]);
    }
    Ok(command)
}

/// Runs a command aloud.
fn run(mut command: Command, next: &str) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("cannot start {}", command.get_program().display()))?;
    ensure!(status.success(), "it failed.\n  next: {next}");
    Ok(())
}

fn asked(question: &str) -> Result<String> {
    print!("{question}");
    std::io::stdout().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(answer.trim().to_owned())
}

/// Prepares the list of a stack's outputs, for [`api_url`]. *Errors*: no SAM, in a sentence.
pub fn listing(stack: &str, region: Option<&str>, workspace: &Workspace) -> Result<Command> {
    let mut command = sam(workspace, &["list", "stack-outputs"], stack, region)?;
    command.args(["--output", "json"]);
    Ok(command)
}

/// The address among the outputs of a stack, which a command lists. *Errors*: what SAM says, or it is another template's stack.
pub fn api_url(mut listing: Command) -> Result<String> {
    let said = listing.stderr(Stdio::inherit()).output().context("cannot start sam")?;
    ensure!(
        said.status.success(),
        "sam could not list the stack's outputs; its message is above"
    );
    output(&said.stdout, "ApiUrl").context("the stack has no output ApiUrl; is it one of this template?")
}

/// An output's value in what `sam list stack-outputs` prints.
fn output(printed: &[u8], name: &str) -> Option<String> {
    let outputs: Value = serde_json::from_slice(printed).ok()?;
    let found = outputs.as_array()?.iter().find(|one| one["OutputKey"] == name)?;
    Some(found["OutputValue"].as_str()?.to_owned())
}

/// The address, and the keys from the environment: on a command line others could read them.
fn with_keys(url: String) -> Result<Vec<(String, String)>> {
    let mut settings = vec![("ECLIPS_BASE_URL".to_owned(), url)];
    for name in KEYS {
        let key = environment::key(name).with_context(|| {
            format!("set {name}: `cargo admin key create` makes one of the organization that tries it")
        })?;
        settings.push((name.to_owned(), key));
    }
    Ok(settings)
}

/// Address and keys of a running `cargo dev`.
fn settings_of(folder: &Path) -> Result<Vec<(String, String)>> {
    let path = folder.join("dev.env");
    let text = fs::read_to_string(&path).with_context(|| {
        format!(
            "cannot read {}: start `cargo dev` first, or name its folder",
            path.display()
        )
    })?;
    let value = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        let found = line.with_context(|| format!("{} has no {name}", path.display()))?;
        Ok((name.to_owned(), found.to_owned()))
    };
    std::iter::once("ECLIPS_BASE_URL").chain(KEYS).map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::output;

    #[test]
    fn reads_an_output_of_sam_s_list() {
        let printed = br#"[{"OutputKey":"DashboardUrl","OutputValue":"https://d"},{"OutputKey":"ApiUrl","OutputValue":"https://a"}]"#;
        assert_eq!(output(printed, "ApiUrl").as_deref(), Some("https://a"));
        assert_eq!(output(printed, "KeysTableName"), None);
        assert_eq!(output(b"Error: no stack", "ApiUrl"), None);
    }
}
