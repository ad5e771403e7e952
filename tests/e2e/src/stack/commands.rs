//! `up`, `down`, and the process that holds everything in between.

use std::env;
use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt as _;
use std::process::{self, Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use recoup_test_support::{Cluster, Durability, wait_until};
use tokio::signal::unix::{SignalKind, signal};

use super::{StackFolder, StackRecord};
use crate::command_line::CommandLine;
use crate::scene::{Scene, SceneOptions};

/// First start: a cluster, a chain, wallets and a deployment, on a machine that may be busy.
const UP_LIMIT: Duration = Duration::from_secs(180);
const DOWN_LIMIT: Duration = Duration::from_secs(60);

/// Where the stack listens, all on 127.0.0.1.
#[derive(Debug, Clone, Copy)]
pub struct Ports {
    /// The node's RPC paths.
    pub node: u16,
    /// Where the indexer takes the node's events.
    pub observer: u16,
    /// The indexer's API.
    pub api: u16,
}

/// Starts the stack, or finds it running. Either way its record is returned, and nobody waits for it to end.
///
/// # Errors
/// When a port is taken, or the stack does not come up; with the end of its log.
pub fn up(folder: &StackFolder, ports: Ports) -> Result<StackRecord> {
    let Some(lock) = folder.try_lock()? else {
        return wait_for_record(folder, None);
    };
    for port in [ports.node, ports.observer, ports.api] {
        ensure!(
            is_free(port),
            "port {port} of 127.0.0.1 is in use by another program; stop it and try again"
        );
    }
    // What a stack that was killed left behind.
    folder.remove(&lock)?;
    drop(lock);
    fs::create_dir_all(folder.path())?;
    let mut holder = start_holder(folder, ports)?;
    wait_for_record(folder, Some(&mut holder))
}

/// Stops the stack and removes its folder. Says whether one was running.
///
/// # Errors
/// When it does not end in time.
pub fn down(folder: &StackFolder) -> Result<bool> {
    if !folder.path().exists() {
        return Ok(false);
    }
    if let Some(lock) = folder.try_lock()? {
        folder.remove(&lock)?;
        return Ok(false);
    }
    // The lock is held, so the process that wrote the record lives and is ours.
    let record = wait_for_record(folder, None)?;
    let signalled = Command::new("sh")
        .args(["-c", "kill -s TERM \"$1\"", "sh", &record.pid.to_string()])
        .status()?;
    ensure!(signalled.success(), "process {} cannot be signalled", record.pid);
    let lock = wait_until("the stack to end", DOWN_LIMIT, || {
        Ok(folder.try_lock().ok().flatten())
    })?;
    folder.remove(&lock)?;
    Ok(true)
}

/// Holds the stack until this process is asked to end.
///
/// # Errors
/// When something does not start, or another stack holds the folder.
pub fn serve(folder: &StackFolder, ports: Ports) -> Result<()> {
    let Some(_lock) = folder.try_lock()? else {
        bail!("a stack is running already")
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let _inside = runtime.enter();
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let cluster = Cluster::start(Durability::Full)?;
    let database = cluster.create_database("recoup")?;
    let scene = Scene::start(&SceneOptions {
        node_port: ports.node,
        observer_port: ports.observer,
        api_port: ports.api,
        ..SceneOptions::new(database.clone())?
    })?;
    CommandLine::set_up(folder.home(), &scene)?.deploy_contracts(&scene)?;
    folder.write_record(&StackRecord {
        pid: process::id(),
        node: scene.chain().url().to_owned(),
        indexer: scene.indexer()?.base().to_owned(),
        database,
    })?;
    runtime.block_on(async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    });
    Ok(())
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// Starts this very program again as the holder, in a process group of its own so that it outlives the terminal.
fn start_holder(folder: &StackFolder, ports: Ports) -> Result<Child> {
    let log = File::create(folder.log()).context("create the stack's log")?;
    Command::new(env::current_exe()?)
        .arg("serve")
        .arg("--folder")
        .arg(folder.path())
        .args(["--node-port", &ports.node.to_string()])
        .args(["--observer-port", &ports.observer.to_string()])
        .args(["--api-port", &ports.api.to_string()])
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .process_group(0)
        .spawn()
        .context("start the stack")
}

fn wait_for_record(folder: &StackFolder, mut holder: Option<&mut Child>) -> Result<StackRecord> {
    let up = wait_until("the stack to come up", UP_LIMIT, || {
        let ended = holder
            .as_mut()
            .is_some_and(|holder| holder.try_wait().is_ok_and(|status| status.is_some()));
        let record = folder.read_record().ok().flatten();
        Ok(if ended { Some(None) } else { record.map(Some) })
    });
    match up {
        Ok(Some(record)) => Ok(record),
        Ok(None) => bail!(
            "the stack did not come up:\n{}",
            fs::read_to_string(folder.log()).unwrap_or_default()
        ),
        Err(error) => Err(error).with_context(|| format!("look into {}", folder.log().display())),
    }
}
