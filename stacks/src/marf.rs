//! Proofs that the chain's state holds a value: from the value's hash to the state root that a block's header commits to
//! (SIP-004). No I/O.
//!
//! A block's state is a trie that points back into the tries of blocks before it. A proof climbs from a leaf to the root
//! of its trie (a segment), names the block of that trie where a later trie points back to it, climbs that one, and so on
//! up to the trie of the block that was asked about. The pointer back holds a block's identity, not a hash of its trie:
//! **whoever checks a proof must ask for the header of each block that it hops through and compare its state root**, or
//! the value of a stale ancestor would pass. [`Proof::check`] says which headers these are, [`Claims::hold`] compares.

mod decode;
mod key;

use std::collections::BTreeMap;

pub use decode::ProofDecodeError;
pub use key::map_entry_key;

use crate::hash::{IndexBlockHash, StateRoot, sha512_256};

/// A proof as the node sends it with `proof=1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    leaf: Leaf,
    /// Of the trie that holds the leaf.
    first: Segment,
    /// Of later tries, each pointing back to the one before.
    later: Vec<Segment>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Leaf {
    path: Vec<u8>,
    /// Hash of the value, and eight bytes that the chain leaves zero.
    data: [u8; 40],
}

/// The way up one trie, and its ties to the tries before it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Segment {
    /// The deepest first, the root last.
    nodes: Vec<Node>,
    /// Roots of ancestors that this trie's root is hashed with; where the trie below belongs among them.
    shunts: Vec<Shunt>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Node {
    /// Which child the way comes from.
    character: u8,
    id: u8,
    path: Vec<u8>,
    children: Vec<Child>,
    /// Hashes of the other children, in their order.
    siblings: Vec<[u8; 32]>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Child {
    id: u8,
    character: u8,
    block: [u8; 32],
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Shunt {
    index: u64,
    hashes: Vec<[u8; 32]>,
}

/// What must be true for a proof to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// State root of each block that the proof hops through, the oldest first.
    pub hops: Vec<(IndexBlockHash, StateRoot)>,
    /// State root of the block that was asked about.
    pub root: StateRoot,
}

/// Why a proof proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// It is of another value.
    #[error("the proof is of another value")]
    OtherValue,
    /// It is of another key.
    #[error("the proof is of another key")]
    OtherKey,
    /// A segment is of another key than the one below it.
    #[error("the proof changes its way between two blocks")]
    OtherWay,
    /// A node has no such child, or several.
    #[error("a node of the proof has no single child at 0x{0:02x}")]
    NoSuchChild(u8),
    /// A child is in another block where it must be in this one, or the other way round.
    #[error("a node of the proof points into the wrong block")]
    WrongBlock,
    /// Hashes of ancestors that do not fit together.
    #[error("the proof's ancestors do not fit together")]
    Ancestors,
    /// A block's header has another state root.
    #[error("block {block} has the state root {actual}, and the proof needs {claimed}")]
    OtherRoot {
        /// The block.
        block: IndexBlockHash,
        /// What the proof needs.
        claimed: StateRoot,
        /// What the header says.
        actual: StateRoot,
    },
    /// The header of a block was not given.
    #[error("the header of block {0} is needed and missing")]
    NoHeader(IndexBlockHash),
}

/// Set in the id of a child that is in an earlier block.
const BACK_POINTER: u8 = 0x80;
/// Id of no child.
const EMPTY: u8 = 0;
/// Id of a leaf in its hash.
const LEAF: u8 = 1;
/// Bytes of a path: the hash of the key.
const PATH_LENGTH: usize = 32;

impl Proof {
    /// Climbs from the value to the state root. What comes out is to be compared with headers: see [`Claims::hold`].
    ///
    /// # Errors
    /// [`ProofError`] when it is no proof of this value under this key.
    pub fn check(&self, key: &str, value: &str) -> Result<Claims, ProofError> {
        let mut data = [0; 40];
        data.iter_mut()
            .zip(sha512_256(value.as_bytes()))
            .for_each(|(byte, hash)| *byte = hash);
        if self.leaf.data != data {
            return Err(ProofError::OtherValue);
        }
        let mut way = self.first.way();
        way.extend_from_slice(&self.leaf.path);
        if way.len() != PATH_LENGTH || way != sha512_256(key.as_bytes()) {
            return Err(ProofError::OtherKey);
        }
        let root = self.first.climb(self.leaf.hash(), None)?;
        let mut trie = self.first.trie_of_leaf(root)?;
        let mut hops = Vec::with_capacity(self.later.len());
        for segment in &self.later {
            let block = segment.points_back_to()?;
            hops.push((IndexBlockHash::from_bytes(block), StateRoot::from_bytes(trie)));
            if !way.starts_with(&segment.way()) {
                return Err(ProofError::OtherWay);
            }
            let root = segment.climb(block, Some(block))?;
            trie = segment.trie_above(trie, root)?;
        }
        Ok(Claims {
            hops,
            root: StateRoot::from_bytes(trie),
        })
    }
}

impl Claims {
    /// Compares with the headers of the block that was asked about and of those that the proof hops through.
    ///
    /// # Errors
    /// [`ProofError::OtherRoot`], [`ProofError::NoHeader`]
    pub fn hold(
        &self,
        block: &IndexBlockHash,
        headers: &BTreeMap<IndexBlockHash, StateRoot>,
    ) -> Result<(), ProofError> {
        let last = (*block, self.root);
        for (block, claimed) in self.hops.iter().copied().chain([last]) {
            let actual = *headers.get(&block).ok_or(ProofError::NoHeader(block))?;
            if actual != claimed {
                return Err(ProofError::OtherRoot {
                    block,
                    claimed,
                    actual,
                });
            }
        }
        Ok(())
    }
}

impl Leaf {
    fn hash(&self) -> [u8; 32] {
        let mut bytes = vec![LEAF];
        put_path(&mut bytes, &self.path);
        bytes.extend_from_slice(&self.data);
        sha512_256(&bytes)
    }
}

impl Segment {
    /// What the nodes say of the key, from the root down.
    fn way(&self) -> Vec<u8> {
        let mut way = Vec::new();
        for node in self.nodes.iter().rev() {
            way.extend_from_slice(&node.path);
            way.push(node.character);
        }
        way
    }

    /// The block that the deepest node points back to.
    fn points_back_to(&self) -> Result<[u8; 32], ProofError> {
        let deepest = self.nodes.first().ok_or(ProofError::WrongBlock)?;
        let child = deepest.child()?;
        if child.id & BACK_POINTER == 0 {
            return Err(ProofError::WrongBlock);
        }
        Ok(child.block)
    }

    /// The hash of this trie's root node, from that of the deepest node's child. `back` is the block of that child,
    /// where it is in another one; all other children on the way are in this one.
    fn climb(&self, child: [u8; 32], back: Option<[u8; 32]>) -> Result<[u8; 32], ProofError> {
        let mut hash = child;
        for (depth, node) in self.nodes.iter().enumerate() {
            let points_back = node.child()?.id & BACK_POINTER != 0;
            if points_back != (depth == 0 && back.is_some()) {
                return Err(ProofError::WrongBlock);
            }
            hash = node.hash(&hash)?;
        }
        Ok(hash)
    }

    /// The hash of the trie that holds the leaf: its root node with the roots of its ancestors.
    fn trie_of_leaf(&self, root: [u8; 32]) -> Result<[u8; 32], ProofError> {
        match &self.shunts[..] {
            [Shunt { index: 0, hashes }] if hashes.is_empty() => Ok(root),
            [Shunt { index: 0, hashes }] => {
                let all: Vec<u8> = [root].iter().chain(hashes).flatten().copied().collect();
                Ok(sha512_256(&all))
            }
            _ => Err(ProofError::Ancestors),
        }
    }

    /// The hash of this trie, whose root node's is `root`, from that of an ancestor: over some of the tries between.
    fn trie_above(&self, ancestor: [u8; 32], root: [u8; 32]) -> Result<[u8; 32], ProofError> {
        let (junction, between) = self.shunts.split_last().ok_or(ProofError::Ancestors)?;
        let mut trie = ancestor;
        for shunt in between {
            trie = sha512_256(&shunt.with(trie)?);
        }
        let mut all = root.to_vec();
        all.extend(junction.with(trie)?);
        Ok(sha512_256(&all))
    }
}

impl Shunt {
    /// The hashes with one more where it belongs.
    fn with(&self, hash: [u8; 32]) -> Result<Vec<u8>, ProofError> {
        let place = self
            .index
            .checked_sub(1)
            .and_then(|place| usize::try_from(place).ok());
        let (before, after) = place
            .and_then(|place| self.hashes.split_at_checked(place))
            .ok_or(ProofError::Ancestors)?;
        Ok(before
            .iter()
            .chain([&hash])
            .chain(after)
            .flatten()
            .copied()
            .collect())
    }
}

impl Node {
    /// The one child that the way comes from.
    fn child(&self) -> Result<Child, ProofError> {
        let mut found = self
            .children
            .iter()
            .filter(|child| child.id != EMPTY && child.character == self.character);
        match (found.next(), found.next()) {
            (Some(child), None) => Ok(*child),
            _ => Err(ProofError::NoSuchChild(self.character)),
        }
    }

    fn hash(&self, child: &[u8; 32]) -> Result<[u8; 32], ProofError> {
        let missing = || ProofError::NoSuchChild(self.character);
        let mut bytes = vec![self.id];
        for child in &self.children {
            bytes.extend_from_slice(&[child.id, child.character]);
            bytes.extend_from_slice(&child.block);
        }
        put_path(&mut bytes, &self.path);
        let mut siblings = self.siblings.iter();
        for other in &self.children {
            let is_on_the_way = other.id != EMPTY && other.character == self.character;
            let hash = if is_on_the_way {
                child
            } else {
                siblings.next().ok_or_else(missing)?
            };
            bytes.extend_from_slice(hash);
        }
        match siblings.next() {
            None => Ok(sha512_256(&bytes)),
            Some(_) => Err(missing()),
        }
    }
}

/// A path with its length in a byte; none is longer than a key's hash, which the decoder sees to.
fn put_path(bytes: &mut Vec<u8>, path: &[u8]) {
    bytes.push(u8::try_from(path.len()).unwrap_or(u8::MAX));
    bytes.extend_from_slice(path);
}
