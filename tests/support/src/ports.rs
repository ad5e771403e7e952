//! Free ports for processes that must come back on the same one.

use std::net::{Ipv4Addr, TcpListener};
use std::process;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::{Error, Result};

/// Below the range from which systems take the ports of outgoing connections, so that no such connection takes the
/// port of a server that is down between two lives.
const FIRST: u16 = 10_000;
const COUNT: u16 = 20_000;

static OFFSET: AtomicU16 = AtomicU16::new(0);

/// A TCP port of 127.0.0.1 on which nothing listens.
///
/// # Errors
/// [`Error::Failed`] when none is found.
pub fn free_port() -> Result<u16> {
    let seed = seed();
    for _ in 0..COUNT {
        let step = OFFSET.fetch_add(1, Ordering::Relaxed);
        let port = FIRST + seed.wrapping_add(step) % COUNT;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    Err(Error::Failed {
        program: "free port".to_owned(),
        detail: "all are taken".to_owned(),
    })
}

/// Differs between processes that start at the same moment, and between runs that get the same process id.
fn seed() -> u16 {
    let nanos = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.subsec_micros());
    let mixed = process::id().wrapping_mul(7919).wrapping_add(nanos);
    u16::try_from(mixed % u32::from(COUNT)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_another_port_each_time() {
        let first = free_port().unwrap();
        let second = free_port().unwrap();
        assert_ne!(first, second);
        assert!((FIRST..FIRST + COUNT).contains(&first));
    }
}
