//! Values that nobody may read in a log.

use std::fmt;
use std::str::FromStr;

/// A value that neither logs nor debug output show.
#[derive(Clone)]
pub struct Secret<T>(pub T);

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

impl<T: FromStr> FromStr for Secret<T> {
    type Err = InvalidSecret;

    fn from_str(text: &str) -> Result<Self, InvalidSecret> {
        text.parse().map(Self).map_err(|_| InvalidSecret)
    }
}

/// A secret that does not parse; the reason could show a part of it.
#[derive(Debug, thiserror::Error)]
#[error("malformed (not shown: it may hold a secret)")]
pub struct InvalidSecret;

/// First part of a path.
#[derive(Clone)]
pub struct PathPrefix(pub String);

impl FromStr for PathPrefix {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
        if !text.is_empty() && text.bytes().all(is_plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err("takes letters, digits and -_.~ only")
        }
    }
}
