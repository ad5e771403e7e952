//! Lines with a chained checksum.

use recoup_stacks::hex;
use sha2::{Digest as _, Sha256};
use thiserror::Error;

/// Why a line is not part of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LineError {
    /// No checksum at its start.
    #[error("not a journal line")]
    Shape,
    /// The checksum does not follow from the line and those before it.
    #[error("the checksum is wrong: a line was changed, removed or moved")]
    Checksum,
}

/// Bytes of the digest that stand in a line.
const SHOWN: usize = 16;

/// The running digest over all lines so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Chain([u8; 32]);

impl Default for Chain {
    fn default() -> Self {
        Self::start()
    }
}

impl Chain {
    /// Before the first line.
    pub(super) fn start() -> Self {
        Self(Sha256::digest(b"recoup-journal 1").into())
    }

    /// The next line, with its line feed, and the chain after it.
    pub(super) fn write(self, json: &str) -> (String, Self) {
        let next = self.after(json);
        (format!("{} {json}\n", next.shown()), next)
    }

    /// The content of a line (given without its line feed), and the chain after it.
    pub(super) fn read(self, line: &str) -> Result<(&str, Self), LineError> {
        let (digits, json) = line.split_once(' ').ok_or(LineError::Shape)?;
        if digits.len() != SHOWN * 2 {
            return Err(LineError::Shape);
        }
        let next = self.after(json);
        if digits == next.shown() {
            Ok((json, next))
        } else {
            Err(LineError::Checksum)
        }
    }

    fn after(self, json: &str) -> Self {
        Self(
            Sha256::new()
                .chain_update(self.0)
                .chain_update(json)
                .finalize()
                .into(),
        )
    }

    fn shown(self) -> String {
        let mut digits = hex::encode(&self.0);
        digits.truncate(SHOWN * 2);
        digits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_wrote_and_nothing_else() {
        let (first, after_first) = Chain::start().write("{\"a\":1}");
        let (second, _) = after_first.write("{\"a\":1}");
        assert_ne!(
            first, second,
            "the same content has another checksum in another place"
        );
        let (first, second) = (first.trim_end(), second.trim_end());
        assert_eq!(Chain::start().read(first), Ok(("{\"a\":1}", after_first)));
        assert_eq!(Chain::start().read(second), Err(LineError::Checksum));
        assert_eq!(
            Chain::start().read(&first.replace('1', "2")),
            Err(LineError::Checksum)
        );
        assert_eq!(Chain::start().read("{\"a\":1}"), Err(LineError::Shape));
        assert_eq!(Chain::start().read(""), Err(LineError::Shape));
    }
}
