//! Table `indexed_chain`: what this database follows.

use recoup_stacks::address::{ContractId, Network};
use recoup_stacks::hash::StacksHeight;
use sqlx::PgConnection;

use super::DbError;
use super::convert::{bigint, parsed, stacks_height};
use crate::normalised::Satellites;

/// What a database follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexedChain {
    /// The network.
    pub network: Network,
    /// The contract of invoices, payments and refunds.
    pub core_contract: ContractId,
    /// The contracts beside it; none until a version that follows them used the database.
    pub satellites: Option<Satellites>,
    /// Lowest Stacks height whose events of these, and of operators, are here; none when none is missing.
    pub satellites_from: Option<StacksHeight>,
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
    satellites: &Satellites,
) -> Result<IndexedChain, DbError> {
    sqlx::query!(
        "insert into indexed_chain (network, core_contract, subscriptions_contract, reserve_contract)
         values ($1, $2, $3, $4) on conflict (singleton) do nothing",
        network.as_str(),
        core_contract.to_string(),
        satellites.subscriptions.to_string(),
        satellites.reserve.to_string(),
    )
    .execute(&mut *connection)
    .await?;
    let found = find(&mut *connection).await?.ok_or(DbError::NotInitialised)?;
    if (found.network, &found.core_contract) != (network, core_contract) {
        return Err(DbError::OtherChain {
            found: format!("{} on {}", found.core_contract, found.network),
            wanted: format!("{core_contract} on {network}"),
        });
    }
    match &found.satellites {
        None => {
            begin_satellites(&mut *connection, satellites).await?;
            find(connection).await?.ok_or(DbError::NotInitialised)
        }
        Some(followed) if followed == satellites => Ok(found),
        Some(followed) => Err(DbError::OtherChain {
            found: format!("{} and {}", followed.subscriptions, followed.reserve),
            wanted: format!("{} and {}", satellites.subscriptions, satellites.reserve),
        }),
    }
}

/// Makes a database of an older version follow these contracts too, from the next block on.
async fn begin_satellites(connection: &mut PgConnection, satellites: &Satellites) -> Result<(), DbError> {
    sqlx::query!(
        "update indexed_chain
            set subscriptions_contract = $1, reserve_contract = $2,
                satellites_from_height = (select max(stacks_height) + 1 from block)",
        satellites.subscriptions.to_string(),
        satellites.reserve.to_string(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What the database follows; none when it is new.
///
/// # Errors
/// When the database is out of reach.
pub async fn find(connection: &mut PgConnection) -> Result<Option<IndexedChain>, DbError> {
    let row = sqlx::query!(
        "select network, core_contract, subscriptions_contract, reserve_contract, satellites_from_height,
                root_stacks_height
           from indexed_chain"
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| {
        Ok(IndexedChain {
            network: parsed(&row.network, "indexed_chain.network")?,
            core_contract: parsed(&row.core_contract, "indexed_chain.core_contract")?,
            satellites: match (&row.subscriptions_contract, &row.reserve_contract) {
                (Some(subscriptions), Some(reserve)) => Some(Satellites {
                    subscriptions: parsed(subscriptions, "indexed_chain.subscriptions_contract")?,
                    reserve: parsed(reserve, "indexed_chain.reserve_contract")?,
                }),
                _ => None,
            },
            satellites_from: row
                .satellites_from_height
                .map(|height| stacks_height(height, "indexed_chain.satellites_from_height"))
                .transpose()?,
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
