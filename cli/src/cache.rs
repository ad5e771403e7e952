//! What is remembered of deployed contracts, which never change, and of invoices' first payers, which are checked before they
//! are used: it saves requests and can be deleted at any time.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use recoup_protocol::ids::InvoiceId;
use recoup_protocol::token::Token;
use recoup_stacks::address::{AssetId, ContractId, Principal};
use recoup_stacks::clarity::{ClarityName, Value};
use recoup_stacks::rpc::ContractInterface;
use serde::{Deserialize, Serialize};

use crate::contracts::{CORE, Contract, sha256};
use crate::failure::{Failure, Kind};
use crate::home::{Existing, Home, write_whole};
use crate::node::View;
use crate::profile::Chain;
use crate::token::{Sip010Info, TokenInfo};

/// Content of the file. What cannot be read is forgotten: everything in it can be looked up again.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    /// Token contracts.
    tokens: BTreeMap<String, Sip010Info>,
    /// Contracts whose source was compared, with its SHA-256.
    cores: BTreeMap<String, String>,
    /// Who paid first, by core and invoice. A fork can make it wrong.
    #[serde(default)]
    payers: BTreeMap<String, Principal>,
}

/// So many invoices' payers are remembered; then it begins anew.
const MOST_PAYERS: usize = 1_000;

/// The memory of one chain.
#[derive(Debug)]
pub struct Cache {
    path: PathBuf,
    content: Content,
}

impl Cache {
    /// Reads what is remembered.
    #[must_use]
    pub fn load(home: &Home, chain: Chain) -> Self {
        let path = home.cache(chain.as_str());
        let text = fs::read_to_string(&path).unwrap_or_default();
        Self {
            content: serde_json::from_str(&text).unwrap_or_default(),
            path,
        }
    }

    /// Makes sure that a deployed `recoup-core` is the one in this program.
    ///
    /// # Errors
    /// When it is another, or is not there.
    pub async fn ensure_released(&mut self, view: &View<'_>, core: &ContractId) -> Result<(), Failure> {
        self.ensure_source(view, core, CORE).await
    }

    /// Makes sure that a deployed contract has the source of one in this program. One request, none when it was compared
    /// before.
    ///
    /// # Errors
    /// When it has another, or is not there.
    pub async fn ensure_source(
        &mut self,
        view: &View<'_>,
        id: &ContractId,
        contract: Contract,
    ) -> Result<(), Failure> {
        let released = contract.sha256();
        if self.content.cores.get(&id.to_string()) == Some(&released) {
            return Ok(());
        }
        let Some(source) = view.source(id).await? else {
            return Err(
                Failure::new(Kind::Refused, format!("there is no contract {id} on this chain"))
                    .hint("deploy it with `recoup contracts deploy`, or name the right one with --contract"),
            );
        };
        let found = sha256(&source);
        if found != released {
            return Err(Failure::new(
                Kind::Refused,
                format!("{id} is not the released {}", contract.name),
            )
            .context("this contract is not trusted")
            .hint(format!(
                "its source's SHA-256 is {found}, the released one's {released}: check --contract"
            )));
        }
        self.content.cores.insert(id.to_string(), released);
        self.save();
        Ok(())
    }

    /// What is remembered of a token.
    #[must_use]
    pub fn remembered(&self, token: &Token) -> Option<TokenInfo> {
        match token.contract() {
            None => Some(TokenInfo::Stx),
            Some(contract) => {
                let info = self.content.tokens.get(&contract.to_string())?;
                Some(TokenInfo::Sip010(info.clone()))
            }
        }
    }

    /// Who seems to have paid an invoice first: to be checked against what the contract says of it.
    #[must_use]
    pub fn first_payer(&self, core: &ContractId, invoice_id: InvoiceId) -> Option<&Principal> {
        self.content.payers.get(&payer_key(core, invoice_id))
    }

    /// Remembers who paid an invoice first.
    pub fn remember_first_payer(&mut self, core: &ContractId, invoice_id: InvoiceId, payer: &Principal) {
        if self.first_payer(core, invoice_id) == Some(payer) {
            return;
        }
        if self.content.payers.len() >= MOST_PAYERS {
            self.content.payers.clear();
        }
        let key = payer_key(core, invoice_id);
        self.content.payers.insert(key, payer.clone());
        self.save();
    }

    /// What is known of a token, asked of its contract when it is not remembered.
    ///
    /// # Errors
    /// When it is no token whose amounts can be shown and fenced.
    pub async fn token(&mut self, view: &View<'_>, token: &Token) -> Result<TokenInfo, Failure> {
        let Some(principal) = token.contract() else {
            return Ok(TokenInfo::Stx);
        };
        let Some(contract) = principal.as_contract() else {
            return Err(not_a_token(principal, "it is no contract"));
        };
        if let Some(info) = self.content.tokens.get(&contract.to_string()) {
            return Ok(TokenInfo::Sip010(info.clone()));
        }
        let Some(interface) = view.interface(contract).await? else {
            return Err(not_a_token(contract, "there is no such contract"));
        };
        let asset = only_asset(contract, &interface)?;
        let answer = |function: &'static str| async move {
            let name = ClarityName::from_static(function);
            let value = view.call(contract, &name, &[]).await?;
            match value {
                Value::Ok(inner) => Ok(*inner),
                other => Err(not_a_token(contract, format!("{function} answers {other}"))),
            }
        };
        let symbol = answer("get-symbol").await?;
        let decimals = answer("get-decimals").await?;
        let info = Sip010Info {
            asset,
            symbol: symbol
                .as_string_ascii()
                .map_err(|error| not_a_token(contract, error))?
                .chars()
                .take(32)
                .collect(),
            decimals: decimals
                .as_uint()
                .ok()
                .and_then(|digits| u8::try_from(digits).ok())
                .filter(|digits| *digits <= MAX_DECIMALS)
                .ok_or_else(|| not_a_token(contract, format!("it has {decimals} decimals")))?,
            has_available_balance: has_function(&interface, "get-balance-available"),
        };
        self.content.tokens.insert(contract.to_string(), info.clone());
        self.save();
        Ok(TokenInfo::Sip010(info))
    }

    /// A memory that cannot be written is no reason to stop: it is asked again next time.
    fn save(&self) {
        if let Ok(text) = serde_json::to_string_pretty(&self.content) {
            let _ = write_whole(&self.path, text.as_bytes(), Existing::Replace);
        }
    }
}

fn payer_key(core: &ContractId, invoice_id: InvoiceId) -> String {
    format!("{core}/{invoice_id}")
}

/// With more, one whole token does not fit into 128 bits.
const MAX_DECIMALS: u8 = 38;

fn only_asset(contract: &ContractId, interface: &ContractInterface) -> Result<AssetId, Failure> {
    match interface.fungible_tokens.as_slice() {
        [only] => Ok(AssetId::new(contract.clone(), only.name.clone())),
        [] => Err(not_a_token(contract, "it defines no fungible token")),
        _ => Err(not_a_token(
            contract,
            "it defines several fungible tokens: which one moves cannot be known",
        )),
    }
}

fn has_function(interface: &ContractInterface, name: &str) -> bool {
    interface
        .functions
        .iter()
        .any(|function| function.access == "read_only" && function.name.as_str() == name)
}

fn not_a_token(contract: impl std::fmt::Display, why: impl ToString) -> Failure {
    let mut failure = Failure::new(Kind::Refused, format!("{contract} cannot be used as a token"))
        .hint("check the token's contract id and --profile");
    failure.causes.push(why.to_string());
    failure
}
