//! Nothing is left behind: no process, no listening socket, no file.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use recoup_test_support::{binary, free_port, scratch_folder, wait_until};
use tempfile::TempDir;

use crate::footprint::Footprint;

const LIMIT: Duration = Duration::from_secs(240);
/// What ends by itself after its owner may take a moment.
const GRACE: Duration = Duration::from_secs(15);

/// One run of a program under a mark of its own, with its temporary files in a folder of its own.
struct Marked {
    mark: String,
    temporary: TempDir,
}

impl Marked {
    fn new(purpose: &str) -> Self {
        let temporary = scratch_folder(purpose).unwrap();
        // PostgreSQL may run as another user, who must be able to enter.
        fs::set_permissions(temporary.path(), fs::Permissions::from_mode(0o755)).unwrap();
        Self {
            mark: temporary.path().display().to_string(),
            temporary,
        }
    }

    fn command(&self, program: &'static str) -> Command {
        let mut command = Command::new(binary(program, "recoup-e2e").unwrap());
        Footprint::mark(&mut command, &self.mark);
        command
            .env("TMPDIR", self.temporary.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        command
    }

    fn footprint(&self) -> Footprint {
        Footprint::of(&self.mark)
    }

    /// Waits until chain, database and indexer run and listen: what must be gone afterwards was there.
    fn wait_until_up(&self) {
        wait_until("everything to run", LIMIT, || {
            let now = self.footprint();
            let runs_all = ["tests/devnet/main.ts", "recoup-indexer", "postgres"]
                .iter()
                .all(|word| now.runs(word));
            Ok((runs_all && now.listeners.len() >= 3).then_some(()))
        })
        .unwrap();
    }

    fn assert_nothing_left(&self) {
        let gone = wait_until("everything to be gone", GRACE, || {
            let left = self.footprint();
            Ok((left == Footprint::default() && is_empty(self.temporary.path())).then_some(()))
        });
        assert!(
            gone.is_ok(),
            "left: {:#?} and {:?}",
            self.footprint(),
            names_in(self.temporary.path())
        );
    }
}

fn names_in(folder: &Path) -> Vec<String> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect()
}

fn is_empty(folder: &Path) -> bool {
    names_in(folder).is_empty()
}

fn wait_for_success(mut child: Child) {
    let status = wait_until("the program to end", LIMIT, || Ok(child.try_wait().unwrap())).unwrap();
    assert!(status.success(), "{status}");
}

#[test]
fn the_demo_succeeds_and_leaves_nothing() {
    let run = Marked::new("leftovers");
    let demo = run.command("recoup-demo").spawn().unwrap();
    run.wait_until_up();
    wait_for_success(demo);
    run.assert_nothing_left();
}

#[test]
fn a_demo_that_is_killed_leaves_nothing() {
    let run = Marked::new("leftovers");
    let mut demo = run.command("recoup-demo").spawn().unwrap();
    run.wait_until_up();
    demo.kill().unwrap();
    demo.wait().unwrap();
    run.assert_nothing_left();
}

#[test]
fn the_local_stack_comes_up_once_and_goes_down_without_a_trace() {
    let run = Marked::new("leftovers");
    let state = scratch_folder("stack").unwrap();
    let ports = ["--node-port", "--observer-port", "--api-port"].map(|flag| (flag, free_port().unwrap()));
    let stack = |verb: &str| {
        let mut command = run.command("recoup-stack");
        command.arg(verb).arg("--folder").arg(state.path().join("stack"));
        for (flag, port) in ports {
            command.args([flag, &port.to_string()]);
        }
        command
    };
    wait_for_success(stack("up").spawn().unwrap());
    run.wait_until_up();
    let before = run.footprint();
    wait_for_success(stack("up").spawn().unwrap());
    assert_eq!(run.footprint(), before, "the second `up` finds the first");
    let steps = stack("up").stdout(Stdio::piped()).output().unwrap();
    run_next_steps(&String::from_utf8_lossy(&steps.stdout));
    wait_for_success(stack("down").spawn().unwrap());
    run.assert_nothing_left();
    assert!(is_empty(state.path()));
    wait_for_success(stack("down").spawn().unwrap());
}

/// Pastes what `up` printed into a shell: the line with the environment, then each command.
fn run_next_steps(text: &str) {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let environment = lines.iter().find(|line| line.starts_with("export ")).unwrap();
    let commands: Vec<&&str> = lines.iter().filter(|line| line.starts_with("recoup ")).collect();
    assert_eq!(commands.len(), 5, "{text}");
    let run = |command: &str| {
        let script = format!("{environment}\n{command}");
        let output = Command::new("sh")
            .args(["-e", "-c", &script])
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{command}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    for command in &commands {
        run(command);
    }
    // The indexer hears of a block a moment after the node knows it.
    let list = commands.last().unwrap();
    wait_until("the indexer to list the refund", GRACE, || {
        Ok(run(list).contains("refund-1").then_some(()))
    })
    .unwrap();
}

#[test]
fn a_taken_port_is_named() {
    let run = Marked::new("leftovers");
    let state = scratch_folder("stack").unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let output = run
        .command("recoup-stack")
        .args(["up", "--node-port", &port.to_string()])
        .arg("--folder")
        .arg(state.path().join("stack"))
        .stdout(Stdio::piped())
        .output()
        .unwrap();
    assert!(!output.status.success());
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        stderr.contains(&format!("port {port} of 127.0.0.1 is in use")),
        "{stderr}"
    );
    run.assert_nothing_left();
}
