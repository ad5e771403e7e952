//! Recoup's contracts as Rust: calls, events, errors, ids, amounts, the API's JSON types.
