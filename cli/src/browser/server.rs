//! The server of one question.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use recoup_stacks::hex;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::question::{Question, Reply};

const PAGE: &str = include_str!("page.html");
const SCRIPT: &str = include_str!("page.js");
/// A signed transaction in hexadecimal fits many times.
const ANSWER_LIMIT: usize = 8 * 1024 * 1024;
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const STYLE: &str = include_str!("page.css");

/// Why the browser gave no answer.
#[derive(Debug, Error)]
pub enum BrowserError {
    /// No port, or no randomness.
    #[error("cannot serve the page on this machine")]
    Serve(#[from] std::io::Error),
    /// The question cannot be written.
    #[error("cannot write the question for the page")]
    Question(#[from] serde_json::Error),
    /// Nobody answered.
    #[error("no answer from the browser within {} seconds", .0.as_secs())]
    TimedOut(Duration),
}

/// What the handlers know.
struct Desk {
    question: String,
    /// The server's own address, as `Host` and `Origin` have to say it.
    host: String,
    answers: mpsc::Sender<Reply>,
}

/// Serves the question, lets `open` show the page, and waits for the answer. The server is gone when this returns.
///
/// # Errors
/// When it cannot be served, or nobody answers in time.
pub async fn ask(
    question: &Question,
    limit: Duration,
    open: impl FnOnce(&str),
) -> Result<Reply, BrowserError> {
    let mut token = [0_u8; 32];
    getrandom::fill(&mut token).map_err(std::io::Error::other)?;
    let token = hex::encode(&token);
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    let host = listener.local_addr()?.to_string();
    let (answers, mut answered) = mpsc::channel(1);
    let desk = Arc::new(Desk {
        question: serde_json::to_string(question)?,
        host: host.clone(),
        answers,
    });
    let server = axum::serve(listener, routes(&token, desk)).into_future();
    let server = tokio::spawn(server);
    open(&format!("http://{host}/{token}/"));
    let answer = tokio::time::timeout(limit, answered.recv()).await;
    // The page still has to get its last answer.
    tokio::time::sleep(Duration::from_millis(200)).await;
    server.abort();
    answer.ok().flatten().ok_or(BrowserError::TimedOut(limit))
}

fn routes(token: &str, desk: Arc<Desk>) -> Router {
    let own = Router::new()
        .route("/", get(async || text("text/html; charset=utf-8", PAGE)))
        .route(
            "/page.js",
            get(async || text("text/javascript; charset=utf-8", SCRIPT)),
        )
        .route("/page.css", get(async || text("text/css; charset=utf-8", STYLE)))
        .route("/question", get(question))
        .route("/answer", post(answer))
        .layer(DefaultBodyLimit::max(ANSWER_LIMIT));
    // A prefix of its own: whoever does not know it finds nothing.
    Router::new()
        .nest(&format!("/{token}/"), own)
        .layer(axum::middleware::from_fn_with_state(desk.clone(), guard))
        .with_state(desk)
}

/// Other names for loopback are refused: a page of another site can make one up.
async fn guard(
    State(desk): State<Arc<Desk>>,
    request: axum::extract::Request,
    next: axum::middleware::Next,
) -> Response {
    let mut response = if is_from_here(request.headers(), &desk.host) {
        next.run(request).await
    } else {
        StatusCode::FORBIDDEN.into_response()
    };
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
    ];
    for (name, value) in fixed {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}

fn is_from_here(headers: &HeaderMap, host: &str) -> bool {
    let is_host = headers.get(header::HOST).is_some_and(|value| value == host);
    let origin = format!("http://{host}");
    is_host && headers.get(header::ORIGIN).is_none_or(|value| *value == origin)
}

fn text(content_type: &'static str, body: &'static str) -> Response {
    ([(header::CONTENT_TYPE, content_type)], body).into_response()
}

async fn question(State(desk): State<Arc<Desk>>) -> Response {
    (
        [(header::CONTENT_TYPE, "application/json")],
        desk.question.clone(),
    )
        .into_response()
}

/// Takes one answer. JSON by its content type, so that no form of another site can send it.
async fn answer(State(desk): State<Arc<Desk>>, headers: HeaderMap, body: Bytes) -> Response {
    if headers
        .get(header::CONTENT_TYPE)
        .is_none_or(|value| value != "application/json")
    {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    }
    let Ok(reply) = serde_json::from_slice::<Reply>(&body) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    match desk.answers.try_send(reply) {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(_) => StatusCode::CONFLICT.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use reqwest::Client;

    use super::*;
    use crate::profile::Chain;

    fn client() -> Client {
        let url = "http://127.0.0.1".parse().unwrap();
        recoup_stacks::rpc::client_builder(&url).unwrap().build().unwrap()
    }

    /// Runs a visitor beside the server; gives what was asked of the browser.
    async fn visit<Visit: Future<Output = ()> + Send + 'static>(
        visitor: impl FnOnce(Client, String) -> Visit + Send,
        limit: Duration,
    ) -> Result<Reply, BrowserError> {
        let visiting = Mutex::new(None);
        let result = ask(&Question::connect(Chain::Local), limit, |url| {
            *visiting.lock().unwrap() = Some(tokio::spawn(visitor(client(), url.to_owned())));
        })
        .await;
        let visiting = visiting.lock().unwrap().take().unwrap();
        visiting.await.unwrap();
        result
    }

    #[tokio::test]
    async fn the_page_is_strict_and_its_answer_is_taken_once() {
        let reply = visit(
            async |client, url| {
                let page = client.get(&url).send().await.unwrap();
                let policy = page.headers()["content-security-policy"].to_str().unwrap();
                assert!(
                    policy.starts_with("default-src 'none'; script-src 'self';"),
                    "{policy}"
                );
                assert!(page.text().await.unwrap().contains("page.js"));
                let question = client.get(format!("{url}question")).send().await.unwrap();
                assert_eq!(
                    question.text().await.unwrap(),
                    r#"{"kind":"connect","network":"devnet"}"#
                );
                let post = |body: &'static str| {
                    let post = client.post(format!("{url}answer"));
                    post.header("content-type", "application/json").body(body).send()
                };
                assert_eq!(post("{\"key\":1}").await.unwrap().status(), 400);
                assert_eq!(post("{\"address\":\"ST1\"}").await.unwrap().status(), 204);
            },
            Duration::from_secs(60),
        )
        .await
        .unwrap();
        assert_eq!(reply.into_address().unwrap(), "ST1");
    }

    #[tokio::test]
    async fn strangers_get_nothing() {
        let result = visit(
            async |client, url| {
                let (server, _) = url
                    .split_once("127.0.0.1")
                    .map(|(head, tail)| (tail.split('/').next().unwrap().to_owned(), head))
                    .unwrap();
                let root = format!("http://127.0.0.1{server}");
                let status = async |request: reqwest::RequestBuilder| request.send().await.unwrap().status();
                assert_eq!(status(client.get(format!("{root}/"))).await, 404);
                assert_eq!(status(client.get(format!("{root}/question"))).await, 404);
                assert_eq!(
                    status(client.get(format!("{root}/{}/question", "0".repeat(64)))).await,
                    404
                );
                assert_eq!(status(client.get(&url).header("host", "evil.example")).await, 403);
                let post = || client.post(format!("{url}answer")).body("{\"txid\":\"00\"}");
                assert_eq!(status(post()).await, 415);
                let json = || post().header("content-type", "application/json");
                assert_eq!(status(json().header("origin", "http://evil.example")).await, 403);
            },
            Duration::from_secs(2),
        )
        .await;
        assert!(matches!(result, Err(BrowserError::TimedOut(_))));
    }
}
