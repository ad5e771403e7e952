//! Reading bytes that someone else wrote: every read is checked against what is left.

/// The input ended inside something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("input ends early: {needed} bytes needed, {remaining} left")]
pub struct EndOfInput {
    /// Bytes that the next field needs.
    pub needed: usize,
    /// Bytes that are left.
    pub remaining: usize,
}

/// A cursor over borrowed bytes. It never allocates, so a claimed length costs nothing.
#[derive(Debug, Clone)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Bytes not read yet.
    pub(crate) fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// The next `length` bytes.
    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], EndOfInput> {
        let end = EndOfInput {
            needed: length,
            remaining: self.rest.len(),
        };
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(end)?;
        self.rest = rest;
        Ok(taken)
    }

    /// The next `N` bytes.
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], EndOfInput> {
        let end = EndOfInput {
            needed: N,
            remaining: self.rest.len(),
        };
        let (taken, rest) = self.rest.split_first_chunk::<N>().ok_or(end)?;
        self.rest = rest;
        Ok(*taken)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, EndOfInput> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, EndOfInput> {
        self.array().map(u16::from_be_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, EndOfInput> {
        self.array().map(u32::from_be_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, EndOfInput> {
        self.array().map(u64::from_be_bytes)
    }

    /// A 32-bit length or count, as this machine's size.
    pub(crate) fn length(&mut self) -> Result<usize, EndOfInput> {
        let length = self.u32()?;
        // On a 16-bit machine a length that does not fit cannot be in memory either.
        usize::try_from(length).map_err(|_| EndOfInput {
            needed: usize::MAX,
            remaining: self.rest.len(),
        })
    }
}

/// Appends a length or count as 32 bits.
///
/// Nothing in memory that the chain could hold is longer than that (a transaction has at most 2 MB);
/// what is longer is written with the largest length and refused by every decoder, our own included.
pub(crate) fn put_length(out: &mut Vec<u8>, length: usize) {
    out.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
}
