//! Whether the contract would take a payment: a function of data.

use recoup_protocol::amount::BaseUnits;
use recoup_protocol::error::ContractError;
use recoup_protocol::limits::MIN_INSTALMENT_MARGIN;
use recoup_protocol::reads::{Invoice, Ledger};
use recoup_protocol::status::InvoiceStatus;
use recoup_stacks::address::Principal;
use recoup_stacks::hash::BurnHeight;

use crate::failure::{Failure, Kind};
use crate::journal::PaymentIntent;

/// What is true when a payment is planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The invoice, with derived status.
    pub invoice: Invoice,
    /// What the payer paid and got back so far.
    pub ledger: Option<Ledger>,
    /// The newest burn height.
    pub burn_height: BurnHeight,
}

/// Makes the contract's checks, in its order.
///
/// # Errors
/// With the error that the contract would answer.
pub fn check(intent: &PaymentIntent, meant: Option<&Principal>, facts: &Facts) -> Result<(), Failure> {
    match refusal(intent, meant, facts) {
        None => Ok(()),
        Some(error) => Err(Failure::new(Kind::Refused, error.meaning())
            .contract_error(error.code(), error.name())
            .hint(error.hint())),
    }
}

fn refusal(intent: &PaymentIntent, meant: Option<&Principal>, facts: &Facts) -> Option<ContractError> {
    let Facts {
        invoice,
        ledger,
        burn_height,
    } = facts;
    let due = BaseUnits(invoice.amount.0.saturating_sub(invoice.amount_paid.0));
    let least = invoice.min_payment.unwrap_or(due);
    let amount = intent.amount;
    let too_late = ledger.as_ref().is_some_and(|ledger| {
        let deadline = ledger.first_paid_at.get().saturating_add(invoice.refund_window);
        burn_height.get().saturating_add(MIN_INSTALMENT_MARGIN) > deadline
    });
    if meant.is_some_and(|merchant| *merchant != invoice.merchant) {
        return Some(ContractError::MerchantMismatch);
    }
    let only_payer = invoice.only_payer.as_ref();
    if intent.payer == invoice.merchant || only_payer.is_some_and(|only| *only != intent.payer) {
        return Some(ContractError::PayerNotAllowed);
    }
    match invoice.status {
        InvoiceStatus::Expired => return Some(ContractError::InvoiceExpired),
        InvoiceStatus::Open | InvoiceStatus::PartiallyPaid => {}
        InvoiceStatus::Paid | InvoiceStatus::Cancelled | InvoiceStatus::Refunded => {
            return Some(ContractError::NotPayable);
        }
    }
    if !invoice.amount_refunded.is_zero() {
        return Some(ContractError::NotPayable);
    }
    match amount {
        _ if amount.is_zero() => Some(ContractError::InvalidAmount),
        _ if amount > due => Some(ContractError::MoreThanDue),
        _ if amount != due && amount < least => Some(ContractError::BelowMinPayment),
        _ if too_late => Some(ContractError::InstalmentTooLate),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use recoup_protocol::ids::InvoiceId;
    use recoup_protocol::token::Token;

    use super::*;

    const MERCHANT: &str = "ST1SJ3DTE5DN7X54YDH5D64R3BCB6A2AG2ZQ8YPD5";
    const PAYER: &str = "ST2CY5V39NHDPWSXMW9QDT3HC3GD6Q6XX4CFRK9AG";
    const OTHER: &str = "ST2JHG361ZXG51QTKY2NQCVBPPRRE2KZB1HR05NNC";

    /// 100 in instalments of 10; 30 paid; at burn height 500 of an invoice to be paid before 1000.
    fn facts(change: impl FnOnce(&mut Facts)) -> Facts {
        let invoice = Invoice {
            merchant: MERCHANT.parse().unwrap(),
            token: Token::Stx,
            amount: BaseUnits(100),
            amount_paid: BaseUnits(30),
            amount_refunded: BaseUnits(0),
            status: InvoiceStatus::PartiallyPaid,
            min_payment: Some(BaseUnits(10)),
            only_payer: None,
            refund_window: 1008,
            created_at: BurnHeight(1),
            expires_at: BurnHeight(1000),
            first_payment_at: Some(BurnHeight(100)),
            payer_count: 1,
            last_refund_id: None,
        };
        let ledger = Ledger {
            paid: BaseUnits(30),
            refunded: BaseUnits(0),
            first_paid_at: BurnHeight(100),
        };
        let mut facts = Facts {
            invoice,
            ledger: Some(ledger),
            burn_height: BurnHeight(500),
        };
        change(&mut facts);
        facts
    }

    fn paying(amount: u128, payer: &str) -> PaymentIntent {
        PaymentIntent {
            core: "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM.recoup-core"
                .parse()
                .unwrap(),
            invoice_id: InvoiceId(1),
            merchant: MERCHANT.parse().unwrap(),
            payer: payer.parse().unwrap(),
            token: Token::Stx,
            amount: BaseUnits(amount),
            paid_before: BaseUnits(30),
        }
    }

    fn refused(amount: u128, change: impl FnOnce(&mut Facts)) -> Option<ContractError> {
        refusal(&paying(amount, PAYER), None, &facts(change))
    }

    #[test]
    fn takes_an_instalment_or_all_the_rest() {
        assert_eq!(refused(10, |_| {}), None);
        assert_eq!(refused(70, |_| {}), None);
        assert_eq!(
            refused(5, |facts| facts.invoice.amount_paid = BaseUnits(95)),
            None
        );
    }

    #[test]
    fn refuses_what_the_contract_refuses() {
        assert_eq!(refused(0, |_| {}), Some(ContractError::InvalidAmount));
        assert_eq!(refused(9, |_| {}), Some(ContractError::BelowMinPayment));
        assert_eq!(
            refused(69, |facts| facts.invoice.min_payment = None),
            Some(ContractError::BelowMinPayment)
        );
        assert_eq!(refused(71, |_| {}), Some(ContractError::MoreThanDue));
        let status = |status| refused(10, |facts| facts.invoice.status = status);
        assert_eq!(
            status(InvoiceStatus::Expired),
            Some(ContractError::InvoiceExpired)
        );
        for ended in [
            InvoiceStatus::Paid,
            InvoiceStatus::Cancelled,
            InvoiceStatus::Refunded,
        ] {
            assert_eq!(status(ended), Some(ContractError::NotPayable));
        }
        let refunded = |facts: &mut Facts| facts.invoice.amount_refunded = BaseUnits(1);
        assert_eq!(refused(10, refunded), Some(ContractError::NotPayable));
    }

    #[test]
    fn refuses_an_instalment_that_could_hardly_be_refunded() {
        let at = |height| refused(10, |facts| facts.burn_height = BurnHeight(height));
        assert_eq!(at(964), None);
        assert_eq!(at(965), Some(ContractError::InstalmentTooLate));
        let first = |facts: &mut Facts| (facts.ledger, facts.burn_height) = (None, BurnHeight(999));
        assert_eq!(refused(10, first), None);
    }

    #[test]
    fn refuses_the_wrong_payer_and_the_wrong_merchant() {
        let only = facts(|facts| facts.invoice.only_payer = Some(OTHER.parse().unwrap()));
        assert_eq!(
            refusal(&paying(10, PAYER), None, &only),
            Some(ContractError::PayerNotAllowed)
        );
        assert_eq!(refusal(&paying(10, OTHER), None, &only), None);
        assert_eq!(
            refusal(&paying(10, MERCHANT), None, &facts(|_| {})),
            Some(ContractError::PayerNotAllowed)
        );
        let meant = OTHER.parse().unwrap();
        assert_eq!(
            refusal(&paying(10, PAYER), Some(&meant), &facts(|_| {})),
            Some(ContractError::MerchantMismatch)
        );
    }
}
