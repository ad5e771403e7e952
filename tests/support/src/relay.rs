//! A server between the command line and the local chain. It notes what is asked, and can answer one question itself, as
//! the chain answered it first: that makes large lists affordable.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::{Error, Result};

/// The server. Its threads end with the process.
#[derive(Debug)]
pub struct Relay {
    url: String,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    chain: String,
    replays: Option<&'static str>,
    answer: Mutex<Option<Vec<u8>>>,
    requests: Mutex<Vec<String>>,
}

impl Relay {
    /// Stands before the chain at `url`, and passes everything on.
    ///
    /// # Errors
    /// When no port is free.
    pub fn before(url: &str) -> Result<Self> {
        Self::start(url, None)
    }

    /// The same; requests whose first line contains `function` are answered from the first one.
    ///
    /// # Errors
    /// When no port is free.
    pub fn replaying(url: &str, function: &'static str) -> Result<Self> {
        Self::start(url, Some(function))
    }

    fn start(chain: &str, replays: Option<&'static str>) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").map_err(Error::io("a port for a relay"))?;
        let address = listener.local_addr().map_err(Error::io("a relay's address"))?;
        let state = Arc::new(State {
            chain: chain
                .trim_start_matches("http://")
                .trim_end_matches('/')
                .to_owned(),
            replays,
            answer: Mutex::new(None),
            requests: Mutex::new(Vec::new()),
        });
        let serving = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&serving);
                thread::spawn(move || state.serve(stream));
            }
        });
        Ok(Self {
            url: format!("http://{address}"),
            state,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What was asked since the last time, in order: method and path.
    #[must_use]
    pub fn take_requests(&self) -> Vec<String> {
        std::mem::take(&mut *lock(&self.state.requests))
    }
}

impl State {
    /// Answers what comes on a connection until its client closes it.
    fn serve(&self, mut stream: TcpStream) -> io::Result<()> {
        let mut reader = BufReader::new(stream.try_clone()?);
        while let Some(request) = read_request(&mut reader)? {
            let first_line =
                String::from_utf8_lossy(request.split(|byte| *byte == b'\r').next().unwrap_or(&[]));
            let asked = first_line.trim_end_matches(" HTTP/1.1").to_owned();
            let is_replayed = self.replays.is_some_and(|function| asked.contains(function));
            lock(&self.requests).push(asked);
            let answer = if is_replayed {
                self.replay(&request)?
            } else {
                self.ask_chain(&request)?
            };
            stream.write_all(&answer)?;
        }
        Ok(())
    }

    fn replay(&self, request: &[u8]) -> io::Result<Vec<u8>> {
        let mut known = lock(&self.answer);
        if let Some(answer) = &*known {
            return Ok(answer.clone());
        }
        let answer = self.ask_chain(request)?;
        *known = Some(answer.clone());
        Ok(answer)
    }

    /// The chain closes its connection after each answer; the client's stays open.
    fn ask_chain(&self, request: &[u8]) -> io::Result<Vec<u8>> {
        let mut chain = TcpStream::connect(&self.chain)?;
        chain.write_all(request)?;
        let mut reader = BufReader::new(chain);
        let mut answer = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            if line.trim().is_empty() {
                break;
            }
            if !is_header(&line, "connection") {
                answer.extend_from_slice(line.as_bytes());
            }
        }
        answer.extend_from_slice(b"\r\n");
        reader.read_to_end(&mut answer)?;
        Ok(answer)
    }
}

/// A whole request, which asks to close the connection after it; none at the end.
fn read_request(reader: &mut BufReader<TcpStream>) -> io::Result<Option<Vec<u8>>> {
    let mut request = Vec::new();
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        if line.trim().is_empty() {
            break;
        }
        if is_header(&line, "content-length") {
            let value = line.split_once(':').map_or("", |(_, value)| value.trim());
            length = value.parse().map_err(io::Error::other)?;
        }
        if !is_header(&line, "connection") {
            request.extend_from_slice(line.as_bytes());
        }
    }
    request.extend_from_slice(b"connection: close\r\n\r\n");
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    request.extend(body);
    Ok(Some(request))
}

fn is_header(line: &str, name: &str) -> bool {
    line.split_once(':')
        .is_some_and(|(found, _)| found.eq_ignore_ascii_case(name))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
