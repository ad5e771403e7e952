//! The bytes of a proof: read strictly, to the last one.

use super::{Child, Leaf, Node, PATH_LENGTH, Proof, Segment, Shunt};
use crate::wire::{EndOfInput, Reader};

/// Steps of a proof; a path has 32 bytes, and blocks are skipped in powers of two, so that real ones have a few hundred.
const MAX_STEPS: usize = 4_096;
/// Ancestors that a trie is hashed with: one for each power of two below the height.
const MAX_ANCESTORS: usize = 64;

/// Why bytes are not a proof.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofDecodeError {
    /// The bytes end too early.
    #[error("proof")]
    End(#[from] EndOfInput),
    /// Bytes after the end.
    #[error("{0} bytes follow the proof")]
    Trailing(usize),
    /// A length that no proof has.
    #[error("{0} has an impossible length in the proof: {1}")]
    Length(&'static str, usize),
    /// A step that is none, or stands where it cannot.
    #[error("step {0} of the proof cannot stand there")]
    Step(usize),
}

enum Step {
    Leaf(Leaf),
    Node(Node),
    Shunt(Shunt),
}

impl Proof {
    /// Reads a proof.
    ///
    /// # Errors
    /// [`ProofDecodeError`]
    pub fn decode(bytes: &[u8]) -> Result<Self, ProofDecodeError> {
        let mut reader = Reader::new(bytes);
        let count = bounded("the proof", reader.length()?, MAX_STEPS)?;
        let mut leaf = None;
        let mut segments: Vec<Segment> = Vec::new();
        for place in 0..count {
            match read_step(&mut reader, place)? {
                Step::Leaf(found) if place == 0 => {
                    leaf = Some(found);
                    segments.push(Segment::default());
                }
                Step::Leaf(_) => return Err(ProofDecodeError::Step(place)),
                Step::Node(node) => match segments.last_mut() {
                    Some(segment) if segment.shunts.is_empty() => segment.nodes.push(node),
                    Some(_) => segments.push(Segment {
                        nodes: vec![node],
                        shunts: Vec::new(),
                    }),
                    None => return Err(ProofDecodeError::Step(place)),
                },
                Step::Shunt(shunt) => match segments.last_mut() {
                    Some(segment) if !segment.nodes.is_empty() => segment.shunts.push(shunt),
                    _ => return Err(ProofDecodeError::Step(place)),
                },
            }
        }
        match reader.remaining() {
            0 => {}
            trailing => return Err(ProofDecodeError::Trailing(trailing)),
        }
        let mut segments = segments.into_iter();
        match (leaf, segments.next()) {
            (Some(leaf), Some(first)) => Ok(Self {
                leaf,
                first,
                later: segments.collect(),
            }),
            _ => Err(ProofDecodeError::Length("the proof", count)),
        }
    }
}

fn read_step(reader: &mut Reader<'_>, place: usize) -> Result<Step, ProofDecodeError> {
    // Kinds of steps, and ids of nodes in their hashes, as stacks-core numbers them.
    match reader.u8()? {
        0 => read_node(reader, 2, 4).map(Step::Node),
        1 => read_node(reader, 3, 16).map(Step::Node),
        2 => read_node(reader, 4, 48).map(Step::Node),
        3 => read_node(reader, 5, 256).map(Step::Node),
        4 => {
            let _character = reader.u8()?;
            let path = read_path(reader)?;
            let data = reader.array()?;
            Ok(Step::Leaf(Leaf { path, data }))
        }
        5 => {
            let index = reader.u64()?;
            let count = bounded("a list of ancestors", reader.length()?, MAX_ANCESTORS)?;
            let hashes = read_hashes(reader, count)?;
            Ok(Step::Shunt(Shunt { index, hashes }))
        }
        _ => Err(ProofDecodeError::Step(place)),
    }
}

fn read_node(reader: &mut Reader<'_>, id: u8, room: usize) -> Result<Node, ProofDecodeError> {
    let character = reader.u8()?;
    let found = reader.u8()?;
    if found != id {
        return Err(ProofDecodeError::Length("a node", usize::from(found)));
    }
    let path = read_path(reader)?;
    let count = reader.length()?;
    if count != room {
        return Err(ProofDecodeError::Length("a node", count));
    }
    let mut children = Vec::with_capacity(room);
    for _ in 0..room {
        children.push(Child {
            id: reader.u8()?,
            character: reader.u8()?,
            block: reader.array()?,
        });
    }
    let siblings = read_hashes(reader, room.saturating_sub(1))?;
    Ok(Node {
        character,
        id,
        path,
        children,
        siblings,
    })
}

fn read_path(reader: &mut Reader<'_>) -> Result<Vec<u8>, ProofDecodeError> {
    let length = bounded("a path", reader.length()?, PATH_LENGTH)?;
    Ok(reader.take(length)?.to_vec())
}

fn read_hashes(reader: &mut Reader<'_>, count: usize) -> Result<Vec<[u8; 32]>, ProofDecodeError> {
    (0..count).map(|_| Ok(reader.array()?)).collect()
}

fn bounded(what: &'static str, length: usize, limit: usize) -> Result<usize, ProofDecodeError> {
    if length > limit {
        Err(ProofDecodeError::Length(what, length))
    } else {
        Ok(length)
    }
}
