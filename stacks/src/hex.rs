//! Hexadecimal text. Nodes write it with and without `0x`; we read both.

use std::fmt::Write as _;

/// Why text is not hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HexError {
    /// A character other than `0-9a-fA-F`.
    #[error("not a hexadecimal digit at position {position}")]
    InvalidDigit {
        /// Position of the character, counted in bytes after the optional `0x`.
        position: usize,
    },
    /// Half a byte is left over.
    #[error("odd number of hexadecimal digits: {digits}")]
    OddLength {
        /// How many digits were given.
        digits: usize,
    },
    /// The text is hexadecimal, but of another length than the type needs.
    #[error("expected {expected} bytes, got {found}")]
    WrongLength {
        /// Bytes the type has.
        expected: usize,
        /// Bytes that were given.
        found: usize,
    },
}

/// Lower-case digits without `0x`.
pub fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().saturating_mul(2));
    push(&mut text, bytes);
    text
}

/// Lower-case digits with `0x`.
pub fn encode_prefixed(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().saturating_mul(2).saturating_add(2));
    text.push_str("0x");
    push(&mut text, bytes);
    text
}

/// Bytes of `text`, with or without `0x`.
pub fn decode(text: &str) -> Result<Vec<u8>, HexError> {
    let digits = text.strip_prefix("0x").unwrap_or(text).as_bytes();
    if !digits.len().is_multiple_of(2) {
        return Err(HexError::OddLength { digits: digits.len() });
    }
    let mut bytes = Vec::with_capacity(digits.len() / 2);
    let (pairs, _) = digits.as_chunks::<2>();
    // Most of a block is hexadecimal: whether all digits are good is asked once, at the end.
    let mut seen = 0;
    bytes.extend(pairs.iter().map(|[high, low]| {
        let (high, low) = (value_of(*high), value_of(*low));
        seen |= high | low;
        (high << 4) | (low & 0x0f)
    }));
    if seen & 0xf0 == 0 {
        Ok(bytes)
    } else {
        Err(first_invalid(digits))
    }
}

/// The value of a digit; what is none has one that no digit has.
const fn value_of(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        b'A'..=b'F' => digit - b'A' + 10,
        _ => 0xff,
    }
}

fn first_invalid(digits: &[u8]) -> HexError {
    let position = digits.iter().position(|digit| value_of(*digit) == 0xff);
    HexError::InvalidDigit {
        position: position.unwrap_or_default(),
    }
}

/// Exactly `N` bytes of `text`, with or without `0x`.
pub fn decode_array<const N: usize>(text: &str) -> Result<[u8; N], HexError> {
    let bytes = decode(text)?;
    let found = bytes.len();
    bytes
        .try_into()
        .map_err(|_| HexError::WrongLength { expected: N, found })
}

fn push(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_spellings() {
        assert_eq!(decode("0x00fF").unwrap(), [0, 255]);
        assert_eq!(decode("00ff").unwrap(), [0, 255]);
        assert_eq!(decode("").unwrap(), Vec::<u8>::new());
        assert_eq!(encode_prefixed(&[0, 255]), "0x00ff");
    }

    #[test]
    fn refuses_what_is_not_hexadecimal() {
        assert_eq!(decode("abc"), Err(HexError::OddLength { digits: 3 }));
        assert_eq!(decode("0xag"), Err(HexError::InvalidDigit { position: 1 }));
        assert_eq!(decode("+1"), Err(HexError::InvalidDigit { position: 0 }));
        assert_eq!(decode("é"), Err(HexError::InvalidDigit { position: 0 }));
        assert_eq!(
            decode_array::<2>("00"),
            Err(HexError::WrongLength {
                expected: 2,
                found: 1
            })
        );
    }
}
