//! Text for a terminal of some width.

use textwrap::{Options, WordSplitter};

/// The least that is left for a wrapped column; a terminal that is narrower wraps by itself.
const LEAST_COLUMN: usize = 16;

/// Breaks lines that are too long between words, and continues them under the column that they broke in. Words stay
/// whole, so that an address can be copied.
#[must_use]
pub fn fit(text: &str, width: usize) -> String {
    text.split_inclusive('\n')
        .map(|line| fit_line(line, width))
        .collect()
}

fn fit_line(line: &str, width: usize) -> String {
    let content = line.trim_end_matches('\n');
    let column = last_column(content);
    if content.chars().count() <= width || column.saturating_add(LEAST_COLUMN) > width {
        return line.to_owned();
    }
    let indent = " ".repeat(column);
    let (head, tail) = split_at_char(content, column);
    let options = Options::new(width)
        .initial_indent(head)
        .subsequent_indent(&indent)
        .break_words(false)
        .word_splitter(WordSplitter::NoHyphenation);
    let end = line.strip_prefix(content).unwrap_or_default();
    format!("{}{end}", textwrap::fill(tail, options))
}

/// Where the last column begins: after the last run of two spaces or more.
fn last_column(line: &str) -> usize {
    let characters: Vec<char> = line.chars().collect();
    let starts = |index: &usize| {
        let is_space = |offset: usize| {
            index
                .checked_sub(offset)
                .and_then(|at| characters.get(at))
                .is_some_and(|character| *character == ' ')
        };
        is_space(1) && is_space(2)
    };
    (0..characters.len())
        .filter(|index| characters.get(*index) != Some(&' '))
        .rfind(starts)
        .unwrap_or(0)
}

fn split_at_char(text: &str, column: usize) -> (&str, &str) {
    let at = text.char_indices().nth(column).map_or(text.len(), |(at, _)| at);
    text.split_at_checked(at).unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_long_value_goes_on_under_its_column() {
        let text = "  invoice  1\n  reason   the frame came scratched and the bell was missing\n";
        let expected =
            "  invoice  1\n  reason   the frame came scratched\n           and the bell was missing\n";
        assert_eq!(fit(text, 36), expected);
        assert_eq!(fit(text, 80), text);
    }

    #[test]
    fn an_address_stays_whole() {
        let text = "  payer  ST2CY5V39NHDPWSXMW9QDT3HC3GD6Q6XX4CFRK9AG\n";
        assert_eq!(fit(text, 30), text);
    }

    proptest! {
        #[test]
        fn no_word_is_lost(text in "[ a-z\n]{0,200}", width in 1_usize..100) {
            let fitted = fit(&text, width);
            let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            prop_assert_eq!(words(&fitted), words(&text));
        }
    }
}
