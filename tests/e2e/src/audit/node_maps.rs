//! One contract's variables, maps and read-only functions, read from a node as they were after one block.

use anyhow::{Context as _, Result};
use recoup_protocol::maps::MapKey;
use recoup_protocol::reads::ReadOnly;
use recoup_stacks::address::ContractId;
use recoup_stacks::clarity::Value;
use recoup_stacks::hash::IndexBlockHash;
use recoup_test_support::{Error, HttpClient};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;

const NOT_FOUND: u16 = 404;

/// A contract after one block.
#[derive(Debug)]
pub(super) struct NodeMaps<'node> {
    pub(super) node: &'node HttpClient,
    pub(super) contract: ContractId,
    pub(super) tip: IndexBlockHash,
}

#[derive(Deserialize)]
struct Data {
    data: String,
}

#[derive(Deserialize)]
struct Answer {
    result: String,
}

impl Data {
    fn value(&self) -> Result<Value> {
        Ok(Value::from_hex(&self.data)?)
    }
}

impl NodeMaps<'_> {
    /// Whether the contract stands on the chain.
    pub(super) fn is_deployed(&self) -> Result<bool> {
        match self
            .node
            .get::<IgnoredAny>(&self.path("contracts/interface", None))
        {
            Ok(_) => Ok(true),
            Err(Error::Status {
                status: NOT_FOUND, ..
            }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// An entry that must be there.
    pub(super) fn existing<K: MapKey>(&self, key: &K) -> Result<K::Entry> {
        self.entry(key)?
            .with_context(|| format!("map {} has no entry {}", K::MAP.as_str(), key.key()))
    }

    /// An entry; none when the map has none.
    pub(super) fn entry<K: MapKey>(&self, key: &K) -> Result<Option<K::Entry>> {
        let path = self.path("map_entry", Some(K::MAP.as_str()));
        let answer: Data = self.node.post(&path, &json!(key.key().to_hex()))?;
        Ok(key.decode(&answer.value()?)?)
    }

    /// A variable that holds the newest id.
    pub(super) fn last_id(&self, variable: &str) -> Result<u64> {
        let answer: Data = self.node.get(&self.path("data_var", Some(variable)))?;
        Ok(u64::try_from(answer.value()?.as_uint()?)?)
    }

    /// What a read-only function answers.
    pub(super) fn ask<R: ReadOnly>(&self, question: &R) -> Result<R::Answer> {
        let arguments: Vec<String> = question.arguments().iter().map(Value::to_hex).collect();
        let body = json!({ "sender": self.contract.address.to_string(), "arguments": arguments });
        let path = self.path("contracts/call-read", Some(R::FUNCTION.as_str()));
        let answer: Answer = self.node.post(&path, &body)?;
        Ok(question.decode(&Value::from_hex(&answer.result)?)?)
    }

    fn path(&self, endpoint: &str, name: Option<&str>) -> String {
        let ContractId {
            address,
            name: contract,
        } = &self.contract;
        let tip = self.tip.to_string();
        let tip = tip.trim_start_matches("0x");
        let name = name.map(|name| format!("/{name}")).unwrap_or_default();
        format!(
            "/v2/{endpoint}/{address}/{}{name}?proof=0&tip={tip}",
            contract.as_str()
        )
    }
}
