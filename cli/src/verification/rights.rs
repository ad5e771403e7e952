//! Whether whoever signed may refund for the merchant, by the contracts' maps around the refund's block.

use recoup_protocol::contracts::Contract;
use recoup_protocol::maps::{DelegateKey, MapKey, OperatorKey};
use recoup_protocol::token::Token;
use recoup_stacks::address::{ContractId, Principal};
use recoup_stacks::hash::IndexBlockHash;
use recoup_stacks::rpc::NodeClient;

use super::report::Difference;
use super::transaction::{Signed, Way};

/// Whom the refund is of, and where to look.
pub(super) struct Question<'a> {
    pub(super) node: &'a NodeClient,
    pub(super) core: &'a ContractId,
    pub(super) merchant: &'a Principal,
    pub(super) issuer: &'a Principal,
    pub(super) token: &'a Token,
    /// The refund's block and its parent, as far as they are known: a right may have been given, or taken, in that block.
    pub(super) blocks: &'a [IndexBlockHash],
}

/// In a few words who signed, and by which right.
pub(super) async fn check(question: &Question<'_>, signed: &Signed) -> Result<String, Difference> {
    let Question { merchant, issuer, .. } = question;
    let sender = Principal::from(signed.sender);
    let by_right = if issuer == merchant {
        "the merchant".to_owned()
    } else {
        let key = OperatorKey {
            merchant: (*merchant).clone(),
            operator: (*issuer).clone(),
        };
        let has_right = question
            .any(question.core, &key, |rights| rights.may_refund)
            .await;
        match has_right {
            Some(true) => format!("operator {issuer}"),
            Some(false) => return Err(Difference::alone("issuer", issuer, "the merchant or an operator")),
            None => format!("{issuer} (whether an operator then, this node cannot tell)"),
        }
    };
    match &signed.way {
        Way::Direct => Ok(format!("signed by {by_right}")),
        Way::Through(contract) if issuer.is_contract() => Ok(format!(
            "signed by {sender} through {contract}, for {by_right}: who may use that contract is its own affair"
        )),
        // Core takes no call for a plain account that another contract relays.
        Way::Through(contract) => Err(Difference::alone("called contract", contract, question.core)),
        Way::Reserve => {
            let reserve = Contract::Reserve.beside(question.core);
            let key = DelegateKey {
                merchant: (*merchant).clone(),
                delegate: sender.clone(),
                token: question.token.clone(),
            };
            match question.any(&reserve, &key, |_| true).await {
                Some(false) => Err(Difference::alone("signer", sender, "a delegate of the merchant")),
                Some(true) => Ok(format!(
                    "signed by delegate {sender}, from the merchant's reserve"
                )),
                None => Ok(format!(
                    "signed by {sender}, from the merchant's reserve (whether a delegate then, this node cannot tell)"
                )),
            }
        }
    }
}

impl Question<'_> {
    /// Whether one of the blocks' states has an entry that is as it should be; none when no state could be read.
    async fn any<Key: MapKey>(
        &self,
        contract: &ContractId,
        key: &Key,
        is_right: impl Fn(&Key::Entry) -> bool,
    ) -> Option<bool> {
        let mut answer = None;
        for block in self.blocks {
            let found = self
                .node
                .map_entry(contract, &Key::MAP, &key.key(), Some(block))
                .await;
            let Ok(found) = found else { continue };
            let entry = found.and_then(|entry| {
                let optional = recoup_stacks::clarity::Value::Some(Box::new(entry));
                key.decode(&optional).ok().flatten()
            });
            if entry.is_some_and(|entry| is_right(&entry)) {
                return Some(true);
            }
            answer = Some(false);
        }
        answer
    }
}
