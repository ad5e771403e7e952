//! What the API answers, operation by operation: the source of its OpenAPI document.

use recoup_protocol::api::{
    Checkpoint, Health, Invoice, InvoiceSummary, Operators, Page, PayerLedger, Payment, PrincipalTotals,
    Readiness, Refund, RefundProof, Reserves, Stats, Subscription, SubscriptionHistory, TimelineEntry,
};
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::values::{DEFAULT_LIMIT, MAX_LIMIT};

/// Somebody asks, and is answered in this form.
pub struct Operation {
    /// Its name for programs.
    pub id: &'static str,
    /// Its path below `/api/v1`.
    pub path: &'static str,
    /// What it answers, in one line.
    pub summary: &'static str,
    /// What may be asked.
    pub parameters: &'static [Parameter],
    /// What it answers, in which form.
    pub(super) answer: Answer,
    /// Codes of HTTP beside 200.
    pub refusals: &'static [u16],
}

/// In which form something is answered.
pub(super) enum Answer {
    /// JSON of this schema.
    Json(fn(&mut SchemaGenerator) -> Value),
    /// Text of this type.
    Text(&'static str),
}

/// Something that may be asked.
#[derive(Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it means.
    pub description: &'static str,
    kind: Kind,
}

/// What a parameter takes.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Principal,
    Id,
    Token,
    Reference,
    Txid,
    Amount,
    Words,
    Height,
    Time,
    Day,
    Checkpoint,
    Cursor,
    Number { least: u32, greatest: u32, default: u32 },
    OneOf(&'static [&'static str]),
}

impl Kind {
    fn schema(self) -> Value {
        match self {
            Self::Principal => json!({"type": "string", "minLength": 28, "maxLength": 170}),
            Self::Id => json!({"type": "integer", "minimum": 1, "maximum": i64::MAX}),
            Self::Token => json!({"type": "string", "minLength": 3, "maxLength": 170}),
            Self::Reference => {
                json!({"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[ -~]*$"})
            }
            Self::Txid => json!({"type": "string", "pattern": "^(0x)?[0-9a-fA-F]{64}$"}),
            Self::Amount => json!({"type": "string", "pattern": "^[0-9]{1,39}$"}),
            Self::Words => json!({"type": "string", "minLength": 1, "maxLength": 500}),
            Self::Height => json!({"type": "integer", "minimum": 0, "maximum": i64::MAX.saturating_sub(1)}),
            Self::Time => json!({"type": "string", "format": "date-time"}),
            Self::Day => json!({"type": "string", "format": "date"}),
            Self::Checkpoint => json!({"type": "string", "pattern": "^(latest|[0-9]{1,18})$"}),
            Self::Cursor => json!({"type": "string"}),
            Self::Number {
                least,
                greatest,
                default,
            } => {
                json!({"type": "integer", "minimum": least, "maximum": greatest, "default": default})
            }
            Self::OneOf(words) => json!({"type": "string", "enum": words}),
        }
    }

    /// A value that is understood, whether or not anything has it.
    const fn example(self) -> &'static str {
        match self {
            Self::Principal => "ST1SJ3DTE5DN7X54YDH5D64R3BCB6A2AG2ZQ8YPD5",
            Self::Id | Self::Number { .. } => "1",
            Self::Token => "STX",
            Self::Reference => "order-17",
            Self::Txid => "0x00000000000000000000000000000000000000000000000000000000000000ff",
            Self::Amount => "1000000",
            Self::Words => "damaged",
            Self::Height => "100",
            Self::Time => "2026-11-21T10:00:00Z",
            Self::Day => "2026-11-21",
            Self::Checkpoint => "latest",
            Self::Cursor => "",
            Self::OneOf(words) => match words {
                [first, ..] => first,
                [] => "",
            },
        }
    }
}

const fn parameter(name: &'static str, kind: Kind, description: &'static str) -> Parameter {
    Parameter {
        name,
        description,
        kind,
    }
}

impl Parameter {
    /// Whether it stands in the path of an operation.
    #[must_use]
    pub fn is_in(&self, path: &str) -> bool {
        path.contains(&format!("{{{}}}", self.name))
    }

    /// A value that is understood, whether or not anything has it. Empty for cursors, which only a page gives.
    #[must_use]
    pub const fn example(&self) -> &'static str {
        self.kind.example()
    }

    /// As OpenAPI writes it.
    pub(super) fn document(&self, path: &str) -> Value {
        let in_path = self.is_in(path);
        let mut document = Map::new();
        document.insert("name".to_owned(), self.name.into());
        document.insert("in".to_owned(), if in_path { "path" } else { "query" }.into());
        document.insert("required".to_owned(), in_path.into());
        document.insert("description".to_owned(), self.description.into());
        document.insert("schema".to_owned(), self.kind.schema());
        if !self.example().is_empty() {
            let example = match self.kind {
                Kind::Id | Kind::Height | Kind::Number { .. } => self.example().parse::<u64>().ok().into(),
                _ => self.example().into(),
            };
            document.insert("example".to_owned(), example);
        }
        Value::Object(document)
    }
}

const MERCHANT: Parameter = parameter("merchant", Kind::Principal, "Whose invoices.");
const PAYER: Parameter = parameter("payer", Kind::Principal, "Who paid, or was refunded.");
const TOKEN: Parameter = parameter("token", Kind::Token, "`STX`, or the token contract's id.");
const AS_OF: Parameter = parameter(
    "as_of_burn_height",
    Kind::Height,
    "Today's canonical chain, cut after this burn height; refused beyond the tip.",
);
const LIMIT: Parameter = parameter(
    "limit",
    Kind::Number {
        least: 1,
        greatest: MAX_LIMIT,
        default: DEFAULT_LIMIT,
    },
    "Rows of a page.",
);
const CURSOR: Parameter = parameter("cursor", Kind::Cursor, "The `next_cursor` of the page before.");
const ID: Parameter = parameter("id", Kind::Id, "The contract's id, on the canonical chain.");
const PRINCIPAL: Parameter = parameter("principal", Kind::Principal, "Address or contract.");
const FROM_BURN_HEIGHT: Parameter = parameter("from_burn_height", Kind::Height, "Least burn height.");
const TO_BURN_HEIGHT: Parameter = parameter("to_burn_height", Kind::Height, "Greatest burn height.");

macro_rules! refund_filters {
    ($($more:expr),* $(,)?) => {
        &[
            MERCHANT,
            PAYER,
            parameter("invoice", Kind::Id, "What was refunded."),
            TOKEN,
            parameter("reference", Kind::Reference, "The merchant's own id of the refund; with `merchant` only."),
            parameter("txid", Kind::Txid, "Its transaction, on any fork; alone only."),
            parameter("status", Kind::OneOf(&["seen", "final", "orphaned"]), "Where it stands; without it, seen and final."),
            FROM_BURN_HEIGHT,
            TO_BURN_HEIGHT,
            AS_OF,
            parameter("from_time", Kind::Time, "Earliest time of its block."),
            parameter("before_time", Kind::Time, "Time that its block is before."),
            parameter("min_amount", Kind::Amount, "Least amount in base units; with `token` and an order by amount only."),
            parameter("max_amount", Kind::Amount, "Greatest amount in base units."),
            parameter("q", Kind::Words, "Words that the reason holds, all of them; with `merchant` only."),
            parameter("order", Kind::OneOf(&["newest", "oldest", "largest", "smallest"]), "Default: newest."),
            $($more),*
        ]
    };
}

fn schema_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    generator.subschema_for::<T>().to_value()
}

/// All that is answered.
pub const OPERATIONS: &[Operation] = &[
    Operation {
        id: "list-refunds",
        path: "/refunds",
        summary: "A page of refunds. Which filters and orders go together stands in docs/API.md.",
        parameters: refund_filters!(LIMIT, CURSOR),
        answer: Answer::Json(schema_of::<Page<Refund>>),
        refusals: &[400, 409],
    },
    Operation {
        id: "get-refund",
        path: "/refunds/{id}",
        summary: "The canonical refund of this id.",
        parameters: &[ID],
        answer: Answer::Json(schema_of::<Refund>),
        refusals: &[400, 404],
    },
    Operation {
        id: "get-refund-proof",
        path: "/refunds/{id}/proof",
        summary: "The canonical refund of this id with what anybody needs to check it without us.",
        parameters: &[ID],
        answer: Answer::Json(schema_of::<RefundProof>),
        refusals: &[400, 404],
    },
    Operation {
        id: "list-invoices",
        path: "/invoices",
        summary: "A page of invoices, the newest first.",
        parameters: &[
            MERCHANT,
            PAYER,
            parameter(
                "reference",
                Kind::Reference,
                "The merchant's own id of the invoice; with `merchant` only.",
            ),
            parameter(
                "status",
                Kind::OneOf(&[
                    "open",
                    "partially-paid",
                    "paid",
                    "expired",
                    "cancelled",
                    "refunded",
                ]),
                "With `merchant` only.",
            ),
            LIMIT,
            CURSOR,
        ],
        answer: Answer::Json(schema_of::<Page<InvoiceSummary>>),
        refusals: &[400, 409],
    },
    Operation {
        id: "get-invoice",
        path: "/invoices/{id}",
        summary: "The canonical invoice of this id, with the first 100 payers, payments and refunds.",
        parameters: &[ID],
        answer: Answer::Json(schema_of::<Invoice>),
        refusals: &[400, 404],
    },
    Operation {
        id: "list-invoice-payers",
        path: "/invoices/{id}/payers",
        summary: "What each payer paid and was refunded on an invoice, by name.",
        parameters: &[ID, LIMIT, CURSOR],
        answer: Answer::Json(schema_of::<Page<PayerLedger>>),
        refusals: &[400, 404],
    },
    Operation {
        id: "list-invoice-payments",
        path: "/invoices/{id}/payments",
        summary: "The payments of an invoice, in the chain's order.",
        parameters: &[ID, LIMIT, CURSOR],
        answer: Answer::Json(schema_of::<Page<Payment>>),
        refusals: &[400, 404, 409],
    },
    Operation {
        id: "get-timeline",
        path: "/invoices/{id}/timeline",
        summary: "What happened to an invoice, in the chain's order.",
        parameters: &[ID, LIMIT, CURSOR],
        answer: Answer::Json(schema_of::<Page<TimelineEntry>>),
        refusals: &[400, 404, 409],
    },
    Operation {
        id: "get-merchant",
        path: "/merchants/{principal}",
        summary: "What a merchant took and gave back, per token.",
        parameters: &[PRINCIPAL, AS_OF],
        answer: Answer::Json(schema_of::<PrincipalTotals>),
        refusals: &[400, 404],
    },
    Operation {
        id: "get-payer",
        path: "/payers/{principal}",
        summary: "What a payer paid and got back, per token.",
        parameters: &[PRINCIPAL, AS_OF],
        answer: Answer::Json(schema_of::<PrincipalTotals>),
        refusals: &[400, 404],
    },
    Operation {
        id: "get-stats",
        path: "/stats",
        summary: "Payments and refunds in one token over time.",
        parameters: &[
            MERCHANT,
            TOKEN,
            parameter(
                "bucket",
                Kind::OneOf(&["day", "burn"]),
                "What a bucket is; default: day.",
            ),
            parameter(
                "from_day",
                Kind::Day,
                "First day, in UTC; with `bucket=day` only.",
            ),
            parameter(
                "to_day",
                Kind::Day,
                "Last day; default: that of the newest block.",
            ),
            parameter(
                "from_burn_height",
                Kind::Height,
                "First burn height; with `bucket=burn` only.",
            ),
            parameter(
                "to_burn_height",
                Kind::Height,
                "Last burn height; default: the tip.",
            ),
            parameter(
                "size",
                Kind::Number {
                    least: 1,
                    greatest: 1_000_000,
                    default: 144,
                },
                "Burn blocks of a bucket.",
            ),
        ],
        answer: Answer::Json(schema_of::<Stats>),
        refusals: &[400],
    },
    Operation {
        id: "list-subscriptions",
        path: "/subscriptions",
        summary: "A page of subscriptions, the newest first.",
        parameters: &[MERCHANT, PAYER, LIMIT, CURSOR],
        answer: Answer::Json(schema_of::<Page<Subscription>>),
        refusals: &[400],
    },
    Operation {
        id: "get-subscription",
        path: "/subscriptions/{id}",
        summary: "A subscription with its payments, the newest first.",
        parameters: &[ID, LIMIT, CURSOR],
        answer: Answer::Json(schema_of::<SubscriptionHistory>),
        refusals: &[400, 404],
    },
    Operation {
        id: "get-reserves",
        path: "/reserves/{merchant}",
        summary: "What a merchant holds in reserve, against what its payers can still get back.",
        parameters: &[MERCHANT],
        answer: Answer::Json(schema_of::<Reserves>),
        refusals: &[400, 404],
    },
    Operation {
        id: "get-operators",
        path: "/operators/{merchant}",
        summary: "Who may act for a merchant.",
        parameters: &[MERCHANT],
        answer: Answer::Json(schema_of::<Operators>),
        refusals: &[400, 404],
    },
    Operation {
        id: "list-checkpoints",
        path: "/checkpoints",
        summary: "A page of the checkpoints that stand, the newest first.",
        parameters: &[LIMIT, CURSOR],
        answer: Answer::Json(schema_of::<Page<Checkpoint>>),
        refusals: &[400, 409],
    },
    Operation {
        id: "get-checkpoint",
        path: "/checkpoints/{burn_height}",
        summary: "The checkpoint of a burn height, or the newest.",
        parameters: &[parameter(
            "burn_height",
            Kind::Checkpoint,
            "A burn height, or `latest`.",
        )],
        answer: Answer::Json(schema_of::<Checkpoint>),
        refusals: &[400, 404],
    },
    Operation {
        id: "export-refunds-csv",
        path: "/export/refunds.csv",
        summary: "All refunds of a filter as CSV, safe to open in a spreadsheet.",
        parameters: refund_filters!(),
        answer: Answer::Text("text/csv"),
        refusals: &[400],
    },
    Operation {
        id: "export-refunds-jsonl",
        path: "/export/refunds.jsonl",
        summary: "All refunds of a filter as JSON Lines.",
        parameters: refund_filters!(),
        answer: Answer::Text("application/jsonl"),
        refusals: &[400],
    },
    Operation {
        id: "get-health",
        path: "/health",
        summary: "How things stand, and all that is wrong.",
        parameters: &[],
        answer: Answer::Json(schema_of::<Health>),
        refusals: &[400],
    },
    Operation {
        id: "get-ready",
        path: "/ready",
        summary: "Whether requests should come to this process.",
        parameters: &[],
        answer: Answer::Json(schema_of::<Readiness>),
        refusals: &[400],
    },
];
