//! A run drawn from a seed: what is sold, what is to be refunded, and what happens meanwhile. Pure.

use fastrand::Rng;

use super::stage::CoinKind;

/// What happens in one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// What it was drawn from.
    pub seed: u64,
    /// How many buy something.
    pub customers: usize,
    /// How many machines have the merchant's key.
    pub machines: usize,
    /// What they buy.
    pub sales: Vec<Sale>,
    /// What they are to get back.
    pub wishes: Vec<Wish>,
    /// What happens, in order.
    pub steps: Vec<Step>,
}

/// An invoice and its payments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sale {
    /// What it is paid in.
    pub coin: CoinKind,
    /// Who pays how much, in order.
    pub payments: Vec<(usize, u128)>,
}

/// A refund that somebody wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// Of which sale.
    pub sale: usize,
    /// To whom.
    pub customer: usize,
    /// In base units; no two wishes of a run have the same.
    pub amount: u128,
    /// Whether it has a reference: only then it is wished more than once.
    pub is_named: bool,
}

impl Wish {
    /// The merchant's own id for it.
    #[must_use]
    pub fn reference(&self, index: usize) -> Option<String> {
        self.is_named.then(|| format!("wish-{index}"))
    }
}

/// How a command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// By itself.
    Natural,
    /// It dies at the nth pass of this place.
    Failpoint(&'static str, u8),
    /// It is killed after so many milliseconds.
    Killed(u64),
    /// No file can grow beyond the journal's present length and so many bytes.
    DiskFull(u16),
}

/// A command of the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// `refund create` of a wish.
    Create(usize),
    /// `refund batch` of wishes.
    Batch(Vec<usize>),
    /// `refund resume`
    Resume,
    /// `tx bump` of what waits.
    Bump,
    /// `refund status`
    Status,
}

/// What the node does wrong until it is healed, or once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The next broadcast.
    Broadcast(&'static str),
    /// The next broadcast is accepted and not answered until the node restarts.
    Hang,
    /// The next broadcast is refused.
    Reject(&'static str),
    /// So many reads fail.
    FailReads(u8),
    /// It stands so many blocks behind.
    Lag(u8),
    /// It tells nonces that are off.
    NonceOffset(i8),
    /// It follows the branch that was abandoned last.
    OtherFork,
    /// It is of another network.
    OtherNetwork,
    /// It is gone.
    Down,
    /// It restarts and forgets what waits.
    Restart,
    /// Nothing gets into blocks.
    Hold,
    /// The miners' clock.
    Clock(i32),
}

/// One thing after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Somebody runs the command line.
    Command {
        /// On which machine.
        machine: usize,
        /// What.
        action: Action,
        /// How it ends.
        end: End,
        /// Without waiting for a block.
        no_wait: bool,
    },
    /// The same while one byte of the machine's journal is another one; afterwards it is restored.
    Damaged {
        /// On which machine.
        machine: usize,
        /// What.
        action: Action,
        /// Which byte, in thousandths of the file.
        place: u16,
    },
    /// Two machines, or two windows of one, run the same command at once.
    Together(usize),
    /// The node goes wrong.
    Fault(Fault),
    /// It is well again.
    Heal,
    /// A Stacks block.
    Mine,
    /// A Bitcoin block.
    Burn,
    /// Blocks are abandoned; their transactions come back, or do not.
    Fork {
        /// How many at the most.
        depth: u32,
        /// Whether they wait for a block again.
        remine: bool,
    },
    /// The branch that was abandoned wins again.
    Flip,
    /// A miner mines the first of what was sent with a raised fee.
    MineOriginal,
    /// The merchant spends something from another wallet.
    Spend,
}

const FAILPOINTS: [&str; 13] = [
    "before-journal-planned",
    "after-journal-planned",
    "during-journal",
    "after-journal-signed",
    "after-journal-signed",
    "after-broadcast",
    "after-broadcast",
    "after-journal-broadcast",
    "before-journal-seen",
    "after-journal-seen",
    "before-results",
    "between-transactions",
    "after-journal-bumped",
];
const BROADCASTS: [&str; 3] = ["accept-then-disconnect", "accept-then-forget", "fail"];
const REJECTIONS: [&str; 4] = [
    "TooMuchChaining",
    "TemporarilyBlacklisted",
    "ServerFailureDatabase",
    "ServerFailureOther",
];
const COINS: [CoinKind; 3] = [CoinKind::Stx, CoinKind::Sbtc, CoinKind::Plain];
const PAYMENT: u128 = 2_000_000;

impl Plan {
    /// Draws one. The same seed gives the same plan.
    #[must_use]
    pub fn draw(seed: u64) -> Self {
        let mut dice = Rng::with_seed(seed);
        let customers = dice.usize(1..=2);
        let machines = dice.usize(1..=2);
        let sales: Vec<Sale> = (0..dice.usize(1..=2))
            .map(|_| draw_sale(&mut dice, customers))
            .collect();
        let wishes: Vec<Wish> = (0..dice.usize(2..=5))
            .filter_map(|index| draw_wish(&mut dice, &sales, index))
            .collect();
        let mut unnamed: Vec<usize> = (0..wishes.len())
            .filter(|index| wishes.get(*index).is_some_and(|wish| !wish.is_named))
            .collect();
        let named: Vec<usize> = (0..wishes.len())
            .filter(|index| !unnamed.contains(index))
            .collect();
        let mut steps = Vec::new();
        for _ in 0..dice.usize(7..=12) {
            steps.push(draw_step(&mut dice, machines, &named, &mut unnamed));
        }
        Self {
            seed,
            customers,
            machines,
            sales,
            wishes,
            steps,
        }
    }
}

fn draw_sale(dice: &mut Rng, customers: usize) -> Sale {
    let coin = *dice.choice(&COINS).unwrap_or(&CoinKind::Stx);
    let instalments = dice.usize(1..=3);
    let payments =
        (0..instalments).map(|_| (dice.usize(0..customers), PAYMENT + u128::from(dice.u32(0..1_000))));
    Sale {
        coin,
        payments: payments.collect(),
    }
}

fn draw_wish(dice: &mut Rng, sales: &[Sale], index: usize) -> Option<Wish> {
    let sale = dice.usize(0..sales.len());
    let (customer, _) = *dice.choice(&sales.get(sale)?.payments)?;
    // One in ten asks for more than anybody paid.
    let base = if dice.u8(0..10) == 0 {
        20 * PAYMENT
    } else {
        100_000
    };
    Some(Wish {
        sale,
        customer,
        amount: base + 10_000 * u128::try_from(index).unwrap_or_default() + u128::from(dice.u32(0..9_999)),
        is_named: dice.u8(0..4) > 0,
    })
}

fn draw_step(dice: &mut Rng, machines: usize, named: &[usize], unnamed: &mut Vec<usize>) -> Step {
    match dice.u8(0..100) {
        0..=54 => Step::Command {
            machine: dice.usize(0..machines),
            action: draw_action(dice, named, unnamed),
            end: draw_end(dice),
            no_wait: dice.bool(),
        },
        55..=58 => dice
            .choice(named)
            .map_or(Step::Mine, |wish| Step::Together(*wish)),
        59..=78 => Step::Fault(draw_fault(dice)),
        79..=83 => Step::Heal,
        84..=86 => Step::Mine,
        87..=89 => Step::Burn,
        90..=94 => Step::Fork {
            depth: dice.u32(1..=3),
            remine: dice.bool(),
        },
        95..=96 => Step::Flip,
        97 => Step::MineOriginal,
        98 => Step::Damaged {
            machine: dice.usize(0..machines),
            action: draw_repeatable(dice, named),
            place: dice.u16(0..1_000),
        },
        _ => Step::Spend,
    }
}

fn draw_action(dice: &mut Rng, named: &[usize], unnamed: &mut Vec<usize>) -> Action {
    match dice.u8(0..100) {
        0..=54 => {
            // One without a reference is wished once.
            let once = if dice.bool() { unnamed.pop() } else { None };
            once.or_else(|| dice.choice(named).copied())
                .map_or(Action::Resume, Action::Create)
        }
        55..=69 if !named.is_empty() => {
            let mut wishes = named.to_vec();
            dice.shuffle(&mut wishes);
            wishes.truncate(dice.usize(1..=named.len()));
            Action::Batch(wishes)
        }
        70..=79 => Action::Bump,
        80..=84 => Action::Status,
        _ => Action::Resume,
    }
}

/// What may be tried and come to nothing.
fn draw_repeatable(dice: &mut Rng, named: &[usize]) -> Action {
    match dice.choice(named) {
        Some(wish) if dice.bool() => Action::Create(*wish),
        _ => Action::Resume,
    }
}

fn draw_end(dice: &mut Rng) -> End {
    match dice.u8(0..11) {
        0..=2 => {
            let place = dice.choice(FAILPOINTS).unwrap_or("after-broadcast");
            End::Failpoint(place, dice.u8(1..=2))
        }
        3 => End::Killed(dice.u64(5..700)),
        4 => End::DiskFull(dice.u16(0..4_000)),
        _ => End::Natural,
    }
}

fn draw_fault(dice: &mut Rng) -> Fault {
    match dice.u8(0..15) {
        0..=2 => Fault::Broadcast(dice.choice(BROADCASTS).unwrap_or("fail")),
        3 => Fault::Reject(dice.choice(REJECTIONS).unwrap_or("ServerFailureOther")),
        4 => Fault::FailReads(dice.u8(1..6)),
        5 => Fault::Lag(dice.u8(1..4)),
        6 => Fault::NonceOffset(-1),
        7 => Fault::NonceOffset(1),
        8 => Fault::OtherFork,
        9 => Fault::OtherNetwork,
        10 => Fault::Down,
        11 => Fault::Restart,
        12 => Fault::Clock(dice.i32(-1_000_000..1_000_000)),
        13 => Fault::Hang,
        _ => Fault::Hold,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_same_seed_draws_the_same_plan() {
        assert_eq!(Plan::draw(7), Plan::draw(7));
        assert_ne!(Plan::draw(7).steps, Plan::draw(8).steps);
    }

    #[test]
    fn wishes_are_told_apart_by_their_amounts_and_unnamed_ones_come_once() {
        for seed in 0..500 {
            let plan = Plan::draw(seed);
            let amounts: BTreeSet<u128> = plan.wishes.iter().map(|wish| wish.amount).collect();
            assert_eq!(amounts.len(), plan.wishes.len(), "seed {seed}");
            for (index, wish) in plan.wishes.iter().enumerate().filter(|(_, wish)| !wish.is_named) {
                let times = plan.steps.iter().filter(|step| {
                    matches!(step, Step::Command { action: Action::Create(wish), .. } if *wish == index)
                });
                assert!(times.count() <= 1, "seed {seed}: {wish:?}");
            }
        }
    }

    /// Every sort of step and fault comes up within a few hundred runs: a plan that leaves some out tests less than it says.
    #[test]
    fn everything_is_drawn() {
        let mut seen = BTreeSet::new();
        for seed in 0..300 {
            for step in Plan::draw(seed).steps {
                let name = |value: String| value.split([' ', '(', '{']).next().unwrap_or_default().to_owned();
                seen.insert(name(format!("{step:?}")));
                match step {
                    Step::Fault(fault) => drop(seen.insert(name(format!("{fault:?}")))),
                    Step::Command { action, end, .. } => {
                        seen.insert(name(format!("{action:?}")));
                        seen.insert(name(format!("{end:?}")));
                    }
                    _ => {}
                }
            }
        }
        // 11 steps, 12 faults, 5 actions, 4 ends.
        assert_eq!(seen.len(), 32, "{seen:?}");
    }
}
