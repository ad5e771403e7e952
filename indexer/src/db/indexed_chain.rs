//! Table `indexed_chain`: what this database follows.

use recoup_stacks::address::{ContractId, Network};
use recoup_stacks::hash::StacksHeight;
use sqlx::PgConnection;

use super::DbError;
use super::convert::{bigint, parsed, stacks_height};

/// What a database follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexedChain {
    /// The network.
    pub network: Network,
    /// The only contract whose prints count.
    pub core_contract: ContractId,
    /// Lowest Stacks height; none until it is known.
    pub root: Option<StacksHeight>,
}

/// Makes an empty database follow this chain, or checks that it does.
///
/// # Errors
/// [`DbError::OtherChain`] when it follows another.
pub async fn claim(
    connection: &mut PgConnection,
    network: Network,
    core_contract: &ContractId,
) -> Result<IndexedChain, DbError> {
    sqlx::query!(
        "insert into indexed_chain (network, core_contract) values ($1, $2) on conflict (singleton) do nothing",
        network.as_str(),
        core_contract.to_string(),
    )
    .execute(&mut *connection)
    .await?;
    let found = find(connection).await?.ok_or(DbError::NotInitialised)?;
    if (found.network, &found.core_contract) == (network, core_contract) {
        Ok(found)
    } else {
        Err(DbError::OtherChain {
            found: format!("{} on {}", found.core_contract, found.network),
            wanted: format!("{core_contract} on {network}"),
        })
    }
}

/// What the database follows; none when it is new.
///
/// # Errors
/// When the database is out of reach.
pub async fn find(connection: &mut PgConnection) -> Result<Option<IndexedChain>, DbError> {
    let row = sqlx::query!("select network, core_contract, root_stacks_height from indexed_chain")
        .fetch_optional(connection)
        .await?;
    row.map(|row| {
        Ok(IndexedChain {
            network: parsed(&row.network, "indexed_chain.network")?,
            core_contract: parsed(&row.core_contract, "indexed_chain.core_contract")?,
            root: row
                .root_stacks_height
                .map(|height| stacks_height(height, "indexed_chain.root_stacks_height"))
                .transpose()?,
        })
    })
    .transpose()
}

/// Remembers the root.
///
/// # Errors
/// When the database is out of reach.
pub async fn set_root(connection: &mut PgConnection, root: StacksHeight) -> Result<(), DbError> {
    sqlx::query!(
        "update indexed_chain set root_stacks_height = $1",
        bigint(root.get(), "root height")?
    )
    .execute(connection)
    .await?;
    Ok(())
}
