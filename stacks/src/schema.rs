//! JSON schemas of the chain's types, as their texts and numbers stand in JSON.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::address::{ContractId, Principal};
use crate::hash::{BlockHash, BurnBlockHash, BurnHeight, ConsensusHash, IndexBlockHash, StacksHeight, Txid};

macro_rules! inline_schema {
    ($($name:ident => $schema:tt),+ $(,)?) => {$(
        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )+};
}

inline_schema! {
    Txid => {"type": "string", "pattern": "^0x[0-9a-f]{64}$"},
    BlockHash => {"type": "string", "pattern": "^0x[0-9a-f]{64}$"},
    IndexBlockHash => {"type": "string", "pattern": "^0x[0-9a-f]{64}$"},
    BurnBlockHash => {"type": "string", "pattern": "^0x[0-9a-f]{64}$"},
    ConsensusHash => {"type": "string", "pattern": "^0x[0-9a-f]{40}$"},
    BurnHeight => {"type": "integer", "minimum": 0},
    StacksHeight => {"type": "integer", "minimum": 0},
    Principal => {"type": "string", "pattern": "^S[0-9A-HJKMNP-TV-Z]{28,41}(\\.[a-zA-Z]([a-zA-Z0-9_-]){0,127})?$"},
    ContractId => {"type": "string", "pattern": "^S[0-9A-HJKMNP-TV-Z]{28,41}\\.[a-zA-Z]([a-zA-Z0-9_-]){0,127}$"},
}
