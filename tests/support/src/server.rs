//! An HTTP server whose every answer the test decides: a made-up node, or a real one that lies.

use std::io::{BufRead, BufReader, Read as _, Write as _};
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
    /// The `content-type` header.
    pub content_type: Option<String>,
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
                let (is_stopped, answer) = (Arc::clone(&is_stopped), Arc::clone(&answer));
                // A client that hung up is no concern of this server.
                thread::spawn(move || serve(&stream, &is_stopped, answer.as_ref()).ok());
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
        let upstream = Upstream::at(upstream);
        Self::start(move |asked| change(&asked, upstream.ask(&asked)))
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

/// The server that another stands before.
#[derive(Debug)]
pub(crate) struct Upstream {
    agent: Agent,
    base: String,
}

impl Upstream {
    pub(crate) fn at(url: &str) -> Self {
        let settings = Agent::config_builder()
            .timeout_global(Some(LIMIT))
            .http_status_as_error(false)
            .proxy(None);
        Self {
            agent: settings.build().into(),
            base: url.trim_end_matches('/').to_owned(),
        }
    }

    /// What it answers; 502 when it cannot be asked.
    pub(crate) fn ask(&self, asked: &Asked) -> Answered {
        let answered = self.forward(asked);
        answered.unwrap_or_else(|error| Answered::text(502, &error.to_string()))
    }

    fn forward(&self, asked: &Asked) -> Result<Answered, ureq::Error> {
        let url = format!("{}{}", self.base, asked.path);
        let mut response = if asked.method == "POST" {
            let content_type = asked
                .content_type
                .as_deref()
                .unwrap_or("application/octet-stream");
            let request = self.agent.post(&url).content_type(content_type);
            request.send(&asked.body[..])?
        } else {
            let request = self.agent.get(&url);
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
}

/// Answers what comes on a connection until its client closes it, or the server stops.
fn serve(
    stream: &TcpStream,
    is_stopped: &AtomicBool,
    answer: &dyn Fn(Asked) -> Answered,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    while let Some(asked) = read_request(&mut reader)? {
        if is_stopped.load(Ordering::SeqCst) {
            break;
        }
        let Answered {
            status,
            content_type,
            body,
        } = answer(asked);
        let head = format!(
            "HTTP/1.1 {status} Answered\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let mut stream = stream;
        stream.write_all(&[head.as_bytes(), &body].concat())?;
    }
    Ok(())
}

/// The next request; none at the end of the connection.
fn read_request(reader: &mut impl BufRead) -> std::io::Result<Option<Asked>> {
    let mut reader = reader.take(BODY_LIMIT);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut words = first.split_whitespace();
    let (Some(method), Some(path)) = (words.next(), words.next()) else {
        return Ok(None);
    };
    let mut asked = Asked {
        method: method.to_owned(),
        path: path.to_owned(),
        authorization: None,
        content_type: None,
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
            "content-type" => asked.content_type = Some(value.trim().to_owned()),
            _ => {}
        }
    }
    reader.take(length).read_to_end(&mut asked.body)?;
    Ok(Some(asked))
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
