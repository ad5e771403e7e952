//! Transactions: their parts, their bytes (SIP-005), and signing them.
//!
//! [`UnsignedTransaction`] is the way to make one; [`Transaction::decode`] the way to read one.

mod auth;
mod build;
mod byte_enum;
mod codec;
mod envelope;
mod miner;
mod payload;
mod post_condition;
mod sign;

pub use auth::{
    Auth, AuthField, MultiSig, MultiSigHashMode, SingleSig, SingleSigHashMode, SpendingCondition,
};
pub use build::UnsignedTransaction;
pub use codec::{DecodeError, MAX_TRANSACTION_SIZE, ParseError};
pub use envelope::{AnchorMode, Transaction};
pub use miner::{Coinbase, MicroblockHeader, TenureChange, TenureChangeCause};
pub use payload::{ClarityVersion, ContractCall, Memo, MemoTooLong, Payload, SmartContract, TokenTransfer};
pub use post_condition::{
    FungibleCondition, NonFungibleCondition, PostCondition, PostConditionMode, PostConditionPrincipal,
    PoxCondition,
};
pub use sign::{SignError, VerifyError};

pub use crate::hash::Txid;
