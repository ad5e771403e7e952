//! What a command has running on this machine, found by a mark in the environment that its processes inherit.
//!
//! The whole machine is looked through, not a list of process ids: a process that detached itself is found, too, and
//! what other programs start meanwhile does not disturb.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const MARK_VARIABLE: &str = "RECOUP_FOOTPRINT";

/// Processes and listening sockets, as text for people.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Footprint {
    pub(crate) processes: BTreeSet<String>,
    pub(crate) listeners: BTreeSet<String>,
}

impl Footprint {
    /// Lets everything that `command` starts carry the mark.
    pub(crate) fn mark(command: &mut Command, mark: &str) {
        command.env(MARK_VARIABLE, mark);
    }

    /// What runs and listens under the mark now.
    pub(crate) fn of(mark: &str) -> Self {
        let listening = listening_sockets();
        let mut footprint = Self::default();
        for process in marked_processes(mark) {
            let open = sockets_of(&process);
            footprint.listeners.extend(
                listening
                    .iter()
                    .filter(|(inode, _)| open.contains(inode))
                    .map(|(_, name)| name.clone()),
            );
            footprint.processes.insert(command_line(&process));
        }
        footprint
    }

    /// Whether some process has this word in its command line.
    pub(crate) fn runs(&self, word: &str) -> bool {
        self.processes.iter().any(|process| process.contains(word))
    }
}

fn marked_processes(mark: &str) -> Vec<PathBuf> {
    let marked = format!("{MARK_VARIABLE}={mark}");
    let is_marked = |process: &PathBuf| {
        let environment = fs::read(process.join("environ")).unwrap_or_default();
        environment
            .split(|byte| *byte == 0)
            .any(|variable| variable == marked.as_bytes())
    };
    let entries = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
    entries.filter(is_marked).collect()
}

fn command_line(process: &Path) -> String {
    let words = fs::read(process.join("cmdline")).unwrap_or_default();
    format!(
        "{} {}",
        process.display(),
        String::from_utf8_lossy(&words).replace('\0', " ")
    )
}

/// The inodes of a process's open sockets.
fn sockets_of(process: &Path) -> BTreeSet<String> {
    let files = fs::read_dir(process.join("fd")).into_iter().flatten().flatten();
    let targets = files.filter_map(|file| fs::read_link(file.path()).ok());
    targets
        .filter_map(|target| {
            Some(
                target
                    .to_str()?
                    .strip_prefix("socket:[")?
                    .strip_suffix(']')?
                    .to_owned(),
            )
        })
        .collect()
}

/// Inode and name of every listening TCP and unix socket of the machine; the tables are those of proc(5).
fn listening_sockets() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for table in ["tcp", "tcp6"] {
        found.extend(rows(table).iter().filter_map(|row| {
            (row.get(3)? == "0A").then(|| Some((row.get(9)?.clone(), format!("{table} {}", row.get(1)?))))?
        }));
    }
    found.extend(rows("unix").iter().filter_map(|row| {
        let accepts_connections = row.get(3)? == "00010000";
        accepts_connections.then(|| Some((row.get(6)?.clone(), format!("unix {}", row.get(7)?))))?
    }));
    found
}

fn rows(table: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/net/{table}")).unwrap_or_default();
    text.lines()
        .skip(1)
        .map(|line| line.split_whitespace().map(str::to_owned).collect())
        .collect()
}
