//! What the program says of itself.

use clap::{CommandFactory as _, Parser as _};
use recoup_indexer::config::Arguments;
use recoup_test_support::Manual;

#[test]
fn the_help_is_a_manual_whose_examples_can_be_typed() {
    let manual = Manual::of(Arguments::command());
    insta::assert_snapshot!("commands", manual.tree());
    let complaints = manual.complaints(|words| {
        let parsed = Arguments::try_parse_from(words);
        parsed.map(drop).map_err(|error| error.to_string())
    });
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}
