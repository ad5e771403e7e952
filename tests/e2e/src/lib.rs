//! End-to-end tests and the demo: the real binaries over the local chain.
