//! Taking a value apart, with an error that says what was expected and where.

use super::tuple::Tuple;
use super::value::Value;
use crate::address::Principal;

/// A value is not of the expected shape.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    /// The tuple has no such field.
    #[error("field {field:?} is missing")]
    MissingField {
        /// The field's name.
        field: String,
    },
    /// The value is of another type.
    #[error("expected {expected}, found {found}")]
    WrongType {
        /// The type that was asked for.
        expected: &'static str,
        /// The type that is there.
        found: &'static str,
    },
    /// The field is there, and its value is wrong.
    #[error("field {field:?}: {error}")]
    InField {
        /// The field's name.
        field: String,
        /// What is wrong with its value.
        error: Box<AccessError>,
    },
}

impl AccessError {
    pub(super) fn in_field(self, field: &str) -> Self {
        Self::InField {
            field: field.to_owned(),
            error: Box::new(self),
        }
    }
}

impl Value {
    fn wrong_type(&self, expected: &'static str) -> AccessError {
        AccessError::WrongType {
            expected,
            found: self.type_name(),
        }
    }

    /// The number of a `uint`.
    pub fn as_uint(&self) -> Result<u128, AccessError> {
        match self {
            Self::UInt(number) => Ok(*number),
            other => Err(other.wrong_type("uint")),
        }
    }

    /// The number of an `int`.
    pub fn as_int(&self) -> Result<i128, AccessError> {
        match self {
            Self::Int(number) => Ok(*number),
            other => Err(other.wrong_type("int")),
        }
    }

    /// The truth of a `bool`.
    pub fn as_bool(&self) -> Result<bool, AccessError> {
        match self {
            Self::Bool(truth) => Ok(*truth),
            other => Err(other.wrong_type("bool")),
        }
    }

    /// The principal of a `principal`.
    pub fn as_principal(&self) -> Result<&Principal, AccessError> {
        match self {
            Self::Principal(principal) => Ok(principal),
            other => Err(other.wrong_type("principal")),
        }
    }

    /// The bytes of a `buff`.
    pub fn as_buffer(&self) -> Result<&[u8], AccessError> {
        match self {
            Self::Buffer(bytes) => Ok(bytes),
            other => Err(other.wrong_type("buff")),
        }
    }

    /// The text of a `string-ascii`.
    pub fn as_string_ascii(&self) -> Result<&str, AccessError> {
        match self {
            Self::StringAscii(text) => Ok(text),
            other => Err(other.wrong_type("string-ascii")),
        }
    }

    /// The text of a `string-utf8`.
    pub fn as_string_utf8(&self) -> Result<&str, AccessError> {
        match self {
            Self::StringUtf8(text) => Ok(text),
            other => Err(other.wrong_type("string-utf8")),
        }
    }

    /// The fields of a tuple.
    pub fn as_tuple(&self) -> Result<&Tuple, AccessError> {
        match self {
            Self::Tuple(tuple) => Ok(tuple),
            other => Err(other.wrong_type("tuple")),
        }
    }

    /// The items of a list.
    pub fn as_list(&self) -> Result<&[Value], AccessError> {
        match self {
            Self::List(items) => Ok(items),
            other => Err(other.wrong_type("list")),
        }
    }

    /// What an `(optional ..)` holds.
    pub fn as_optional(&self) -> Result<Option<&Value>, AccessError> {
        match self {
            Self::None => Ok(None),
            Self::Some(value) => Ok(Some(value)),
            other => Err(other.wrong_type("optional")),
        }
    }

    /// What a `(response ..)` holds: the `ok` value, or the `err` value.
    pub fn as_response(&self) -> Result<Result<&Value, &Value>, AccessError> {
        match self {
            Self::Ok(value) => Ok(Ok(value)),
            Self::Err(value) => Ok(Err(value)),
            other => Err(other.wrong_type("response")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Tuple {
        Tuple::from_text([
            ("amount", Value::UInt(5)),
            ("token", Value::None),
            ("last", Value::some(7u128)),
            ("wrong", Value::some(true)),
        ])
        .unwrap()
    }

    #[test]
    fn reads_fields_by_type() {
        let tuple = sample();
        assert_eq!(tuple.uint("amount"), Ok(5));
        assert_eq!(tuple.optional_principal("token"), Ok(None));
        assert_eq!(tuple.optional_uint("last"), Ok(Some(7)));
        assert_eq!(Value::ok(true).as_response(), Ok(Ok(&Value::Bool(true))));
        assert_eq!(Value::err(1u128).as_response(), Ok(Err(&Value::UInt(1))));
    }

    #[test]
    fn says_which_field_is_wrong_and_how() {
        let tuple = sample();
        assert_eq!(
            tuple.uint("nope").unwrap_err().to_string(),
            "field \"nope\" is missing"
        );
        assert_eq!(
            tuple.optional_uint("wrong").unwrap_err().to_string(),
            "field \"wrong\": expected uint, found bool"
        );
        assert_eq!(
            tuple.optional_uint("amount").unwrap_err().to_string(),
            "field \"amount\": expected optional, found uint"
        );
    }
}
