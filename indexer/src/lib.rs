//! Follows Recoup's contracts into PostgreSQL and answers auditors.
