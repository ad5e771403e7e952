//! What the tests share: private PostgreSQL clusters, the local chain, processes that end with their test.
