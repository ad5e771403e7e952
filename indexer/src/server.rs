//! The running indexer: observer endpoint, ingest and API.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::api;
use crate::config::RunConfig;
use crate::db::{self, DbError, Pools, WriterLock};
use crate::ingest::Ingest;
use crate::observer::{self, Inbox};

/// How often the writer's lock is looked at.
const LOCK_CHECK_EVERY: Duration = Duration::from_secs(5);

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
    /// Another process may write now.
    #[error("the writer's lock is lost")]
    LockLost(#[source] DbError),
    /// A part ended by itself.
    #[error("a part of the indexer ended unexpectedly")]
    PartEnded,
}

/// A running indexer.
#[derive(Debug)]
pub struct Server {
    observer_address: SocketAddr,
    api_address: SocketAddr,
    stop: watch::Sender<bool>,
    parts: JoinSet<Result<(), ServerError>>,
}

impl Server {
    /// Brings the tables up to date, answers the API, and, as soon as no other process writes, takes messages.
    ///
    /// # Errors
    /// [`ServerError`] when the database or an address is not to be had.
    pub async fn start(config: RunConfig) -> Result<Self, ServerError> {
        let pools = db::connect(&config.database);
        prepare(&pools, &config).await?;

        let (stop, stopped) = watch::channel(false);
        let mut parts = JoinSet::new();
        let api = listen(config.api_listen).await?;
        let api_address = address(&api, config.api_listen)?;
        tracing::info!(%api_address, "API listens");
        parts.spawn(serve(
            api,
            api::router(pools.read.clone(), config.api),
            stopped.clone(),
        ));

        let lock = WriterLock::wait(&config.database).await?;
        parts.spawn(watch_lock(lock, stopped.clone()));
        let observer = listen(config.observer_listen).await?;
        let observer_address = address(&observer, config.observer_listen)?;
        let inbox = Inbox::default();
        let routes = observer::router(pools.write.clone(), inbox.clone(), &config.observer);
        tracing::info!(%observer_address, "observer listens");
        parts.spawn(serve(observer, routes, stopped.clone()));
        let ingest = Ingest::new(pools.write, config.ingest, inbox);
        parts.spawn(async move {
            ingest.run(stopped).await;
            Ok(())
        });
        Ok(Self {
            observer_address,
            api_address,
            stop,
            parts,
        })
    }

    /// Where the node's messages come in.
    #[must_use]
    pub const fn observer_address(&self) -> SocketAddr {
        self.observer_address
    }

    /// Where the API answers.
    #[must_use]
    pub const fn api_address(&self) -> SocketAddr {
        self.api_address
    }

    /// Waits until a part fails.
    ///
    /// # Errors
    /// Why it failed.
    pub async fn failed(&mut self) -> ServerError {
        match self.parts.join_next().await {
            Some(Ok(Err(error))) => error,
            Some(Ok(Ok(()))) | Some(Err(_)) | None => ServerError::PartEnded,
        }
    }

    /// Ends every part after the request or message that it is at.
    pub async fn stop(mut self) {
        // Nobody listens any more when every part has ended already.
        let _ = self.stop.send(true);
        while self.parts.join_next().await.is_some() {}
    }
}

/// Tables up to date, and of this chain.
async fn prepare(pools: &Pools, config: &RunConfig) -> Result<(), DbError> {
    db::migrate(&pools.write).await?;
    let mut connection = pools.write.acquire().await?;
    db::indexed_chain::claim(&mut connection, config.network, &config.ingest.core_contract).await?;
    Ok(())
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

async fn serve(
    listener: TcpListener,
    routes: Router,
    mut stopped: watch::Receiver<bool>,
) -> Result<(), ServerError> {
    let end = async move {
        // An error means that the sender is gone, which is an end too.
        let _ = stopped.wait_for(|stopped| *stopped).await;
    };
    // Accepting never ends by itself: axum retries failed accepts.
    let _ = axum::serve(listener, routes).with_graceful_shutdown(end).await;
    Ok(())
}

/// Ends the process when the lock is lost: another one may hold it then.
async fn watch_lock(mut lock: WriterLock, mut stopped: watch::Receiver<bool>) -> Result<(), ServerError> {
    while !*stopped.borrow_and_update() {
        tokio::select! {
            // An error means that the sender is gone, which is an end too.
            changed = stopped.changed() => if changed.is_err() { break },
            () = tokio::time::sleep(LOCK_CHECK_EVERY) => {}
        }
        lock.check().await.map_err(ServerError::LockLost)?;
    }
    Ok(())
}
