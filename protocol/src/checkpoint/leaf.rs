//! The bytes of a leaf.

use std::borrow::Cow;

use recoup_stacks::hash::{BurnHeight, IndexBlockHash, StacksHeight, Txid};

use super::tree::Root;
use crate::amount::BaseUnits;
use crate::api::Refund;
use crate::ids::{InvoiceId, RefundId};

/// The first byte: which form the others have.
const VERSION: u8 = 1;

/// What a checkpoint holds of a refund: all that the contract printed, where on the chain, and whether it is proven.
/// Principals and the token are in their usual notation; texts are as the API shows them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of the API's refund")]
pub struct RefundLeaf<'a> {
    pub refund_id: RefundId,
    pub invoice_id: InvoiceId,
    pub merchant: Cow<'a, str>,
    pub issuer: Cow<'a, str>,
    pub payer: Cow<'a, str>,
    pub token: Cow<'a, str>,
    pub amount: BaseUnits,
    pub reason: Option<Cow<'a, str>>,
    pub reference: Option<Cow<'a, str>>,
    pub payer_paid: BaseUnits,
    pub payer_refunded: BaseUnits,
    pub deadline: BurnHeight,
    pub proven: bool,
    pub txid: Txid,
    pub ordinal: u32,
    pub index_block_hash: IndexBlockHash,
    pub stacks_height: StacksHeight,
    pub burn_height: BurnHeight,
}

impl RefundLeaf<'_> {
    /// The bytes that are hashed, field after field. Numbers are big-endian, texts follow their length.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        bytes.extend(self.refund_id.0.to_be_bytes());
        bytes.extend(self.invoice_id.0.to_be_bytes());
        for text in [&self.merchant, &self.issuer, &self.payer, &self.token] {
            put_text(&mut bytes, text);
        }
        bytes.extend(self.amount.0.to_be_bytes());
        for text in [&self.reason, &self.reference] {
            match text {
                None => bytes.push(0),
                Some(text) => {
                    bytes.push(1);
                    put_text(&mut bytes, text);
                }
            }
        }
        bytes.extend(self.payer_paid.0.to_be_bytes());
        bytes.extend(self.payer_refunded.0.to_be_bytes());
        bytes.extend(self.deadline.get().to_be_bytes());
        bytes.push(u8::from(self.proven));
        bytes.extend(self.txid.as_bytes());
        bytes.extend(self.ordinal.to_be_bytes());
        bytes.extend(self.index_block_hash.as_bytes());
        bytes.extend(self.stacks_height.get().to_be_bytes());
        bytes.extend(self.burn_height.get().to_be_bytes());
        bytes
    }

    /// The leaf's hash.
    #[must_use]
    pub fn hash(&self) -> Root {
        Root::of_leaf(&self.bytes())
    }
}

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    // Texts of the chain are far shorter than 4 GB.
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
    bytes.extend(length.to_be_bytes());
    bytes.extend(text.as_bytes());
}

impl<'a> From<&'a Refund> for RefundLeaf<'a> {
    fn from(refund: &'a Refund) -> Self {
        let position = &refund.position;
        Self {
            refund_id: refund.refund_id,
            invoice_id: refund.invoice_id,
            merchant: refund.merchant.to_string().into(),
            issuer: refund.issuer.to_string().into(),
            payer: refund.payer.to_string().into(),
            token: refund.token.to_string().into(),
            amount: refund.amount,
            reason: refund.reason.as_deref().map(Cow::Borrowed),
            reference: refund.reference.as_deref().map(Cow::Borrowed),
            payer_paid: refund.payer_paid,
            payer_refunded: refund.payer_refunded,
            deadline: refund.deadline,
            proven: refund.proven,
            txid: position.txid,
            ordinal: position.ordinal,
            index_block_hash: position.index_block_hash,
            stacks_height: position.stacks_height,
            burn_height: position.burn_height,
        }
    }
}
