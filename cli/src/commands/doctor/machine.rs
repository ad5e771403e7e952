//! What lies on this machine: configuration, journal, wallet.

use recoup_stacks::address::Address;

use crate::context::Context;
use crate::doctor::{Finding, Report};
use crate::terminal;

pub(super) fn configuration(context: &Context) -> Finding {
    let profile = &context.profile;
    let detail = format!(
        "profile {} ({}), node {}, file {}",
        profile.name,
        profile.network,
        profile.node,
        context.home.config_file().display()
    );
    Finding::ok("configuration", detail)
}

/// A journal that cannot be read stops every refund; one with open entries wants to be finished.
pub(super) fn journal(context: &Context) -> Finding {
    let book = match context.journal.read() {
        Ok(book) => book,
        Err(error) => return Finding::failed("journal", error.into()),
    };
    let total = book.entries().count();
    let open = book.entries().filter(|entry| entry.state.is_open()).count();
    let detail = format!("{total} entries, {open} not settled");
    if open == 0 {
        Finding::ok("journal", detail)
    } else {
        Finding::warning("journal", detail, "run `recoup refund resume`")
    }
}

/// The wallet's address, when there is a wallet; whether it can be opened, as far as that can be tried unasked.
pub(super) fn wallet(context: &Context, report: &mut Report) -> Option<Address> {
    let wallet = match context.wallet() {
        Ok(wallet) => wallet,
        Err(failure) => {
            report.add(Finding::failed("wallet", failure));
            return None;
        }
    };
    let detail = format!("{} {}", wallet.name, wallet.address);
    let source = &context.passphrase;
    let is_given = source.passphrase_file.is_some() || source.passphrase_fd.is_some();
    report.add(if !wallet.has_key() {
        Finding::ok(
            "wallet",
            format!("{detail}, {}: transactions are signed elsewhere", wallet.sort()),
        )
    } else if is_given {
        match wallet.unlock(source) {
            Ok(_) => Finding::ok("wallet", format!("{detail}, opens with the given passphrase")),
            Err(failure) => Finding::failed("wallet", failure.context(format!("{detail} stays locked"))),
        }
    } else if terminal::can_ask() {
        Finding::ok(
            "wallet",
            format!("{detail}, locked: its passphrase is asked when it signs"),
        )
    } else {
        Finding::warning(
            "wallet",
            format!("{detail}, locked: there is no terminal to ask for its passphrase"),
            "give it with --passphrase-file or --passphrase-fd",
        )
    });
    Some(wallet.address)
}
