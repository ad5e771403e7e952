//! Who disagrees with whom: what most sources say of a field counts. When as many say one thing as another, those count who
//! are contradicted nowhere else, and at last the stronger source.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::facts::{Facts, Field};
use super::report::{Difference, Source};

/// Who says what of one field.
type Values<'a> = BTreeMap<&'a str, Vec<Source>>;

/// The values that count, and each source's differences from them.
pub(super) fn judge(statements: &[(Source, &Facts)]) -> (Facts, Vec<(Source, Difference)>) {
    let mut said: BTreeMap<Field, Values<'_>> = BTreeMap::new();
    for (source, facts) in statements {
        for (field, value) in facts.iter() {
            let values = said.entry(field).or_default();
            values.entry(value).or_default().push(*source);
        }
    }
    let doubtful: BTreeSet<Source> = said.values().flat_map(outvoted).collect();
    let mut agreed = Facts::default();
    let mut differences = Vec::new();
    for (field, values) in said {
        let weight = |sources: &Vec<Source>| {
            let undoubted = sources.iter().filter(|source| !doubtful.contains(source));
            (
                undoubted.count(),
                sources.len(),
                Reverse(sources.iter().min().copied()),
            )
        };
        let Some((counts, by)) = values.iter().max_by_key(|(_, sources)| weight(sources)) else {
            continue;
        };
        agreed = agreed.with(field, counts);
        for (value, sources) in values.iter().filter(|(value, _)| *value != counts) {
            for source in sources {
                let difference = Difference {
                    field: field.name().to_owned(),
                    here: (*value).to_owned(),
                    elsewhere: (*counts).to_owned(),
                    said_by: by.clone(),
                };
                differences.push((*source, difference));
            }
        }
    }
    (agreed, differences)
}

/// Who says something else of a field than more others do.
fn outvoted(values: &Values<'_>) -> Vec<Source> {
    let most = values.values().map(Vec::len).max().unwrap_or(0);
    let is_clear = values.values().filter(|sources| sources.len() == most).count() == 1;
    let minorities = values.values().filter(|sources| is_clear && sources.len() < most);
    minorities.flatten().copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(value: u32) -> Facts {
        Facts::default().with(Field::Amount, value)
    }

    #[test]
    fn the_one_who_differs_from_all_others_is_named_with_both_values() {
        let (honest, liar) = (amount(5), amount(7));
        let (agreed, differences) = judge(&[
            (Source::Transaction, &honest),
            (Source::Map, &honest),
            (Source::Indexer, &liar),
        ]);
        assert_eq!(agreed.get(Field::Amount), Some("5"));
        let expected = Difference {
            field: "amount".to_owned(),
            here: "7".to_owned(),
            elsewhere: "5".to_owned(),
            said_by: vec![Source::Transaction, Source::Map],
        };
        assert_eq!(differences, [(Source::Indexer, expected)]);
    }

    #[test]
    fn between_two_the_stronger_counts_whichever_value_it_has() {
        for (stronger, weaker) in [(5, 7), (7, 5)] {
            let (map, row) = (amount(stronger), amount(weaker));
            let (agreed, differences) = judge(&[(Source::Indexer, &row), (Source::Map, &map)]);
            assert_eq!(agreed, map);
            let [(source, difference)] = &differences[..] else {
                panic!("{differences:?}")
            };
            assert_eq!(
                (*source, &difference.said_by[..]),
                (Source::Indexer, &[Source::Map][..])
            );
        }
    }

    #[test]
    fn between_two_a_liar_elsewhere_does_not_count() {
        let honest = amount(5);
        let liar = amount(7).with(Field::Event, "0xff");
        let row = amount(5).with(Field::Event, "0x00");
        let (agreed, differences) = judge(&[
            (Source::Map, &honest),
            (Source::Event, &liar),
            (Source::Indexer, &row),
        ]);
        assert_eq!(agreed, row);
        let liars: Vec<Source> = differences.iter().map(|(source, _)| *source).collect();
        assert_eq!(liars, [Source::Event, Source::Event]);
    }

    #[test]
    fn what_only_one_says_is_no_difference() {
        let row = amount(5).with(Field::Ordinal, 0);
        let (agreed, differences) = judge(&[(Source::Map, &amount(5)), (Source::Indexer, &row)]);
        assert_eq!((agreed, differences), (row.clone(), Vec::new()));
    }
}
