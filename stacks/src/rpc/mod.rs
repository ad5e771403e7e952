//! The node's RPC.
