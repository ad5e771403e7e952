//! A list as it was written: CSV or JSON Lines.

mod csv_rows;
mod json_rows;
mod line;
mod problem;
mod read;

pub use line::Line;
pub use problem::{Column, Problem};
pub use read::List;

#[cfg(test)]
mod tests;
