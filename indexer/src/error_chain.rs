//! Errors in one line.

use std::error::Error;

/// An error and its causes, separated by colons; a cause that its error repeats already is left out.
#[must_use]
pub(crate) fn describe(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let message = error.to_string();
        if !text.ends_with(&message) {
            text.push_str(": ");
            text.push_str(&message);
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::describe;
    use crate::db::DbError;

    #[test]
    fn names_the_causes_too() {
        assert_eq!(
            describe(&DbError::Sqlx(sqlx::Error::PoolTimedOut)),
            "database: pool timed out while waiting for an open connection"
        );
    }
}
