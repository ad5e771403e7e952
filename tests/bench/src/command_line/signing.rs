//! A refund's decision, plan, transaction and signature, in this process and without a network; beside one signature.

use std::hint::black_box;
use std::time::Instant;

use anyhow::{Result, bail};
use recoup_cli::journal::Book;
use recoup_cli::profile::Chain;
use recoup_cli::refund::{Asked, Decision, Facts, Wish, decide};
use recoup_cli::token::TokenInfo;
use recoup_e2e::accounts::DEPLOYER;
use recoup_protocol::amount::BaseUnits;
use recoup_protocol::calls::ContractCall as _;
use recoup_protocol::ids::InvoiceId;
use recoup_protocol::reads::RefundQuote;
use recoup_protocol::status::InvoiceStatus;
use recoup_protocol::token::Token;
use recoup_stacks::address::Network;
use recoup_stacks::hash::BurnHeight;
use recoup_stacks::keys::SecretKey;
use recoup_stacks::transaction::{PostConditionMode, UnsignedTransaction};

use super::{CommandLineScale, median, ratio};
use crate::table::{Line, Table, milliseconds};

const PAYER: &str = "ST2CY5V39NHDPWSXMW9QDT3HC3GD6Q6XX4CFRK9AG";

pub(super) fn measure(scale: &CommandLineScale, table: &mut Table) -> Result<()> {
    let key = SecretKey::from_hex(DEPLOYER.key)?;
    let (wish, facts) = (wish()?, facts(&key)?);
    let (mut own, mut bare) = (Vec::new(), Vec::new());
    for nonce in 0..u64::try_from(scale.signatures)? {
        let start = Instant::now();
        let length = plan_and_sign(&key, &wish, &facts, nonce)?;
        own.push(start.elapsed());
        let mut digest = [0; 32];
        digest
            .iter_mut()
            .zip(nonce.to_be_bytes())
            .for_each(|(to, from)| *to = from);
        let start = Instant::now();
        black_box(key.sign(&digest)?);
        bare.push(start.elapsed());
        black_box(length);
    }
    let (own, bare) = (median(&mut own), median(&mut bare));
    table.lines.push(Line {
        what: "a refund decided, planned, signed and its signature checked".to_owned(),
        goal: "none".to_owned(),
        measured: format!("{:.2} ms", milliseconds(own)),
        postgres: format!("{:.2} ms (one secp256k1 signature)", milliseconds(bare)),
        ratio: Some(ratio(own, bare)),
        missed_by: None,
        note: "a signature is checked as a node does before it is written down: that is a second curve operation, and the \
               rest is encoding"
            .to_owned(),
    });
    Ok(())
}

fn plan_and_sign(key: &SecretKey, wish: &Wish, facts: &Facts, nonce: u64) -> Result<usize> {
    let Decision::Send(plan) = decide(wish, facts, &Book::default(), false)? else {
        bail!("not to be sent");
    };
    let call = plan.call();
    let unsigned = UnsignedTransaction::contract_call(
        Network::Testnet,
        plan.contract().clone(),
        call.function(),
        call.arguments(),
    );
    let transaction = unsigned
        .with_post_conditions(PostConditionMode::Deny, vec![plan.fence.post_condition.clone()])
        .with_chain_id(facts.chain.chain_id())
        .with_nonce(nonce)
        .with_fee(3_000)
        .sign(key)?;
    transaction.verify()?;
    Ok(transaction.to_hex().len())
}

fn wish() -> Result<Wish> {
    Ok(Wish {
        invoice_id: InvoiceId(7),
        payer: PAYER.parse()?,
        asked: Asked::Exactly(BaseUnits(40)),
        reference: Some("order-1842".parse()?),
        reason: Some("arrived late".parse()?),
    })
}

fn facts(key: &SecretKey) -> Result<Facts> {
    let issuer = key.address(Network::Testnet);
    Ok(Facts {
        chain: Chain::Local,
        core: format!("{}.recoup-core", DEPLOYER.address).parse()?,
        issuer,
        quote: Some(RefundQuote {
            merchant: issuer.into(),
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
        }),
        reference_refund: None,
        operator: None,
        reserve: None,
        token: TokenInfo::Stx,
    })
}
