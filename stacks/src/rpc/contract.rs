//! Reading contracts: calls, maps, variables, constants, interface and source.

use serde::{Deserialize, Serialize};

use super::client::{NodeClient, ORDINARY_LIMIT, at_tip, check_tip};
use super::error::{RpcError, printable};
use crate::address::{ContractId, Principal};
use crate::clarity::{ClarityName, Value};
use crate::hash::{IndexBlockHash, StacksHeight};

/// A contract's source as it was deployed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ContractSource {
    /// Clarity source.
    pub source: String,
    /// Height of the block that deployed it.
    pub publish_height: StacksHeight,
}

/// What a contract offers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ContractInterface {
    /// Functions, the private ones too.
    pub functions: Vec<InterfaceFunction>,
    /// Fungible tokens it defines.
    pub fungible_tokens: Vec<InterfaceToken>,
    /// Non-fungible tokens it defines.
    pub non_fungible_tokens: Vec<InterfaceToken>,
    /// Version of Clarity that runs it, for example `Clarity4`.
    pub clarity_version: String,
}

/// A function of a contract.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct InterfaceFunction {
    /// Its name.
    pub name: ClarityName,
    /// `public`, `read_only` or `private`.
    pub access: String,
    /// What it takes.
    pub args: Vec<InterfaceArgument>,
}

/// An argument of a function.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct InterfaceArgument {
    /// Its name.
    pub name: ClarityName,
    /// Its type, as the node describes it.
    #[serde(rename = "type")]
    pub value_type: serde_json::Value,
}

/// A token that a contract defines.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct InterfaceToken {
    /// Its name: with the contract, the asset of post-conditions.
    pub name: ClarityName,
}

#[derive(Serialize)]
struct CallRequest<'a> {
    sender: &'a Principal,
    arguments: &'a [Value],
}

#[derive(Deserialize)]
struct CallAnswer {
    okay: bool,
    result: Option<Value>,
    cause: Option<String>,
}

#[derive(Deserialize)]
struct DataAnswer {
    data: Value,
}

impl NodeClient {
    /// Runs a read-only function: `POST /v2/contracts/call-read/..`.
    pub async fn call_read(
        &self,
        contract: &ContractId,
        function: &ClarityName,
        arguments: &[Value],
        sender: &Principal,
        tip: Option<&IndexBlockHash>,
    ) -> Result<Value, RpcError> {
        let ContractId { address, name } = contract;
        let path = at_tip(
            format!("/v2/contracts/call-read/{address}/{name}/{}", in_path(function)),
            tip,
        );
        let answer = self.post_json(path, &CallRequest { sender, arguments }).await?;
        let answer = check_tip(answer, tip)?.ok()?;
        match answer.json()? {
            CallAnswer {
                okay: true,
                result: Some(value),
                ..
            } => Ok(value),
            CallAnswer {
                okay: false,
                cause: Some(cause),
                ..
            } => Err(RpcError::CallFailed {
                function: format!("{contract} {function}"),
                cause: printable(&cause),
            }),
            _ => Err(answer.malformed("neither a result nor a cause")),
        }
    }

    /// The entry of a map, `None` where there is none: `POST /v2/map_entry/..`.
    ///
    /// A map that does not exist and a key of the wrong type look like a missing entry too.
    pub async fn map_entry(
        &self,
        contract: &ContractId,
        map: &ClarityName,
        key: &Value,
        tip: Option<&IndexBlockHash>,
    ) -> Result<Option<Value>, RpcError> {
        let path = at_tip(format!("{}?proof=0", map_entry_path(contract, map)), tip);
        let answer = check_tip(self.post_json(path, key).await?, tip)?.ok()?;
        match answer.json::<DataAnswer>()?.data {
            Value::None => Ok(None),
            Value::Some(value) => Ok(Some(*value)),
            other => Err(answer.malformed(format!("a map entry is optional, not {}", other.type_name()))),
        }
    }

    /// A data variable, `None` where there is none: `GET /v2/data_var/..`.
    pub async fn data_var(
        &self,
        contract: &ContractId,
        variable: &ClarityName,
        tip: Option<&IndexBlockHash>,
    ) -> Result<Option<Value>, RpcError> {
        let ContractId { address, name } = contract;
        let path = format!("/v2/data_var/{address}/{name}/{}?proof=0", in_path(variable));
        self.data(at_tip(path, tip), tip).await
    }

    /// A constant, `None` where there is none: `GET /v2/constant_val/..`.
    pub async fn constant(
        &self,
        contract: &ContractId,
        constant: &ClarityName,
        tip: Option<&IndexBlockHash>,
    ) -> Result<Option<Value>, RpcError> {
        let ContractId { address, name } = contract;
        let path = format!("/v2/constant_val/{address}/{name}/{}", in_path(constant));
        self.data(at_tip(path, tip), tip).await
    }

    async fn data(&self, path: String, tip: Option<&IndexBlockHash>) -> Result<Option<Value>, RpcError> {
        let answer = check_tip(self.get(path, ORDINARY_LIMIT).await?, tip)?;
        answer
            .found()?
            .map(|answer| Ok(answer.json::<DataAnswer>()?.data))
            .transpose()
    }

    /// What a contract offers, `None` where there is none: `GET /v2/contracts/interface/..`.
    pub async fn contract_interface(
        &self,
        contract: &ContractId,
        tip: Option<&IndexBlockHash>,
    ) -> Result<Option<ContractInterface>, RpcError> {
        let ContractId { address, name } = contract;
        let path = at_tip(format!("/v2/contracts/interface/{address}/{name}"), tip);
        let answer = check_tip(self.get(path, ORDINARY_LIMIT).await?, tip)?;
        answer.found()?.map(|answer| answer.json()).transpose()
    }

    /// A contract's source, `None` where there is none: `GET /v2/contracts/source/..`.
    pub async fn contract_source(
        &self,
        contract: &ContractId,
        tip: Option<&IndexBlockHash>,
    ) -> Result<Option<ContractSource>, RpcError> {
        let ContractId { address, name } = contract;
        let path = at_tip(format!("/v2/contracts/source/{address}/{name}?proof=0"), tip);
        let answer = check_tip(self.get(path, ORDINARY_LIMIT).await?, tip)?;
        answer.found()?.map(|answer| answer.json()).transpose()
    }
}

/// Where the entries of a map are asked for.
pub(super) fn map_entry_path(contract: &ContractId, map: &ClarityName) -> String {
    let ContractId { address, name } = contract;
    format!("/v2/map_entry/{address}/{name}/{}", in_path(map))
}

/// A name as a part of a path, where `?` would begin the query.
fn in_path(name: &ClarityName) -> String {
    name.as_str().replace('?', "%3F")
}
