//! What every story has: a shop on a stage, an invoice of 10 STX that one customer paid, and an end at which everything must
//! fit together.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};
use std::time::Duration;

use recoup_e2e::faults::{CoinKind, Evidence, Machine, Said, Shop, Stage, contradictions};
use recoup_test_support::{Fork, LocalChain, Orphans, Recoup, wait_until};
use serde_json::{Value, json};

pub(crate) const PAID: u128 = 10_000_000;
pub(crate) const ONE: u128 = 1_000_000;

pub(crate) const DONE: i32 = 0;
pub(crate) const INTERNAL: i32 = 1;
pub(crate) const REFUSED: i32 = 3;
pub(crate) const REJECTED: i32 = 4;
pub(crate) const NETWORK: i32 = 5;
pub(crate) const SENT: i32 = 6;

/// Chains are shared by all stories, as their start takes seconds. Two, so that two stories can be told at once.
pub(crate) fn stage() -> MutexGuard<'static, Stage> {
    static STAGES: [OnceLock<Mutex<Stage>>; 2] = [OnceLock::new(), OnceLock::new()];
    let stages = || {
        STAGES
            .iter()
            .map(|stage| stage.get_or_init(|| Mutex::new(Stage::start().unwrap())))
    };
    for stage in stages() {
        match stage.try_lock() {
            Ok(stage) => return stage,
            // The story before failed; the next one starts with new wallets and without faults.
            Err(TryLockError::Poisoned(stage)) => return stage.into_inner(),
            Err(TryLockError::WouldBlock) => {}
        }
    }
    let last = stages().next_back().unwrap();
    last.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A shop, its invoice, and all that its machines said.
pub(crate) struct Story<'stage> {
    pub(crate) shop: Shop<'stage>,
    pub(crate) invoice: String,
    said: Mutex<Vec<Said>>,
}

impl<'stage> Story<'stage> {
    pub(crate) fn new(stage: &'stage Stage) -> Self {
        Self::with_window(stage, None)
    }

    pub(crate) fn with_window(stage: &'stage Stage, refund_window: Option<u64>) -> Self {
        let mut shop = Shop::open(stage, 1).unwrap();
        let invoice = shop.sell(CoinKind::Stx, &[(0, PAID)], refund_window).unwrap();
        Self {
            shop,
            invoice: invoice.to_string(),
            said: Mutex::new(Vec::new()),
        }
    }

    pub(crate) fn chain(&self) -> &LocalChain {
        self.shop.stage().chain()
    }

    /// Orders faults of the node.
    pub(crate) fn faults(&self, faults: &Value) {
        self.chain().faults(faults).unwrap();
    }

    pub(crate) fn machine(&self) -> &Machine {
        self.shop.machine(0)
    }

    /// `refund create` of the invoice.
    pub(crate) fn create<'text>(&'text self, more: &[&'text str]) -> Vec<&'text str> {
        let create = ["refund", "create", "--invoice", &self.invoice, "--yes"];
        create.iter().chain(more).copied().collect()
    }

    /// Runs a command that has to end with this code, and gives its document.
    pub(crate) fn run(&self, code: i32, arguments: &[&str]) -> Value {
        self.run_on(0, self.machine().recoup(), code, arguments)
    }

    /// The same on another machine.
    pub(crate) fn run_at(&self, machine: usize, code: i32, arguments: &[&str]) -> Value {
        let recoup = self.shop.machine(machine).recoup().clone();
        self.run_on(machine, &recoup, code, arguments)
    }

    /// The same with the command line as given.
    pub(crate) fn run_on(&self, machine: usize, recoup: &Recoup, code: i32, arguments: &[&str]) -> Value {
        let before = self.signed(machine);
        let finished = recoup.command(arguments).arg("--json").expect_code(code);
        let document: Value = finished.run().unwrap().json().unwrap();
        let mut said = Said::new(arguments.join(" "), Some(code), &document, &[]);
        said.signed = self.signed(machine).saturating_sub(before);
        self.said.lock().unwrap().push(said);
        document
    }

    /// Runs a command that dies at this place.
    pub(crate) fn die(&self, place: &str, arguments: &[&str]) {
        let dying = self.machine().dying(place).unwrap();
        dying.command(arguments).expect_crash().run().unwrap();
    }

    fn signed(&self, machine: usize) -> usize {
        let journal = self.shop.machine(machine).journal().unwrap();
        journal.iter().filter(|entry| entry.is_signed()).count()
    }

    /// The word of the journal's last entry.
    pub(crate) fn state(&self) -> String {
        self.machine().journal().unwrap().last().unwrap().state.clone()
    }

    /// Sends a refund that waits in the mempool when this returns. Its transaction's id.
    pub(crate) fn send_held(&self, more: &[&str]) -> String {
        self.shop.stage().hold_blocks().unwrap();
        let more: Vec<&str> = more.iter().copied().chain(["--no-wait"]).collect();
        let sent = self.run(SENT, &self.create(&more));
        txid(&sent)
    }

    /// Abandons the newest block and builds two others.
    pub(crate) fn fork(&self, orphans: Orphans) {
        let fork = Fork {
            depth: 1,
            build: 2,
            orphans,
            is_burn_fork: true,
        };
        self.chain().fork(&fork).unwrap();
        self.fork_happened();
    }

    /// What was said before may be otherwise now.
    pub(crate) fn fork_happened(&self) {
        let mut said = self.said.lock().unwrap();
        said.iter_mut().for_each(|said| said.is_before_fork = true);
    }

    /// What was said before was the node's word, and wrong.
    pub(crate) fn misled(&self) {
        let mut said = self.said.lock().unwrap();
        said.iter_mut().for_each(|said| said.failed.clear());
    }

    /// Waits until the journal's last entry stands there.
    pub(crate) fn wait_for_state(&self, word: &str) {
        wait_until(word, Duration::from_secs(60), || {
            let journal = self.machine().journal().unwrap();
            Ok(journal.last().filter(|entry| entry.state == word).map(drop))
        })
        .unwrap();
    }

    /// Faults end; `refund resume` ends with this code.
    pub(crate) fn resume(&self, code: i32) -> Value {
        self.shop.stage().heal().unwrap();
        self.run(code, &["refund", "resume"])
    }

    /// The end: everything fits together, and the customer got exactly these refunds, in this order.
    pub(crate) fn ends_with(&self, refunds: &[u128]) -> Evidence {
        self.shop.stage().heal().unwrap();
        let said = self.said.lock().unwrap().clone();
        let evidence = self.shop.evidence(said).unwrap();
        let found = contradictions(&evidence);
        assert!(found.is_empty(), "{found:#?}\n{evidence:#?}");
        let paid: Vec<u128> = evidence
            .mined
            .iter()
            .flat_map(|mined| &mined.refunds)
            .filter(|refund| refund.payer.to_string() == self.shop.customer(0))
            .map(|refund| refund.amount.0)
            .collect();
        assert_eq!(paid, refunds);
        let customer = (self.shop.customer(0), "STX".to_owned());
        assert_eq!(
            evidence.after[&customer] - evidence.before[&customer],
            refunds.iter().sum::<u128>()
        );
        evidence
    }
}

/// The transaction of a command's document, without 0x.
pub(crate) fn txid(document: &Value) -> String {
    let txid = document["transaction"]["txid"].as_str();
    let txid = txid.unwrap_or_else(|| panic!("no transaction: {document}"));
    txid.trim_start_matches("0x").to_owned()
}

/// Everything that an error tells its user.
fn error(document: &Value) -> String {
    let failure = &document["transactions"][0]["failure"];
    let error = document.get("error").unwrap_or(failure);
    assert!(error.is_object(), "no error: {document}");
    error.to_string()
}

#[track_caller]
pub(crate) fn assert_says(document: &Value, words: &[&str]) {
    let text = error(document);
    for word in words {
        assert!(text.contains(word), "{word:?} is missing: {text}");
    }
}

/// With the merchant's own id of the refund, and without.
pub(crate) const KINDS: [&[&str]; 2] = [&["--amount", "1", "--reference", "refund-1"], &["--amount", "1"]];

pub(crate) fn down() -> Value {
    json!({ "restart": true, "down": true })
}
