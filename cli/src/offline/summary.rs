//! What a transaction does, in words, read from its bytes.

use recoup_protocol::amount::BaseUnits;
use recoup_stacks::transaction::{
    FungibleCondition, Payload, PostCondition, PostConditionMode, PostConditionPrincipal, Transaction,
};

use super::signatures::progress;
use crate::contracts;
use crate::output::Fields;
use crate::token::TokenInfo;

/// The rows that a signer reads before signing. Every value comes from the bytes that are signed.
#[must_use]
pub fn summary(transaction: &Transaction) -> Fields {
    let micro = |amount: u64| TokenInfo::Stx.show(BaseUnits(amount.into()));
    let signatures = progress(transaction);
    let mut fields = Fields::new()
        .row("account", transaction.origin_address())
        .row("nonce", transaction.nonce())
        .row("fee", micro(transaction.fee()));
    fields = match &transaction.payload {
        Payload::ContractCall(call) => {
            let names = contracts::parameters(call.contract.name.as_str(), call.function.as_str());
            let fields = fields
                .row("contract", &call.contract)
                .row("function", &call.function);
            call.arguments
                .iter()
                .enumerate()
                .fold(fields, |fields, (index, argument)| {
                    let name = names
                        .get(index)
                        .map_or_else(|| format!("argument {index}"), |name| format!("  {name}"));
                    fields.row(&name, argument)
                })
        }
        Payload::TokenTransfer(transfer) => fields
            .row("transfer", micro(transfer.amount))
            .row("to", &transfer.recipient),
        Payload::SmartContract(contract) => fields
            .row("deploys", &contract.name)
            .row("source (SHA-256)", contracts::sha256(&contract.source)),
        other => fields.row("payload", format!("{other:?}")),
    };
    fields = transaction
        .post_conditions
        .iter()
        .fold(fields, |fields, condition| fields.row("moves", moves(condition)));
    let rest = match transaction.post_condition_mode {
        PostConditionMode::Deny => "nothing else may move",
        PostConditionMode::Allow => "ANYTHING ELSE MAY MOVE",
        PostConditionMode::Originator => "nothing else of the account may move",
    };
    fields.row("else", rest).row(
        "signatures",
        format!("{} of {}", signatures.found, signatures.required),
    )
}

fn moves(condition: &PostCondition) -> String {
    match condition {
        PostCondition::Stx {
            principal,
            condition,
            amount,
        } => format!(
            "{} {} of {}",
            comparison(*condition),
            TokenInfo::Stx.show(BaseUnits((*amount).into())),
            owner(principal)
        ),
        PostCondition::Fungible {
            principal,
            asset,
            condition,
            amount,
        } => format!(
            "{} {amount} base units of {asset} of {}",
            comparison(*condition),
            owner(principal)
        ),
        // No command of this program makes others; whoever signs one should see all of it.
        other => format!("{other:?}"),
    }
}

fn owner(principal: &PostConditionPrincipal) -> String {
    match principal {
        PostConditionPrincipal::Origin => "this account".to_owned(),
        PostConditionPrincipal::Standard(address) => address.to_string(),
        PostConditionPrincipal::Contract(contract) => contract.to_string(),
    }
}

const fn comparison(condition: FungibleCondition) -> &'static str {
    match condition {
        FungibleCondition::Equal => "exactly",
        FungibleCondition::Greater => "more than",
        FungibleCondition::GreaterOrEqual => "at least",
        FungibleCondition::Less => "less than",
        FungibleCondition::LessOrEqual => "at most",
    }
}
