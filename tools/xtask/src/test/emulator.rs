//! The `emulator` part: the stack, deployed by SAM to an emulator of AWS, with the functions of this build behind its gateway, its
//! queues and its tables' streams; the contract's tests against that gateway, and the tests of the stores over its DynamoDB.
//!
//! The emulator is MiniStack, no work of AWS: what passes here is wired as its authors read AWS, and what fails is looked at.

mod adapted;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::operator::{Operator, SCOPES};
use super::{Outcome, sam, tests};
use crate::process;
use crate::python::Tool;
use crate::server::Server;
use crate::stack;
use crate::workspace::Workspace;

/// What this part runs, once the emulator is up.
pub const SHOWN: &str = "sam deploy; ECLIPS_BASE_URL=… cargo test --workspace --test all -- contract::; \
                         ECLIPS_ENGINE=… cargo test --workspace --test all -- (what is done to the stores)";

const TOOL: Tool = Tool {
    package: "ministack",
    version: "1.5.33",
    // For the bucket that SAM makes for itself; the version that it brings.
    beside: &["aws-sam-translator==1.115.0"],
    program: "ministack",
};

/// The name of the stack, and of the region that it is in.
const STACK: &str = "eclips";
const REGION: &str = "us-east-1";
/// What is left out of the contract, which is said: the emulator hands on no stream (`ECLIPS_WITHOUT_STREAM` leaves out what asks for
/// one), only the last of several headers of a name, and a path without its percent signs.
const CONTRACT: &str = "cargo test --workspace --test all -- contract:: --test-threads 4 \
                        --skip two_authorization_headers_are_refused --skip a_path_in_another_spelling_never_reaches_a_handler";

/// What is done to the stores, over the emulator's DynamoDB. Left out are two crowds at once, for whom it is too slow, and what counts
/// units: it reckons reads of several items otherwise.
const STORES: &str = "cargo test --workspace --test all -- sweep:: triage:: webhooks:: batches:: cancel:: conduct:: \
                      idempotency:: usage::fold faults:: followed:: --test-threads 4 --skip contract:: \
                      --skip fifty_who_send_one_named_request_make_one_run --skip of_twenty_who_decide_at_once_one_does";

/// Deploys, tries, stops.
pub fn run(workspace: &Workspace) -> Result<Outcome> {
    let ready = TOOL
        .ready(workspace)
        .and_then(|tool| Ok((tool, sam::TOOL.ready(workspace)?)));
    let (tool, expander) = match ready {
        Ok(ready) => ready,
        Err(reason) => return Ok(Outcome::NotRun(format!("{reason:#}"))),
    };
    let folder = workspace.target.join("emulator");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    // The canary is CodeDeploy's, which the emulator does not know.
    let mut template = sam::expanded(&expander, &["Canary=false"], workspace)?;
    for left_out in adapted::adapt(&mut template, |function| code(function, &folder, workspace))? {
        println!("not in the emulator: {left_out}");
    }
    let path = folder.join("template.json");
    fs::write(&path, template.to_string()).with_context(|| format!("cannot write {}", path.display()))?;

    let server = Server::start(&folder.join("log"), |port| {
        let mut command = tool.command(workspace);
        command
            .env("BIND_HOST", "127.0.0.1")
            .env("GATEWAY_PORT", port.to_string())
            // Whom the functions call; without it, AWS itself.
            .envs(settings(port));
        Ok(command)
    })?;
    println!(
        "emulator on port {}, its words in {}",
        server.port,
        server.log.display()
    );
    deploy(&path, &server, workspace)?;
    let url = api_url(&server, workspace)?;
    println!("deployed: {url}");
    let outcome = tried(&server, &url, workspace)?;
    delete(&server, workspace)?;
    Ok(outcome)
}

/// Deletes the stack as `cargo xtask destroy` does, and looks that it is gone.
fn delete(server: &Server, workspace: &Workspace) -> Result<()> {
    let mut deleting = stack::deleting(STACK, Some(REGION), workspace)?;
    deleting.envs(settings(server.port));
    let finished = process::quiet(deleting)?;
    ensure!(finished.success, "sam delete: {}", finished.output.trim_end());
    let mut listing = stack::listing(STACK, Some(REGION), workspace)?;
    listing.envs(settings(server.port));
    ensure!(
        !process::quiet(listing)?.success,
        "sam delete said that the stack was gone, and it is still listed"
    );
    println!("deleted: {STACK}");
    Ok(())
}

/// Puts a function's program of this build where SAM takes it from, and zips it: the optimised one would take minutes to build.
fn code(function: &str, folder: &Path, workspace: &Workspace) -> Result<PathBuf> {
    let (code, program) = (folder.join(function), workspace.target.join("debug").join(function));
    fs::create_dir_all(&code)?;
    fs::copy(&program, code.join("bootstrap")).with_context(|| format!("cannot copy {}", program.display()))?;
    Ok(code)
}

/// What leads an SDK, and so SAM and our own programs, to the emulator.
fn settings(port: u16) -> [(&'static str, String); 4] {
    [
        ("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{port}")),
        ("AWS_ACCESS_KEY_ID", "test".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
        ("AWS_REGION", REGION.to_owned()),
    ]
}

fn deploy(template: &Path, server: &Server, workspace: &Workspace) -> Result<()> {
    let mut command = stack::deploying(template, STACK, Some(REGION), workspace)?;
    command.arg("--no-confirm-changeset").envs(settings(server.port));
    command.arg("--parameter-overrides");
    command.args([
        "Canary=false",
        "ModelFast=sandbox",
        "ModelSmart=sandbox",
        "ModelPremium=sandbox",
    ]);
    let finished = process::quiet(command)?;
    ensure!(
        finished.success,
        "{}\nthe emulator's words are in {}",
        finished.output.trim_end(),
        server.log.display()
    );
    Ok(())
}

/// The address of the API as the emulator serves it. What the stack prints is where it would be in AWS.
fn api_url(server: &Server, workspace: &Workspace) -> Result<String> {
    let mut listing = stack::listing(STACK, Some(REGION), workspace)?;
    listing.envs(settings(server.port));
    let printed = stack::api_url(listing)?;
    let parts = printed.strip_prefix("https://").and_then(|rest| {
        let (host, stage) = rest.split_once('/')?;
        Some((host.split('.').next()?, stage))
    });
    let (api, stage) = parts.with_context(|| format!("ApiUrl is {printed}"))?;
    Ok(format!(
        "http://127.0.0.1:{}/_aws/execute-api/{api}/{stage}",
        server.port
    ))
}

/// The tests, against what was deployed.
fn tried(server: &Server, url: &str, workspace: &Workspace) -> Result<Outcome> {
    let mut tables = settings(server.port).to_vec();
    tables.push(("ECLIPS_TABLE_MAIN", format!("{STACK}-main")));
    tables.push(("ECLIPS_TABLE_KEYS", format!("{STACK}-keys")));
    let operator = Operator::of_stack(&tables, workspace);
    let (org, other) = (operator.org("Emulator")?, operator.org("Stranger")?);
    let settings = [
        ("ECLIPS_BASE_URL", url.to_owned()),
        ("ECLIPS_API_KEY", operator.key(&org, SCOPES, &[])?),
        ("ECLIPS_TEST_KEY", operator.key(&org, SCOPES, &["--test"])?),
        ("ECLIPS_SCOPELESS_KEY", operator.key(&org, "", &[])?),
        ("ECLIPS_STRANGER_KEY", operator.key(&other, SCOPES, &["--test"])?),
        ("ECLIPS_WITHOUT_STREAM", "1".to_owned()),
    ];
    let with = |line: &str| {
        let mut command: Command = workspace.command_line(line);
        command.envs(settings.iter().map(|(name, value)| (name, value)));
        command
    };
    process::aloud(with("cargo run --quiet -p eclips-tests --example first_look"), |_| ())?;
    let mut stores = workspace.command_line(STORES);
    stores.env("ECLIPS_ENGINE", format!("http://127.0.0.1:{}", server.port));
    tests::counted([
        (with(CONTRACT), ", against the stack in the emulator"),
        (stores, ", over the emulator's DynamoDB"),
    ])
}
