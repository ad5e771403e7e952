//! The Merkle tree of RFC 6962, section 2.1, of which nothing is kept but what it takes to append.

use std::fmt;
use std::str::FromStr;

use recoup_stacks::hex::{self, HexError};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

/// What the hash of a leaf begins with; that of a node begins with another byte, so that no node passes for a leaf.
const LEAF: [u8; 1] = [0];
const NODE: [u8; 1] = [1];

/// A SHA-256 hash of the tree. JSON and display: `0x` and lower-case digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Root([u8; 32]);

impl Root {
    /// The hash with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The hash of a leaf with these bytes.
    #[must_use]
    pub fn of_leaf(bytes: &[u8]) -> Self {
        Self(
            Sha256::new()
                .chain_update(LEAF)
                .chain_update(bytes)
                .finalize()
                .into(),
        )
    }

    fn of_node(left: Self, right: Self) -> Self {
        let node = Sha256::new().chain_update(NODE);
        Self(node.chain_update(left.0).chain_update(right.0).finalize().into())
    }
}

impl fmt::Display for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode_prefixed(&self.0))
    }
}

impl fmt::Debug for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Root({self})")
    }
}

impl FromStr for Root {
    type Err = HexError;

    fn from_str(text: &str) -> Result<Self, HexError> {
        hex::decode_array(text).map(Self)
    }
}

impl Serialize for Root {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Root {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// A count of leaves and hashes that do not fit each other.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a tree of {leaves} leaves has {expected} whole subtrees, not {found}")]
pub struct BadFrontier {
    leaves: u64,
    expected: u32,
    found: usize,
}

/// A tree that grows at its end. In memory are the roots of its whole subtrees, at most 64 hashes, however many leaves
/// there are: one for each bit that is set in their number, the greatest subtree first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MerkleTree {
    leaves: u64,
    frontier: Vec<Root>,
}

impl MerkleTree {
    /// A tree that goes on from where another one stood.
    ///
    /// # Errors
    /// When there are not as many subtrees as the number of leaves has.
    pub fn resume(leaves: u64, frontier: Vec<Root>) -> Result<Self, BadFrontier> {
        let expected = leaves.count_ones();
        if u32::try_from(frontier.len()) == Ok(expected) {
            Ok(Self { leaves, frontier })
        } else {
            Err(BadFrontier {
                leaves,
                expected,
                found: frontier.len(),
            })
        }
    }

    /// Appends a leaf.
    pub fn push(&mut self, leaf: Root) {
        // Each set bit at the end of the count is a subtree as large as what the new leaf completes.
        let completed = self.leaves.trailing_ones();
        let mut subtree = leaf;
        for _ in 0..completed {
            if let Some(left) = self.frontier.pop() {
                subtree = Root::of_node(left, subtree);
            }
        }
        self.frontier.push(subtree);
        self.leaves = self.leaves.saturating_add(1);
    }

    /// How many leaves it has.
    #[must_use]
    pub const fn leaves(&self) -> u64 {
        self.leaves
    }

    /// What [`Self::resume`] takes.
    #[must_use]
    pub fn frontier(&self) -> &[Root] {
        &self.frontier
    }

    /// Its root; that of no leaves is the hash of nothing.
    #[must_use]
    pub fn root(&self) -> Root {
        let mut subtrees = self.frontier.iter().rev();
        match subtrees.next() {
            None => Root(Sha256::digest([]).into()),
            Some(last) => subtrees.fold(*last, |right, left| Root::of_node(*left, right)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The definition of RFC 6962, word by word.
    fn definition(leaves: &[Vec<u8>]) -> Root {
        match leaves {
            [] => Root(Sha256::digest([]).into()),
            [only] => Root::of_leaf(only),
            more => {
                let split = more.len().next_power_of_two() / 2;
                let (left, right) = more.split_at(split);
                Root::of_node(definition(left), definition(right))
            }
        }
    }

    fn tree(leaves: &[Vec<u8>]) -> MerkleTree {
        let mut tree = MerkleTree::default();
        leaves.iter().for_each(|leaf| tree.push(Root::of_leaf(leaf)));
        tree
    }

    /// The vectors that implementations of RFC 6962 share.
    #[test]
    fn known_roots() {
        let inputs = [
            "",
            "00",
            "10",
            "2021",
            "3031",
            "40414243",
            "5051525354555657",
            "606162636465666768696a6b6c6d6e6f",
        ];
        let leaves: Vec<Vec<u8>> = inputs.iter().map(|input| hex::decode(input).unwrap()).collect();
        let expected = [
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        for (count, root) in expected.iter().enumerate() {
            assert_eq!(
                tree(&leaves[..count]).root(),
                root.parse().unwrap(),
                "{count} leaves"
            );
        }
    }

    proptest! {
        #[test]
        fn is_the_tree_of_the_definition_and_goes_on_from_anywhere(
            leaves in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..4), 0..70),
            at in 0_usize..70,
        ) {
            let at = at.min(leaves.len());
            let begun = tree(&leaves[..at]);
            let mut resumed = MerkleTree::resume(begun.leaves(), begun.frontier().to_vec()).unwrap();
            leaves[at..].iter().for_each(|leaf| resumed.push(Root::of_leaf(leaf)));
            prop_assert_eq!(resumed.root(), definition(&leaves));
            prop_assert_eq!(resumed, tree(&leaves));
            prop_assert!(MerkleTree::resume(begun.leaves() + 1, begun.frontier().to_vec()).is_err()
                || begun.leaves().count_ones() == (begun.leaves() + 1).count_ones());
        }

        #[test]
        fn another_list_has_another_root(
            leaves in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..4), 1..40),
            at: prop::sample::Index, other in prop::collection::vec(any::<u8>(), 0..4),
        ) {
            let at = at.index(leaves.len());
            let mut edited = leaves.clone();
            edited[at] = other.clone();
            prop_assert_eq!(tree(&edited).root() == tree(&leaves).root(), edited == leaves);
            let mut shorter = leaves.clone();
            shorter.remove(at);
            prop_assert_ne!(tree(&shorter).root(), tree(&leaves).root());
            let mut longer = leaves.clone();
            longer.insert(at, other);
            prop_assert_ne!(tree(&longer).root(), tree(&leaves).root());
        }
    }
}
