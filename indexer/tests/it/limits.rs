//! Clients that ask too much, web pages of others, and statements that take too long.

use std::num::NonZeroU32;

use recoup_indexer::api::{CorsOrigins, RateLimit};

use crate::api::ROOT;
use crate::harness::TestIndexer;

#[test]
fn a_client_that_asks_too_much_waits_and_web_pages_are_let_in_by_name() {
    let mut indexer = TestIndexer::start_with(ROOT, |config| {
        config.api.rate_limit = Some(RateLimit {
            per_second: NonZeroU32::MIN,
            burst: NonZeroU32::new(3).unwrap(),
            client_header: Some("x-forwarded-for".parse().unwrap()),
        });
        config.api.cors = CorsOrigins::These(vec!["https://shop.example".parse().unwrap()]);
    });
    let ask = |client: &str, origin: &str| {
        let request = ureq::get(indexer.api_url("/refunds"))
            .config()
            .http_status_as_error(false)
            .build();
        request
            .header("x-forwarded-for", client)
            .header("origin", origin)
            .call()
            .unwrap()
    };
    let header = |response: &ureq::http::Response<ureq::Body>, name: &str| {
        response
            .headers()
            .get(name)
            .map(|value| value.to_str().unwrap().to_owned())
    };
    let let_in = ask("192.0.2.1", "https://shop.example");
    assert_eq!(
        header(&let_in, "access-control-allow-origin").as_deref(),
        Some("https://shop.example")
    );
    assert_eq!(
        header(
            &ask("192.0.2.1", "https://evil.example"),
            "access-control-allow-origin"
        ),
        None
    );
    let statuses: Vec<u16> = (0..9).map(|_| ask("192.0.2.1", "").status().as_u16()).collect();
    assert!(statuses.contains(&429), "{statuses:?}");
    let refused = (0..9)
        .map(|_| ask("192.0.2.1", "https://shop.example"))
        .find(|answer| answer.status() == 429)
        .unwrap();
    assert!(header(&refused, "retry-after").is_some());
    assert_eq!(
        header(&refused, "access-control-allow-origin").as_deref(),
        Some("https://shop.example")
    );
    // The client writes what it likes before the proxy's word, and another client is let in.
    assert_eq!(ask("192.0.2.1, 192.0.2.2", "").status().as_u16(), 200);
    indexer.stop_server();
}

#[test]
fn a_statement_that_takes_too_long_is_broken_off() {
    let indexer = TestIndexer::start_with(ROOT, |config| {
        config.api.statement_limit = std::time::Duration::from_millis(50);
    });
    // Whoever reads a refund waits for this lock.
    indexer.block_on(async {
        use sqlx::Connection as _;
        let mut connection = sqlx::PgConnection::connect(indexer.database_url()).await.unwrap();
        let mut transaction = connection.begin().await.unwrap();
        sqlx::raw_sql("lock table refund")
            .execute(&mut *transaction)
            .await
            .unwrap();
        let url = indexer.api_url("/refunds");
        let answer = tokio::task::spawn_blocking(move || {
            let request = ureq::get(url).config().http_status_as_error(false).build();
            request.call().unwrap().status().as_u16()
        });
        assert_eq!(answer.await.unwrap(), 503);
        transaction.rollback().await.unwrap();
    });
    assert_eq!(indexer.get("/refunds").0, 200);
}
