//! Who and what acts on the chain: addresses, contracts, principals, and the networks they belong to.

mod asset;
mod network;
mod principal;
mod standard;

pub use crate::name::ContractName;
pub use asset::{AssetError, AssetId};
pub use network::{ChainId, Network, UnknownNetwork};
pub use principal::{ContractId, Principal};
pub use standard::{Address, AddressError};
