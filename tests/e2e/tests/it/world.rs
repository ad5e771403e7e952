//! The stage of a test: a scene on a fresh database, with people who trade on it.

use anyhow::Result;
use recoup_e2e::accounts::{ALICE, Account, BOB, DEPLOYER, SHOP};
use recoup_e2e::command_line::CommandLine;

use recoup_e2e::participant::Participant;
use recoup_e2e::scene::{Audit, Scene, SceneOptions};
use recoup_protocol::amount::BaseUnits;
use recoup_protocol::calls::{Call, CreateInvoice, PaidIn, Payment, RefundOrder};
use recoup_protocol::ids::InvoiceId;
use recoup_protocol::text::Reference;
use recoup_protocol::token::Token;
use recoup_stacks::hash::Txid;
use recoup_test_support::{HttpClient, Recoup, TestDatabase, binary, repository};

/// Exit code of a command whose transaction is sent and not in a block yet.
pub(crate) const SENT: i32 = 6;

/// Everything that one test uses; the database goes last.
pub(crate) struct World {
    pub(crate) scene: Scene,
    pub(crate) database: TestDatabase,
}

/// A chain with an indexer, on which an invoice of 100 STX was paid by Alice, and the shop's command line.
pub(crate) struct PaidInvoice {
    pub(crate) world: World,
    pub(crate) command_line: CommandLine,
}

impl PaidInvoice {
    /// Its id.
    pub(crate) const ID: &str = "1";

    pub(crate) fn new() -> Self {
        let world = World::with_contracts();
        let command_line =
            CommandLine::set_up(world.scene.chain().folder().join("home"), &world.scene).unwrap();
        let contract = world.scene.contract().to_string();
        command_line
            .recoup()
            .command(["config", "set", "contract", &contract])
            .run()
            .unwrap();
        let paid = Self { world, command_line };
        paid.send(SHOP, &["invoice", "create", "--amount", "100"]);
        paid.send(ALICE, &["pay", Self::ID, "--merchant", SHOP.address]);
        paid
    }

    /// Sends something and makes the block that holds it.
    pub(crate) fn send(&self, account: Account, arguments: &[&str]) {
        let command = self.command_line.of(account).command(arguments);
        command
            .arg("--yes")
            .arg("--no-wait")
            .expect_code(SENT)
            .run()
            .unwrap();
        self.world.mine(1);
    }

    /// The shop's command line.
    pub(crate) fn shop(&self) -> Recoup {
        self.command_line.of(SHOP)
    }

    /// The same, in the build that can be told where to die.
    pub(crate) fn dying_shop(&self, place: &str) -> Recoup {
        self.dying(SHOP, place)
    }

    /// An account's command line in that build.
    pub(crate) fn dying(&self, account: Account, place: &str) -> Recoup {
        let program = binary("recoup-failpoints", "recoup-cli --features recoup-cli/failpoints").unwrap();
        self.command_line
            .of(account)
            .with_program(program)
            .with_env("RECOUP_FAILPOINT", place)
    }
}

impl World {
    /// A chain that makes blocks on request, an indexer, and the contracts deployed.
    pub(crate) fn with_contracts() -> Self {
        let database = TestDatabase::create().unwrap();
        let options = SceneOptions {
            mine_interval: None,
            ..SceneOptions::new(database.url()).unwrap()
        };
        let scene = Scene::start(&options).unwrap();
        let world = Self { scene, database };
        world.deploy(&[
            ("sip-010-trait", "contracts/traits/sip-010-trait.clar"),
            ("recoup-core", "contracts/recoup-core.clar"),
            ("mock-sbtc", "contracts/mocks/mock-sbtc.clar"),
        ]);
        world.scene.fund_tokens().unwrap();
        world
    }

    /// Deploys contracts by name and file, in one block.
    pub(crate) fn deploy(&self, contracts: &[(&str, &str)]) {
        let mut deployer = Participant::new(self.scene.node(), DEPLOYER).unwrap();
        for (name, path) in contracts {
            let source = std::fs::read_to_string(repository().join(path)).unwrap();
            deployer
                .deploy(self.scene.node(), name.parse().unwrap(), source)
                .unwrap();
        }
        self.mine(1);
    }

    /// Both sides of the history, which must agree.
    pub(crate) fn audit(&self) -> Audit {
        let audit = self.scene.audit().unwrap();
        assert!(
            audit.comparison.differences.is_empty(),
            "{:#?}",
            audit.comparison.differences
        );
        audit
    }

    /// Makes blocks and waits for nothing.
    pub(crate) fn mine(&self, blocks: u32) {
        self.scene.chain().mine(blocks).unwrap();
    }
}

/// A shop with two customers, who call the contracts directly. Invoices are counted, so that many calls can wait for
/// one block.
pub(crate) struct Trade {
    shop: Participant,
    alice: Participant,
    bob: Participant,
    invoices: u64,
}

/// What one customer owes and gets back in a [`Trade`].
const PRICE: u128 = 1_000;
const REFUND: u128 = 10;

impl Trade {
    /// With the accounts as the node has them now, after `invoices` invoices.
    pub(crate) fn new(node: &HttpClient, invoices: u64) -> Self {
        let participant = |account: Account| Participant::new(node, account).unwrap();
        Self {
            shop: participant(SHOP),
            alice: participant(ALICE),
            bob: participant(BOB),
            invoices,
        }
    }

    /// An invoice of two instalments in STX (odd ids) or the mock token (even ids), paid by both customers; all of it
    /// waits for a block.
    pub(crate) fn sell(&mut self, scene: &Scene) -> Result<InvoiceId> {
        self.invoices += 1;
        let id = InvoiceId(self.invoices);
        let token = id.0.is_multiple_of(2).then(|| scene.token());
        let invoice = CreateInvoice {
            amount: BaseUnits(2 * PRICE),
            token: token.as_ref().map_or(Ok(Token::Stx), |token| token.parse())?,
            expires_in: 5_000,
            refund_window: None,
            min_payment: Some(BaseUnits(1)),
            only_payer: None,
            reference: Some(Reference::new(&format!("order-{id}"))?),
            memo: None,
        };
        let (node, contract) = (scene.node(), scene.contract());
        self.shop.call(node, contract, &Call::CreateInvoice(invoice))?;
        let payment = Payment {
            invoice_id: id,
            merchant: self.shop.principal(),
            amount: BaseUnits(PRICE),
            token: token.map(|token| token.parse()).transpose()?,
        };
        self.alice.call(node, contract, &Call::Pay(payment.clone()))?;
        self.bob.call(node, contract, &Call::Pay(payment))?;
        Ok(id)
    }

    /// The `nth` refund (from 0) of a sale to Alice; it waits for a block.
    pub(crate) fn refund(&mut self, scene: &Scene, id: InvoiceId, nth: u128) -> Result<Txid> {
        let order = RefundOrder {
            invoice_id: id,
            payer: self.alice.principal(),
            amount: BaseUnits(REFUND),
            expected_refunded: BaseUnits(REFUND * nth),
            reference: Some(Reference::new(&format!("refund-{id}-{nth}"))?),
            reason: None,
        };
        let token =
            id.0.is_multiple_of(2)
                .then(|| scene.token().parse())
                .transpose()?;
        self.shop.call(
            scene.node(),
            scene.contract(),
            &Call::Refund(PaidIn { order, token }),
        )
    }
}
