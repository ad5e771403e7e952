//! A disk in memory, small enough to be filled.
//!
//! It is mounted where only its own processes see it, and goes when the last of them ends. Whoever is not root mounts it
//! as the root of a user namespace of its own; where the machine allows that to nobody, there is no small disk.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::binaries::Identity;
use crate::{Error, Process, Result, scratch_folder};

const MOUNT_LIMIT: Duration = Duration::from_secs(20);

/// A disk that a cluster has for itself.
#[derive(Debug)]
pub struct SmallDisk {
    /// Keeps the disk alive.
    holder: Process,
    folder: PathBuf,
    owner: Owner,
}

/// Who mounts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    Root,
    /// Somebody of this user and group, who is root in a namespace.
    User(u32, u32),
}

impl Owner {
    fn find() -> Option<Self> {
        let this = fs::metadata("/proc/self").ok()?;
        Some(match (this.uid(), this.gid()) {
            (0, _) => Self::Root,
            (user, group) => Self::User(user, group),
        })
    }

    /// Runs the arguments that follow where mounts are its own.
    fn unshare(self) -> Command {
        let mut command = Command::new("unshare");
        command.arg("--mount");
        if let Self::User(..) = self {
            command.args(["--user", "--map-root-user"]);
        }
        command
    }
}

impl SmallDisk {
    /// Whether this user may make one on this machine.
    #[must_use]
    pub fn is_possible() -> bool {
        let probe = |owner: Owner| {
            let mut command = owner.unshare();
            command.args(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", "/mnt"]);
            command.output().is_ok_and(|output| output.status.success())
        };
        Owner::find().is_some_and(probe)
    }

    pub(super) fn mount(folder: &Path, bytes: u64, identity: Option<&Identity>) -> Result<Self> {
        fs::create_dir(folder).map_err(Error::io(format!("{}", folder.display())))?;
        let mut options = format!("size={bytes},mode=0700");
        if let Some(identity) = identity {
            options.push_str(&format!(",uid={},gid={}", identity.user, identity.group));
        }
        let script = r#"mount -t tmpfs -o "$1" tmpfs "$2" && echo mounted && exec sleep 86400"#;
        let owner = Owner::find().unwrap_or(Owner::Root);
        let mut command = owner.unshare();
        command.args(["sh", "-c", script, "sh", &options]).arg(folder);
        let mut holder = Process::spawn("small disk", command, scratch_folder("disk")?, "KILL")?;
        holder.first_line(MOUNT_LIMIT)?;
        Ok(Self {
            holder,
            folder: folder.to_owned(),
            owner,
        })
    }

    /// A program that sees the disk.
    pub(super) fn command(&self, program: &Path, identity: Option<&Identity>) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--mount", "--target", &self.holder.id().to_string()]);
        match self.owner {
            Owner::Root => command.arg("--"),
            // In there it would be root, whom PostgreSQL refuses: a namespace further in it is itself again.
            Owner::User(user, group) => command
                .args(["--user", "--preserve-credentials", "--", "unshare", "--user"])
                .args([format!("--map-user={user}"), format!("--map-group={group}")])
                .arg("--"),
        };
        if let Some(identity) = identity {
            command.args(["setpriv", "--clear-groups"]);
            command.args(["--reuid", &identity.user.to_string()]);
            command.args(["--regid", &identity.group.to_string()]);
        }
        command.arg(program);
        command
    }

    /// Leaves no room on it.
    ///
    /// # Errors
    /// When nothing can be written at all.
    pub fn fill(&self) -> Result<()> {
        let path = self.ballast();
        let failed = || Error::io(format!("{}", path.display()));
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .map_err(failed())?;
        for piece in [1 << 20, 1 << 12, 1] {
            let bytes = vec![0_u8; piece];
            while file.write_all(&bytes).is_ok() {}
        }
        Ok(())
    }

    /// Gives the room back.
    ///
    /// # Errors
    /// When it was not filled.
    pub fn empty(&self) -> Result<()> {
        let path = self.ballast();
        fs::remove_file(&path).map_err(Error::io(format!("{}", path.display())))
    }

    /// Seen through the holder's eyes.
    fn ballast(&self) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.holder.id()));
        let folder = self.folder.strip_prefix("/").unwrap_or(&self.folder);
        root.join(folder).join("ballast")
    }
}
