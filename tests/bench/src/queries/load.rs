//! The other process that asks while times are taken.

use std::io::{BufRead as _, Write as _};
use std::process::Command;

use anyhow::{Context as _, Result};
use recoup_block_tree::Random;
use recoup_test_support::{Process, binary, scratch_folder};

use super::measure::Client;
use super::question::Question;
use super::samples::Sample;

const PATHS: &str = "paths";

/// Starts it: one client that asks all questions in any order, each as soon as the one before is answered.
pub(super) fn start(api: &str, questions: &[Question], samples: &[Sample]) -> Result<Process> {
    let folder = scratch_folder("bench-load")?;
    let mut paths: Vec<String> = questions
        .iter()
        .filter(|question| !question.is_stream)
        .flat_map(|question| samples.iter().map(|sample| (question.path)(sample)))
        .collect();
    Random::new(11).shuffle(&mut paths);
    let mut file = std::fs::File::create(folder.path().join(PATHS))?;
    file.write_all(paths.join("\n").as_bytes())?;
    let mut program = Command::new(binary("recoup-bench-query", "recoup-bench")?);
    program.args(["--load", api]).current_dir(folder.path());
    Ok(Process::spawn("the load", program, folder, "TERM")?)
}

/// Asks what stands in the file `paths` of the working folder, over and over.
///
/// # Errors
/// When the server does not answer.
pub fn ask_for_ever(api: &str) -> Result<()> {
    let file = std::fs::File::open(PATHS).context(PATHS)?;
    let paths: Vec<String> = std::io::BufReader::new(file).lines().collect::<Result<_, _>>()?;
    let client = Client::of(api);
    loop {
        for path in &paths {
            client.get(path, false)?;
        }
    }
}
