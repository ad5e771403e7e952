//! Asking the contract many things: by id in steps, and several at once.

use std::collections::BTreeSet;
use std::future::Future;

use tokio::task::JoinSet;

/// Rows that are read from the database at once, and asked of the node before the next.
pub(super) const STEP: i64 = 200;
/// Things that are asked of the node at once.
const ASKED_AT_ONCE: usize = 16;

/// The next ids that either side has, of which the contract has all from 1 to `last_in_contract`.
pub(super) fn next_ids(
    stored: impl IntoIterator<Item = i64>,
    after: u64,
    last_in_contract: u64,
    to: u64,
) -> Vec<u64> {
    let limit = u64::try_from(STEP).unwrap_or(1);
    let first = after.saturating_add(1);
    let in_contract = first..=last_in_contract.min(after.saturating_add(limit));
    let ids: BTreeSet<u64> = stored
        .into_iter()
        .filter_map(|id| u64::try_from(id).ok())
        .chain(in_contract)
        .filter(|id| *id <= to)
        .collect();
    ids.into_iter()
        .take(usize::try_from(limit).unwrap_or(1))
        .collect()
}

/// Asks for each of these, several at once; answers in their order.
///
/// # Errors
/// The first that comes.
pub(super) async fn ask_all<Q, A, E, F>(
    questions: impl IntoIterator<Item = Q>,
    ask: impl Fn(Q) -> F,
) -> Result<Vec<A>, E>
where
    A: Send + 'static,
    E: Send + 'static,
    F: Future<Output = Result<A, E>> + Send + 'static,
{
    let mut answers: Vec<Option<A>> = Vec::new();
    let mut waiting = questions.into_iter();
    let mut asked = JoinSet::new();
    loop {
        while asked.len() < ASKED_AT_ONCE
            && let Some(question) = waiting.next()
        {
            let place = answers.len();
            answers.push(None);
            let answer = ask(question);
            asked.spawn(async move { (place, answer.await) });
        }
        match asked.join_next().await {
            None => return Ok(answers.into_iter().flatten().collect()),
            Some(Ok((place, answer))) => {
                if let Some(slot) = answers.get_mut(place) {
                    *slot = Some(answer?);
                }
            }
            Some(Err(panicked)) => std::panic::resume_unwind(panicked.into_panic()),
        }
    }
}
