//! Cutting a list into transactions, and a transaction into halves: functions of data that lose no line and double none.

use std::collections::HashMap;
use std::hash::Hash;

/// What one transaction can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// So many lines.
    pub lines: usize,
    /// So many bytes of arguments; a single line is let through whatever its size.
    pub bytes: u64,
}

/// A group that still has room.
struct Open {
    group: usize,
    bytes: u64,
}

/// Puts items into groups: items of one group have the same key, and stand in the order of the list; groups stand in the
/// order of their first items. Takes as few groups as that allows without looking ahead.
pub fn split<Item, Key: Eq + Hash>(
    items: impl IntoIterator<Item = Item>,
    key: impl Fn(&Item) -> Key,
    bytes: impl Fn(&Item) -> u64,
    budget: Budget,
) -> Vec<Vec<Item>> {
    let mut groups: Vec<Vec<Item>> = Vec::new();
    let mut open: HashMap<Key, Open> = HashMap::new();
    for item in items {
        let (key, size) = (key(&item), bytes(&item));
        let with_item = |open: &Open| open.bytes.saturating_add(size);
        let found = open.get_mut(&key).filter(|open| with_item(open) <= budget.bytes);
        let room = found.and_then(|open| {
            let group = groups
                .get_mut(open.group)
                .filter(|group| group.len() < budget.lines)?;
            Some((group, open))
        });
        match room {
            Some((group, open)) => {
                open.bytes = open.bytes.saturating_add(size);
                group.push(item);
            }
            None => {
                open.insert(
                    key,
                    Open {
                        group: groups.len(),
                        bytes: size,
                    },
                );
                groups.push(vec![item]);
            }
        }
    }
    groups
}

/// Where the second half of so many lines begins: the first is the longer one.
#[must_use]
pub const fn middle(length: usize) -> usize {
    length.div_ceil(2)
}

/// Cuts a group in two, in order. The second half of a single item is empty.
#[must_use]
pub fn halve<Item>(mut group: Vec<Item>) -> (Vec<Item>, Vec<Item>) {
    let second = group.split_off(middle(group.len()));
    (group, second)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Item = (usize, u8, u64);

    fn items() -> impl Strategy<Value = Vec<Item>> {
        proptest::collection::vec((0..3u8, 0..300u64), 0..200).prop_map(|items| {
            items
                .into_iter()
                .enumerate()
                .map(|(index, (token, size))| (index, token, size))
                .collect()
        })
    }

    fn cut(items: &[Item], budget: Budget) -> Vec<Vec<Item>> {
        split(items.to_vec(), |item| item.1, |item| item.2, budget)
    }

    /// Sends groups of which those with a bad item fail, halving them. Gives what was paid and what was found out.
    fn settle(groups: Vec<Vec<Item>>, is_bad: impl Fn(&Item) -> bool) -> (Vec<Item>, Vec<Item>, usize) {
        let (mut paid, mut failed, mut sent) = (Vec::new(), Vec::new(), 0);
        let mut queue: std::collections::VecDeque<_> = groups.into();
        while let Some(group) = queue.pop_front() {
            sent += 1;
            match group.iter().any(&is_bad) {
                false => paid.extend(group),
                true if group.len() == 1 => failed.extend(group),
                true => {
                    let (first, second) = halve(group);
                    queue.push_front(second);
                    queue.push_front(first);
                }
            }
        }
        (paid, failed, sent)
    }

    proptest! {
        #[test]
        fn every_item_is_in_one_group_within_the_budget_and_in_order(items in items(), lines in 1..20usize, bytes in 1..1000u64) {
            let groups = cut(&items, Budget { lines, bytes });
            let mut all: Vec<Item> = groups.concat();
            all.sort_unstable();
            prop_assert_eq!(all, items);
            for group in &groups {
                prop_assert!(!group.is_empty() && group.len() <= lines);
                prop_assert!(group.iter().all(|item| item.1 == group[0].1), "one token");
                prop_assert!(group.is_sorted_by_key(|item| item.0));
                prop_assert!(group.len() == 1 || group.iter().map(|item| item.2).sum::<u64>() <= bytes);
            }
            prop_assert!(groups.is_sorted_by_key(|group| group[0].0));
        }

        #[test]
        fn of_one_token_the_groups_are_the_list_cut(items in items(), lines in 1..20usize) {
            let items: Vec<Item> = items.into_iter().map(|(index, _, _)| (index, 0, 1)).collect();
            let groups = cut(&items, Budget { lines, bytes: u64::MAX });
            prop_assert_eq!(groups.len(), items.len().div_ceil(lines));
            prop_assert_eq!(groups.concat(), items);
        }

        #[test]
        fn halving_pays_all_but_the_bad_ones(items in items(), lines in 1..50usize, bad in proptest::collection::hash_set(0..200usize, 0..5)) {
            let groups = cut(&items, Budget { lines, bytes: u64::MAX });
            let (count, largest) = (groups.len(), groups.iter().map(Vec::len).max().unwrap_or(1));
            let (mut paid, failed, sent) = settle(groups, |item| bad.contains(&item.0));
            let (expected_failed, expected_paid): (Vec<Item>, Vec<Item>) = items.iter().partition(|item| bad.contains(&item.0));
            paid.sort_unstable();
            prop_assert_eq!(paid, expected_paid);
            prop_assert_eq!(failed.len(), expected_failed.len());
            let depth = usize::try_from(largest.next_power_of_two().ilog2()).unwrap();
            prop_assert!(sent <= count + 2 * depth * expected_failed.len(), "{sent} sent");
        }
    }

    #[test]
    fn the_first_half_is_the_longer_one() {
        assert_eq!(halve(vec![1, 2, 3]), (vec![1, 2], vec![3]));
        assert_eq!(halve(vec![1]), (vec![1], vec![]));
    }
}
