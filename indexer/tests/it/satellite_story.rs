//! A made-up chain on which subscriptions, reserve and operators are busy.

use recoup_indexer::ingest::RootRule;
use recoup_protocol::amount::BaseUnits;
use recoup_protocol::contracts::Contract;
use recoup_protocol::events::{
    DelegateRevoked, DelegateSet, Event, OperatorSet, PlanChanged, ReserveEvent, ReserveMoved,
    ReserveRefunded, SubscriptionCancelled, SubscriptionPaid, SubscriptionState, SubscriptionsEvent,
};
use recoup_protocol::ids::{InvoiceId, PlanId, RefundId, SubscriptionId};
use recoup_protocol::reads::{Delegate, Plan};
use recoup_protocol::status::SubscriptionStatus;
use recoup_protocol::token::Token;
use recoup_stacks::address::ContractId;
use recoup_stacks::clarity::Value as ClarityValue;
use recoup_stacks::hash::{BurnHeight, StacksHeight};
use serde_json::{Value, json};

use crate::synthetic::{Act, Block, Burn, CORE, Chain, MERCHANT, PAYER, Shop, Transaction, principal};

pub(crate) const ROOT: RootRule = RootRule::Height(StacksHeight(100));
pub(crate) const DELEGATE: &str = "ST2NEB84ASENDXKYGJPQW86YXQCEFEX2ZQPG87ND";
pub(crate) const INTERVAL: u64 = 10;

pub(crate) fn satellite(contract: Contract) -> ContractId {
    contract.beside(&CORE.parse().unwrap())
}

/// What one transaction prints and moves, in the chain's order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Script(pub(crate) Vec<Value>);

impl Script {
    pub(crate) fn print(mut self, contract: Contract, value: &ClarityValue) -> Self {
        let contract = satellite(contract).to_string();
        let print = json!({"contract_identifier": contract, "topic": "print", "raw_value": value.to_hex()});
        self.0
            .push(json!({"type": "contract_event", "contract_event": print}));
        self
    }

    pub(crate) fn core(self, act: Act) -> Self {
        let mut script = self.print(Contract::Core, &act.event.to_value());
        script.0.extend(act.transfer);
        script
    }

    pub(crate) fn subscriptions(self, event: SubscriptionsEvent) -> Self {
        self.print(Contract::Subscriptions, &event.to_value())
    }

    pub(crate) fn reserve(self, event: ReserveEvent) -> Self {
        self.print(Contract::Reserve, &event.to_value())
    }

    pub(crate) fn transfer(mut self, sender: &str, recipient: &str, amount: u128) -> Self {
        let body = json!({"sender": sender, "recipient": recipient, "amount": amount.to_string()});
        self.0
            .push(json!({"type": "stx_transfer_event", "stx_transfer_event": body}));
        self
    }
}

/// A chain whose transactions are scripts.
pub(crate) struct Scripted {
    pub(crate) chain: Chain,
    transactions: u64,
}

impl Scripted {
    pub(crate) fn block(&mut self, parent: &Block, tenure: &Burn, scripts: Vec<Script>, shop: Shop) -> Block {
        let mut events = Vec::new();
        let mut transactions = Vec::new();
        for Script(script) in scripts {
            self.transactions += 1;
            let transaction = Transaction::new(self.transactions, Vec::new());
            for mut event in script {
                event["txid"] = json!(transaction.txid);
                event["committed"] = json!(true);
                event["event_index"] = json!(events.len());
                events.push(event);
            }
            transactions.push(transaction);
        }
        let block = self.chain.block(parent, tenure, transactions, shop);
        self.chain.messages.last_mut().unwrap().body["events"] = json!(events);
        block
    }
}

pub(crate) fn subscription(payments: u64, next_due: u64, status: SubscriptionStatus) -> SubscriptionState {
    SubscriptionState {
        subscription_id: SubscriptionId(1),
        plan_id: PlanId(1),
        merchant: principal(MERCHANT),
        payer: principal(PAYER),
        token: Token::Stx,
        amount: BaseUnits(100),
        interval: INTERVAL,
        refund_window: 4320,
        started_at: BurnHeight(100),
        next_due: BurnHeight(next_due),
        payments,
        status,
    }
}

pub(crate) fn paid(invoice: u64, burn_height: u64, state: SubscriptionState) -> SubscriptionPaid {
    SubscriptionPaid {
        invoice_id: InvoiceId(invoice),
        burn_height: BurnHeight(burn_height),
        state,
    }
}

pub(crate) fn budget(spent: u128) -> Delegate {
    Delegate {
        per_refund: BaseUnits(50),
        per_period: BaseUnits(80),
        period: 20,
        period_start: BurnHeight(100),
        spent: BaseUnits(spent),
        expires_at: BurnHeight(1100),
    }
}

pub(crate) fn moved(amount: u128, balance: u128, burn_height: u64) -> ReserveMoved {
    ReserveMoved {
        merchant: principal(MERCHANT),
        token: Token::Stx,
        amount: BaseUnits(amount),
        balance: BaseUnits(balance),
        burn_height: BurnHeight(burn_height),
    }
}

pub(crate) fn operator_set(operator: Contract, may_refund: bool, may_invoice: bool) -> Act {
    let set = OperatorSet {
        merchant: principal(MERCHANT),
        operator: satellite(operator).into(),
        may_refund,
        may_invoice,
        burn_height: BurnHeight(100),
    };
    Act {
        event: Event::OperatorSet(set),
        transfer: None,
        is_unproven: false,
    }
}

/// An invoice as an operator makes it for a subscription, and its payment.
pub(crate) fn operators_invoice(shop: &mut Shop, issuer: Contract, burn_height: u64) -> (u64, Act, Act) {
    let (id, mut created) = shop.create_invoice(100, None, burn_height);
    let Event::InvoiceCreated(event) = &mut created.event else {
        unreachable!()
    };
    event.issuer = satellite(issuer).into();
    event.subscription_id = Some(SubscriptionId(1));
    event.only_payer = Some(principal(PAYER));
    let payment = shop.pay(id, PAYER, 100, burn_height);
    (id, created, payment)
}

/// A refund whose issuer and sender is the reserve.
pub(crate) fn refund_of_reserve(
    shop: &mut Shop,
    invoice: u64,
    amount: u128,
    burn_height: u64,
) -> (Script, RefundId) {
    let mut act = shop.refund(invoice, PAYER, amount, burn_height);
    let Event::RefundProcessed(refund) = &mut act.event else {
        unreachable!()
    };
    let reserve = satellite(Contract::Reserve);
    refund.issuer = reserve.clone().into();
    let refund_id = refund.refund_id;
    act.transfer.as_mut().unwrap()["stx_transfer_event"]["sender"] = json!(reserve.to_string());
    let event = ReserveRefunded {
        merchant: principal(MERCHANT),
        delegate: principal(DELEGATE),
        token: Token::Stx,
        refund_id,
        invoice_id: InvoiceId(invoice),
        payer: principal(PAYER),
        amount: BaseUnits(amount),
        balance: BaseUnits(500 - amount),
        burn_height: BurnHeight(burn_height),
        budget: budget(amount),
    };
    let script = Script::default()
        .reserve(ReserveEvent::ReserveRefunded(event))
        .core(act);
    (script, refund_id)
}

/// Operators, a plan, a reserve with a delegate, and a subscription whose first period is paid by invoice 1. Invoice 2 is
/// somebody's who only says that it belongs to the subscription.
pub(crate) fn beginning() -> (Scripted, Block) {
    let (chain, root) = Chain::new();
    let mut scripted = Scripted {
        chain,
        transactions: 0,
    };
    let mut shop = root.shop.clone();
    let plan = PlanChanged {
        plan_id: PlanId(1),
        burn_height: BurnHeight(100),
        plan: Plan {
            merchant: principal(MERCHANT),
            token: Token::Stx,
            amount: BaseUnits(100),
            interval: INTERVAL,
            refund_window: 4320,
            open: true,
        },
    };
    let reserve = satellite(Contract::Reserve).to_string();
    let delegate = DelegateSet {
        merchant: principal(MERCHANT),
        delegate: principal(DELEGATE),
        token: Token::Stx,
        burn_height: BurnHeight(100),
        budget: budget(0),
    };
    let (first, created, payment) = operators_invoice(&mut shop, Contract::Subscriptions, 100);
    let active = subscription(1, 100 + INTERVAL, SubscriptionStatus::Active);
    let (_, foreign, foreign_payment) = operators_invoice(&mut shop, Contract::Reserve, 100);
    let scripts = vec![
        Script::default().core(operator_set(Contract::Subscriptions, false, true)),
        Script::default().core(operator_set(Contract::Reserve, true, false)),
        Script::default().subscriptions(SubscriptionsEvent::PlanCreated(plan)),
        Script::default()
            .reserve(ReserveEvent::ReserveDeposited(moved(500, 500, 100)))
            .transfer(MERCHANT, &reserve, 500),
        Script::default().reserve(ReserveEvent::DelegateSet(delegate)),
        Script::default()
            .subscriptions(SubscriptionsEvent::SubscriptionStarted(paid(first, 100, active)))
            .core(created)
            .core(payment),
        Script::default().core(foreign).core(foreign_payment),
    ];
    let base = scripted.block(&root, &root.tenure, scripts, shop);
    (scripted, base)
}

/// The second period is paid, and the delegate refunds 40 of the first one.
pub(crate) fn left_branch(scripted: &mut Scripted, base: &Block) -> (Block, Burn) {
    let burn = scripted.chain.burn(&base.tenure);
    let mut shop = base.shop.clone();
    let (second, created, payment) = operators_invoice(&mut shop, Contract::Subscriptions, 101);
    let active = subscription(2, 100 + 2 * INTERVAL, SubscriptionStatus::Active);
    let period = Script::default()
        .subscriptions(SubscriptionsEvent::SubscriptionPaid(paid(second, 101, active)))
        .core(created)
        .core(payment);
    let (refund, _) = refund_of_reserve(&mut shop, 1, 40, 101);
    let block = scripted.block(base, &burn, vec![period, refund], shop);
    (block, burn)
}

/// The subscription is cancelled, the delegate revoked, and 100 of the reserve withdrawn.
pub(crate) fn right_branch(scripted: &mut Scripted, base: &Block) -> Block {
    let burn = scripted.chain.burn(&base.tenure);
    let burn = scripted.chain.burn(&burn);
    let cancelled = SubscriptionCancelled {
        burn_height: BurnHeight(102),
        state: subscription(1, 100 + INTERVAL, SubscriptionStatus::Cancelled),
    };
    let revoked = DelegateRevoked {
        merchant: principal(MERCHANT),
        delegate: principal(DELEGATE),
        token: Token::Stx,
        burn_height: BurnHeight(102),
    };
    let reserve = satellite(Contract::Reserve).to_string();
    let scripts = vec![
        Script::default().subscriptions(SubscriptionsEvent::SubscriptionCancelled(cancelled)),
        Script::default().reserve(ReserveEvent::DelegateRevoked(revoked)),
        Script::default()
            .reserve(ReserveEvent::ReserveWithdrawn(moved(100, 400, 102)))
            .transfer(&reserve, MERCHANT, 100),
    ];
    scripted.block(base, &burn, scripts, base.shop.clone())
}
