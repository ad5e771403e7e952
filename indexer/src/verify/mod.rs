//! Compares the tables with each other and with the contract: nothing that is shown may rest on a row that nobody
//! checked.
//!
//! All is read in one picture of the database, and from the node at that picture's tip. Three things are compared:
//! blocks with the tree that they form, rows with the events that they come from, and what stands now with the contracts' maps.

mod asking;
mod blocks;
mod checkpoints;
mod contract;
mod difference;
mod rows;
mod run;
mod satellite_rows;
mod satellites;
mod selection;

pub use difference::{Difference, Differences, Side};
pub use run::{Report, VerifyError, VerifySettings, verify};
pub use satellites::SatelliteCounts;
pub use selection::Selection;
