//! The running indexer: observer endpoint, ingest, repair and API.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use recoup_stacks::address::Network;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::api::{self, ApiContext};
use crate::config::RunConfig;
use crate::db::{self, DbError, Pools, Writer};
use crate::diagnosis::Vitals;
use crate::failpoint::CommitPoint;
use crate::ingest::{Ingest, IngestSettings, RootRule};
use crate::observer::{self, Inbox};
use crate::repair::Repairer;

/// How long requests and the message at hand may take after the end was asked for.
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// Why the indexer cannot run.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// An address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// A part ended by itself.
    #[error("a part of the indexer ended unexpectedly")]
    PartEnded,
}

/// A running indexer.
#[derive(Debug)]
pub struct Server {
    observer_address: Option<SocketAddr>,
    api_address: SocketAddr,
    stop: watch::Sender<bool>,
    parts: JoinSet<()>,
}

impl Server {
    /// Brings the tables up to date, takes messages, answers the API, and follows the messages whenever no other
    /// process does; parts that are switched off do nothing, and one that only reads waits for no database.
    ///
    /// # Errors
    /// [`ServerError`] when the database or an address is not to be had.
    pub async fn start(config: RunConfig) -> Result<Self, ServerError> {
        let pools = db::connect_with(
            &config.database,
            config.database_read.as_ref(),
            config.api.statement_limit,
        );
        if !config.parts.only_read() {
            prepare(&pools, config.network, &config.ingest).await?;
        }
        let (stop, stopped) = watch::channel(false);
        let mut parts = JoinSet::new();
        let vitals = Vitals::default();
        let api = listen(config.api_listen).await?;
        let api_address = address(&api, config.api_listen)?;
        tracing::info!(%api_address, "API listens");
        let context = ApiContext {
            pools: pools.clone(),
            vitals: vitals.clone(),
            followed: config.followed(),
            parts: config.parts,
            node: config.repair.as_ref().map(|repair| repair.node.client.clone()),
        };
        parts.spawn(serve(api, api::router(context, &config.api), stopped.clone()));

        let inbox = Inbox::default();
        let mut observer_address = None;
        if config.parts.observer {
            let observer = listen(config.observer_listen).await?;
            let bound = address(&observer, config.observer_listen)?;
            observer_address = Some(bound);
            tracing::info!(observer_address = %bound, "observer listens");
            let routes = observer::router(
                pools.store.clone(),
                inbox.clone(),
                vitals.clone(),
                &config.observer,
            );
            parts.spawn(serve(observer, routes, stopped.clone()));
        }
        if config.parts.ingest {
            if let Some(repair) = config.repair {
                let pool = pools.store.clone();
                let repairer = Repairer::new(pool, inbox.clone(), repair, &config.ingest, vitals.clone());
                parts.spawn(repairer.run(stopped.clone()));
            }
            let retention = Some(config.retention);
            let ingest = Ingest::new(pools.store, config.ingest, retention, inbox, vitals);
            let writer = Writer::new(&config.database);
            parts.spawn(ingest.run(writer, stopped));
        } else if config.parts.observer {
            parts.spawn(observer::watch_depth(pools.store, inbox, stopped));
        }
        Ok(Self {
            observer_address,
            api_address,
            stop,
            parts,
        })
    }

    /// Where the node's messages come in; none when they do not.
    #[must_use]
    pub const fn observer_address(&self) -> Option<SocketAddr> {
        self.observer_address
    }

    /// Where the API answers.
    #[must_use]
    pub const fn api_address(&self) -> SocketAddr {
        self.api_address
    }

    /// Waits until a part ends, which none does by itself.
    pub async fn failed(&mut self) -> ServerError {
        self.parts.join_next().await;
        ServerError::PartEnded
    }

    /// Ends every part after the request or message that it is at. Nothing is lost when that takes too long.
    pub async fn stop(mut self) {
        // Nobody listens any more when every part has ended already.
        let _ = self.stop.send(true);
        let ended = async { while self.parts.join_next().await.is_some() {} };
        if tokio::time::timeout(STOP_LIMIT, ended).await.is_err() {
            tracing::warn!("not everything ended in time");
        }
    }
}

/// Brings the tables up to date, and makes sure that they are of this chain.
///
/// # Errors
/// When the database is out of reach, or follows another chain.
pub async fn prepare(pools: &Pools, network: Network, ingest: &IngestSettings) -> Result<(), DbError> {
    db::migrate(&pools.write).await?;
    let mut connection = pools.write.acquire().await?;
    let core_contract = &ingest.core_contract;
    let claim = db::indexed_chain::claim(&mut connection, network, core_contract, &ingest.satellites);
    let chain = db::autocommit(CommitPoint::ChainClaim, claim).await?;
    if let Some(height) = chain.satellites_from {
        tracing::warn!(
            stacks_height = height.get(),
            "an older version began this database: subscriptions, reserves and operators are known from this height on; \
             import into a new database to have all"
        );
    }
    match (ingest.root, chain.root) {
        (RootRule::Height(wanted), Some(found)) if wanted != found => Err(DbError::OtherRoot {
            found: found.get(),
            wanted: wanted.get(),
        }),
        (RootRule::DeployOfCore, None) => {
            tracing::info!(
                %core_contract,
                "waiting for the block that deploys core; if that is past, name its height with --start-block"
            );
            Ok(())
        }
        _ => Ok(()),
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, ServerError> {
    TcpListener::bind(address)
        .await
        .map_err(|source| ServerError::Listen { address, source })
}

fn address(listener: &TcpListener, asked: SocketAddr) -> Result<SocketAddr, ServerError> {
    listener.local_addr().map_err(|source| ServerError::Listen {
        address: asked,
        source,
    })
}

async fn serve(listener: TcpListener, routes: Router, mut stopped: watch::Receiver<bool>) {
    let end = async move {
        // An error means that the sender is gone, which is an end too.
        let _ = stopped.wait_for(|stopped| *stopped).await;
    };
    // Accepting never ends by itself: axum retries failed accepts.
    let routes = routes.into_make_service_with_connect_info::<SocketAddr>();
    let _ = axum::serve(listener, routes).with_graceful_shutdown(end).await;
}
