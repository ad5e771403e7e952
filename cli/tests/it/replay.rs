//! A server between the command line and the local chain that answers one question itself: as the chain answered it first.
//! It makes large lists affordable, and counts what they ask.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// The server. Its threads end with the test binary.
pub(crate) struct Replay {
    url: String,
    state: Arc<State>,
}

struct State {
    chain: String,
    function: &'static str,
    answer: Mutex<Option<Vec<u8>>>,
    replayed: AtomicUsize,
    passed_on: AtomicUsize,
}

impl Replay {
    /// Stands before the chain at `url`; the calls of `function` are answered from the first one.
    pub(crate) fn of(url: &str, function: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let state = Arc::new(State {
            chain: url.trim_start_matches("http://").trim_end_matches('/').to_owned(),
            function,
            answer: Mutex::new(None),
            replayed: AtomicUsize::new(0),
            passed_on: AtomicUsize::new(0),
        });
        let url = format!("http://{}", listener.local_addr().unwrap());
        let serving = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&serving);
                thread::spawn(move || state.serve(stream));
            }
        });
        Self { url, state }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// (Calls of the function, all other requests) so far.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let count = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
        (count(&self.state.replayed), count(&self.state.passed_on))
    }
}

impl State {
    /// Takes one request of a connection and closes it.
    fn serve(&self, mut stream: TcpStream) -> io::Result<()> {
        let request = read_request(&stream)?;
        let first_line =
            String::from_utf8_lossy(request.split(|byte| *byte == b'\r').next().unwrap_or_default());
        let answer = if first_line.contains(self.function) {
            self.replayed.fetch_add(1, Ordering::Relaxed);
            let mut known = self.answer.lock().unwrap();
            if known.is_none() {
                *known = Some(self.ask_chain(&request)?);
            }
            known.clone().unwrap_or_default()
        } else {
            self.passed_on.fetch_add(1, Ordering::Relaxed);
            self.ask_chain(&request)?
        };
        stream.write_all(&answer)
    }

    fn ask_chain(&self, request: &[u8]) -> io::Result<Vec<u8>> {
        let mut chain = TcpStream::connect(&self.chain)?;
        chain.write_all(request)?;
        let mut answer = Vec::new();
        chain.read_to_end(&mut answer)?;
        Ok(answer)
    }
}

/// A whole request, which asks to close the connection after it.
fn read_request(stream: &TcpStream) -> io::Result<Vec<u8>> {
    let mut reader = BufReader::new(stream);
    let mut request = Vec::new();
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let (name, value) = line.split_once(':').unwrap_or((&line, ""));
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
        if !name.eq_ignore_ascii_case("connection") {
            request.extend_from_slice(line.as_bytes());
        }
    }
    request.extend_from_slice(b"connection: close\r\n\r\n");
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    request.extend(body);
    Ok(request)
}
