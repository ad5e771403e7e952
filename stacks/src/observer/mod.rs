//! What a node posts to its event observers.
