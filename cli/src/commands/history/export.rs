//! The indexer's exports, as they come.

use std::io::{self, IsTerminal as _};

use recoup_protocol::text::display_safe;

use crate::failure::Failure;
use crate::indexer::{Indexer, Question};
use crate::output::{Output, write_piece};
use crate::terminal::Progress;

/// Lines between two words on how far it is.
const SAY_EVERY: u64 = 1_000;
/// Bytes that are written at once.
const PIECE: usize = 64 * 1024;

/// Writes all lines; on a terminal, with what a stranger may have put into them spelled out.
pub(super) async fn run(indexer: &Indexer, format: &str, question: &Question) -> Result<Output, Failure> {
    let mut lines = indexer.export(format, question).await?;
    let is_terminal = io::stdout().is_terminal();
    let progress = (!is_terminal && io::stderr().is_terminal()).then(|| Progress::start("writing refunds"));
    let mut piece = String::new();
    let mut written = 0_u64;
    while let Some(line) = lines.next().await? {
        if is_terminal {
            piece.push_str(&display_safe(&line));
        } else {
            piece.push_str(&line);
        }
        piece.push('\n');
        written = written.saturating_add(1);
        if piece.len() >= PIECE {
            if !write_piece(&piece, false)? {
                return Ok(Output::written());
            }
            piece.clear();
        }
        if let Some(progress) = progress.as_ref().filter(|_| written.is_multiple_of(SAY_EVERY)) {
            progress.say(&format!("writing refunds: {written} lines"));
        }
    }
    write_piece(&piece, false)?;
    Ok(Output::written())
}
