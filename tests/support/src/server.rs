//! An HTTP server whose every answer the test decides: a made-up node, or a real one that lies.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use ureq::Agent;

use crate::{Error, Result};

/// Longer than anything asked here takes on a busy machine.
const LIMIT: Duration = Duration::from_secs(120);
/// Longest body that is read.
const BODY_LIMIT: u64 = 64 * 1024 * 1024;

/// What was asked.
#[derive(Debug, Clone)]
pub struct Asked {
    /// `GET` or `POST`.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// The `authorization` header.
    pub authorization: Option<String>,
    /// What was posted.
    pub body: Vec<u8>,
}

/// What is answered.
#[derive(Debug, Clone)]
pub struct Answered {
    /// HTTP status.
    pub status: u16,
    /// Its content type.
    pub content_type: String,
    /// The body.
    pub body: Vec<u8>,
}

impl Answered {
    /// A success in JSON.
    #[must_use]
    pub fn json(value: &serde_json::Value) -> Self {
        Self {
            status: 200,
            content_type: "application/json".to_owned(),
            body: value.to_string().into_bytes(),
        }
    }

    /// A success in bytes.
    #[must_use]
    pub fn bytes(body: Vec<u8>) -> Self {
        Self {
            status: 200,
            content_type: "application/octet-stream".to_owned(),
            body,
        }
    }

    /// Anything in words.
    #[must_use]
    pub fn text(status: u16, text: &str) -> Self {
        Self {
            status,
            content_type: "text/plain".to_owned(),
            body: text.as_bytes().to_vec(),
        }
    }
}

/// A server on a free port of loopback, until it is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    stopped: Arc<AtomicBool>,
    listening: Option<JoinHandle<()>>,
}

impl Server {
    /// Answers each request with what `answer` says; several at once.
    ///
    /// # Errors
    /// When no port is free.
    pub fn start(answer: impl Fn(Asked) -> Answered + Send + Sync + 'static) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").map_err(Error::io("listen"))?;
        let address = listener.local_addr().map_err(Error::io("listen"))?;
        let stopped = Arc::new(AtomicBool::new(false));
        let (is_stopped, answer) = (Arc::clone(&stopped), Arc::new(answer));
        let listening = thread::spawn(move || {
            for stream in listener.incoming() {
                if is_stopped.load(Ordering::SeqCst) {
                    break;
                }
                let Ok(stream) = stream else { continue };
                let answer = Arc::clone(&answer);
                // A client that hung up is no concern of this server.
                thread::spawn(move || serve(&stream, answer.as_ref()).ok());
            }
        });
        Ok(Self {
            address,
            stopped,
            listening: Some(listening),
        })
    }

    /// Passes every request on to the server at `upstream`, and its answer through `change`.
    ///
    /// # Errors
    /// When no port is free.
    pub fn before(
        upstream: &str,
        change: impl Fn(&Asked, Answered) -> Answered + Send + Sync + 'static,
    ) -> Result<Self> {
        let agent: Agent = Agent::config_builder()
            .timeout_global(Some(LIMIT))
            .http_status_as_error(false)
            .proxy(None)
            .build()
            .into();
        let upstream = upstream.trim_end_matches('/').to_owned();
        Self::start(move |asked| {
            let answered = forward(&agent, &upstream, &asked);
            let answered = answered.unwrap_or_else(|error| Answered::text(502, &error.to_string()));
            change(&asked, answered)
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        // Wakes the listener up.
        drop(TcpStream::connect(self.address));
        if let Some(listening) = self.listening.take() {
            drop(listening.join());
        }
    }
}

fn forward(agent: &Agent, upstream: &str, asked: &Asked) -> Result<Answered, ureq::Error> {
    let url = format!("{upstream}{}", asked.path);
    let mut response = if asked.method == "POST" {
        agent
            .post(&url)
            .content_type("application/json")
            .send(&asked.body[..])?
    } else {
        let request = agent.get(&url);
        match &asked.authorization {
            Some(token) => request.header("authorization", token).call()?,
            None => request.call()?,
        }
    };
    let content_type = response.headers().get("content-type");
    let content_type = content_type.and_then(|value| value.to_str().ok());
    Ok(Answered {
        status: response.status().as_u16(),
        content_type: content_type.unwrap_or("application/octet-stream").to_owned(),
        body: response
            .body_mut()
            .with_config()
            .limit(BODY_LIMIT)
            .read_to_vec()?,
    })
}

fn serve(stream: &TcpStream, answer: &dyn Fn(Asked) -> Answered) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.take(BODY_LIMIT));
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut words = first.split_whitespace();
    let mut asked = Asked {
        method: words.next().unwrap_or_default().to_owned(),
        path: words.next().unwrap_or_default().to_owned(),
        authorization: None,
        body: Vec::new(),
    };
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        let Some((name, value)) = line.trim().split_once(':') else {
            continue;
        };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().unwrap_or(0),
            "authorization" => asked.authorization = Some(value.trim().to_owned()),
            _ => {}
        }
    }
    reader.take(length).read_to_end(&mut asked.body)?;
    if asked.path.is_empty() {
        return Ok(());
    }
    let Answered {
        status,
        content_type,
        body,
    } = answer(asked);
    let mut stream = stream;
    write!(
        stream,
        "HTTP/1.1 {status} Answered\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    )?;
    stream.write_all(&body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_before_another_changes_what_it_is_told_to() {
        let honest = Server::start(|asked| Answered::text(200, &format!("{} {}", asked.method, asked.path)));
        let honest = honest.unwrap();
        let liar = Server::before(&honest.url(), |asked, mut answered| {
            if asked.path == "/lie" {
                answered.body.reverse();
            }
            answered
        })
        .unwrap();
        let get = |path: &str| {
            let mut response = ureq::get(format!("{}{path}", liar.url())).call().unwrap();
            response.body_mut().read_to_string().unwrap()
        };
        assert_eq!(get("/a?b=c"), "GET /a?b=c");
        assert_eq!(get("/lie"), "eil/ TEG");
    }
}
