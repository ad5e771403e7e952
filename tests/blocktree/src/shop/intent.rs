//! What a transaction asks of the contract. The same transaction in another block of another branch asks the same of
//! another state: it prints other events there, or fails.

use recoup_protocol::token::Token;
use recoup_stacks::hash::BurnHeight;

use super::texts::{reference, text};
use super::{Act, MERCHANT, NewInvoice, OTHER_PAYER, PAYER, SILENT_TOKEN, Shop, TOKEN, principal};
use crate::random::Random;

const MERCHANTS: [&str; 3] = [
    MERCHANT,
    MERCHANT,
    "ST3NBRSFKX28FQ2ZJ1MAKX58HKHSDGNV5N7R21XCP.market-stall",
];
const PAYERS: [&str; 3] = [
    PAYER,
    OTHER_PAYER,
    "ST2JHG361ZXG51QTKY2NQCVBPPRRE2KZB1HR05NNC.wallet",
];
/// STX, two tokens that are what they say, one of them with a long name, and one that moves silently.
const TOKENS: [Option<&str>; 6] = [
    None,
    None,
    Some(TOKEN),
    Some(TOKEN),
    Some("ST3NBRSFKX28FQ2ZJ1MAKX58HKHSDGNV5N7R21XCP.a-token-with-a-name-as-long-as-it-may-be"),
    Some(SILENT_TOKEN),
];

/// One call of the contract.
#[derive(Debug, Clone)]
pub enum Intent {
    /// `create-invoice`
    Create(NewInvoice),
    /// `pay`
    Pay {
        /// Which invoice.
        invoice: u64,
        /// Who pays.
        payer: String,
        /// How much.
        amount: u128,
    },
    /// `refund`
    Refund {
        /// Which invoice.
        invoice: u64,
        /// Who gets it.
        payer: String,
        /// How much.
        amount: u128,
        /// The merchant's text.
        reason: Option<String>,
        /// The merchant's own name for it.
        reference: Option<String>,
    },
    /// `extend-refund-window`
    Extend {
        /// Which invoice.
        invoice: u64,
    },
    /// `cancel-invoice`
    Cancel {
        /// Which invoice.
        invoice: u64,
    },
    /// `set-operator`
    SetOperator {
        /// May refund, else may invoice.
        may_refund: bool,
    },
}

impl Shop {
    /// Does all of it, or nothing: none when the contract refuses.
    pub fn execute(&mut self, intents: &[Intent], burn_height: u64) -> Option<Vec<Act>> {
        let mut shop = self.clone();
        let acts = intents
            .iter()
            .map(|intent| shop.one(intent, burn_height))
            .collect::<Option<Vec<Act>>>()?;
        *self = shop;
        Some(acts)
    }

    fn one(&mut self, intent: &Intent, burn_height: u64) -> Option<Act> {
        match intent {
            Intent::Create(new) => Some(self.create(new, burn_height)),
            Intent::Pay {
                invoice,
                payer,
                amount,
            } => {
                let known = self.invoices.get(invoice)?;
                let is_wanted = known
                    .created
                    .only_payer
                    .as_ref()
                    .is_none_or(|only| *only == principal(payer));
                let is_in_time = burn_height < known.state.expires_at.get();
                let fits = known.takes_payments() && *amount <= known.due();
                (is_wanted && is_in_time && fits && known.created.merchant != principal(payer))
                    .then(|| self.pay(*invoice, payer, *amount, burn_height))
            }
            Intent::Refund {
                invoice,
                payer,
                amount,
                reason,
                reference,
            } => {
                let known = self.invoices.get(invoice)?;
                let (paid, refunded, first) = known.ledgers.get(&principal(payer))?;
                let is_in_time = burn_height < first.get() + known.state.refund_window;
                (is_in_time && *amount <= paid - refunded).then(|| {
                    self.refund_with(
                        *invoice,
                        payer,
                        *amount,
                        reason.as_deref(),
                        reference.as_deref(),
                        burn_height,
                    )
                })
            }
            Intent::Extend { invoice } => {
                let state = &self.invoices.get(invoice)?.state;
                let window = state.refund_window;
                let first_payment = state.first_payment_at.map(BurnHeight::get);
                let is_in_time = first_payment.is_none_or(|first| burn_height < first + window);
                is_in_time.then(|| self.extend_window(*invoice, window + 4, burn_height))
            }
            Intent::Cancel { invoice } => {
                let is_open = self.invoices.get(invoice)?.takes_payments();
                is_open.then(|| self.cancel(*invoice, burn_height))
            }
            Intent::SetOperator { may_refund } => {
                Some(Self::set_operator(MERCHANT, PAYER, *may_refund, burn_height))
            }
        }
    }
}

/// What somebody would ask of the contract in this state: one thing or two. `number` is asked for once; its token may be
/// one that moves silently.
pub fn random_intents(random: &mut Random, shop: &Shop, number: u64, silent_tokens: bool) -> Vec<Intent> {
    let invoices: Vec<u64> = shop.invoices.keys().copied().collect();
    match random.below(16) {
        0..=4 => pay(random, shop),
        5..=9 => refund(random, shop, number),
        10 => random
            .pick(&invoices)
            .map(|invoice| vec![Intent::Extend { invoice: *invoice }]),
        11 => random
            .pick(&invoices)
            .map(|invoice| vec![Intent::Cancel { invoice: *invoice }]),
        12 => Some(vec![Intent::SetOperator {
            may_refund: random.percent(50),
        }]),
        _ => None,
    }
    .unwrap_or_else(|| create(random, shop, number, silent_tokens))
}

/// One payment, or two of half of what is due.
fn pay(random: &mut Random, shop: &Shop) -> Option<Vec<Intent>> {
    let (invoice, due) = *random.pick(&shop.payable())?;
    let only = shop.invoices.get(&invoice)?.created.only_payer.as_ref();
    let mut part = |amount| Intent::Pay {
        invoice,
        payer: only.map_or_else(
            || (*random.pick(&PAYERS).unwrap()).to_owned(),
            ToString::to_string,
        ),
        amount,
    };
    let half = due.div_ceil(2);
    Some(match due % 3 {
        0 if due > 1 => vec![part(half), part(due - half)],
        1 => vec![part(half)],
        _ => vec![part(due)],
    })
}

/// One refund, sometimes of everything, or two of one payer in one call.
fn refund(random: &mut Random, shop: &Shop, number: u64) -> Option<Vec<Intent>> {
    let (invoice, payer, left) = random.pick(&shop.refundable())?.clone();
    let amounts = match random.below(4) {
        0 => vec![left],
        1 if left > 1 => vec![left / 2, left - left / 2],
        _ => vec![left.div_ceil(2)],
    };
    let refunds = amounts.into_iter().zip(0..);
    Some(
        refunds
            .map(|(amount, nth)| Intent::Refund {
                invoice,
                payer: payer.clone(),
                amount,
                reason: text(random),
                reference: reference(random, number * 2 + nth),
            })
            .collect(),
    )
}

/// An invoice, often paid in the same call.
fn create(random: &mut Random, shop: &Shop, number: u64, silent_tokens: bool) -> Vec<Intent> {
    let token = random.pick(&TOKENS).copied().flatten();
    let token = token.filter(|token| silent_tokens || *token != SILENT_TOKEN);
    let amount = match random.below(8) {
        0 => u128::MAX,
        1 => 1,
        _ => u128::MAX >> random.below(127),
    };
    let payer = (*random.pick(&PAYERS).unwrap()).to_owned();
    let new = NewInvoice {
        merchant: (*random.pick(&MERCHANTS).unwrap()).to_owned(),
        token: Token::from_contract(token.map(principal)),
        amount,
        only_payer: random.percent(20).then(|| payer.clone()),
        reference: reference(random, number * 2),
        memo: text(random),
        subscription_id: random.percent(10).then_some(u128::MAX - u128::from(number)),
        payable_blocks: *random.pick(&[1_000, 1_000, 1_000, 3]).unwrap(),
        refund_window: *random.pick(&[4_320, 4_320, 4_320, 4_320, 3, 6]).unwrap(),
    };
    let mut intents = vec![Intent::Create(new)];
    if random.percent(60) {
        let invoice = shop.next_invoice();
        intents.push(Intent::Pay {
            invoice,
            payer,
            amount,
        });
    }
    intents
}
