//! `recoup refund approve`: the second person's part.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use recoup_protocol::amount::BaseUnits;
use recoup_protocol::token::Token;
use recoup_stacks::address::{Address, Principal};
use recoup_stacks::hex;
use serde::{Deserialize, Serialize};

use super::gate;
use crate::approval::{ApprovalError, Request, approve, approver_of};
use crate::burn_time;
use crate::context::{Context, Wallet};
use crate::failure::{Failure, Kind};
use crate::home::{Existing, FileError, write_whole};
use crate::journal::{Approval, Change, Draft, Intent, Stage};
use crate::node::View;
use crate::output::{Fields, Output};
use crate::terminal;
use crate::token::TokenInfo;

/// Arguments of `recoup refund approve`.
#[derive(Debug, Clone, Args)]
pub struct ApproveRefund {
    /// Number of the journal's entry that waits
    #[arg(required_unless_present = "request", conflicts_with = "request")]
    entry: Option<u64>,
    /// Approve a plan that was handed over; the approval goes to stdout
    #[arg(long, value_name = "FILE")]
    request: Option<PathBuf>,
    /// Take an approval that was made elsewhere
    #[arg(long, value_name = "FILE", requires = "entry", conflicts_with_all = ["request", "export"])]
    approval: Option<PathBuf>,
    /// Write the plan down, to hand it over; approves nothing
    #[arg(long, value_name = "FILE", requires = "entry")]
    export: Option<PathBuf>,
    /// Give the plan up: nobody can approve it any more
    #[arg(long, requires = "entry", conflicts_with_all = ["request", "export", "approval"])]
    withdraw: bool,
    /// Do not ask: do it
    #[arg(long, short)]
    yes: bool,
}

#[derive(Serialize)]
struct ApprovalDocument {
    journal_entry: u64,
    /// What was signed: SHA-256 of the statement (SIP-018).
    digest: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    approval: Option<Approval>,
    /// Where the plan was written to.
    #[serde(skip_serializing_if = "Option::is_none")]
    exported: Option<String>,
}

/// What `--approval` reads: the document above.
#[derive(Deserialize)]
struct HandedOver {
    approval: Approval,
}

pub(super) async fn run(context: &Context, arguments: &ApproveRefund) -> Result<Output, Failure> {
    if let Some(file) = &arguments.request {
        let request: Request = read(file)?;
        let (approval, _) = sign(context, &request, arguments.yes).await?;
        return output(&request, Some(approval), None);
    }
    let number = arguments.entry.unwrap_or_default();
    let draft = waiting(context, number)?;
    let request = request_of(context, &draft)?;
    if arguments.withdraw {
        gate::give_up(context, number, "withdrawn")?;
        return output(&request, None, None);
    }
    if let Some(file) = &arguments.export {
        let text = serde_json::to_vec_pretty(&request)
            .map_err(|error| Failure::from_error(Kind::Internal, &error))?;
        write_whole(file, &text, Existing::Replace)?;
        return output(&request, None, Some(file.display().to_string()));
    }
    let approval = match &arguments.approval {
        Some(file) => read::<HandedOver>(file)?.approval,
        None => sign(context, &request, arguments.yes).await?.0,
    };
    let approver = approver_of(context.profile.network, &draft, &approval)?;
    ensure_listed(context, approver)?;
    let mut journal = context.journal.lock()?;
    // It may have been signed or given up while this was asked.
    let now = journal.book().draft(number).filter(|now| now.is_awaiting());
    let now = now.ok_or_else(|| not_waiting(number))?;
    if !now.approvals.contains(&approval) {
        journal.append(number, Change::Approved(approval.clone()))?;
    }
    terminal::note(
        "approved: the planner runs the same command again, or `recoup refund resume`, to send it",
    );
    output(&request, Some(approval), None)
}

fn waiting(context: &Context, number: u64) -> Result<Draft, Failure> {
    let book = context.journal.read()?;
    let draft = book
        .draft(number)
        .filter(|draft| draft.stage == Stage::AwaitingApproval);
    draft.cloned().ok_or_else(|| not_waiting(number))
}

fn not_waiting(number: u64) -> Failure {
    Failure::new(
        Kind::Refused,
        format!("entry {number} does not wait for an approval"),
    )
    .hint("`recoup refund status` lists what does")
}

fn request_of(context: &Context, draft: &Draft) -> Result<Request, Failure> {
    Ok(Request {
        network: context.profile.network,
        journal_entry: draft.number,
        intent: draft.intent.clone(),
        terms: draft.terms.ok_or_else(|| not_waiting(draft.number))?,
    })
}

/// Checks, shows, asks, and signs.
async fn sign(context: &Context, request: &Request, yes: bool) -> Result<(Approval, Wallet), Failure> {
    if request.network != context.profile.network {
        let message = format!(
            "the plan is for {}, not for {}",
            request.network, context.profile.network
        );
        return Err(Failure::new(Kind::Refused, message).hint("choose the profile with --profile"));
    }
    let wallet = context.wallet()?;
    let planner = request.intent.refunds().next().map(|refund| refund.signer());
    if planner == Some(&Principal::from(wallet.address)) {
        return Err(ApprovalError::OwnPlan(wallet.address).into());
    }
    ensure_listed(context, wallet.address)?;
    let view = context.node.view().await?;
    if view.tip.burn_height >= request.terms.expires_at {
        return Err(ApprovalError::Expired(request.terms.expires_at).into());
    }
    let plan = show(context, &view, request, &wallet).await?;
    terminal::show(&format!("Approval of a planned refund\n{}", plan.to_text()));
    let question = format!("Approve it on {}?", request.network);
    if !yes && !terminal::confirm(&question)? {
        return Err(Failure::new(Kind::Refused, "not confirmed").hint("nothing was approved"));
    }
    let key = wallet.unlock(&context.passphrase)?;
    Ok((approve(request, &key)?, wallet))
}

/// On a machine whose profile says nothing of approvals, the planner's decides.
fn ensure_listed(context: &Context, approver: Address) -> Result<(), Failure> {
    match &context.profile.approval {
        Some(settings) if !settings.approvers.contains(&approver) => {
            Err(ApprovalError::NotListed(approver).into())
        }
        _ => Ok(()),
    }
}

async fn show(
    context: &Context,
    view: &View<'_>,
    request: &Request,
    wallet: &Wallet,
) -> Result<Fields, Failure> {
    let mut fields = Fields::new().row("what", request.intent.describe());
    let mut cache = context.cache();
    for (token, sum) in sums(&request.intent) {
        let info = cache.token(view, &token).await?;
        fields = fields
            .row("sum", info.show(sum))
            .optional("token", info.contract());
    }
    if let Some(refund) = request.intent.refund() {
        let info = cache.token(view, &refund.token).await?;
        fields = fields
            .row("to payer", &refund.payer)
            .row("refunded before", info.show(refund.expected_refunded))
            .optional("reference", refund.reference.as_ref())
            .optional("reason (public for ever)", refund.reason.as_ref());
    }
    if let Intent::RefundMany(batch) = &request.intent {
        fields = fields.row("SHA-256 of the list", &batch.list);
    }
    let issuer = request.intent.refunds().next().map(|refund| &refund.issuer);
    Ok(fields
        .optional("from", issuer)
        .row(
            "fee at most",
            TokenInfo::Stx.show(BaseUnits(request.terms.fee_ceiling.into())),
        )
        .row(
            "before",
            burn_time::until(request.terms.expires_at, view.tip.burn_height),
        )
        .row("statement", hex::encode(&request.digest()?))
        .row("approver", format!("{} (wallet {})", wallet.address, wallet.name))
        .row("network", request.network))
}

fn sums(intent: &Intent) -> BTreeMap<Token, BaseUnits> {
    let mut sums = BTreeMap::new();
    for refund in intent.refunds() {
        let sum: &mut BaseUnits = sums.entry(refund.token.clone()).or_default();
        sum.0 = sum.0.saturating_add(refund.amount.0);
    }
    sums
}

fn read<Content: for<'de> Deserialize<'de>>(file: &Path) -> Result<Content, Failure> {
    let bytes = fs::read(file)
        .map_err(|error| Failure::from_error(Kind::Usage, &FileError::new("read", file)(error)))?;
    serde_json::from_slice(&bytes).map_err(|error| {
        Failure::from_error(Kind::Usage, &error)
            .context(format!("{} is not what was handed over", file.display()))
    })
}

fn output(
    request: &Request,
    approval: Option<Approval>,
    exported: Option<String>,
) -> Result<Output, Failure> {
    let digest = hex::encode(&request.digest()?);
    let fields = Fields::new()
        .row("entry", request.journal_entry)
        .row("statement", &digest)
        .optional("approver", approval.as_ref().map(|approval| approval.approver))
        .optional("signature", approval.as_ref().map(|approval| &approval.signature))
        .optional("written to", exported.as_ref());
    let document = ApprovalDocument {
        journal_entry: request.journal_entry,
        digest,
        approval,
        exported,
    };
    Output::new(&document, fields.to_text())
}
