//! Everything that the API documents, as requests.

use recoup_indexer::api::COMBINATIONS;

use super::samples::Sample;

/// A page reads its rows, one more, and what stands beside each.
const PAGE_READS: u64 = 500;
/// A page of refunds in a status, or with orphans between its rows, passes over some.
const STATUS_READS: u64 = 3_000;
/// A search looks at all that matches, and refuses above 5,000.
const SEARCH_READS: u64 = 5_001;

/// A request that the documentation allows.
pub(super) struct Question {
    /// In words.
    pub(super) name: String,
    /// What it is for a sample, below `/api/v1`.
    pub(super) path: Box<dyn Fn(&Sample) -> String + Send>,
    /// An index that must answer it, where the documentation names one.
    pub(super) index: Option<&'static str>,
    /// Most rows that any part of a plan may touch.
    pub(super) reads_at_most: u64,
    /// Whether its answer is a stream, of which the first byte counts.
    pub(super) is_stream: bool,
}

fn ask(name: &str, reads_at_most: u64, path: impl Fn(&Sample) -> String + Send + 'static) -> Question {
    Question {
        name: name.to_owned(),
        path: Box::new(path),
        index: None,
        reads_at_most,
        is_stream: false,
    }
}

/// All of them.
pub(super) fn all() -> Vec<Question> {
    let mut questions = lists();
    questions.extend(lookups());
    questions.extend(totals());
    questions.extend(satellites());
    for format in ["csv", "jsonl"] {
        questions.push(Question {
            is_stream: true,
            ..ask(&format!("export, {format}, first byte"), 2_000, move |sample| {
                format!("/export/refunds.{format}?merchant={}", sample.merchant)
            })
        });
    }
    questions
}

/// Every pair of filter and order, alone and with each kind of range.
fn lists() -> Vec<Question> {
    let mut questions = Vec::new();
    for combination in COMBINATIONS {
        for order in combination.orders {
            let order = order.to_string();
            let mut ranges: Vec<Range> = vec![("", |_| String::new(), PAGE_READS)];
            if combination.ranges {
                ranges.extend(RANGES);
            }
            for (what, range, reads) in ranges {
                let filters = combination.filters;
                let name = match filters {
                    [] => "refunds".to_owned(),
                    filters => format!("refunds, {}", filters.join(" + ")),
                };
                let order = order.clone();
                let reads = if filters.contains(&"q") {
                    SEARCH_READS
                } else {
                    reads
                };
                questions.push(Question {
                    index: what.is_empty().then_some(combination.index),
                    ..ask(&format!("{name}{what}, {order}"), reads, move |sample| {
                        let filters: String = filters
                            .iter()
                            .map(|filter| parameter(filter, filters, sample))
                            .collect();
                        format!("/refunds?order={order}{filters}{}", range(sample))
                    })
                });
            }
        }
    }
    questions
}

/// Its name, its parameters, and the rows that may be touched.
type Range = (&'static str, fn(&Sample) -> String, u64);

const RANGES: [Range; 6] = [
    (
        ", burn heights",
        |sample| {
            let (from, to) = (sample.burn_height.saturating_sub(2_000), sample.burn_height);
            format!("&from_burn_height={from}&to_burn_height={to}")
        },
        PAGE_READS,
    ),
    (
        ", times",
        |sample| format!("&from_time={}&before_time={}", sample.month_before, sample.time),
        PAGE_READS,
    ),
    (
        ", as of",
        |sample| format!("&as_of_burn_height={}", sample.burn_height),
        PAGE_READS,
    ),
    (", seen", |_| "&status=seen".to_owned(), STATUS_READS),
    (", final", |_| "&status=final".to_owned(), STATUS_READS),
    (", orphaned", |_| "&status=orphaned".to_owned(), STATUS_READS),
];

fn parameter(filter: &str, beside: &[&str], sample: &Sample) -> String {
    match filter {
        "merchant" if beside.contains(&"reference") => format!("&merchant={}", sample.merchant_of_reference),
        "merchant" if beside.contains(&"q") => format!("&merchant={}", sample.merchant_of_words),
        "merchant" => format!("&merchant={}", sample.merchant),
        "payer" => format!("&payer={}", sample.payer),
        "invoice" => format!("&invoice={}", sample.invoice),
        "token" => format!("&token={}", sample.token),
        "txid" => format!("&txid={}", sample.txid),
        "amount" => format!("&min_amount=1&max_amount={}", sample.amount),
        "reference" => format!("&reference={}", sample.reference),
        "q" => format!("&q={}", sample.words.replace(' ', "+")),
        other => format!("&{other}="),
    }
}

fn lookups() -> Vec<Question> {
    let mut questions = vec![
        ask("refund by id", PAGE_READS, |sample| {
            format!("/refunds/{}", sample.refund)
        }),
        ask("proof of a refund, without a node", PAGE_READS, |sample| {
            format!("/refunds/{}/proof", sample.whole_refund)
        }),
        ask("checkpoints", PAGE_READS, |_| "/checkpoints".to_owned()),
        ask("checkpoint of a height", PAGE_READS, |sample| {
            format!("/checkpoints/{}", (sample.burn_height / 144 + 1) * 144)
        }),
        ask("checkpoint, latest", PAGE_READS, |_| {
            "/checkpoints/latest".to_owned()
        }),
        ask("invoice by id", PAGE_READS, |sample| {
            format!("/invoices/{}", sample.invoice)
        }),
        ask("invoice that a crowd paid", PAGE_READS, |_| {
            "/invoices/1".to_owned()
        }),
        ask("payers of a crowd's invoice", PAGE_READS, |_| {
            "/invoices/1/payers".to_owned()
        }),
        ask("payments of a crowd's invoice", PAGE_READS, |_| {
            "/invoices/1/payments".to_owned()
        }),
        ask("timeline", PAGE_READS, |sample| {
            format!("/invoices/{}/timeline", sample.whole_invoice)
        }),
        ask("timeline of a crowd", PAGE_READS, |_| {
            "/invoices/1/timeline".to_owned()
        }),
        ask("invoices", PAGE_READS, |_| "/invoices".to_owned()),
        ask("invoices, merchant", PAGE_READS, |sample| {
            format!("/invoices?merchant={}", sample.merchant)
        }),
        ask("invoices, payer", PAGE_READS, |sample| {
            format!("/invoices?payer={}", sample.payer)
        }),
        ask("invoices, merchant + reference", PAGE_READS, |sample| {
            format!(
                "/invoices?merchant={}&reference=order-{}",
                sample.merchant, sample.invoice
            )
        }),
    ];
    for status in [
        "open",
        "partially-paid",
        "paid",
        "expired",
        "cancelled",
        "refunded",
    ] {
        questions.push(ask(
            &format!("invoices, merchant + status {status}"),
            PAGE_READS,
            move |sample| format!("/invoices?merchant={}&status={status}", sample.merchant),
        ));
    }
    questions
}

fn totals() -> Vec<Question> {
    vec![
        ask("totals of a merchant", PAGE_READS, |sample| {
            format!("/merchants/{}", sample.merchant)
        }),
        ask("totals of a merchant, as of", PAGE_READS, |sample| {
            format!(
                "/merchants/{}?as_of_burn_height={}",
                sample.merchant, sample.burn_height
            )
        }),
        ask("totals of a payer", PAGE_READS, |sample| {
            format!("/payers/{}", sample.payer)
        }),
        ask("totals of a payer, as of", PAGE_READS, |sample| {
            format!(
                "/payers/{}?as_of_burn_height={}",
                sample.payer, sample.burn_height
            )
        }),
        ask("series, 30 days", PAGE_READS, |_| "/stats".to_owned()),
        ask("series, 30 days of a merchant", PAGE_READS, |sample| {
            format!("/stats?merchant={}&token={}", sample.merchant, sample.token)
        }),
        ask("series, 400 buckets of a day in burn blocks", 2_000, |_| {
            "/stats?bucket=burn&from_burn_height=800000&to_burn_height=857599".to_owned()
        }),
        ask("series, 30 days up to one", PAGE_READS, |sample| {
            let day = sample.time.get(..10).unwrap_or_default();
            format!("/stats?token={}&to_day={day}", sample.token)
        }),
    ]
}

fn satellites() -> Vec<Question> {
    vec![
        ask("subscriptions", PAGE_READS, |_| "/subscriptions".to_owned()),
        ask("subscriptions, merchant", PAGE_READS, |sample| {
            format!("/subscriptions?merchant={}", sample.merchant)
        }),
        ask("subscriptions, payer", PAGE_READS, |sample| {
            format!("/subscriptions?payer={}", sample.payer)
        }),
        ask("subscriptions, merchant + payer", PAGE_READS, |sample| {
            format!(
                "/subscriptions?merchant={}&payer={}",
                sample.merchant, sample.payer
            )
        }),
        ask("subscription by id", PAGE_READS, |sample| {
            format!("/subscriptions/{}", sample.subscription)
        }),
        ask("reserves of a merchant", PAGE_READS, |sample| {
            format!("/reserves/{}", sample.merchant)
        }),
        ask("operators of a merchant", PAGE_READS, |sample| {
            format!("/operators/{}", sample.merchant)
        }),
        ask("health", PAGE_READS, |_| "/health".to_owned()),
    ]
}
