//! The Stacks chain: keys, addresses, Clarity values, transactions, node RPC, observer payloads.
