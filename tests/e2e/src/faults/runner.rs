//! Carries out a plan against a stage, and gives what can be known at its end.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use recoup_test_support::{Fork, Orphans};
use serde_json::{Value, json};

use super::checker::{Evidence, contradictions};
use super::full_disk::with_disk_of;
use super::plan::{Action, End, Fault, Plan, Step, Wish};
use super::said::Said;
use super::shop::Shop;
use super::stage::{CoinKind, Stage};
use crate::accounts::DEPLOYER;

/// A node that does not answer a broadcast restarts after so long.
const HANGS_FOR: Duration = Duration::from_millis(300);
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Of a journal that cannot be trusted.
const DAMAGED: i32 = 1;

/// So often everything is resumed at the end, until nothing is left to do.
const ROUNDS: usize = 6;

/// What a run came to.
#[derive(Debug)]
pub struct Report {
    /// Every step and how it ended, in words.
    pub log: Vec<String>,
    /// What does not fit together. Nothing when all is well.
    pub found: Vec<String>,
    /// Refunds on chain at the end.
    pub refunds: usize,
}

/// Sells, lets happen what the plan says, heals the node, resumes until everything is settled, and checks.
///
/// # Errors
/// When the stage fails, as opposed to what is tested.
pub fn run(stage: &Stage, plan: &Plan) -> Result<Report> {
    let mut run = Run::open(stage, plan)?;
    for step in &plan.steps {
        run.step(step)?;
    }
    let settled = run.settle()?;
    let evidence = run.shop.evidence(run.said.clone())?;
    let mut found = contradictions(&evidence);
    found.extend(settled);
    found.append(&mut run.found);
    found.extend(run.paid_twice(&evidence));
    let refunds = evidence.mined.iter().map(|mined| mined.refunds.len()).sum();
    Ok(Report {
        log: run.log,
        found,
        refunds,
    })
}

struct Run<'run> {
    plan: &'run Plan,
    shop: Shop<'run>,
    invoices: Vec<String>,
    start: u64,
    forks: usize,
    /// The node does not answer the next broadcast.
    hangs: AtomicBool,
    said: Vec<Said>,
    log: Vec<String>,
    /// What went wrong on the way.
    found: Vec<String>,
}

/// A command that ran.
struct Ran {
    exit: Option<i32>,
    stdout: String,
    stderr: String,
}

impl<'run> Run<'run> {
    fn open(stage: &'run Stage, plan: &'run Plan) -> Result<Self> {
        let mut shop = Shop::open(stage, plan.customers)?;
        let mut invoices = Vec::new();
        for sale in &plan.sales {
            invoices.push(shop.sell(sale.coin, &sale.payments, None)?.to_string());
        }
        for _ in 1..plan.machines {
            shop.add_machine()?;
        }
        let start = shop.height()?;
        Ok(Self {
            plan,
            shop,
            invoices,
            start,
            forks: 0,
            hangs: AtomicBool::new(false),
            said: Vec::new(),
            log: Vec::new(),
            found: Vec::new(),
        })
    }

    fn step(&mut self, step: &Step) -> Result<()> {
        let chain = self.shop.stage().chain();
        let note = match step {
            Step::Command {
                machine,
                action,
                end,
                no_wait,
            } => self.command(*machine, action, *end, *no_wait)?,
            Step::Damaged {
                machine,
                action,
                place,
            } => self.damaged(*machine, action, *place)?,
            Step::Together(wish) => self.together(*wish)?,
            Step::Fault(fault) => self.fault(*fault)?,
            Step::Heal => {
                self.hangs.store(false, Ordering::Relaxed);
                self.shop.stage().heal().map(|()| String::new())?
            }
            Step::Mine => chain.mine(1).map(|_| String::new())?,
            Step::Burn => chain.burn(1).map(|_| String::new())?,
            Step::Fork { depth, remine } => self.fork(*depth, *remine)?,
            Step::Flip if self.forks > 0 => {
                chain.flip(1)?;
                self.was_before_fork();
                String::new()
            }
            Step::Flip => "no fork yet".to_owned(),
            Step::MineOriginal => self.mine_original()?,
            Step::Spend => {
                let node = self.shop.stage().node();
                let sent = self.shop.merchant().transfer(node, DEPLOYER.address, 1_000_000);
                sent.map_or_else(|error| format!("refused: {error:#}"), |txid| txid.to_string())
            }
        };
        self.log.push(format!("{step:?}: {note}"));
        Ok(())
    }

    fn fault(&self, fault: Fault) -> Result<String> {
        let order = match fault {
            Fault::Broadcast(kind) => json!({ "broadcast": kind }),
            Fault::Hang => {
                self.hangs.store(true, Ordering::Relaxed);
                json!({ "broadcast": "accept-then-hang" })
            }
            Fault::Reject(reason) => json!({ "reject": reason }),
            Fault::FailReads(count) => json!({ "fail_reads": count }),
            Fault::Lag(blocks) => json!({ "lag_blocks": blocks }),
            Fault::NonceOffset(offset) => json!({ "nonce_offset": offset }),
            Fault::OtherFork if self.forks == 0 => return Ok("no fork yet".to_owned()),
            Fault::OtherFork => json!({ "stuck_on": "abandoned" }),
            Fault::OtherNetwork => json!({ "network_id": 1 }),
            Fault::Down => json!({ "down": true }),
            Fault::Restart => json!({ "restart": true }),
            Fault::Hold => return self.shop.stage().hold_blocks().map(|()| String::new()),
            Fault::Clock(seconds) => json!({ "clock_offset_s": seconds }),
        };
        self.shop.stage().chain().faults(&order)?;
        Ok(String::new())
    }

    /// Only blocks of this run are abandoned.
    fn fork(&mut self, depth: u32, remine: bool) -> Result<String> {
        let height = self.shop.height_of_chain()?;
        let depth = depth.min(u32::try_from(height.saturating_sub(self.start))?);
        if depth == 0 {
            return Ok("no block yet".to_owned());
        }
        let fork = Fork {
            depth,
            build: 2,
            orphans: if remine { Orphans::Remine } else { Orphans::Drop },
            is_burn_fork: true,
        };
        let answer = self.shop.stage().chain().fork(&fork)?;
        self.forks += 1;
        self.was_before_fork();
        let orphaned = answer
            .get("orphaned")
            .and_then(Value::as_array)
            .map_or(0, Vec::len);
        Ok(format!("{orphaned} blocks"))
    }

    fn was_before_fork(&mut self) {
        self.said.iter_mut().for_each(|said| said.is_before_fork = true);
    }

    fn mine_original(&self) -> Result<String> {
        for machine in 0..self.plan.machines {
            for entry in self.shop.machine(machine).journal()? {
                if let ([first, _, ..], true) = (entry.txids.as_slice(), entry.is_open()) {
                    let mined = self.shop.stage().chain().mine_chosen(&[first]);
                    return Ok(mined.map_or_else(|error| error.to_string(), |_| first.clone()));
                }
            }
        }
        Ok("nothing was raised".to_owned())
    }

    fn wish(&self, index: usize) -> Result<&'run Wish> {
        self.plan.wishes.get(index).context("no such wish")
    }

    fn amount(&self, wish: &Wish) -> Result<String> {
        let sale = self.plan.sales.get(wish.sale).context("no such sale")?;
        let decimals = if sale.coin == CoinKind::Sbtc { 8 } else { 6 };
        let unit = 10_u128.pow(decimals);
        let width = usize::try_from(decimals)?;
        Ok(format!("{}.{:0width$}", wish.amount / unit, wish.amount % unit))
    }

    fn invoice(&self, wish: &Wish) -> Result<&str> {
        let invoice = self.invoices.get(wish.sale).context("no such sale")?;
        Ok(invoice)
    }

    fn create(&self, index: usize) -> Result<Vec<String>> {
        let wish = self.wish(index)?;
        let customer = self.shop.customer(wish.customer);
        let mut words: Vec<String> = ["refund", "create", "--yes", "--invoice"]
            .map(str::to_owned)
            .into();
        words.extend([self.invoice(wish)?.to_owned(), "--payer".to_owned(), customer]);
        words.extend(["--amount".to_owned(), self.amount(wish)?]);
        if let Some(reference) = wish.reference(index) {
            words.extend(["--reference".to_owned(), reference]);
        }
        Ok(words)
    }

    /// Writes a list of these wishes; where its results will lie.
    fn list(&self, wishes: &[usize]) -> Result<(String, PathBuf)> {
        let mut text = "invoice,payer,amount,reference,reason\n".to_owned();
        for index in wishes {
            let wish = self.wish(*index)?;
            let (invoice, payer) = (self.invoice(wish)?, self.shop.customer(wish.customer));
            let reference = wish.reference(*index).unwrap_or_default();
            text.push_str(&format!(
                "{invoice},{payer},{},{reference},\n",
                self.amount(wish)?
            ));
        }
        let path = self.shop.folder().join(format!("list-{}.csv", self.log.len()));
        fs::write(&path, text)?;
        let path = path.display().to_string();
        Ok((path.clone(), PathBuf::from(format!("{path}.results.jsonl"))))
    }

    fn command(&mut self, machine: usize, action: &Action, end: End, no_wait: bool) -> Result<String> {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let mut results = None;
        let mut arguments = match action {
            Action::Create(wish) => self.create(*wish)?,
            Action::Batch(wishes) => {
                let (list, path) = self.list(wishes)?;
                results = Some(path);
                words(&["refund", "batch", &list, "--per-transaction", "2", "--yes"])
            }
            Action::Resume => words(&["refund", "resume", "--yes"]),
            Action::Status => words(&["refund", "status"]),
            Action::Bump => {
                let journal = self.shop.machine(machine).journal()?;
                let Some(open) = journal.iter().find(|entry| entry.is_open()) else {
                    return Ok("nothing waits".to_owned());
                };
                words(&["tx", "bump", &open.number.to_string(), "--yes"])
            }
        };
        match action {
            Action::Status => {}
            Action::Batch(_) => arguments.extend(words(&["--timeout", "1"])),
            _ if no_wait => arguments.extend(words(&["--no-wait"])),
            _ => arguments.extend(words(&["--timeout", "1"])),
        }
        let before = self.signed(machine)?;
        let ran = self.call(machine, &arguments, end)?;
        let lines = match (results.map(read_lines).transpose(), end) {
            // What did not fit on the disk is not there.
            (Err(_), End::DiskFull(_)) => Vec::new(),
            (lines, _) => lines?.unwrap_or_default(),
        };
        self.take(machine, &arguments, &ran, &lines, before)
    }

    /// Notes what a command said.
    fn take(
        &mut self,
        machine: usize,
        arguments: &[String],
        ran: &Ran,
        lines: &[Value],
        signed_before: usize,
    ) -> Result<String> {
        let call = format!("machine {machine}: {}", arguments.join(" "));
        let document = serde_json::from_str(&ran.stdout).unwrap_or(Value::Null);
        if ran.exit.is_some() {
            ensure!(
                !document.is_null(),
                "{call} printed no JSON: {}{}",
                ran.stdout,
                ran.stderr
            );
            // The result file of a killed command may be older than what happened.
            let mut said = Said::new(call, ran.exit, &document, lines);
            said.signed = self.signed(machine)?.saturating_sub(signed_before);
            self.said.push(said);
        }
        let last = ran.stderr.lines().find(|line| line.starts_with("error"));
        Ok(format!("{:?} {}", ran.exit, last.unwrap_or_default()))
    }

    fn signed(&self, machine: usize) -> Result<usize> {
        let journal = self.shop.machine(machine).journal()?;
        Ok(journal.iter().filter(|entry| entry.is_signed()).count())
    }

    fn call(&self, machine: usize, arguments: &[String], end: End) -> Result<Ran> {
        let machine = self.shop.machine(machine);
        let recoup = match end {
            End::Failpoint(place, turn) => machine.dying(&format!("{place}:{turn}"))?,
            End::Natural | End::Killed(_) | End::DiskFull(_) => machine.recoup().clone(),
        };
        let mut command = recoup.command(arguments).arg("--json").into_command();
        if let End::DiskFull(more) = end {
            let journal = fs::metadata(machine.journal_path()).map_or(0, |file| file.len());
            command = with_disk_of(&command, journal + u64::from(more));
        }
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        if self.hangs.load(Ordering::Relaxed) {
            self.answer_at_last(&mut child)?;
        }
        if let End::Killed(pause) = end {
            thread::sleep(Duration::from_millis(pause));
            // It may be over by then.
            let _ = child.kill();
        }
        let output = child.wait_with_output()?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ok(Ran {
            exit: output.status.code(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        })
    }

    /// A client's own patience is half a minute: once its broadcast is taken, the node restarts before.
    fn answer_at_last(&self, child: &mut Child) -> Result<()> {
        let chain = self.shop.stage().chain();
        while child.try_wait()?.is_none() {
            let ordered = chain.faults(&json!({}))?;
            let left = ordered.pointer("/broadcast/times").and_then(Value::as_u64);
            if left.unwrap_or_default() == 0 {
                thread::sleep(HANGS_FOR);
                self.hangs.store(false, Ordering::Relaxed);
                chain.faults(&json!({ "restart": true }))?;
                break;
            }
            thread::sleep(LOOK_EVERY);
        }
        Ok(())
    }

    /// With a journal that is damaged nothing is done, and the journal is left as it is.
    fn damaged(&mut self, machine: usize, action: &Action, place: u16) -> Result<String> {
        let path = self.shop.machine(machine).journal_path();
        let Ok(whole) = fs::read(&path) else {
            return Ok("no journal yet".to_owned());
        };
        // Without its last line feed a line was never written: that is no damage.
        let place = whole.len().saturating_sub(1) * usize::from(place) / 1_000;
        let mut damaged = whole.clone();
        if let Some(byte) = damaged.get_mut(place) {
            *byte ^= 1;
        }
        fs::write(&path, &damaged)?;
        let arguments = match action {
            Action::Create(wish) => self.create(*wish)?,
            _ => ["refund", "resume", "--yes"].map(str::to_owned).into(),
        };
        let ran = self.call(machine, &arguments, End::Natural)?;
        if fs::read(&path)? != damaged {
            self.found
                .push(format!("{arguments:?} wrote into a damaged journal"));
        }
        // Before the journal is read, the node may be found to be another's, or away.
        let has_looked = !["network", "refused"]
            .iter()
            .any(|kind| ran.stdout.contains(&format!("\"kind\": \"{kind}\"")));
        if has_looked && ran.exit != Some(DAMAGED) {
            self.found.push(format!(
                "{arguments:?} ended with {:?} on a damaged journal: {}",
                ran.exit, ran.stdout
            ));
        }
        fs::write(&path, whole)?;
        Ok(format!("{:?}", ran.exit))
    }

    /// The same command on every machine and twice on the first, at once.
    fn together(&mut self, wish: usize) -> Result<String> {
        let mut arguments = self.create(wish)?;
        arguments.extend(["--timeout".to_owned(), "1".to_owned()]);
        let windows: Vec<usize> = (0..self.plan.machines).chain([0]).collect();
        let this = &*self;
        let ran: Vec<Result<Ran>> = thread::scope(|scope| {
            let threads: Vec<_> = windows
                .iter()
                .map(|machine| scope.spawn(|| this.call(*machine, &arguments, End::Natural)))
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap_or_else(|_| Err(anyhow::anyhow!("panicked"))))
                .collect()
        });
        let mut notes = Vec::new();
        for (machine, ran) in windows.into_iter().zip(ran) {
            // Which of them signed cannot be told from outside.
            let signed = self.signed(machine)?;
            notes.push(self.take(machine, &arguments, &ran?, &[], signed)?);
        }
        Ok(notes.join("; "))
    }

    /// Heals the node and resumes until nothing is left to do. What stays is told.
    fn settle(&mut self) -> Result<Option<String>> {
        let stage = self.shop.stage();
        self.hangs.store(false, Ordering::Relaxed);
        stage.heal()?;
        let resume = ["refund", "resume", "--yes", "--timeout", "20"].map(str::to_owned);
        let mut codes = Vec::new();
        for _ in 0..ROUNDS {
            stage.chain().mine(1)?;
            codes.clear();
            for machine in 0..self.plan.machines {
                let before = self.signed(machine)?;
                let ran = self.call(machine, &resume, End::Natural)?;
                let note = self.take(machine, &resume, &ran, &[], before)?;
                self.log.push(format!("resume on machine {machine}: {note}"));
                codes.push(ran.exit);
            }
            if codes.iter().all(|code| *code == Some(0)) {
                return Ok(None);
            }
        }
        Ok(Some(format!(
            "after {ROUNDS} rounds resume still ends with {codes:?}"
        )))
    }

    /// Every wish has an amount of its own: no more than one refund may have it.
    fn paid_twice(&self, evidence: &Evidence) -> Vec<String> {
        let times = |wish: &Wish| {
            let refunds = evidence.mined.iter().flat_map(|mined| &mined.refunds);
            refunds.filter(|refund| refund.amount.0 == wish.amount).count()
        };
        let wishes = self.plan.wishes.iter().enumerate();
        wishes
            .map(|(index, wish)| (index, times(wish)))
            .filter(|(_, times)| *times > 1)
            .map(|(index, times)| format!("wish {index} was paid {times} times"))
            .collect()
    }
}

fn read_lines(path: PathBuf) -> Result<Vec<Value>> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text = fs::read_to_string(path)?;
    text.lines()
        .map(|line| serde_json::from_str(line).context("a result line"))
        .collect()
}
