//! JSON schemas of the types that stand for texts and numbers in JSON.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::amount::BaseUnits;
use crate::checkpoint::Root;
use crate::ids::{InvoiceId, PlanId, RefundId, SubscriptionId};
use crate::status::{InvoiceStatus, SubscriptionStatus};
use crate::sum::Sum;
use crate::token::Token;

macro_rules! inline_schema {
    ($($name:ident => $schema:expr),+ $(,)?) => {$(
        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    )+};
}

inline_schema! {
    Root => json_schema!({"type": "string", "pattern": "^0x[0-9a-f]{64}$"}),
    BaseUnits => json_schema!({"type": "string", "pattern": "^(0|[1-9][0-9]{0,38})$"}),
    Sum => json_schema!({"type": "string", "pattern": "^(0|[1-9][0-9]{0,73})$"}),
    SubscriptionId => json_schema!({"type": "string", "pattern": "^(0|[1-9][0-9]{0,38})$"}),
    InvoiceId => json_schema!({"type": "integer", "minimum": 1}),
    RefundId => json_schema!({"type": "integer", "minimum": 1}),
    PlanId => json_schema!({"type": "integer", "minimum": 1}),
    SubscriptionStatus => json_schema!({
        "type": "string", "enum": SubscriptionStatus::ALL.map(SubscriptionStatus::as_str)
    }),
    Token => json_schema!({
        "type": "string", "description": "`STX`, or the token contract's id",
        "pattern": "^(STX|S[0-9A-HJKMNP-TV-Z]{28,41}(\\.[a-zA-Z]([a-zA-Z0-9_-]){0,127})?)$"
    }),
    InvoiceStatus => json_schema!({
        "type": "string", "enum": InvoiceStatus::ALL.map(InvoiceStatus::as_str)
    }),
}
