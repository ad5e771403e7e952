//! Histories made up from a seed, as the indexer's functions take them.

use recoup_indexer::chain::{Arrival, BlockHeader, BurnHeader};
use recoup_indexer::normalised::{Satellites, block_from_observer, burn_header_from_observer};
use recoup_stacks::observer::{NewBlock, NewBurnBlock};

pub(crate) use recoup_block_tree::{
    Act, Block, Burn, CORE, Chain, MERCHANT, NewInvoice, OTHER_PAYER, PAYER, Posted, Random, Shop, TOKEN,
    Transaction, principal, random_chain,
};

/// What the tree takes.
#[derive(Clone, Copy)]
pub(crate) enum Header {
    Burn(BurnHeader),
    Block(BlockHeader),
}

/// The messages as the tree takes them, each with its place; those that nobody follows left out.
pub(crate) fn headers<'a>(messages: impl IntoIterator<Item = &'a Posted>) -> Vec<(usize, Header)> {
    let numbered = messages.into_iter().enumerate().zip(0..);
    numbered
        .filter_map(|((place, message), arrival)| Some((place, header(message, Arrival(arrival))?)))
        .collect()
}

fn header(message: &Posted, arrival: Arrival) -> Option<Header> {
    let body = message.body.clone();
    match message.path {
        "/new_block" => {
            let payload: NewBlock = serde_json::from_value(body).unwrap();
            let core = CORE.parse().unwrap();
            let block = block_from_observer(&payload, &core, &Satellites::beside(&core), arrival);
            Some(Header::Block(block.header))
        }
        "/new_burn_block" => {
            let payload: NewBurnBlock = serde_json::from_value(body).unwrap();
            Some(Header::Burn(burn_header_from_observer(&payload)))
        }
        _ => None,
    }
}
