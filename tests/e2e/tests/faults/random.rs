//! Random faults: shops, refunds and misfortunes drawn from seeds; at the end chain, journals and printed words must fit
//! together. `RECOUP_FAULT_SEED` names the first seed, `RECOUP_FAULT_RUNS` how many runs there are.

use std::env;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use recoup_e2e::faults::{Plan, Report, Stage, run};

const RUNS: u64 = 50;
const FIRST_SEED: u64 = 1;
/// A chain keeps all its blocks in memory: after so many runs another one takes over.
const RUNS_A_STAGE: u64 = 100;
const THREADS: usize = 2;

fn setting(name: &str, otherwise: u64) -> u64 {
    env::var(name).map_or(otherwise, |text| text.parse().unwrap())
}

#[test]
fn whatever_happens_everybody_is_paid_once_and_told_the_truth() {
    let runs = setting("RECOUP_FAULT_RUNS", RUNS);
    let first = setting("RECOUP_FAULT_SEED", FIRST_SEED);
    eprintln!("RECOUP_FAULT_SEED={first} RECOUP_FAULT_RUNS={runs}");
    let next = AtomicU64::new(first);
    let failures = Mutex::new(Vec::new());
    let refunds = AtomicU64::new(0);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let mut stage = None;
                let mut told = 0;
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + runs || !failures.lock().unwrap().is_empty() {
                        break;
                    }
                    if told % RUNS_A_STAGE == 0 {
                        stage = Some(Stage::start().unwrap());
                    }
                    told += 1;
                    let plan = Plan::draw(seed);
                    match run(stage.as_ref().unwrap(), &plan) {
                        Ok(report) if report.found.is_empty() => {
                            refunds.fetch_add(report.refunds.try_into().unwrap(), Ordering::Relaxed);
                        }
                        Ok(report) => failures.lock().unwrap().push(describe(&plan, &report)),
                        Err(error) => {
                            let text = format!("RECOUP_FAULT_SEED={seed}: {error:#}\n{plan:#?}");
                            failures.lock().unwrap().push(text);
                        }
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    // Runs in which hardly anything is paid would prove little.
    let refunds = refunds.into_inner();
    assert!(refunds >= runs, "{refunds} refunds in {runs} runs");
}

fn describe(plan: &Plan, report: &Report) -> String {
    format!(
        "RECOUP_FAULT_SEED={} RECOUP_FAULT_RUNS=1 repeats this:\n{:#?}\n{:#?}\n{}",
        plan.seed,
        (&plan.sales, &plan.wishes),
        report.log,
        report.found.join("\n")
    )
}
