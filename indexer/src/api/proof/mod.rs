//! `GET /refunds/{id}/proof`: what anybody needs to check a refund without us.

mod handler;
mod witness;

pub(super) use handler::show;
pub(super) use witness::Witness;
