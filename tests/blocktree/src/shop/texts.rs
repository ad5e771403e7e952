//! Texts as merchants can put them on chain: all of them public, some of them hostile.

use crate::random::Random;

/// Memos and reasons.
const TEXTS: [&str; 14] = [
    "two coffees",
    "",
    "two coffees \u{202e}\0 ☕",
    "=cmd()|' <script>alert(1)</script>\0",
    "\u{1b}[2Jgone\u{7}\u{8}\u{c}",
    "line one\r\nline two\ttab \\N \\. \\t",
    "'; drop table refund; --",
    "\"quoted\\\" and \\u{0} spelt out",
    "\u{feff}\u{200f}\u{2066}bidi\u{2069}\u{2028}\u{85}",
    "Größe 大 🦀 e\u{301}",
    "{\"json\": [1, 2e400]}",
    "%s %n {} $1 :name ?",
    "\u{7f}\u{80}\u{9f}\u{ffff}\u{10ffff}",
    "+1+1 @import -2",
];

/// References besides numbered ones; each is made unique by what follows it.
const REFERENCES: [&str; 6] = ["order-", "=1+1 ", "a'b\"c\\N", "\t\r\n ", "<b>;--", "-@+% "];

/// A text, or none; sometimes of the greatest length.
pub(super) fn text(random: &mut Random) -> Option<String> {
    match random.below(8) {
        0 => None,
        1 => Some("🦀".repeat(256)),
        _ => random.pick(&TEXTS).map(|text| (*text).to_owned()),
    }
}

/// A reference that was not used before, or none.
pub(super) fn reference(random: &mut Random, number: u64) -> Option<String> {
    match random.below(8) {
        0 => None,
        1 => Some(format!("{number:064}")),
        _ => random.pick(&REFERENCES).map(|head| format!("{head}{number}")),
    }
}
