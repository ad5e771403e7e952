//! Where the indexer says that its time went.

use std::time::Duration;

use anyhow::Result;
use serde_json::Value;
use ureq::Agent;

/// A phase's name and its time.
pub(crate) type Phase = (String, Duration);

/// Those of an import's closing line.
pub(crate) fn of_summary(summary: &Value) -> Vec<Phase> {
    let phases = summary.get("milliseconds").and_then(Value::as_object);
    let phases = phases.into_iter().flatten();
    phases
        .filter_map(|(phase, time)| Some((phase.clone(), Duration::from_millis(time.as_u64()?))))
        .collect()
}

/// Those of a running indexer until now, as its metrics tell.
pub(crate) fn of_running(agent: &Agent, api: &str) -> Result<Vec<Phase>> {
    const NAME: &str = "recoup_indexer_ingest_phase_seconds_total{phase=\"";
    let text = agent
        .get(format!("{api}/api/v1/metrics"))
        .call()?
        .body_mut()
        .read_to_string()?;
    let lines = text
        .lines()
        .filter_map(|line| line.strip_prefix(NAME)?.split_once("\"} "));
    Ok(lines
        .filter_map(|(phase, seconds)| {
            Some((
                phase.to_owned(),
                Duration::try_from_secs_f64(seconds.parse().ok()?).ok()?,
            ))
        })
        .collect())
}

/// In words, the longest first.
pub(crate) fn list(phases: &[Phase]) -> String {
    let mut phases: Vec<&Phase> = phases
        .iter()
        .filter(|(_, time)| *time >= Duration::from_millis(1))
        .collect();
    phases.sort_by_key(|(_, time)| std::cmp::Reverse(*time));
    let texts: Vec<String> = phases
        .into_iter()
        .map(|(phase, time)| format!("{} {:.2} s", phase.replace('_', " "), time.as_secs_f64()))
        .collect();
    texts.join(", ")
}
