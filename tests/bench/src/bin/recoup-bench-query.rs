//! Prints how fast the API answers, and fails where a plan is not what the documentation promises.

use std::env;
use std::process::ExitCode;

use recoup_bench::{QueryScale, ask_for_ever, run_queries};

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    if let (Some("--load"), Some(api)) = (arguments.next().as_deref(), arguments.next()) {
        return report(ask_for_ever(&api).map(|()| ExitCode::SUCCESS));
    }
    report(
        QueryScale::from_environment()
            .and_then(|scale| run_queries(&scale))
            .map(|report| {
                println!("{}", report.table);
                for plan in &report.bad_plans {
                    println!("PLAN {plan}");
                }
                if report.bad_plans.is_empty() {
                    println!("every plan reads indexes, and few rows");
                    ExitCode::SUCCESS
                } else {
                    ExitCode::FAILURE
                }
            }),
    )
}

fn report(ended: anyhow::Result<ExitCode>) -> ExitCode {
    ended.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
