//! One call of a contract that is neither invoice, payment nor refund: from its wish to its report.

use recoup_protocol::amount::BaseUnits;
use recoup_protocol::calls::ContractCall;
use recoup_protocol::contracts::Contract;
use recoup_protocol::error::ContractError;
use recoup_protocol::reads::GetOperator;
use recoup_stacks::address::{ContractId, Principal};
use recoup_stacks::transaction::PostCondition;
use serde::Serialize;

use super::invoice::refused;
use super::sending::{
    Finished, Outcome, Proposal, SendOptions, Sender, Sent, TransactionDocument, inclusion,
};
use crate::context::{Context, Wallet};
use crate::contracts::{RESERVE, SUBSCRIPTIONS};
use crate::failure::{Failure, Kind};
use crate::journal::{Act, ActIntent, Book, Intent};
use crate::node::View;
use crate::output::{Fields, Output};
use crate::token::TokenInfo;

/// Who acts, and the chain at one block.
pub(super) struct Scene<'run> {
    pub(super) context: &'run Context,
    pub(super) wallet: Wallet,
    pub(super) view: View<'run>,
}

/// A call that passed the command's checks.
pub(super) struct Step<C> {
    pub(super) call: C,
    /// What may leave whom; nothing else may leave anybody.
    pub(super) fences: Vec<PostCondition>,
    pub(super) title: &'static str,
    pub(super) plan: Fields,
    pub(super) question: String,
}

#[derive(Serialize)]
struct ActDocument {
    outcome: Outcome,
    /// The transaction had been signed by an earlier run.
    resumed: bool,
    contract: ContractId,
    sender: Principal,
    act: Act,
    /// The id that the contract gave to a plan or a subscription.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction: Option<TransactionDocument>,
}

impl<'run> Scene<'run> {
    pub(super) async fn open(context: &'run Context) -> Result<Self, Failure> {
        Ok(Self {
            context,
            wallet: context.wallet()?,
            view: context.node.view().await?,
        })
    }

    pub(super) fn sender(&self) -> Principal {
        self.wallet.address.into()
    }

    /// The contract of core's deployer, once its source is known to be the released one.
    pub(super) async fn released(&self, contract: Contract) -> Result<ContractId, Failure> {
        let core = self.context.core()?;
        let mut cache = self.context.cache();
        let (id, source) = match contract {
            Contract::Core => {
                cache.ensure_released(&self.view, core).await?;
                return Ok(core.clone());
            }
            Contract::Subscriptions => (contract.beside(core), SUBSCRIPTIONS),
            Contract::Reserve => (contract.beside(core), RESERVE),
        };
        cache.ensure_source(&self.view, &id, source).await?;
        Ok(id)
    }

    /// Refuses when the merchant did not let this contract invoice for it.
    pub(super) async fn ensure_may_invoice(
        &self,
        merchant: &Principal,
        operator: &ContractId,
    ) -> Result<(), Failure> {
        let question = GetOperator {
            merchant: merchant.clone(),
            operator: operator.clone().into(),
        };
        let rights = self.view.read(self.context.core()?, &question).await?;
        if rights.may_invoice {
            return Ok(());
        }
        let mut failure = refused(ContractError::NotAuthorised);
        failure
            .causes
            .push(format!("{merchant} does not let {operator} invoice for it"));
        Err(failure.hint(format!(
            "the merchant allows it with `recoup operator set {operator} --may-invoice`"
        )))
    }

    /// Refuses when the sender holds less of the token.
    pub(super) async fn ensure_funds(&self, token: &TokenInfo, amount: BaseUnits) -> Result<(), Failure> {
        let owner = self.sender();
        let held = match token {
            TokenInfo::Stx => BaseUnits(self.view.account(&owner).await?.balance),
            TokenInfo::Sip010(info) => self.view.token_balance(info, &owner).await?,
        };
        if held >= amount {
            return Ok(());
        }
        let mut failure = refused(ContractError::InsufficientBalance);
        failure.causes.push(format!(
            "{} needed, {} there at {owner}",
            token.show(amount),
            token.show(held)
        ));
        Err(failure)
    }

    /// Finishes what an earlier run of the same command signed, or plans, asks, signs, journals, sends, follows and reports.
    pub(super) async fn act<C: ContractCall>(
        &self,
        options: &SendOptions,
        intent: ActIntent,
        propose: impl FnOnce() -> Result<Step<C>, Failure>,
    ) -> Result<Output, Failure> {
        let sender = Sender {
            context: self.context,
            wallet: &self.wallet,
            view: &self.view,
            options,
        };
        let find_open = |book: &Book| Ok(find_open(book, &intent));
        let proposal = || {
            let Step {
                call,
                fences,
                title,
                plan,
                question,
            } = propose()?;
            let outgoing = self
                .context
                .outgoing(&intent.contract, &call, Intent::Act(intent.clone()))
                .fenced(fences);
            Ok(Proposal {
                outgoing,
                title,
                plan,
                question,
            })
        };
        match sender.send(find_open, proposal).await? {
            Sent::DryRun => report(&intent, Outcome::DryRun, false, None, None),
            Sent::Done(Finished { ending, resumed }) => {
                let Intent::Act(done) = &ending.entry().intent else {
                    return Err(Failure::new(Kind::Internal, "the journal's entry is another one"));
                };
                let transaction = TransactionDocument::new(self.context, ending.entry());
                let id = inclusion(&ending).and_then(|inclusion| inclusion.id);
                report(done, Outcome::of(&ending), resumed, id, Some(transaction))
            }
        }
    }
}

/// What is wanted stands on chain already.
pub(super) fn already_done(intent: &ActIntent) -> Result<Output, Failure> {
    report(intent, Outcome::AlreadyDone, false, None, None)
}

fn find_open(book: &Book, intent: &ActIntent) -> Option<u64> {
    let same = |other: &Intent| matches!(other, Intent::Act(other) if other.is_same_wish(intent));
    book.entries()
        .find(|entry| entry.state.is_open() && same(&entry.intent))
        .map(|entry| entry.number)
}

fn report(
    intent: &ActIntent,
    outcome: Outcome,
    resumed: bool,
    id: Option<u64>,
    transaction: Option<TransactionDocument>,
) -> Result<Output, Failure> {
    let mut fields = Fields::new()
        .row(
            if outcome.is_planned() { "planned" } else { "done" },
            intent.act.describe(),
        )
        .optional("id", id);
    if let Some(transaction) = &transaction {
        fields = transaction.fields(fields);
    }
    let document = ActDocument {
        outcome,
        resumed,
        contract: intent.contract.clone(),
        sender: intent.sender.clone(),
        act: intent.act.clone(),
        id,
        transaction,
    };
    Ok(Output::new(&document, fields.to_text())?.with_exit(outcome.exit()))
}
