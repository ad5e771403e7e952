//! `GET /checkpoints`, `GET /checkpoints/{burn_height}`

use axum::Json;
use axum::extract::State;
use recoup_protocol::api::{Checkpoint, Page};
use recoup_protocol::checkpoint::Root;
use recoup_stacks::hash::BurnHeight;

use super::error::ApiFailure;
use super::parameters::{Parameters, Segment};
use super::refunds::page_of;
use super::router::Api;
use super::values::{DEFAULT_LIMIT, Height, Limit};
use crate::db;

/// Those that stand, the newest first.
pub(super) async fn list(
    State(api): State<Api>,
    mut parameters: Parameters,
) -> Result<Json<Page<Checkpoint>>, ApiFailure> {
    let after = parameters.take::<CheckpointCursor>("cursor")?;
    let limit = parameters
        .take::<Limit>("limit")?
        .map_or(DEFAULT_LIMIT, |limit| limit.0);
    parameters.finish()?;
    let mut snapshot = api.snapshot().await?;
    if let Some(after) = &after {
        let there = db::checkpoint::find(&mut snapshot, Some(after.burn_height)).await?;
        if there.is_none_or(|checkpoint| checkpoint.root != after.root) {
            return Err(ApiFailure::CursorOrphaned);
        }
    }
    let below = after.map(|after| after.burn_height);
    let rows = db::checkpoint::page(&mut snapshot, below, limit.saturating_add(1)).await?;
    Ok(Json(page_of(rows, limit, |last| CheckpointCursor {
        burn_height: last.burn_height,
        root: last.root,
    })))
}

/// The one of a burn height, or the newest.
pub(super) async fn show(
    State(api): State<Api>,
    Segment(name): Segment,
    parameters: Parameters,
) -> Result<Json<Checkpoint>, ApiFailure> {
    parameters.finish()?;
    let not_found = || ApiFailure::NotFound {
        what: "checkpoint",
        id: name.chars().take(40).collect(),
    };
    let height = match name.as_str() {
        "latest" => None,
        // Beyond a column nothing is.
        height => Some(height.parse::<Height>().map_err(|_| not_found())?.0),
    };
    let mut snapshot = api.snapshot().await?;
    let found = db::checkpoint::find(&mut snapshot, height).await?;
    found.map(Json).ok_or_else(not_found)
}

/// Where a page ended.
struct CheckpointCursor {
    burn_height: BurnHeight,
    root: Root,
}

impl std::fmt::Display for CheckpointCursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.burn_height, self.root)
    }
}

impl std::str::FromStr for CheckpointCursor {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read = || {
            let (height, root) = text.split_once('.')?;
            let cursor = Self {
                burn_height: height.parse::<Height>().ok()?.0,
                root: root.parse().ok()?,
            };
            (cursor.to_string() == text).then_some(cursor)
        };
        read().ok_or("not a cursor that a page gave")
    }
}
