//! A merchant with a fresh key, its machines and its customers.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use recoup_protocol::amount::BaseUnits;
use recoup_protocol::calls::{Call, CreateInvoice, Payment};
use recoup_protocol::ids::InvoiceId;
use recoup_protocol::reads::{GetLedger, ReadOnly};
use recoup_protocol::token::Token;
use recoup_stacks::address::ContractId;
use recoup_stacks::clarity::Value;
use recoup_test_support::{Recoup, binary, scratch_folder};
use serde::Deserialize;
use serde_json::json;
use tempfile::TempDir;

use super::chain_log::read_chain;
use super::checker::{Balances, Evidence, Ledger, Ledgers};
use super::journal::{JournalEntry, read_journal};
use super::said::Said;
use super::stage::{CoinKind, Stage};
use crate::participant::Participant;

const STX_FUNDS: u128 = 1_000_000_000;
const TOKEN_FUNDS: u128 = 100_000_000;
const COINS: [CoinKind; 3] = [CoinKind::Stx, CoinKind::Sbtc, CoinKind::Plain];
const WALLET: &str = "shop";
/// Burn blocks until an unpaid invoice expires.
const EXPIRES_IN: u64 = 5_000;

/// Somebody who buys.
pub type Customer = Participant;

/// A home of the command line: the same key can lie on several.
#[derive(Debug)]
pub struct Machine {
    recoup: Recoup,
}

impl Machine {
    /// The command line in this home.
    #[must_use]
    pub const fn recoup(&self) -> &Recoup {
        &self.recoup
    }

    /// The same, in the build that can be told where to die (`place`, or `place:3` for the third time).
    ///
    /// # Errors
    /// When it is not built.
    pub fn dying(&self, place: &str) -> Result<Recoup> {
        let program = binary("recoup-failpoints", "recoup-cli --features recoup-cli/failpoints")?;
        Ok(self
            .recoup
            .with_program(program)
            .with_env("RECOUP_FAILPOINT", place))
    }

    /// Where its journal lies.
    #[must_use]
    pub fn journal_path(&self) -> PathBuf {
        self.recoup.home().join("journal/local.journal")
    }

    /// What its journal says.
    ///
    /// # Errors
    /// When it cannot be read, or has another shape.
    pub fn journal(&self) -> Result<Vec<JournalEntry>> {
        let path = self.journal_path();
        if !path.exists() {
            return Ok(Vec::new());
        }
        // A line that was broken off is no line yet.
        let text = fs::read_to_string(path)?;
        let whole = text
            .rfind('\n')
            .map_or("", |end| text.get(..=end).unwrap_or_default());
        read_journal(whole)
    }
}

/// A merchant, machines that have its key, and customers.
#[derive(Debug)]
pub struct Shop<'stage> {
    stage: &'stage Stage,
    folder: TempDir,
    key: String,
    merchant: Participant,
    machines: Vec<Machine>,
    customers: Vec<Customer>,
    invoices: Vec<InvoiceId>,
    before: Balances,
    since: u64,
}

#[derive(Deserialize)]
struct NodeAccount {
    balance: String,
}

#[derive(Deserialize)]
struct NodeInfo {
    stacks_tip_height: u64,
}

#[derive(Deserialize)]
struct ReadAnswer {
    result: String,
}

impl<'stage> Shop<'stage> {
    /// Opens one with so many customers, all with funds, and one machine.
    ///
    /// # Errors
    /// When the chain or the command line refuses.
    pub fn open(stage: &'stage Stage, customers: usize) -> Result<Self> {
        stage.heal()?;
        let key = stage.new_key();
        let mut shop = Self {
            stage,
            folder: scratch_folder("shop")?,
            merchant: Participant::with_key(stage.node(), &key)?,
            key,
            machines: Vec::new(),
            customers: (0..customers)
                .map(|_| Participant::with_key(stage.node(), &stage.new_key()))
                .collect::<Result<_>>()?,
            invoices: Vec::new(),
            before: Balances::new(),
            since: 0,
        };
        shop.fund()?;
        shop.add_machine()?;
        Ok(shop)
    }

    fn fund(&self) -> Result<()> {
        for address in self.addresses() {
            for coin in COINS {
                let amount = if coin == CoinKind::Stx {
                    STX_FUNDS
                } else {
                    TOKEN_FUNDS
                };
                let token = self.stage.token(coin);
                self.stage
                    .chain()
                    .send_funds(&address, token.as_deref(), amount)?;
            }
            self.stage.chain().mine(1)?;
        }
        Ok(())
    }

    /// One more home with the merchant's key, and a journal of its own. Its index.
    ///
    /// # Errors
    /// When the command line refuses.
    pub fn add_machine(&mut self) -> Result<usize> {
        let index = self.machines.len();
        let home = self.folder.path().join(format!("machine-{index}"));
        let passphrase = self.folder.path().join("passphrase");
        let recoup = Recoup::new(binary("recoup", "recoup-cli")?, &home)
            .with_env("RECOUP_PASSPHRASE_FILE", &passphrase)
            .with_env("RECOUP_NODE_URL", self.stage.chain().url())
            .with_env("RECOUP_CONTRACT", self.stage.core().to_string())
            .with_env("RECOUP_WALLET", WALLET);
        if let Some(first) = self.machines.first() {
            copy_wallet(first.recoup.home(), &home)?;
        } else {
            let key_file = self.folder.path().join("key");
            fs::write(&passphrase, "local chain only\n")?;
            fs::write(&key_file, &self.key)?;
            recoup
                .command(["wallet", "import", WALLET, "--from-file"])
                .arg(&key_file)
                .run()?;
            fs::remove_file(&key_file)?;
        }
        self.machines.push(Machine { recoup });
        Ok(index)
    }

    /// An invoice in this coin, paid by the customers in the order of the list: who, and how much each time. Nothing of it can
    /// be undone by forks of later blocks.
    ///
    /// # Errors
    /// When the chain refuses.
    pub fn sell(
        &mut self,
        coin: CoinKind,
        payments: &[(usize, u128)],
        refund_window: Option<u64>,
    ) -> Result<InvoiceId> {
        let token = self.stage.token(coin);
        let total: u128 = payments.iter().map(|(_, amount)| amount).sum();
        let invoice = CreateInvoice {
            amount: BaseUnits(total),
            token: token.as_ref().map_or(Ok(Token::Stx), |token| token.parse())?,
            expires_in: EXPIRES_IN,
            refund_window,
            // Instalments need a longer refund window.
            min_payment: (payments.len() > 1).then_some(BaseUnits(1)),
            only_payer: None,
            reference: None,
            memo: None,
        };
        let (node, core) = (self.stage.node(), self.stage.core());
        let height = self.height()?;
        self.merchant.catch_up(node)?;
        self.merchant.call(node, core, &Call::CreateInvoice(invoice))?;
        self.stage.chain().mine(1)?;
        let merchant = self.merchant.principal();
        let invoice_id = read_chain(node, core, height)?
            .iter()
            .flat_map(|mined| &mined.invoices)
            .find(|created| created.merchant == merchant)
            .map(|created| created.invoice_id)
            .context("no invoice was created")?;
        let token: Option<ContractId> = token.map(|token| token.parse()).transpose()?;
        for (customer, amount) in payments {
            let payment = Payment {
                invoice_id,
                merchant: merchant.clone(),
                amount: BaseUnits(*amount),
                token: token.clone(),
            };
            let customer = self.customers.get_mut(*customer).context("no such customer")?;
            customer.catch_up(node)?;
            customer.call(node, core, &Call::Pay(payment))?;
            self.stage.chain().mine(1)?;
        }
        self.invoices.push(invoice_id);
        self.note_start()?;
        // Another tenure: what forks of it undo comes later than the start.
        self.stage.chain().burn(1)?;
        let paid: u128 = self
            .ledgers()?
            .iter()
            .filter(|((id, _), _)| *id == invoice_id.0)
            .map(|(_, ledger)| ledger.paid)
            .sum();
        ensure!(paid == total, "paid {paid} of {total}");
        Ok(invoice_id)
    }

    /// What is checked starts here.
    fn note_start(&mut self) -> Result<()> {
        self.since = self.height()?;
        self.before = self.balances()?;
        Ok(())
    }

    /// Where it is.
    #[must_use]
    pub const fn stage(&self) -> &'stage Stage {
        self.stage
    }

    /// The merchant, as somebody who can call the contract without the command line.
    pub const fn merchant(&mut self) -> &mut Participant {
        &mut self.merchant
    }

    /// The merchant's address.
    #[must_use]
    pub fn address(&self) -> String {
        self.merchant.address().to_string()
    }

    /// One of its machines.
    ///
    /// # Panics
    /// When there are fewer.
    #[must_use]
    #[expect(
        clippy::indexing_slicing,
        reason = "a test that names a machine it has not made is wrong"
    )]
    pub fn machine(&self, index: usize) -> &Machine {
        &self.machines[index]
    }

    /// Address of one of its customers.
    ///
    /// # Panics
    /// When there are fewer.
    #[must_use]
    #[expect(clippy::indexing_slicing, reason = "as with machines")]
    pub fn customer(&self, index: usize) -> String {
        self.customers[index].address().to_string()
    }

    fn addresses(&self) -> Vec<String> {
        let customers = self.customers.iter().map(Participant::address);
        std::iter::once(self.merchant.address())
            .chain(customers)
            .map(|address| address.to_string())
            .collect()
    }

    /// The folder of its homes and lists.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Height of the canonical tip, whatever the node says of it.
    ///
    /// # Errors
    /// When the chain does not answer.
    pub fn height_of_chain(&self) -> Result<u64> {
        let state = self.stage.chain().state()?;
        state
            .pointer("/tip/height")
            .and_then(serde_json::Value::as_u64)
            .context("no tip")
    }

    /// Height of the node's tip.
    ///
    /// # Errors
    /// When the node does not answer.
    pub fn height(&self) -> Result<u64> {
        let info: NodeInfo = self.stage.node().get("/v2/info")?;
        Ok(info.stacks_tip_height)
    }

    /// What everybody has now.
    ///
    /// # Errors
    /// When the node does not answer.
    pub fn balances(&self) -> Result<Balances> {
        let mut balances = Balances::new();
        for who in self.addresses() {
            for coin in COINS {
                let (token, amount) = match self.stage.token(coin) {
                    None => ("STX".to_owned(), self.stx_of(&who)?),
                    Some(token) => {
                        let amount = self.token_of(&token, &who)?;
                        (token, amount)
                    }
                };
                balances.insert((who.clone(), token), amount);
            }
        }
        Ok(balances)
    }

    fn stx_of(&self, who: &str) -> Result<u128> {
        let account: NodeAccount = self.stage.node().get(&format!("/v2/accounts/{who}?proof=0"))?;
        Ok(u128::from_str_radix(
            account.balance.trim_start_matches("0x"),
            16,
        )?)
    }

    fn token_of(&self, token: &str, who: &str) -> Result<u128> {
        let contract: ContractId = token.parse()?;
        let answer = self.read(&contract, "get-balance", &[Value::Principal(who.parse()?)])?;
        match answer {
            Value::Ok(balance) => Ok(balance.as_uint()?),
            other => anyhow::bail!("{token} answers {other}"),
        }
    }

    fn read(&self, contract: &ContractId, function: &str, arguments: &[Value]) -> Result<Value> {
        let path = format!(
            "/v2/contracts/call-read/{}/{}/{function}",
            contract.address,
            contract.name.as_str()
        );
        let arguments: Vec<String> = arguments.iter().map(Value::to_hex).collect();
        let body = json!({ "sender": contract.address.to_string(), "arguments": arguments });
        let answer: ReadAnswer = self.stage.node().post(&path, &body)?;
        Ok(Value::from_hex(&answer.result)?)
    }

    /// What the contract keeps of the customers on the shop's invoices.
    ///
    /// # Errors
    /// When the node does not answer.
    pub fn ledgers(&self) -> Result<Ledgers> {
        let mut ledgers = Ledgers::new();
        for invoice_id in &self.invoices {
            for customer in &self.customers {
                let question = GetLedger {
                    invoice_id: *invoice_id,
                    payer: customer.principal(),
                };
                let answer = self.read(
                    self.stage.core(),
                    GetLedger::FUNCTION.as_str(),
                    &question.arguments(),
                )?;
                if let Some(ledger) = question.decode(&answer)? {
                    let key = (invoice_id.0, customer.address().to_string());
                    ledgers.insert(
                        key,
                        Ledger {
                            paid: ledger.paid.0,
                            refunded: ledger.refunded.0,
                        },
                    );
                }
            }
        }
        Ok(ledgers)
    }

    /// All that can be known now, beside what was said.
    ///
    /// # Errors
    /// When the node does not answer, or a journal cannot be read.
    pub fn evidence(&self, said: Vec<Said>) -> Result<Evidence> {
        Ok(Evidence {
            merchants: vec![self.address()],
            before: self.before.clone(),
            after: self.balances()?,
            mined: read_chain(self.stage.node(), self.stage.core(), self.since)?,
            ledgers: self.ledgers()?,
            journals: self
                .machines
                .iter()
                .map(Machine::journal)
                .collect::<Result<_>>()?,
            said,
        })
    }
}

fn copy_wallet(from: &Path, to: &Path) -> Result<()> {
    let file = Path::new("wallets").join(format!("{WALLET}.json"));
    fs::create_dir_all(to.join("wallets"))?;
    fs::copy(from.join(&file), to.join(&file))?;
    Ok(())
}
