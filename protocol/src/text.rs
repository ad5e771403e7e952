//! Texts of merchants and payers: what the contract takes, and how hostile ones are shown.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::limits::{MAX_REFERENCE_LENGTH, MAX_TEXT_LENGTH};

/// Why the contract cannot take a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// A reference names something: it cannot be empty.
    #[error("a reference cannot be empty")]
    EmptyReference,
    /// References are ASCII text.
    #[error("a reference takes ASCII letters, digits, punctuation and spaces only")]
    NotAscii,
    /// Longer than the contract's type.
    #[error("{length} characters, at most {limit} fit")]
    TooLong {
        /// How many there are.
        length: usize,
        /// How many fit.
        limit: usize,
    },
}

/// What Clarity lets stand in a `string-ascii`.
const fn is_clarity_ascii(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte.is_ascii_punctuation() || byte.is_ascii_whitespace()
}

fn check_length(text: &str, limit: usize) -> Result<(), TextError> {
    let length = text.chars().count();
    if length > limit {
        Err(TextError::TooLong { length, limit })
    } else {
        Ok(())
    }
}

macro_rules! text_newtype {
    ($name:ident) => {
        impl $name {
            /// The text as it stands on chain.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            /// Shown safely: see [`display_safe`].
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&display_safe(&self.0))
            }
        }

        impl FromStr for $name {
            type Err = TextError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::new(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = TextError;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::new(&text)
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }
    };
}

/// The merchant's own name of an invoice or a refund: 1 to 64 ASCII characters, case-sensitive, once per merchant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Reference(String);

impl Reference {
    /// A reference that the contract takes.
    ///
    /// # Errors
    /// [`TextError`] when it would refuse it.
    pub fn new(text: &str) -> Result<Self, TextError> {
        if text.is_empty() {
            return Err(TextError::EmptyReference);
        }
        if !text.bytes().all(is_clarity_ascii) {
            return Err(TextError::NotAscii);
        }
        check_length(text, MAX_REFERENCE_LENGTH)?;
        Ok(Self(text.to_owned()))
    }
}

/// A memo or a reason: up to 256 Unicode code points, public for ever.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Text(String);

impl Text {
    /// A text that the contract takes.
    ///
    /// # Errors
    /// [`TextError::TooLong`] above 256 code points.
    pub fn new(text: &str) -> Result<Self, TextError> {
        check_length(text, MAX_TEXT_LENGTH)?;
        Ok(Self(text.to_owned()))
    }
}

text_newtype!(Reference);
text_newtype!(Text);

/// Whether a terminal, a browser or an eye could be misled by the character: controls (escape sequences, U+0000),
/// bidirectional overrides and isolates, line and paragraph separators, and characters that take no room.
fn is_deceptive(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// The text with every deceptive character written as `\u{..}`, for showing; what is stored keeps the text itself.
#[must_use]
pub fn display_safe(text: &str) -> Cow<'_, str> {
    if !text.contains(is_deceptive) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if is_deceptive(character) {
            safe.extend(character.escape_unicode());
        } else {
            safe.push(character);
        }
    }
    Cow::Owned(safe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_short_ascii() {
        assert_eq!(Reference::new("order-7").unwrap().as_str(), "order-7");
        assert_eq!(Reference::new(""), Err(TextError::EmptyReference));
        assert_eq!(Reference::new("ordér"), Err(TextError::NotAscii));
        assert_eq!(Reference::new("order\u{1b}"), Err(TextError::NotAscii));
        assert!(Reference::new(&"x".repeat(64)).is_ok());
        assert_eq!(
            Reference::new(&"x".repeat(65)),
            Err(TextError::TooLong {
                length: 65,
                limit: 64
            })
        );
    }

    #[test]
    fn texts_count_code_points_not_bytes() {
        assert!(Text::new("").is_ok());
        assert!(Text::new(&"🦀".repeat(256)).is_ok());
        assert_eq!(
            Text::new(&"é".repeat(257)),
            Err(TextError::TooLong {
                length: 257,
                limit: 256
            })
        );
    }

    #[test]
    fn hostile_characters_are_shown_not_obeyed() {
        assert_eq!(display_safe("\u{1b}[2Jgone"), "\\u{1b}[2Jgone");
        assert_eq!(display_safe("a\0b"), "a\\u{0}b");
        assert_eq!(display_safe("paid \u{202e}001"), "paid \\u{202e}001");
        assert_eq!(display_safe("new\nline"), "new\\u{a}line");
        assert_eq!(display_safe("Größe 大 🦀"), "Größe 大 🦀");
    }
}
