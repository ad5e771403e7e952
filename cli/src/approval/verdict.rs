//! Whether an approval holds: a function of data.

use recoup_stacks::address::{Address, Principal};
use recoup_stacks::hash::BurnHeight;
use recoup_stacks::hex;
use recoup_stacks::keys::Signature;
use thiserror::Error;

use super::policy::ApprovalSettings;
use super::statement::digest;
use crate::failure::{Failure, Kind};
use crate::journal::{Approval, Draft};
use crate::profile::Chain;

/// Why an approval does not count.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ApprovalError {
    /// The bytes are no signature of this plan by that address.
    #[error("the signature is not {0}'s, of this plan")]
    Signature(Address),
    /// The planner's own word.
    #[error("{0} planned it, and cannot approve it")]
    OwnPlan(Address),
    /// Not in the profile's list.
    #[error("{0} is not an approver of this profile")]
    NotListed(Address),
    /// Too late.
    #[error("the time to approve it was over at burn height {0}")]
    Expired(BurnHeight),
}

impl From<ApprovalError> for Failure {
    fn from(error: ApprovalError) -> Self {
        let hint = match error {
            ApprovalError::Signature(_) => {
                "a plan that changed needs a new approval: run `recoup refund create` again, then approve what it says"
            }
            ApprovalError::OwnPlan(_) => "another person approves it, with a wallet of their own (--wallet)",
            ApprovalError::NotListed(_) => "the list is `approvers` in the profile's section `approval`",
            ApprovalError::Expired(_) => "run `recoup refund create` again: it plans anew",
        };
        Self::from_error(Kind::Refused, &error).hint(hint)
    }
}

/// Where a plan that waits for a second person stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Somebody who may has agreed.
    Approved(Address),
    /// Nobody has, and there is still time.
    Waiting,
    /// There is no time left.
    Expired,
}

/// Who signed an approval of this plan.
///
/// # Errors
/// When it does not hold, or is the planner's own.
pub fn approver_of(chain: Chain, draft: &Draft, approval: &Approval) -> Result<Address, Failure> {
    let claimed = approval.approver;
    let broken = || Failure::from(ApprovalError::Signature(claimed));
    let terms = draft
        .terms
        .ok_or_else(|| Failure::new(Kind::Refused, "this entry waits for nobody's approval"))?;
    let bytes: [u8; 65] = hex::decode(&approval.signature)
        .ok()
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(broken)?;
    let digest = digest(chain, &draft.intent, terms)?;
    let key = Signature::from_bytes(bytes)
        .recover(&digest)
        .map_err(|_| broken())?;
    let signer = key.address(chain.network());
    if signer != claimed {
        return Err(broken());
    }
    let planner = draft.intent.refunds().next().map(|refund| refund.signer());
    if planner == Some(&Principal::from(signer)) {
        return Err(ApprovalError::OwnPlan(signer).into());
    }
    Ok(signer)
}

/// Whether a plan may be sent at this height: what it was approved for is compared with what it is now by its caller.
#[must_use]
pub fn judge(chain: Chain, draft: &Draft, settings: &ApprovalSettings, burn_height: BurnHeight) -> Verdict {
    if draft.terms.is_none_or(|terms| burn_height >= terms.expires_at) {
        return Verdict::Expired;
    }
    draft
        .approvals
        .iter()
        .filter_map(|approval| approver_of(chain, draft, approval).ok())
        .find(|approver| settings.approvers.contains(approver))
        .map_or(Verdict::Waiting, Verdict::Approved)
}

#[cfg(test)]
mod tests {
    use recoup_protocol::amount::BaseUnits;
    use recoup_protocol::ids::InvoiceId;
    use recoup_protocol::token::Token;
    use recoup_stacks::keys::SecretKey;

    use super::super::{Request, approve};
    use super::*;
    use crate::journal::{ApprovalTerms, BatchIntent, BatchLine, Intent, RefundIntent, Stage};

    fn key(byte: u8) -> SecretKey {
        SecretKey::from_bytes(&[byte; 32]).unwrap()
    }

    fn address(byte: u8) -> Address {
        key(byte).address(Chain::Local.network())
    }

    fn refund() -> RefundIntent {
        RefundIntent {
            core: "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM.recoup-core"
                .parse()
                .unwrap(),
            invoice_id: InvoiceId(7),
            merchant: address(1).into(),
            issuer: address(1).into(),
            delegate: None,
            payer: "ST2CY5V39NHDPWSXMW9QDT3HC3GD6Q6XX4CFRK9AG".parse().unwrap(),
            token: Token::Stx,
            asked: "full".to_owned(),
            amount: BaseUnits(5),
            expected_refunded: BaseUnits(1),
            reference: Some("r".parse().unwrap()),
            reason: None,
        }
    }

    const TERMS: ApprovalTerms = ApprovalTerms {
        fee_ceiling: 500,
        expires_at: BurnHeight(100),
    };

    fn draft(intent: Intent, terms: ApprovalTerms, approvals: Vec<Approval>) -> Draft {
        Draft {
            number: 1,
            planned_at: chrono::DateTime::UNIX_EPOCH,
            intent,
            stage: Stage::AwaitingApproval,
            terms: Some(terms),
            approvals,
            detail: None,
        }
    }

    fn by(byte: u8, intent: &Intent) -> Approval {
        let request = Request {
            network: Chain::Local,
            journal_entry: 1,
            intent: intent.clone(),
            terms: TERMS,
        };
        approve(&request, &key(byte)).unwrap()
    }

    fn settings() -> ApprovalSettings {
        ApprovalSettings {
            approvers: vec![address(2), address(1)],
            ..ApprovalSettings::default()
        }
    }

    fn verdict(draft: &Draft, height: u64) -> Verdict {
        judge(Chain::Local, draft, &settings(), BurnHeight(height))
    }

    /// `sha256(encodeStructuredDataBytes({message, domain}))` of @stacks/transactions 7, from the same values.
    #[test]
    fn the_statement_is_what_other_wallets_sign() {
        let shop: Principal = "ST1SJ3DTE5DN7X54YDH5D64R3BCB6A2AG2ZQ8YPD5".parse().unwrap();
        let intent = Intent::Refund(RefundIntent {
            merchant: shop.clone(),
            issuer: shop,
            ..refund()
        });
        assert_eq!(
            hex::encode(&digest(Chain::Local, &intent, TERMS).unwrap()),
            "ee0433b5596d1e7845cb29d117d44204fe845ae42ea2b18cd89b9d15de370435"
        );
    }

    #[test]
    fn a_listed_person_approves_until_it_expires() {
        let intent = Intent::Refund(refund());
        let approved = draft(intent.clone(), TERMS, vec![by(2, &intent)]);
        assert_eq!(verdict(&approved, 99), Verdict::Approved(address(2)));
        assert_eq!(verdict(&approved, 100), Verdict::Expired);
    }

    #[test]
    fn the_planner_and_strangers_approve_nothing() {
        let intent = Intent::Refund(refund());
        for person in [1, 3] {
            let approved = draft(intent.clone(), TERMS, vec![by(person, &intent)]);
            assert_eq!(verdict(&approved, 1), Verdict::Waiting, "{person}");
        }
    }

    #[test]
    fn any_change_of_the_plan_voids_the_approval() {
        type Edit = fn(&mut RefundIntent);
        let edits: [Edit; 9] = [
            |refund| refund.core = "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM.other".parse().unwrap(),
            |refund| refund.invoice_id = InvoiceId(8),
            |refund| refund.payer = address(9).into(),
            |refund| refund.merchant = address(9).into(),
            |refund| refund.token = Token::Sip010(address(9).into()),
            |refund| refund.amount = BaseUnits(6),
            |refund| refund.expected_refunded = BaseUnits(0),
            |refund| refund.reference = Some("s".parse().unwrap()),
            |refund| refund.reason = Some("x".parse().unwrap()),
        ];
        let approval = by(2, &Intent::Refund(refund()));
        for (index, edit) in edits.iter().enumerate() {
            let mut changed = refund();
            edit(&mut changed);
            let changed = draft(Intent::Refund(changed), TERMS, vec![approval.clone()]);
            assert_eq!(verdict(&changed, 1), Verdict::Waiting, "edit {index}");
        }
        let later = ApprovalTerms {
            expires_at: BurnHeight(101),
            ..TERMS
        };
        let dearer = ApprovalTerms {
            fee_ceiling: 501,
            ..TERMS
        };
        for terms in [later, dearer] {
            let changed = draft(Intent::Refund(refund()), terms, vec![approval.clone()]);
            assert_eq!(verdict(&changed, 1), Verdict::Waiting, "{terms:?}");
        }
        let same = draft(Intent::Refund(refund()), TERMS, vec![approval]);
        assert_eq!(
            judge(Chain::Mainnet, &same, &settings(), BurnHeight(1)),
            Verdict::Waiting,
            "another network"
        );
    }

    #[test]
    fn a_list_is_approved_line_by_line() {
        let list = |amount| {
            let refund = RefundIntent {
                amount: BaseUnits(amount),
                ..refund()
            };
            Intent::RefundMany(BatchIntent {
                list: "ab".repeat(32),
                lines: vec![BatchLine { line: 2, refund }],
            })
        };
        let approval = by(2, &list(5));
        let same = draft(list(5), TERMS, vec![approval.clone()]);
        assert_eq!(verdict(&same, 1), Verdict::Approved(address(2)));
        let other = draft(list(6), TERMS, vec![approval]);
        assert_eq!(verdict(&other, 1), Verdict::Waiting);
    }
}
