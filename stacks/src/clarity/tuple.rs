//! Tuples: named fields, ordered by name as consensus bytes order them.

use std::collections::BTreeMap;
use std::collections::btree_map;

use super::access::AccessError;
use super::value::Value;
use crate::address::Principal;
use crate::name::{ClarityName, NameError};

/// Named values. A tuple on the chain has at least one field.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Tuple(BTreeMap<ClarityName, Value>);

impl Tuple {
    /// A tuple with these fields; of two with the same name the later one stays.
    pub fn new(fields: impl IntoIterator<Item = (ClarityName, Value)>) -> Self {
        Self(fields.into_iter().collect())
    }

    /// A tuple with names that are only text yet.
    pub fn from_text<'a>(fields: impl IntoIterator<Item = (&'a str, Value)>) -> Result<Self, NameError> {
        fields
            .into_iter()
            .map(|(name, value)| Ok((ClarityName::new(name)?, value)))
            .collect()
    }

    /// Sets a field; returns the value it had.
    pub fn insert(&mut self, name: ClarityName, value: Value) -> Option<Value> {
        self.0.insert(name, value)
    }

    /// The field's value, where there is such a field.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Fields in the order of their names.
    pub fn iter(&self) -> btree_map::Iter<'_, ClarityName, Value> {
        self.0.iter()
    }

    /// Number of fields.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True without fields.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The field's value; an error where there is no such field.
    pub fn field(&self, name: &str) -> Result<&Value, AccessError> {
        self.get(name).ok_or_else(|| AccessError::MissingField {
            field: name.to_owned(),
        })
    }

    fn read<'a, T>(
        &'a self,
        name: &str,
        read: impl FnOnce(&'a Value) -> Result<T, AccessError>,
    ) -> Result<T, AccessError> {
        read(self.field(name)?).map_err(|error| error.in_field(name))
    }

    fn read_optional<'a, T>(
        &'a self,
        name: &str,
        read: impl FnOnce(&'a Value) -> Result<T, AccessError>,
    ) -> Result<Option<T>, AccessError> {
        self.read(name, |value| value.as_optional()?.map(read).transpose())
    }

    /// A field of type `uint`.
    pub fn uint(&self, name: &str) -> Result<u128, AccessError> {
        self.read(name, Value::as_uint)
    }

    /// A field of type `int`.
    pub fn int(&self, name: &str) -> Result<i128, AccessError> {
        self.read(name, Value::as_int)
    }

    /// A field of type `bool`.
    pub fn bool(&self, name: &str) -> Result<bool, AccessError> {
        self.read(name, Value::as_bool)
    }

    /// A field of type `principal`.
    pub fn principal(&self, name: &str) -> Result<&Principal, AccessError> {
        self.read(name, Value::as_principal)
    }

    /// A field of type `buff`.
    pub fn buffer(&self, name: &str) -> Result<&[u8], AccessError> {
        self.read(name, Value::as_buffer)
    }

    /// A field of type `string-ascii`.
    pub fn string_ascii(&self, name: &str) -> Result<&str, AccessError> {
        self.read(name, Value::as_string_ascii)
    }

    /// A field of type `string-utf8`.
    pub fn string_utf8(&self, name: &str) -> Result<&str, AccessError> {
        self.read(name, Value::as_string_utf8)
    }

    /// A field that is a tuple.
    pub fn tuple(&self, name: &str) -> Result<&Tuple, AccessError> {
        self.read(name, Value::as_tuple)
    }

    /// A field that is a list.
    pub fn list(&self, name: &str) -> Result<&[Value], AccessError> {
        self.read(name, Value::as_list)
    }

    /// A field of type `(optional ..)`.
    pub fn optional(&self, name: &str) -> Result<Option<&Value>, AccessError> {
        self.read(name, Value::as_optional)
    }

    /// A field of type `(optional uint)`.
    pub fn optional_uint(&self, name: &str) -> Result<Option<u128>, AccessError> {
        self.read_optional(name, Value::as_uint)
    }

    /// A field of type `(optional principal)`.
    pub fn optional_principal(&self, name: &str) -> Result<Option<&Principal>, AccessError> {
        self.read_optional(name, Value::as_principal)
    }

    /// A field of type `(optional string-ascii)`.
    pub fn optional_string_ascii(&self, name: &str) -> Result<Option<&str>, AccessError> {
        self.read_optional(name, Value::as_string_ascii)
    }

    /// A field of type `(optional string-utf8)`.
    pub fn optional_string_utf8(&self, name: &str) -> Result<Option<&str>, AccessError> {
        self.read_optional(name, Value::as_string_utf8)
    }

    /// A field of type `(optional buff)`.
    pub fn optional_buffer(&self, name: &str) -> Result<Option<&[u8]>, AccessError> {
        self.read_optional(name, Value::as_buffer)
    }
}

impl FromIterator<(ClarityName, Value)> for Tuple {
    fn from_iter<I: IntoIterator<Item = (ClarityName, Value)>>(fields: I) -> Self {
        Self::new(fields)
    }
}

impl IntoIterator for Tuple {
    type Item = (ClarityName, Value);
    type IntoIter = btree_map::IntoIter<ClarityName, Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Tuple {
    type Item = (&'a ClarityName, &'a Value);
    type IntoIter = btree_map::Iter<'a, ClarityName, Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}
