//! README.md, "Issue your first refund", and what other documents show: typed as it stands and compared with what comes.

use std::cell::RefCell;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::process::Command;
use std::time::Duration;

use recoup_e2e::accounts::{ALICE, BOB, SHOP};
use recoup_e2e::command_line::{CommandLine, PASSPHRASE_FILE};
use recoup_e2e::docs::{Step, situations};
use recoup_e2e::scene::{Scene, SceneOptions};
use recoup_test_support::{TestDatabase, binary, free_port, repository, scratch_folder, wait_until};
use tempfile::TempDir;

const LIMIT: Duration = Duration::from_secs(60);

/// A shell of somebody who follows the document. What it started is stopped with it.
struct Session {
    folder: TempDir,
    stack: String,
    /// What was exported so far.
    environment: String,
}

impl Session {
    fn new() -> Self {
        let folder = scratch_folder("readme").unwrap();
        let ports = ["--node-port", "--observer-port", "--api-port"]
            .map(|flag| format!("{flag} {}", free_port().unwrap()))
            .join(" ");
        let program = binary("recoup-stack", "recoup-e2e").unwrap();
        let stack = format!(
            "{} --folder {}/stack {ports}",
            program.display(),
            folder.path().display()
        );
        Self {
            folder,
            stack,
            environment: String::new(),
        }
    }

    /// The exit code, and what a terminal would show.
    fn type_in(&mut self, typed: &str) -> (Option<i32>, String) {
        let programs = binary("recoup", "recoup-cli").unwrap();
        let programs = programs.parent().unwrap().display().to_string();
        let (program, options) = self.stack.split_once(' ').unwrap();
        // Beside whatever else this machine runs: other ports, another folder, programs wherever cargo put them.
        let command = match typed {
            "make up" => format!("{program} up {options}"),
            "make down" => format!("{program} down {options}"),
            other => other
                .replace("$PWD/target/debug", &programs)
                .replace("$PWD/.recoup", &format!("{}/stack", self.folder.path().display())),
        };
        if command.starts_with("export ") {
            self.environment.push_str(&command);
            self.environment.push('\n');
        }
        type_in(&format!("{}{command}", self.environment), &[])
    }

    fn happen(&mut self, event: &str) {
        assert_eq!(event, "the-indexer-follows", "README.md names what nobody makes");
        wait_until("the indexer to list the refund", LIMIT, || {
            let (_, listed) = self.type_in("recoup history");
            Ok(listed.contains("refund-1").then_some(()))
        })
        .unwrap();
    }
}

/// The exit code, and what a terminal would show.
fn type_in(script: &str, environment: &[(&str, OsString)]) -> (Option<i32>, String) {
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("exec 2>&1\n{script}")]);
    let variables = env::vars_os().map(|(name, _)| name);
    for name in variables.filter(|name| name.to_string_lossy().starts_with("RECOUP_")) {
        shell.env_remove(name);
    }
    shell.envs(environment.iter().cloned());
    let output = shell.output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.code(), printed)
}

/// Types all commands of a document's only situation.
fn follow(
    document: &str,
    name: &str,
    mut type_in: impl FnMut(&str) -> (Option<i32>, String),
    mut happen: impl FnMut(&str),
) {
    let text = fs::read_to_string(repository().join(document)).unwrap();
    let [only] = situations(&text).unwrap().try_into().unwrap();
    assert_eq!(only.name, name, "{document}");
    assert!(only.steps.len() >= 5, "{only:#?}");
    for step in &only.steps {
        match step {
            Step::Event(event) => happen(event),
            Step::Command(shown) => {
                let (exit, printed) = type_in(&shown.command);
                let objection = shown.objection(exit, &printed);
                assert!(
                    objection.is_none(),
                    "{document}, {}",
                    objection.unwrap_or_default()
                );
            }
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.type_in("make down");
    }
}

#[test]
fn the_first_refund_is_issued_as_written() {
    let session = RefCell::new(Session::new());
    follow(
        "README.md",
        "first-refund",
        |typed| session.borrow_mut().type_in(typed),
        |event| session.borrow_mut().happen(event),
    );
}

#[test]
fn a_second_person_approves_as_written() {
    let database = TestDatabase::create().unwrap();
    let scene = Scene::start(&SceneOptions::new(database.url()).unwrap()).unwrap();
    let home = scratch_folder("approvals").unwrap();
    let command_line = CommandLine::set_up(home.path().to_owned(), &scene).unwrap();
    command_line.deploy_contracts(&scene).unwrap();
    let settings = format!(
        "\n[profiles.local.approval]\napprovers = [\"{}\"]\n[profiles.local.approval.above]\nSTX = \"100\"\n",
        BOB.address
    );
    let file = home.path().join("config.toml");
    let config = fs::read_to_string(&file).unwrap();
    fs::write(&file, config + &settings).unwrap();
    let invoice = ["invoice", "create", "--amount", "500", "--yes"];
    command_line.of(SHOP).command(invoice).run().unwrap();
    let payment = ["pay", "1", "--merchant", SHOP.address, "--yes"];
    command_line.of(ALICE).command(payment).run().unwrap();
    let program = binary("recoup", "recoup-cli").unwrap();
    let programs = program.parent().unwrap().display().to_string();
    let path = format!("{programs}:{}", env::var("PATH").unwrap());
    let environment = [
        ("PATH", path.into()),
        ("RECOUP_HOME", home.path().into()),
        ("RECOUP_PASSPHRASE_FILE", home.path().join(PASSPHRASE_FILE).into()),
        ("RECOUP_WALLET", SHOP.wallet.into()),
    ];
    follow(
        "docs/APPROVALS.md",
        "one-house",
        |typed| type_in(typed, &environment),
        |event| assert_eq!(event, "", "docs/APPROVALS.md names what nobody makes"),
    );
}
