//! Processes that end with their owner, however the owner ends.
//!
//! A destructor does not run when a test is killed. So each process gets a watchdog: a shell that reads a pipe whose
//! other end its owner holds. When the owner lets go of it, by intent or by dying, the watchdog stops the process
//! and removes its folder.

use std::fs;
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use crate::{Error, Result, wait_until};

/// A line on stdin dismisses the watchdog; the end of stdin makes it act. Arguments: process id, signal, folder.
/// It gives up at last, as nothing ends a process that nobody reaps (a container without an init). A command that its owner
/// had begun may still write into the folder while it is removed: then it is removed again.
const WATCHDOG: &str = r#"
read -r dismissed && exit 0
kill -s "$2" "$1" 2>/dev/null
tries=0
while [ "$tries" -lt 240 ] && kill -0 "$1" 2>/dev/null; do
    tries=$((tries + 1))
    [ "$tries" -lt 200 ] || kill -s KILL "$1" 2>/dev/null
    sleep 0.05
done
tries=0
while rm -rf -- "$3" 2>/dev/null; [ -e "$3" ] && [ "$tries" -lt 100 ]; do
    tries=$((tries + 1))
    sleep 0.1
done
"#;

/// How much of a log is shown when its process fails.
const LOG_LINES: usize = 30;

/// A running program with a folder of its own, for its log and whatever else belongs to it.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    watchdog: Child,
    folder: PathBuf,
    keeps_folder: bool,
}

impl Process {
    /// Starts `command` with stdout and stderr going to files in `folder`, which is removed when the process is gone.
    /// `stop_signal` is the name of the signal that asks this program to end in good order.
    ///
    /// # Errors
    /// [`Error::Io`] when it, or its watchdog, cannot be started.
    pub fn spawn(name: &str, command: Command, folder: TempDir, stop_signal: &str) -> Result<Self> {
        let process = Self::spawn_in(name, command, folder.path(), stop_signal)?;
        // From here on it is the process that removes it.
        let _ = folder.keep();
        Ok(process)
    }

    /// The same in a folder that another process left: see [`Process::kill_and_keep`].
    ///
    /// # Errors
    /// As [`Process::spawn`]; the folder stays then.
    pub fn spawn_in(name: &str, mut command: Command, folder: &Path, stop_signal: &str) -> Result<Self> {
        let log = |file: &str| {
            let path = folder.join(file);
            fs::File::create(&path).map_err(Error::io(format!("{}", path.display())))
        };
        let mut child = command
            .stdin(Stdio::null())
            .stdout(log("stdout")?)
            .stderr(log("stderr")?)
            // A group of its own: an interrupt typed at the terminal reaches the owner alone, who ends it properly.
            .process_group(0)
            .spawn()
            .map_err(Error::io(format!("start {name}")))?;
        match watch(&child, stop_signal, folder) {
            Ok(watchdog) => Ok(Self {
                name: name.to_owned(),
                child,
                watchdog,
                folder: folder.to_owned(),
                keeps_folder: false,
            }),
            Err(error) => {
                kill_and_reap(&mut child);
                Err(error)
            }
        }
    }

    /// The process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The folder that lives as long as the process.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What it wrote to stdout so far.
    ///
    /// # Errors
    /// [`Error::Io`] when the file cannot be read.
    pub fn stdout(&self) -> Result<String> {
        self.read("stdout")
    }

    /// What it wrote to stderr so far.
    ///
    /// # Errors
    /// [`Error::Io`] when the file cannot be read.
    pub fn stderr(&self) -> Result<String> {
        self.read("stderr")
    }

    /// The first whole line that it writes to stdout.
    ///
    /// # Errors
    /// [`Error::Failed`] when it ends before, [`Error::TimedOut`] when there is none after `limit`.
    pub fn first_line(&mut self, limit: Duration) -> Result<String> {
        let what = format!("a line of {}", self.name);
        wait_until(&what, limit, || {
            // Read after asking whether it runs: the last words of a process that ended in between are seen, too.
            let running = self.ensure_running();
            let stdout = self.stdout()?;
            match stdout.split_once('\n') {
                Some((line, _)) => Ok(Some(line.to_owned())),
                None => running.map(|()| None),
            }
        })
    }

    /// How it ended, when it has.
    ///
    /// # Errors
    /// [`Error::Io`] when the system cannot tell.
    pub fn exit_status(&mut self) -> Result<Option<ExitStatus>> {
        self.child
            .try_wait()
            .map_err(Error::io(format!("state of {}", self.name)))
    }

    /// Fails with the end of its log when the process is no longer running.
    ///
    /// # Errors
    /// [`Error::Failed`] with the exit status and the last lines it wrote.
    pub fn ensure_running(&mut self) -> Result<()> {
        match self.exit_status()? {
            None => Ok(()),
            Some(status) => Err(self.failure(&format!("ended with {status}"))),
        }
    }

    /// An error about this process that shows the end of its log.
    #[must_use]
    pub fn failure(&self, what: &str) -> Error {
        let log = self.stderr().unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let tail = lines
            .get(lines.len().saturating_sub(LOG_LINES)..)
            .unwrap_or_default()
            .join("\n");
        Error::Failed {
            program: self.name.clone(),
            detail: format!("{what}\n{tail}"),
        }
    }

    /// Kills it at once (SIGKILL), as a crash of the machine would, and keeps nothing of its folder.
    pub fn kill(mut self) {
        kill_and_reap(&mut self.child);
    }

    /// Kills it at once and leaves its folder to a successor, who removes it.
    #[must_use]
    pub fn kill_and_keep(mut self) -> PathBuf {
        kill_and_reap(&mut self.child);
        self.keeps_folder = true;
        self.folder.clone()
    }

    fn read(&self, file: &str) -> Result<String> {
        let path = self.folder.join(file);
        let bytes = fs::read(&path).map_err(Error::io(format!("{}", path.display())))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let already_gone = self.child.try_wait().is_ok_and(|status| status.is_some());
        if thread::panicking() {
            eprintln!("{}", self.failure("the end of its log"));
        }
        let pipe = self.watchdog.stdin.take();
        if let (Some(mut pipe), true) = (pipe, already_gone) {
            // Its id may belong to another process by now: nobody may signal it.
            let _ = pipe.write_all(b"dismissed\n");
        }
        let _ = self.child.wait();
        let _ = self.watchdog.wait();
        if already_gone && !self.keeps_folder {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

fn watch(child: &Child, stop_signal: &str, folder: &Path) -> Result<Child> {
    Command::new("sh")
        .args([
            "-c",
            WATCHDOG,
            "recoup-watchdog",
            &child.id().to_string(),
            stop_signal,
        ])
        .arg(folder)
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .map_err(Error::io("start a watchdog"))
}

fn kill_and_reap(child: &mut Child) {
    // Both fail only for a process that is gone already.
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch_folder;

    fn sleeper() -> Process {
        let mut command = Command::new("sleep");
        command.arg("600");
        Process::spawn("sleep", command, scratch_folder("process").unwrap(), "TERM").unwrap()
    }

    fn is_running(id: u32) -> bool {
        let signalled = Command::new("sh")
            .args(["-c", "kill -0 \"$1\" 2>/dev/null", "sh"])
            .arg(id.to_string())
            .status();
        signalled.unwrap().success()
    }

    #[test]
    fn ends_with_its_owner_and_removes_its_folder() {
        let process = sleeper();
        let (id, folder) = (process.id(), process.folder().to_owned());
        assert!(is_running(id) && folder.is_dir());
        drop(process);
        assert!(!is_running(id));
        assert!(!folder.exists());
    }

    #[test]
    fn a_killed_process_is_gone_and_so_is_its_folder() {
        let process = sleeper();
        let (id, folder) = (process.id(), process.folder().to_owned());
        process.kill();
        assert!(!is_running(id));
        assert!(!folder.exists());
    }

    #[test]
    fn ends_when_its_owner_is_killed() {
        // The owner here is a shell that starts the watchdog with its own end of the pipe, then is killed.
        let folder = scratch_folder("orphan").unwrap().keep();
        let mut target = Command::new("sleep").arg("600").process_group(0).spawn().unwrap();
        let mut watchdog = watch(&target, "TERM", &folder).unwrap();
        let pipe = watchdog.stdin.take().unwrap();
        let mut owner = Command::new("sleep").arg("600").stdout(pipe).spawn().unwrap();
        assert!(watchdog.try_wait().unwrap().is_none());
        kill_and_reap(&mut owner);
        target.wait().unwrap();
        watchdog.wait().unwrap();
        assert!(!folder.exists());
    }

    #[test]
    fn a_folder_that_somebody_still_writes_into_is_removed() {
        let process = sleeper();
        let folder = process.folder().to_owned();
        let writes =
            "number=0; while [ $number -lt 5000 ]; do number=$((number + 1)); : > \"$0/$number\"; done";
        let mut writer = Command::new("sh")
            .args(["-c", writes])
            .arg(&folder)
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        wait_until("a file", Duration::from_secs(10), || {
            Ok(folder.join("1").exists().then_some(()))
        })
        .unwrap();
        drop(process);
        kill_and_reap(&mut writer);
        assert!(!folder.exists());
    }

    #[test]
    fn shows_the_log_of_a_process_that_failed() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo it is broken >&2; exit 3"]);
        let mut process =
            Process::spawn("broken", command, scratch_folder("process").unwrap(), "TERM").unwrap();
        let limit = Duration::from_secs(10);
        wait_until("the end", limit, || process.exit_status()).unwrap();
        let error = process.ensure_running().unwrap_err().to_string();
        assert!(
            error.contains("exit status: 3") && error.contains("it is broken"),
            "{error}"
        );
    }
}
