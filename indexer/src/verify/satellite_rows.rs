//! Rows of subscriptions, reserve and operators against the events that they come from, entered anew in the chain's
//! order. No I/O.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use recoup_protocol::amount::BaseUnits;
use recoup_protocol::contracts::Contract;
use recoup_protocol::events::{
    Event, InvoiceCreated, OperatorSet, PlanChanged, RefundProcessed, ReserveEvent, SubscriptionPaid,
    SubscriptionState, SubscriptionsEvent,
};
use recoup_protocol::ids::{InvoiceId, PlanId, RefundId, SubscriptionId};
use recoup_protocol::reads::{Delegate, Plan};
use recoup_protocol::token::Token;
use recoup_stacks::address::Principal;
use recoup_stacks::hash::BurnHeight;
use recoup_stacks::hex;

use super::difference::{Differences, Side, columns};
use super::rows::token_text;
use crate::accounting::{
    ReserveBooks, Standing, SubscriptionBooks, reserve_disagreement, subscription_disagreement,
};
use crate::db::contract_event::is_storable;
use crate::db::verification::Columns;
use crate::db::verification::satellites::EventRows;
use crate::normalised::{SatelliteEvent, Satellites};

/// Rows that an event should have, by table.
type Expected = BTreeMap<&'static str, Columns>;
/// A merchant and a token.
type Reserve = (Principal, Token);

/// What the events up to one say, kept like the contracts' maps.
#[derive(Debug)]
pub(super) struct SatelliteBooks {
    satellites: Satellites,
    plans: HashMap<PlanId, Plan>,
    standings: HashMap<SubscriptionId, Standing>,
    balances: BTreeMap<Reserve, BaseUnits>,
    delegates: BTreeMap<(Reserve, Principal), Delegate>,
}

impl SatelliteBooks {
    pub(super) fn new(satellites: Satellites) -> Self {
        Self {
            satellites,
            plans: HashMap::new(),
            standings: HashMap::new(),
            balances: BTreeMap::new(),
            delegates: BTreeMap::new(),
        }
    }

    /// Enters the next event, and compares its rows with what it says after those before it.
    pub(super) fn post(&mut self, rows: &EventRows, differences: &mut Differences) {
        let event = decode(&rows.event);
        let name = event.as_ref().map(|event| event.name().to_owned());
        check_name("satellite_event", rows, name, differences);
        let expected = match &event {
            Some(SatelliteEvent::Subscriptions(event)) => self.post_subscriptions(event, rows),
            Some(SatelliteEvent::Reserve(event)) => self.post_reserve(event, rows),
            None => Expected::new(),
        };
        compare_tables(expected, rows, differences);
    }

    fn post_subscriptions(&mut self, event: &SubscriptionsEvent, rows: &EventRows) -> Expected {
        let invoice = match event {
            SubscriptionsEvent::PlanCreated(changed) | SubscriptionsEvent::PlanClosed(changed) => {
                self.plans.insert(changed.plan_id, changed.plan.clone());
                return Expected::from([("subscription_plan", plan_columns(changed))]);
            }
            SubscriptionsEvent::SubscriptionStarted(SubscriptionPaid { invoice_id, .. })
            | SubscriptionsEvent::SubscriptionPaid(SubscriptionPaid { invoice_id, .. }) => Some(*invoice_id),
            SubscriptionsEvent::SubscriptionCancelled(_) => None,
        };
        let Some(state) = event.subscription() else {
            return Expected::new();
        };
        let core = core_events(rows);
        let books = SubscriptionBooks {
            plan: self.plans.get(&state.plan_id),
            before: self.standings.get(&state.subscription_id).copied(),
            invoice: invoice.and_then(|id| invoice_of(&core, id)),
            subscriptions: &self.satellites.subscriptions,
        };
        let disagreement = subscription_disagreement(event, books);
        let mut change = change_columns(state, invoice, event.burn_height());
        change.insert("disagreement".to_owned(), disagreement.map(str::to_owned));
        let mut expected = Expected::from([("subscription_change", change)]);
        if let SubscriptionsEvent::SubscriptionStarted(_) = event {
            expected.insert("subscription", subscription_columns(state));
        }
        let standing = Standing {
            payments: state.payments,
            next_due: state.next_due,
            status: state.status,
        };
        self.standings.insert(state.subscription_id, standing);
        expected
    }

    fn post_reserve(&mut self, event: &ReserveEvent, rows: &EventRows) -> Expected {
        let (merchant, token) = event.reserve();
        let reserve = (merchant.clone(), token.clone());
        let delegate = event
            .delegate()
            .map(|delegate| (reserve.clone(), delegate.clone()));
        let core = core_events(rows);
        let books = ReserveBooks {
            balance: self.balances.get(&reserve).copied().unwrap_or_default(),
            delegate: delegate.as_ref().and_then(|key| self.delegates.get(key)),
            refund: match event {
                ReserveEvent::ReserveRefunded(refund) => refund_of(&core, refund.refund_id),
                _ => None,
            },
            reserve: &self.satellites.reserve,
        };
        let transfer_found = text(&rows.event, "transfer_found").as_deref() == Some("true");
        let no_transfer = (!transfer_found).then_some("the transaction holds no such token transfer");
        let disagreement = no_transfer.or_else(|| reserve_disagreement(event, books));
        let mut expected = Expected::new();
        if let Some(mut movement) = movement_columns(event) {
            movement.insert("disagreement".to_owned(), disagreement.map(str::to_owned));
            expected.insert("reserve_movement", movement);
        }
        if let Some(balance) = event.balance() {
            self.balances.insert(reserve, balance);
        }
        if let Some(key) = delegate {
            let budget = budget_of(event);
            expected.insert("reserve_delegate_change", delegate_columns(event, &key.1, budget));
            match budget {
                Some(budget) => self.delegates.insert(key, budget.clone()),
                None => self.delegates.remove(&key),
            };
        }
        expected
    }

    /// Compares what merchants hold and who may refund now with the tables of it.
    pub(super) fn check_current(
        &self,
        reserves: &[Columns],
        delegates: &[Columns],
        differences: &mut Differences,
    ) {
        let balances = self.balances.iter().map(|((merchant, token), balance)| {
            let columns = columns([
                ("merchant", Some(merchant.to_string())),
                ("token", token_text(token)),
                ("balance", Some(balance.to_string())),
            ]);
            (key_of(&columns), columns)
        });
        let budgets = self
            .delegates
            .iter()
            .map(|(((merchant, token), delegate), budget)| {
                let mut columns = columns([
                    ("merchant", Some(merchant.to_string())),
                    ("delegate", Some(delegate.to_string())),
                    ("token", token_text(token)),
                ]);
                columns.extend(budget_columns(Some(budget)));
                (key_of(&columns), columns)
            });
        compare_current("reserve", &balances.collect(), reserves, differences);
        compare_current("reserve_delegate", &budgets.collect(), delegates, differences);
    }
}

/// Compares what an event of core that concerns no invoice says with the row of an operator.
pub(super) fn check_operator(rows: &EventRows, differences: &mut Differences) {
    let event = raw_value(&rows.event)
        .and_then(|bytes| Event::decode(&bytes).ok())
        .filter(is_storable);
    let name = event.as_ref().map(|event| event.name().to_owned());
    check_name("contract_event", rows, name, differences);
    let expected = match &event {
        Some(Event::OperatorSet(set)) => Expected::from([("operator_change", operator_columns(set))]),
        _ => Expected::new(),
    };
    compare_tables(expected, rows, differences);
}

fn check_name(table: &str, rows: &EventRows, name: Option<String>, differences: &mut Differences) {
    let place = || format!("{table} {} name", identity(&rows.event));
    differences.compare(Side::Events, place, name, text(&rows.event, "name"));
}

fn compare_tables(mut expected: Expected, rows: &EventRows, differences: &mut Differences) {
    for (table, found) in &rows.rows {
        let mut row = expected.remove(table);
        if let Some(row) = &mut row {
            for shared in ["index_block_hash", "txid", "ordinal", "stacks_height"] {
                row.insert(shared.to_owned(), text(&rows.event, shared));
            }
            if *table != "subscription" {
                row.insert("tx_index".to_owned(), text(&rows.event, "tx_index"));
            }
        }
        if row.is_some() || found.is_some() {
            let place = format!("{table} {}", identity(&rows.event));
            differences.compare_row(Side::Events, &place, row.as_ref(), found.as_ref());
        }
    }
}

fn compare_current(
    table: &str,
    expected: &BTreeMap<String, Columns>,
    rows: &[Columns],
    differences: &mut Differences,
) {
    let found: BTreeMap<String, &Columns> = rows.iter().map(|row| (key_of(row), row)).collect();
    let keys: BTreeSet<&String> = expected.keys().chain(found.keys()).collect();
    for key in keys {
        let place = format!("{table} {key}");
        let found = found.get(key).copied();
        differences.compare_row(Side::Events, &place, expected.get(key), found);
    }
}

/// Merchant, delegate and token, as people read them.
fn key_of(row: &Columns) -> String {
    let token = text(row, "token").unwrap_or_else(|| "STX".to_owned());
    ["merchant", "delegate"]
        .into_iter()
        .filter_map(|column| text(row, column))
        .chain([token])
        .collect::<Vec<_>>()
        .join(" ")
}

/// Block, transaction and place of an event, as the other rows are named.
fn identity(event: &Columns) -> String {
    ["index_block_hash", "txid", "ordinal"]
        .map(|column| text(event, column).unwrap_or_default().replace("\\x", ""))
        .join("/")
}

fn text(row: &Columns, column: &str) -> Option<String> {
    row.get(column).cloned().flatten()
}

fn raw_value(event: &Columns) -> Option<Vec<u8>> {
    hex::decode(text(event, "raw_value")?.strip_prefix("\\x")?).ok()
}

/// The event, if the tables could hold it.
fn decode(event: &Columns) -> Option<SatelliteEvent> {
    let name = text(event, "contract")?;
    let contract = Contract::ALL
        .into_iter()
        .find(|contract| contract.name() == name)?;
    let event = SatelliteEvent::decode(contract, &raw_value(event)?).ok()?;
    event.out_of_range().is_none().then_some(event)
}

fn core_events(rows: &EventRows) -> Vec<Event> {
    rows.core
        .iter()
        .filter_map(|bytes| Event::decode(bytes).ok())
        .collect()
}

fn invoice_of(core: &[Event], id: InvoiceId) -> Option<&InvoiceCreated> {
    core.iter().find_map(|event| match event {
        Event::InvoiceCreated(created) if created.invoice_id == id => Some(created),
        _ => None,
    })
}

fn refund_of(core: &[Event], id: RefundId) -> Option<&RefundProcessed> {
    core.iter().find_map(|event| match event {
        Event::RefundProcessed(refund) if refund.refund_id == id => Some(refund),
        _ => None,
    })
}

const fn budget_of(event: &ReserveEvent) -> Option<&Delegate> {
    match event {
        ReserveEvent::DelegateSet(set) => Some(&set.budget),
        ReserveEvent::ReserveRefunded(refund) => Some(&refund.budget),
        ReserveEvent::ReserveDeposited(_)
        | ReserveEvent::ReserveWithdrawn(_)
        | ReserveEvent::DelegateRevoked(_) => None,
    }
}

fn height(height: BurnHeight) -> Option<String> {
    Some(height.get().to_string())
}

fn operator_columns(set: &OperatorSet) -> Columns {
    columns([
        ("merchant", Some(set.merchant.to_string())),
        ("operator", Some(set.operator.to_string())),
        ("may_refund", Some(set.may_refund.to_string())),
        ("may_invoice", Some(set.may_invoice.to_string())),
        ("burn_height", height(set.burn_height)),
    ])
}

fn plan_columns(changed: &PlanChanged) -> Columns {
    let mut row = terms(&changed.plan);
    row.extend(columns([
        ("plan_id", Some(changed.plan_id.to_string())),
        ("burn_height", height(changed.burn_height)),
    ]));
    row
}

/// What the contract keeps of a plan.
pub(super) fn terms(plan: &Plan) -> Columns {
    columns([
        ("merchant", Some(plan.merchant.to_string())),
        ("token", token_text(&plan.token)),
        ("amount", Some(plan.amount.to_string())),
        ("interval_blocks", Some(plan.interval.to_string())),
        ("refund_window", Some(plan.refund_window.to_string())),
        ("is_open", Some(plan.open.to_string())),
    ])
}

fn subscription_columns(state: &SubscriptionState) -> Columns {
    columns([
        ("subscription_id", Some(state.subscription_id.to_string())),
        ("plan_id", Some(state.plan_id.to_string())),
        ("merchant", Some(state.merchant.to_string())),
        ("payer", Some(state.payer.to_string())),
        ("token", token_text(&state.token)),
        ("amount", Some(state.amount.to_string())),
        ("interval_blocks", Some(state.interval.to_string())),
        ("refund_window", Some(state.refund_window.to_string())),
        ("started_at", height(state.started_at)),
    ])
}

fn change_columns(state: &SubscriptionState, invoice: Option<InvoiceId>, printed_at: BurnHeight) -> Columns {
    columns([
        ("subscription_id", Some(state.subscription_id.to_string())),
        ("invoice_id", invoice.map(|id| id.to_string())),
        ("payments", Some(state.payments.to_string())),
        ("next_due", height(state.next_due)),
        ("status", Some(state.status.code().to_string())),
        ("burn_height", height(printed_at)),
    ])
}

/// The row of what came in or went out; none for events that move nothing.
fn movement_columns(event: &ReserveEvent) -> Option<Columns> {
    let (kind, amount, refund) = match event {
        ReserveEvent::ReserveDeposited(moved) => ("deposit", moved.amount, None),
        ReserveEvent::ReserveWithdrawn(moved) => ("withdrawal", moved.amount, None),
        ReserveEvent::ReserveRefunded(refund) => ("refund", refund.amount, Some(refund)),
        ReserveEvent::DelegateSet(_) | ReserveEvent::DelegateRevoked(_) => return None,
    };
    let (merchant, token) = event.reserve();
    Some(columns([
        ("kind", Some(kind.to_owned())),
        ("merchant", Some(merchant.to_string())),
        ("token", token_text(token)),
        ("amount", Some(amount.to_string())),
        ("balance", event.balance().map(|balance| balance.to_string())),
        ("delegate", refund.map(|refund| refund.delegate.to_string())),
        ("refund_id", refund.map(|refund| refund.refund_id.to_string())),
        ("invoice_id", refund.map(|refund| refund.invoice_id.to_string())),
        ("payer", refund.map(|refund| refund.payer.to_string())),
        ("burn_height", height(event.burn_height())),
    ]))
}

fn delegate_columns(event: &ReserveEvent, delegate: &Principal, budget: Option<&Delegate>) -> Columns {
    let (merchant, token) = event.reserve();
    let mut row = columns([
        ("merchant", Some(merchant.to_string())),
        ("delegate", Some(delegate.to_string())),
        ("token", token_text(token)),
        ("burn_height", height(event.burn_height())),
    ]);
    row.extend(budget_columns(budget));
    row
}

/// What the contract keeps of a delegate; nothing of one that was revoked.
pub(super) fn budget_columns(budget: Option<&Delegate>) -> Columns {
    columns([
        ("per_refund", budget.map(|budget| budget.per_refund.to_string())),
        ("per_period", budget.map(|budget| budget.per_period.to_string())),
        ("period_blocks", budget.map(|budget| budget.period.to_string())),
        (
            "period_start",
            budget.and_then(|budget| height(budget.period_start)),
        ),
        ("spent", budget.map(|budget| budget.spent.to_string())),
        ("expires_at", budget.and_then(|budget| height(budget.expires_at))),
    ])
}
