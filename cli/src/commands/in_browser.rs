//! What a browser's wallet is asked, and the checks on what it answers.

use std::time::Duration;

use recoup_stacks::address::Address;
use recoup_stacks::hash::Txid;
use recoup_stacks::transaction::Transaction;

use crate::browser::{Answer, BrowserError, Question, ask};
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::node;
use crate::send::does_the_same;
use crate::terminal;

/// How often, and how long apart, the node is asked for what the wallet says it sent.
const LOOKS: u32 = 20;
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);

/// The address of the browser's wallet.
///
/// # Errors
/// When there is none, or it is of another network.
pub(super) async fn connect(context: &Context, limit: Duration) -> Result<Address, Failure> {
    let chain = context.profile.network;
    let reply = ask(&Question::connect(chain), limit, show_page).await?;
    let named = reply.into_address().map_err(|reason| refused(&reason))?;
    let address: Address = named
        .parse()
        .map_err(|error: recoup_stacks::address::AddressError| {
            Failure::from_error(Kind::Usage, &error).context(format!("the wallet named `{named}`"))
        })?;
    if address.network() == Some(chain.network()) {
        Ok(address)
    } else {
        let message = format!("{address} is no address of {chain}");
        Err(Failure::new(Kind::Usage, message)
            .hint("switch the wallet to this network, or choose its --profile"))
    }
}

/// The transaction, signed: checked to be the one that was asked for.
///
/// # Errors
/// When the wallet refuses, or signs another one.
pub(super) async fn sign(
    context: &Context,
    unsigned: &Transaction,
    limit: Duration,
) -> Result<Transaction, Failure> {
    let question = Question::sign(context.profile.network, unsigned);
    let reply = ask(&question, limit, show_page).await?;
    let (signed, is_sent) = match reply.into_answer().map_err(|reason| refused(&reason))? {
        Answer::Signed { transaction } => (decode(&transaction)?, false),
        Answer::Sent {
            transaction: Some(transaction),
            ..
        } => (decode(&transaction)?, true),
        Answer::Sent {
            txid,
            transaction: None,
        } => (look_up(context, &txid).await?, true),
    };
    signed.verify().map_err(|error| {
        Failure::from_error(Kind::Refused, &error).context("the wallet's signature does not hold")
    })?;
    if does_the_same(unsigned, &signed) {
        return Ok(signed);
    }
    let message = "the wallet signed another transaction than it was given";
    let hint = if is_sent {
        format!(
            "it sent it, too: look at {} before anything else is done; the contract refuses to refund the same twice",
            signed.txid()
        )
    } else {
        "nothing was sent; leave nonce and contents as they are when the wallet asks".to_owned()
    };
    Err(Failure::new(Kind::Refused, message).hint(hint))
}

fn decode(hexadecimal: &str) -> Result<Transaction, Failure> {
    let digits = hexadecimal.strip_prefix("0x").unwrap_or(hexadecimal);
    Transaction::from_hex(digits).map_err(|error| {
        Failure::from_error(Kind::Refused, &error).context("the wallet's answer is no transaction")
    })
}

/// The transaction that the wallet sent by itself, from the node.
async fn look_up(context: &Context, txid: &str) -> Result<Transaction, Failure> {
    let id: Txid = txid
        .trim_start_matches("0x")
        .parse()
        .map_err(|error: recoup_stacks::hex::HexError| {
            Failure::from_error(Kind::Refused, &error).context("the wallet's answer is no transaction id")
        })?;
    for _ in 0..LOOKS {
        let found = context
            .node
            .client()
            .unconfirmed(&id)
            .await
            .map_err(node::failure)?;
        if let Some(found) = found {
            return Ok(found);
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
    let message = format!("the wallet says that it sent {id}, and the node does not know it");
    Err(Failure::new(Kind::Pending, message).hint(
        "wait for it to be included before you do this again; the contract refuses to refund the same twice",
    ))
}

/// Shows the page where somebody can see it; elsewhere its address is enough.
fn show_page(url: &str) {
    terminal::note(&format!(
        "open this page in the browser that holds the wallet: {url}"
    ));
    if terminal::can_ask() && open::that_detached(url).is_err() {
        terminal::note("no browser could be started: open the page yourself");
    }
}

fn refused(reason: &str) -> Failure {
    Failure::new(Kind::Refused, reason)
        .context("the wallet did not do it")
        .hint("nothing was signed that this program knows of")
}

impl From<BrowserError> for Failure {
    fn from(error: BrowserError) -> Self {
        let hint = match &error {
            BrowserError::TimedOut(_) => "run the command again and open the page that it names",
            _ => "look at the cause; another kind of wallet needs no browser",
        };
        Self::from_error(Kind::Refused, &error).hint(hint)
    }
}
