//! Clarity tuples as Rust structs: one declaration gives the fields, their Clarity names and both directions.
//!
//! Reading is strict: exactly the declared fields, each of its type. A look-alike with one field more, less or different
//! is not ours.

use recoup_stacks::address::Principal;
use recoup_stacks::clarity::{Tuple, Value};
use recoup_stacks::hash::BurnHeight;

use crate::amount::BaseUnits;
use crate::ids::{InvoiceId, PlanId, RefundId, SubscriptionId};
use crate::status::{InvoiceStatus, SubscriptionStatus};
use crate::text::{Reference, Text};
use crate::token::Token;

/// Why a Clarity value is not the record that was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Not a tuple, response or optional where one must be.
    #[error("expected {expected}, got {actual}")]
    Shape {
        /// What must stand there.
        expected: &'static str,
        /// What stands there, in Clarity's notation, shortened.
        actual: String,
    },
    /// A declared field is absent.
    #[error("field `{0}` is missing")]
    Missing(&'static str),
    /// The tuple has fields beyond the declared ones.
    #[error("{actual} fields where {expected} are declared")]
    FieldCount {
        /// How many are declared.
        expected: usize,
        /// How many there are.
        actual: usize,
    },
    /// A field holds a value of another type, or out of its range.
    #[error("field `{field}`")]
    Field {
        /// Its Clarity name.
        field: &'static str,
        /// What is wrong with it.
        source: Box<RecordError>,
    },
}

impl RecordError {
    /// A value that is not what was `expected`.
    pub(crate) fn shape(expected: &'static str, actual: &Value) -> Self {
        Self::Shape {
            expected,
            actual: actual.to_string().chars().take(80).collect(),
        }
    }
}

/// A type that one Clarity value holds.
pub trait Field: Sized {
    /// Reads the value.
    ///
    /// # Errors
    /// [`RecordError`] when its type or range is another.
    fn read(value: &Value) -> Result<Self, RecordError>;
    /// The value that [`Field::read`] takes back.
    fn write(&self) -> Value;
}

/// Some of a tuple's fields, or all of them.
pub trait Record: Sized {
    /// How many fields of the tuple belong to this record.
    const FIELD_COUNT: usize;
    /// Reads this record's fields; others are not looked at.
    ///
    /// # Errors
    /// [`RecordError`] for a field that is missing or of another type.
    fn read_fields(tuple: &Tuple) -> Result<Self, RecordError>;
    /// Puts this record's fields into `tuple`.
    fn write_fields(&self, tuple: &mut Tuple);

    /// Reads a tuple that holds this record's fields and nothing else.
    ///
    /// # Errors
    /// [`RecordError`] when the value is anything else.
    fn from_value(value: &Value) -> Result<Self, RecordError> {
        let Value::Tuple(tuple) = value else {
            return Err(RecordError::shape("a tuple", value));
        };
        if tuple.len() != Self::FIELD_COUNT {
            return Err(RecordError::FieldCount {
                expected: Self::FIELD_COUNT,
                actual: tuple.len(),
            });
        }
        Self::read_fields(tuple)
    }

    /// The tuple of this record's fields.
    fn to_value(&self) -> Value {
        let mut tuple = Tuple::default();
        self.write_fields(&mut tuple);
        Value::Tuple(tuple)
    }
}

/// Reads one field of a tuple.
pub(crate) fn read_field<T: Field>(tuple: &Tuple, field: &'static str) -> Result<T, RecordError> {
    let value = tuple.get(field).ok_or(RecordError::Missing(field))?;
    T::read(value).map_err(|source| RecordError::Field {
        field,
        source: Box::new(source),
    })
}

/// Declares a struct of [`Field`]s with their Clarity names; `..rest: Type` takes in another record's fields.
macro_rules! record {
    (
        $(#[$doc:meta])*
        pub struct $name:ident {
            $($(#[$field_doc:meta])* $field:ident: $kind:ty = $clarity:literal,)*
            $(..$(#[$rest_doc:meta])* $rest:ident: $rest_kind:ty,)?
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $kind,)*
            $($(#[$rest_doc])* pub $rest: $rest_kind,)?
        }

        impl $crate::record::Record for $name {
            const FIELD_COUNT: usize = <[&str]>::len(&[$($clarity),*])
                $(+ <$rest_kind as $crate::record::Record>::FIELD_COUNT)?;

            fn read_fields(
                tuple: &::recoup_stacks::clarity::Tuple,
            ) -> Result<Self, $crate::record::RecordError> {
                Ok(Self {
                    $($field: $crate::record::read_field(tuple, $clarity)?,)*
                    $($rest: <$rest_kind as $crate::record::Record>::read_fields(tuple)?,)?
                })
            }

            fn write_fields(&self, tuple: &mut ::recoup_stacks::clarity::Tuple) {
                $(tuple.insert(
                    ::recoup_stacks::clarity::ClarityName::from_static($clarity),
                    $crate::record::Field::write(&self.$field),
                );)*
                $($crate::record::Record::write_fields(&self.$rest, tuple);)?
            }
        }
    };
}
pub(crate) use record;

impl Field for u128 {
    fn read(value: &Value) -> Result<Self, RecordError> {
        match value {
            Value::UInt(number) => Ok(*number),
            other => Err(RecordError::shape("a uint", other)),
        }
    }

    fn write(&self) -> Value {
        Value::UInt(*self)
    }
}

/// Newtypes over u64 whose Clarity type is uint.
macro_rules! uint_field {
    ($($name:path),*) => {$(
        impl Field for $name {
            fn read(value: &Value) -> Result<Self, RecordError> {
                let number = u128::read(value)?;
                u64::try_from(number).map($name).map_err(|_| RecordError::shape("a uint below 2^64", value))
            }

            fn write(&self) -> Value {
                Value::UInt(self.0.into())
            }
        }
    )*};
}
uint_field!(InvoiceId, RefundId, PlanId, BurnHeight);

impl Field for u64 {
    fn read(value: &Value) -> Result<Self, RecordError> {
        u128::read(value)?
            .try_into()
            .map_err(|_| RecordError::shape("a uint below 2^64", value))
    }

    fn write(&self) -> Value {
        Value::UInt((*self).into())
    }
}

/// Newtypes over u128, whose every value is possible.
macro_rules! whole_uint_field {
    ($($name:path),*) => {$(
        impl Field for $name {
            fn read(value: &Value) -> Result<Self, RecordError> {
                u128::read(value).map($name)
            }

            fn write(&self) -> Value {
                Value::UInt(self.0)
            }
        }
    )*};
}
whole_uint_field!(BaseUnits, SubscriptionId);

impl Field for bool {
    fn read(value: &Value) -> Result<Self, RecordError> {
        match value {
            Value::Bool(flag) => Ok(*flag),
            other => Err(RecordError::shape("a bool", other)),
        }
    }

    fn write(&self) -> Value {
        Value::Bool(*self)
    }
}

impl Field for Principal {
    fn read(value: &Value) -> Result<Self, RecordError> {
        match value {
            Value::Principal(principal) => Ok(principal.clone()),
            other => Err(RecordError::shape("a principal", other)),
        }
    }

    fn write(&self) -> Value {
        Value::Principal(self.clone())
    }
}

impl Field for InvoiceStatus {
    fn read(value: &Value) -> Result<Self, RecordError> {
        Self::from_code(u128::read(value)?).ok_or_else(|| RecordError::shape("an invoice status", value))
    }

    fn write(&self) -> Value {
        Value::UInt(self.code().into())
    }
}

impl Field for SubscriptionStatus {
    fn read(value: &Value) -> Result<Self, RecordError> {
        Self::from_code(u128::read(value)?).ok_or_else(|| RecordError::shape("a subscription status", value))
    }

    fn write(&self) -> Value {
        Value::UInt(self.code().into())
    }
}

impl Field for Reference {
    fn read(value: &Value) -> Result<Self, RecordError> {
        match value {
            Value::StringAscii(text) => Self::new(text).map_err(|_| RecordError::shape("a reference", value)),
            other => Err(RecordError::shape("a string-ascii", other)),
        }
    }

    fn write(&self) -> Value {
        Value::StringAscii(self.as_str().to_owned())
    }
}

impl Field for Text {
    fn read(value: &Value) -> Result<Self, RecordError> {
        match value {
            Value::StringUtf8(text) => Self::new(text).map_err(|_| RecordError::shape("a text", value)),
            other => Err(RecordError::shape("a string-utf8", other)),
        }
    }

    fn write(&self) -> Value {
        Value::StringUtf8(self.as_str().to_owned())
    }
}

impl Field for Token {
    fn read(value: &Value) -> Result<Self, RecordError> {
        Option::read(value).map(Self::from_contract)
    }

    fn write(&self) -> Value {
        self.contract().cloned().write()
    }
}

impl<T: Field> Field for Option<T> {
    fn read(value: &Value) -> Result<Self, RecordError> {
        match value {
            Value::None => Ok(None),
            Value::Some(inner) => T::read(inner).map(Some),
            other => Err(RecordError::shape("an optional", other)),
        }
    }

    fn write(&self) -> Value {
        match self {
            None => Value::None,
            Some(inner) => Value::Some(Box::new(inner.write())),
        }
    }
}
