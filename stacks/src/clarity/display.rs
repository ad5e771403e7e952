//! Values in Clarity's own syntax. Text from the chain is escaped, so nothing here can carry a
//! control character to a terminal.

use std::fmt::{self, Write as _};

use super::value::Value;

impl fmt::Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(number) => write!(formatter, "{number}"),
            Self::UInt(number) => write!(formatter, "u{number}"),
            Self::Buffer(bytes) => formatter.write_str(&crate::hex::encode_prefixed(bytes)),
            Self::Bool(truth) => write!(formatter, "{truth}"),
            Self::Principal(principal) => write!(formatter, "'{principal}"),
            Self::Ok(value) => write!(formatter, "(ok {value})"),
            Self::Err(value) => write!(formatter, "(err {value})"),
            Self::None => formatter.write_str("none"),
            Self::Some(value) => write!(formatter, "(some {value})"),
            Self::List(items) => {
                formatter.write_str("(list")?;
                items.iter().try_for_each(|item| write!(formatter, " {item}"))?;
                formatter.write_str(")")
            }
            Self::Tuple(tuple) => {
                formatter.write_str("{")?;
                for (index, (name, value)) in tuple.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(formatter, "{comma}{name}: {value}")?;
                }
                formatter.write_str("}")
            }
            Self::StringAscii(text) => write_quoted(formatter, text),
            Self::StringUtf8(text) => {
                formatter.write_str("u")?;
                write_quoted(formatter, text)
            }
        }
    }
}

fn write_quoted(formatter: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    formatter.write_char('"')?;
    for character in text.chars() {
        match character {
            '"' => formatter.write_str("\\\"")?,
            '\\' => formatter.write_str("\\\\")?,
            '\n' => formatter.write_str("\\n")?,
            '\r' => formatter.write_str("\\r")?,
            '\t' => formatter.write_str("\\t")?,
            ' '..='~' => formatter.write_char(character)?,
            other => write!(formatter, "\\u{{{:X}}}", u32::from(other))?,
        }
    }
    formatter.write_char('"')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clarity::Tuple;

    #[test]
    fn writes_clarity_syntax() {
        let tuple = Tuple::from_text([("b", Value::Int(-1)), ("a", Value::UInt(1))]).unwrap();
        let principal: crate::address::Principal =
            "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM.x".parse().unwrap();
        let value = Value::List(vec![
            Value::ok(tuple),
            Value::err(Value::Buffer(vec![0, 255])),
            Value::some(principal),
            Value::None,
            Value::List(vec![]),
        ]);
        assert_eq!(
            value.to_string(),
            "(list (ok {a: u1, b: -1}) (err 0x00ff) \
             (some 'ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM.x) none (list))"
        );
    }

    #[test]
    fn escapes_what_a_terminal_would_obey() {
        assert_eq!(
            Value::string_utf8("é\u{1b}[2J\"\\\n").to_string(),
            "u\"\\u{E9}\\u{1B}[2J\\\"\\\\\\n\""
        );
    }
}
