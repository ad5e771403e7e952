//! A disk that is full: `prlimit` stands in for it, as a write beyond its limit is cut off and fails in the same way.

use std::process::Command;

/// The same command, with no file growing over so many bytes. Linux alone has `prlimit`; elsewhere nothing is limited.
#[must_use]
pub fn with_disk_of(inner: &Command, bytes: u64) -> Command {
    let mut command = Command::new("sh");
    let limit = if cfg!(target_os = "linux") {
        "trap '' XFSZ; exec prlimit --fsize=\"$0\" \"$@\""
    } else {
        "exec \"$@\""
    };
    command
        .args(["-c", limit])
        .arg(bytes.to_string())
        .arg(inner.get_program())
        .args(inner.get_args())
        .env_clear();
    for (name, value) in inner.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    command
}
