//! What the canonical chain did, block by block, as any node tells it (`/v3/blocks/replay`).

use anyhow::{Context as _, Result, ensure};
use recoup_protocol::events::{Event, InvoiceCreated, PRINT_TOPIC, RefundProcessed};
use recoup_stacks::address::ContractId;
use recoup_stacks::clarity::Value;
use recoup_stacks::hex;
use recoup_stacks::transaction::Transaction;
use recoup_test_support::HttpClient;
use serde::Deserialize;
use serde_json::Value as Json;

/// What guards the path on the local chain.
const AUTH_TOKEN: &str = "12345";
const STX: &str = "STX";

/// A transaction in a canonical block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mined {
    /// Its id, without 0x.
    pub txid: String,
    /// Height of its block.
    pub height: u64,
    /// Who signed it and paid the fee.
    pub sender: String,
    /// Its place in the sender's order.
    pub nonce: u64,
    /// In micro-STX: paid whatever came of the rest.
    pub fee: u128,
    /// Whether it had its effect.
    pub is_success: bool,
    /// What it moved.
    pub moves: Vec<Move>,
    /// What the contract said of refunds.
    pub refunds: Vec<RefundProcessed>,
    /// What the contract said of new invoices.
    pub invoices: Vec<InvoiceCreated>,
}

/// Money that moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// `STX`, or the token contract's id.
    pub token: String,
    /// Nobody for new tokens.
    pub from: Option<String>,
    /// To whom.
    pub to: String,
    /// In base units.
    pub amount: u128,
}

#[derive(Deserialize)]
struct TenureTip {
    tip_block_id: String,
}

#[derive(Deserialize)]
struct ReplayedBlock {
    block_height: u64,
    parent_block_id: String,
    transactions: Vec<ReplayedTransaction>,
}

#[derive(Deserialize)]
struct ReplayedTransaction {
    txid: String,
    hex: String,
    result_hex: String,
    post_condition_aborted: bool,
    vm_error: Option<String>,
    events: Vec<Json>,
}

/// All transactions of canonical blocks above `height`, oldest first.
///
/// # Errors
/// When the node does not answer, or tells what makes no sense.
pub fn read_chain(node: &HttpClient, core: &ContractId, height: u64) -> Result<Vec<Mined>> {
    let tip: TenureTip = node.get("/v3/tenures/info")?;
    let mut next = tip.tip_block_id;
    let mut newest_first = Vec::new();
    loop {
        let path = format!("/v3/blocks/replay/{next}");
        let block: ReplayedBlock = node.get_authorized(&path, AUTH_TOKEN)?;
        if block.block_height <= height {
            break;
        }
        for transaction in block.transactions.iter().rev() {
            newest_first.push(read_transaction(transaction, core, block.block_height)?);
        }
        // Block 0 cannot be replayed.
        if block.block_height == 1 {
            break;
        }
        next = block.parent_block_id;
    }
    newest_first.reverse();
    Ok(newest_first)
}

fn read_transaction(replayed: &ReplayedTransaction, core: &ContractId, height: u64) -> Result<Mined> {
    let transaction = Transaction::from_hex(&replayed.hex)?;
    ensure!(
        transaction.txid().to_bare_hex() == replayed.txid,
        "the block names {} what is {}",
        replayed.txid,
        transaction.txid()
    );
    let is_ok = matches!(Value::from_hex(&replayed.result_hex)?, Value::Ok(_));
    let mut mined = Mined {
        txid: replayed.txid.clone(),
        height,
        sender: transaction.fee_payer_address().to_string(),
        nonce: transaction.nonce(),
        fee: transaction.fee().into(),
        is_success: is_ok && !replayed.post_condition_aborted && replayed.vm_error.is_none(),
        moves: Vec::new(),
        refunds: Vec::new(),
        invoices: Vec::new(),
    };
    for event in &replayed.events {
        take_event(&mut mined, event, core)?;
    }
    ensure!(
        mined.is_success || mined.moves.is_empty(),
        "{} failed and moved something",
        mined.txid
    );
    Ok(mined)
}

fn take_event(mined: &mut Mined, event: &Json, core: &ContractId) -> Result<()> {
    let kind = text(event, "type")?;
    let body = event.get(kind).with_context(|| format!("{kind} has no body"))?;
    match kind {
        "stx_transfer_event" | "ft_transfer_event" | "stx_mint_event" | "ft_mint_event" => {
            let token = match body.get("asset_identifier").and_then(Json::as_str) {
                None => STX,
                Some(asset) => asset.split_once("::").map_or(asset, |(contract, _)| contract),
            };
            mined.moves.push(Move {
                token: token.to_owned(),
                from: body.get("sender").and_then(Json::as_str).map(str::to_owned),
                to: text(body, "recipient")?.to_owned(),
                amount: text(body, "amount")?.parse()?,
            });
        }
        "contract_event"
            if text(body, "contract_identifier")? == core.to_string()
                && text(body, "topic")? == PRINT_TOPIC =>
        {
            match Event::decode(&hex::decode(text(body, "raw_value")?)?)? {
                Event::RefundProcessed(refund) => mined.refunds.push(refund),
                Event::InvoiceCreated(invoice) => mined.invoices.push(invoice),
                _ => {}
            }
        }
        _ => {}
    }
    Ok(())
}

fn text<'json>(json: &'json Json, field: &str) -> Result<&'json str> {
    json.get(field)
        .and_then(Json::as_str)
        .with_context(|| format!("no text under {field}: {json}"))
}
