//! Every way a wish can end, without a chain.

use recoup_protocol::amount::BaseUnits;
use recoup_protocol::calls::ContractCall as _;
use recoup_protocol::error::ContractError;
use recoup_protocol::ids::{InvoiceId, RefundId};
use recoup_protocol::reads::{OperatorRights, Refund, RefundQuote};
use recoup_protocol::status::InvoiceStatus;
use recoup_protocol::token::Token;
use recoup_stacks::address::Principal;
use recoup_stacks::hash::{BurnHeight, StacksHeight, Txid};
use recoup_stacks::transaction::{PostCondition, PostConditionPrincipal};

use super::*;
use crate::failure::{Failure, Kind};
use crate::journal::{Book, Change, FailedAt, Inclusion, Intent, Record, SignedTransaction};
use crate::profile::Chain;
use crate::token::TokenInfo;

const MERCHANT: &str = "ST1SJ3DTE5DN7X54YDH5D64R3BCB6A2AG2ZQ8YPD5";
const PAYER: &str = "ST2CY5V39NHDPWSXMW9QDT3HC3GD6Q6XX4CFRK9AG";
const OTHER: &str = "ST2JHG361ZXG51QTKY2NQCVBPPRRE2KZB1HR05NNC";

fn wish() -> Wish {
    Wish {
        invoice_id: InvoiceId(7),
        payer: PAYER.parse().unwrap(),
        asked: Asked::Exactly(BaseUnits(40)),
        reference: None,
        reason: None,
    }
}

fn with_reference(reference: &str) -> Wish {
    Wish {
        reference: Some(reference.parse().unwrap()),
        ..wish()
    }
}

/// 100 paid, 25 refunded, 75 left; 90 blocks to the deadline.
fn quote() -> RefundQuote {
    RefundQuote {
        merchant: MERCHANT.parse().unwrap(),
        token: Token::Stx,
        amount: BaseUnits(100),
        amount_paid: BaseUnits(100),
        amount_refunded: BaseUnits(25),
        status: InvoiceStatus::Paid,
        refund_window: 144,
        first_payment_at: Some(BurnHeight(10)),
        payer_count: 1,
        paid: BaseUnits(100),
        refunded: BaseUnits(25),
        deadline: Some(BurnHeight(154)),
        refundable: BaseUnits(75),
        refusal: None,
        reference_refund_id: None,
        burn_height: BurnHeight(64),
    }
}

fn facts_with(change: impl FnOnce(&mut RefundQuote)) -> Facts {
    let mut quote = quote();
    change(&mut quote);
    Facts {
        chain: Chain::Local,
        core: "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM.recoup-core"
            .parse()
            .unwrap(),
        issuer: MERCHANT.parse().unwrap(),
        quote: Some(quote),
        reference_refund: None,
        operator: None,
        reserve: None,
        token: TokenInfo::Stx,
    }
}

fn facts() -> Facts {
    facts_with(|_| {})
}

fn planned(wish: &Wish, facts: &Facts) -> Plan {
    match decide(wish, facts, &Book::default(), false) {
        Ok(Decision::Send(plan)) => *plan,
        other => panic!("not planned: {other:?}"),
    }
}

fn refused(wish: &Wish, facts: &Facts) -> ContractError {
    match decide(wish, facts, &Book::default(), false) {
        Err(Refusal::Contract { error, .. }) => error,
        other => panic!("not refused by the contract's rules: {other:?}"),
    }
}

/// A journal that holds the planned refund of a wish, and then these changes.
fn book_with(wish: &Wish, changes: &[Change]) -> Book {
    let transaction = SignedTransaction {
        txid: Txid::from_bytes([1; 32]),
        raw: "0x00".to_owned(),
        sender: MERCHANT.parse().unwrap(),
        nonce: 3,
        fee: 300,
    };
    let plan = Change::Planned {
        intent: Intent::Refund(planned(wish, &facts()).intent),
    };
    let signed = Change::Signed { transaction };
    let mut book = Book::default();
    for change in [&plan, &signed].into_iter().chain(changes) {
        let record = Record {
            entry: 1,
            at: chrono::DateTime::UNIX_EPOCH,
            change: change.clone(),
        };
        book.apply(record).unwrap();
    }
    book
}

fn included() -> Change {
    Change::Included(Inclusion {
        seen_at: StacksHeight(9),
        burn_height: BurnHeight(3),
        id: Some(1),
        txid: None,
    })
}

fn failed(at: FailedAt) -> Change {
    Change::Failed {
        at,
        code: None,
        detail: "said no".to_owned(),
    }
}

fn on_chain(amount: u128, change: impl FnOnce(&mut Refund)) -> Option<(RefundId, Refund)> {
    let mut refund = Refund {
        invoice_id: InvoiceId(7),
        payer: PAYER.parse().unwrap(),
        amount: BaseUnits(amount),
        issuer: MERCHANT.parse().unwrap(),
        reason: None,
        reference: Some("r".parse().unwrap()),
        burn_height: BurnHeight(50),
        previous: None,
    };
    change(&mut refund);
    Some((RefundId(5), refund))
}

#[test]
fn plans_what_was_asked_for() {
    let plan = planned(&wish(), &facts());
    assert_eq!(plan.intent.amount, BaseUnits(40));
    assert_eq!(plan.intent.expected_refunded, BaseUnits(25));
    assert_eq!(plan.left_after, BaseUnits(35));
    assert_eq!(
        (plan.deadline, plan.burn_height),
        (BurnHeight(154), BurnHeight(64))
    );
    assert!(plan.fence.is_exact && plan.warnings.is_empty());
    assert_eq!(plan.call().function().as_str(), "refund-stx");
}

#[test]
fn full_is_what_is_left_and_a_share_is_of_what_was_paid() {
    let amount = |asked| planned(&Wish { asked, ..wish() }, &facts()).intent.amount;
    assert_eq!(amount(Asked::Full), BaseUnits(75));
    assert_eq!(amount(Asked::Share("25%".parse().unwrap())), BaseUnits(25));
    assert_eq!(amount(Asked::Exactly(BaseUnits(75))), BaseUnits(75));
}

#[test]
fn refuses_what_the_contract_refuses_with_its_errors() {
    let asking = |asked| Wish { asked, ..wish() };
    let stranger = Facts {
        issuer: OTHER.parse().unwrap(),
        ..facts()
    };
    let saying = |error: ContractError| facts_with(|quote| quote.refusal = Some(error.code()));
    assert_eq!(
        refused(
            &wish(),
            &Facts {
                quote: None,
                ..facts()
            }
        ),
        ContractError::InvoiceNotFound
    );
    assert_eq!(refused(&wish(), &stranger), ContractError::NotAuthorised);
    for error in [
        ContractError::ReferenceUsed,
        ContractError::NothingPaid,
        ContractError::WindowExpired,
        ContractError::FullyRefunded,
    ] {
        assert_eq!(refused(&wish(), &saying(error)), error);
    }
    assert_eq!(
        refused(&asking(Asked::Exactly(BaseUnits(0))), &facts()),
        ContractError::InvalidAmount
    );
    assert_eq!(
        refused(&asking(Asked::Exactly(BaseUnits(76))), &facts()),
        ContractError::MoreThanRefundable
    );
    assert_eq!(
        refused(&asking(Asked::Share("100%".parse().unwrap())), &facts()),
        ContractError::MoreThanRefundable
    );
    let tiny = facts_with(|quote| quote.paid = BaseUnits(3));
    assert_eq!(
        refused(&asking(Asked::Share("1%".parse().unwrap())), &tiny),
        ContractError::InvalidAmount
    );
    let to_itself = Wish {
        payer: MERCHANT.parse().unwrap(),
        ..wish()
    };
    assert_eq!(refused(&to_itself, &facts()), ContractError::PayerNotAllowed);
    let unknown = facts_with(|quote| quote.refusal = Some(4242));
    assert_eq!(
        decide(&wish(), &unknown, &Book::default(), true),
        Err(Refusal::UnknownContractError(4242)),
        "force overrides no check of the contract"
    );
}

#[test]
fn an_operator_refunds_only_while_it_may() {
    let operator = |may_refund| Facts {
        issuer: OTHER.parse().unwrap(),
        operator: Some(OperatorRights {
            may_refund,
            may_invoice: true,
        }),
        ..facts()
    };
    assert_eq!(planned(&wish(), &operator(true)).intent.issuer.to_string(), OTHER);
    assert_eq!(refused(&wish(), &operator(false)), ContractError::NotAuthorised);
}

#[test]
fn refuses_addresses_of_another_network() {
    let mainnet: Principal = "SP2J6ZY48GV1EZ5V2V5RB9MP66SW86PYKKNRV9EJ7".parse().unwrap();
    let refusal = decide(
        &Wish {
            payer: mainnet,
            ..wish()
        },
        &facts(),
        &Book::default(),
        true,
    );
    assert!(matches!(refusal, Err(Refusal::WrongNetwork { .. })));
}

#[test]
fn keeps_a_margin_before_the_deadline_unless_forced() {
    let at = |burn_height| facts_with(|quote| quote.burn_height = BurnHeight(burn_height));
    let decide_at = |height, force| decide(&wish(), &at(height), &Book::default(), force);
    assert!(matches!(decide_at(142, false), Ok(Decision::Send(_))));
    assert_eq!(
        decide_at(143, false),
        Err(Refusal::CloseToDeadline { blocks_left: 11 })
    );
    assert!(matches!(decide_at(143, true), Ok(Decision::Send(_))));
}

#[test]
fn warns_of_what_the_contract_does_not_mind() {
    let to_contract = Wish {
        payer: format!("{OTHER}.vault").parse().unwrap(),
        asked: Asked::Full,
        ..wish()
    };
    let large = facts_with(|quote| quote.refundable = BaseUnits(u128::MAX));
    let warnings = planned(&to_contract, &large).warnings;
    assert_eq!(warnings.len(), 2, "{warnings:?}");
}

#[test]
fn a_refund_that_is_on_its_way_is_finished_not_repeated() {
    for wish in [
        wish(),
        with_reference("r"),
        Wish {
            asked: Asked::Full,
            ..wish()
        },
    ] {
        for changes in [
            vec![],
            vec![Change::Broadcast {}],
            vec![included(), Change::Orphaned {}],
        ] {
            let decision = decide(&wish, &facts(), &book_with(&wish, &changes), false);
            assert_eq!(decision, Ok(Decision::Resume(1)), "{wish:?} {changes:?}");
        }
    }
}

#[test]
fn finishing_comes_before_the_checks_that_its_own_effect_would_fail() {
    let full = Wish {
        asked: Asked::Full,
        ..wish()
    };
    let spent = facts_with(|quote| {
        quote.refunded = quote.paid;
        quote.refundable = BaseUnits(0);
        quote.refusal = Some(ContractError::FullyRefunded.code());
    });
    let book = book_with(&full, &[Change::Broadcast {}]);
    assert_eq!(decide(&full, &spent, &book, false), Ok(Decision::Resume(1)));
}

#[test]
fn a_settled_refund_without_reference_can_be_asked_for_again() {
    for changes in [vec![included()], vec![included(), Change::Final {}]] {
        let book = book_with(&wish(), &changes);
        let amount = book.get(1).unwrap().refund().unwrap().amount;
        // What the payer was refunded has it, or more by now.
        for more in [0, 7] {
            let mut after = facts();
            let quote = after.quote.as_mut().unwrap();
            quote.refunded.0 += amount.0 + more;
            let decision = decide(&wish(), &after, &book, false);
            assert!(matches!(decision, Ok(Decision::Send(_))), "{changes:?}");
        }
    }
    let decision = decide(
        &wish(),
        &facts(),
        &book_with(&wish(), &[failed(FailedAt::Chain)]),
        false,
    );
    assert!(matches!(decision, Ok(Decision::Send(_))));
}

#[test]
fn a_settled_refund_that_the_nodes_chain_lacks_is_finished_in_place_of_a_second() {
    for changes in [vec![included()], vec![included(), Change::Final {}]] {
        let book = book_with(&wish(), &changes);
        let mut lacking = facts();
        let amount = book.get(1).unwrap().refund().unwrap().amount;
        lacking.quote.as_mut().unwrap().refunded.0 += amount.0 - 1;
        for facts in [facts(), lacking] {
            let decision = decide(&wish(), &facts, &book, false);
            assert_eq!(decision, Ok(Decision::Resume(1)), "{changes:?}");
        }
    }
}

#[test]
fn a_reference_that_was_included_and_is_not_on_chain_was_undone_by_a_fork_and_is_sent_again_as_it_was() {
    let wish = with_reference("r");
    let decision = decide(&wish, &facts(), &book_with(&wish, &[included()]), false);
    assert_eq!(decision, Ok(Decision::Resume(1)));
}

#[test]
fn a_reference_whose_transaction_had_no_effect_is_free() {
    let wish = with_reference("r");
    for change in [
        failed(FailedAt::Node),
        failed(FailedAt::Chain),
        Change::Replaced {
            detail: String::new(),
        },
    ] {
        let decision = decide(&wish, &facts(), &book_with(&wish, &[change]), false);
        assert!(matches!(decision, Ok(Decision::Send(_))));
    }
}

#[test]
fn a_reference_in_the_journal_names_one_refund_only() {
    let book = book_with(&with_reference("r"), &[]);
    let more = Wish {
        asked: Asked::Full,
        ..with_reference("r")
    };
    assert!(matches!(
        decide(&more, &facts(), &book, false),
        Err(Refusal::ReferenceInJournal { entry: 1, .. })
    ));
}

#[test]
fn two_refunds_of_one_payer_are_not_on_their_way_at_once() {
    let book = book_with(&with_reference("r"), &[Change::Broadcast {}]);
    for other in [
        with_reference("s"),
        Wish {
            asked: Asked::Full,
            ..wish()
        },
    ] {
        assert!(matches!(
            decide(&other, &facts(), &book, false),
            Err(Refusal::OpenRefund { entry: 1, .. })
        ));
    }
    let other_invoice = Wish {
        invoice_id: InvoiceId(8),
        ..with_reference("s")
    };
    assert!(matches!(
        decide(&other_invoice, &facts(), &book, false),
        Ok(Decision::Send(_))
    ));
}

#[test]
fn a_reference_on_chain_is_done_if_it_is_the_same_refund() {
    let asking = |asked| Wish {
        asked,
        ..with_reference("r")
    };
    let done = |wish: &Wish, reference_refund, refunded| {
        let mut facts = facts_with(|quote| {
            quote.refunded = BaseUnits(refunded);
            quote.refusal = Some(ContractError::ReferenceUsed.code());
        });
        facts.reference_refund = reference_refund;
        match decide(wish, &facts, &Book::default(), false) {
            Ok(Decision::Done(RefundId(5), _)) => true,
            Err(Refusal::ReferenceOfAnother {
                refund_id: RefundId(5),
                ..
            }) => false,
            other => panic!("{other:?}"),
        }
    };
    assert!(done(&with_reference("r"), on_chain(40, |_| {}), 40));
    assert!(done(
        &asking(Asked::Share("25%".parse().unwrap())),
        on_chain(25, |_| {}),
        25
    ));
    assert!(done(&asking(Asked::Full), on_chain(75, |_| {}), 100));
    assert!(!done(&asking(Asked::Full), on_chain(75, |_| {}), 99));
    assert!(!done(&with_reference("r"), on_chain(41, |_| {}), 41));
    assert!(!done(
        &with_reference("r"),
        on_chain(40, |refund| refund.invoice_id = InvoiceId(8)),
        40
    ));
    assert!(!done(
        &with_reference("r"),
        on_chain(40, |refund| refund.payer = OTHER.parse().unwrap()),
        40
    ));
}

#[test]
fn a_refusal_names_error_numbers_and_the_way_out() {
    let refusal = decide(
        &Wish {
            asked: Asked::Exactly(BaseUnits(76)),
            ..wish()
        },
        &facts(),
        &Book::default(),
        false,
    );
    let failure = Failure::from(refusal.unwrap_err());
    assert_eq!(failure.kind, Kind::Refused);
    insta::assert_snapshot!(failure.to_text());
}

/// PAYER's refund by a delegate, whose reserve holds 500 and whose budget is 80 in all and 50 at once.
fn from_reserve(change: impl FnOnce(&mut ReserveFacts)) -> Facts {
    let contract = "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM.recoup-reserve"
        .parse()
        .unwrap();
    let mut reserve = ReserveFacts {
        contract,
        balance: BaseUnits(500),
        delegate: Some(recoup_protocol::reads::Delegate {
            per_refund: BaseUnits(50),
            per_period: BaseUnits(80),
            period: 100,
            period_start: BurnHeight(60),
            spent: BaseUnits(40),
            expires_at: BurnHeight(65),
        }),
    };
    change(&mut reserve);
    Facts {
        issuer: DELEGATE.parse().unwrap(),
        operator: Some(OperatorRights {
            may_refund: true,
            may_invoice: false,
        }),
        reserve: Some(reserve),
        ..facts()
    }
}

const DELEGATE: &str = "ST2NEB84ASENDXKYGJPQW86YXQCEFEX2ZQPG87ND";

#[test]
fn a_delegate_refunds_within_its_budget_from_the_reserve() {
    let wish = |units| Wish {
        asked: Asked::Exactly(BaseUnits(units)),
        ..wish()
    };
    let decided = |units, facts: &Facts| decide(&wish(units), facts, &Book::default(), false);
    let Ok(Decision::Send(plan)) = decided(40, &from_reserve(|_| {})) else {
        panic!("it is within all limits")
    };
    assert_eq!(plan.contract().to_string(), plan.intent.issuer.to_string());
    assert_eq!(plan.intent.signer().to_string(), DELEGATE);
    let after = plan.reserve.as_ref().unwrap();
    assert_eq!(
        (after.balance_after, after.budget_after),
        (BaseUnits(460), BaseUnits(0))
    );
    let PostCondition::Stx { principal, .. } = &plan.fence.post_condition else {
        panic!("not STX")
    };
    assert_eq!(
        *principal,
        PostConditionPrincipal::Contract(plan.contract().clone())
    );
    let refused = |units, change: fn(&mut ReserveFacts)| match decided(units, &from_reserve(change)) {
        Err(Refusal::Contract { error, .. }) => error,
        other => panic!("{other:?}"),
    };
    let delegate = |change: fn(&mut recoup_protocol::reads::Delegate)| {
        move |reserve: &mut ReserveFacts| change(reserve.delegate.as_mut().unwrap())
    };
    assert_eq!(refused(51, |_| {}), ContractError::AboveLimit);
    assert_eq!(refused(41, |_| {}), ContractError::BudgetSpent);
    assert_eq!(
        refused(40, |reserve| reserve.balance = BaseUnits(39)),
        ContractError::ReserveTooLow
    );
    assert_eq!(
        refused(40, |reserve| reserve.delegate = None),
        ContractError::NotDelegate
    );
    let mut over = from_reserve(|_| {});
    delegate(|delegate| delegate.expires_at = BurnHeight(64))(over.reserve.as_mut().unwrap());
    assert!(matches!(
        decided(40, &over),
        Err(Refusal::Contract {
            error: ContractError::DelegationExpired,
            ..
        })
    ));
    let mut own = from_reserve(|_| {});
    own.issuer = PAYER.parse().unwrap();
    assert!(matches!(
        decided(40, &own),
        Err(Refusal::Contract {
            error: ContractError::DelegateIsPayer,
            ..
        })
    ));
}
