//! The whole of Recoup, run as its users run it: the real binaries over the local chain and a real database.
//!
//! What the demo, the local stack and the end-to-end tests have in common lies here.

pub mod accounts;
pub mod audit;
pub mod command_line;
pub mod demo;
pub mod docs;
pub mod faults;
pub mod participant;
pub mod scene;
pub mod stack;
