//! What can go wrong with the database.

/// Why the database did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// Connection, time-out or a refused statement.
    #[error("database")]
    Sqlx(#[from] sqlx::Error),
    /// The tables could not be brought up to date.
    #[error("database migration")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// A row holds what this program never writes.
    #[error("column `{column}` holds an impossible value")]
    Corrupt {
        /// The column.
        column: &'static str,
    },
    /// A number of the chain that does not fit its column.
    #[error("{what} {value} does not fit its column")]
    OutOfRange {
        /// What it counts.
        what: &'static str,
        /// The number.
        value: u64,
    },
    /// Nothing was ever followed into this database.
    #[error("this database is new: `recoup-indexer run` has not used it yet")]
    NotInitialised,
    /// The database was begun at another height.
    #[error(
        "this database follows the chain from Stacks height {found} on, not from {wanted} (use an empty one)"
    )]
    OtherRoot {
        /// Where it was begun.
        found: u64,
        /// Where it was to begin.
        wanted: u64,
    },
    /// The database belongs to another network or contract.
    #[error(
        "this database follows {found}; it cannot follow {wanted} too (one database, one network and core contract)"
    )]
    OtherChain {
        /// Network and contract in the database.
        found: String,
        /// Network and contract that were asked for.
        wanted: String,
    },
}

impl DbError {
    /// Whether the data cannot be stored, today or tomorrow, rather than the database being out of order.
    #[must_use]
    pub fn is_about_the_data(&self) -> bool {
        match self {
            Self::OutOfRange { .. } => true,
            // Class 22 is a value out of its type's range, class 23 a broken constraint.
            Self::Sqlx(sqlx::Error::Database(error)) => error
                .code()
                .is_some_and(|code| code.starts_with("22") || code.starts_with("23")),
            _ => false,
        }
    }

    /// Whether a message found no partition to go into.
    #[must_use]
    pub fn is_missing_partition(&self) -> bool {
        // A broken constraint would be named.
        matches!(self, Self::Sqlx(sqlx::Error::Database(error))
            if error.code().as_deref() == Some("23514") && error.constraint().is_none())
    }

    /// Whether a table is not there at all.
    #[must_use]
    pub fn is_missing_table(&self) -> bool {
        matches!(self, Self::Sqlx(sqlx::Error::Database(error)) if error.code().as_deref() == Some("42P01"))
    }

    /// What is wrong, in words that tell nothing of the machine: for those who ask over HTTP.
    #[must_use]
    pub fn in_short(&self) -> &'static str {
        let Self::Sqlx(error) = self else {
            return "the database holds or was given what does not fit";
        };
        match error {
            sqlx::Error::Database(error) => match error.code().as_deref() {
                Some("53100") => "the database's disk is full",
                Some("57014" | "55P03") => "the database does not answer in time",
                Some("25006") => "the database is read only",
                Some(code) if code.starts_with("57P") || code.starts_with("08") => {
                    "the database is out of reach"
                }
                Some(code) if code.starts_with("28") || code == "42501" => "the database refuses access",
                Some(code) if code.starts_with("53") => "the database is out of resources",
                Some(code) if code.starts_with("42") => "the database's tables are not as expected",
                _ => "the database refuses a statement",
            },
            _ => "the database is out of reach",
        }
    }

    /// The error and its causes in one line.
    #[must_use]
    pub fn with_causes(&self) -> String {
        crate::error_chain::describe(self)
    }
}
