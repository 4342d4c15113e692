//! What anybody may ask for although it does not exist, and connections that anybody may open: both are limited.

use crate::support::{TestServer, both_engines, eventually};
use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};
use tokio::{io::AsyncReadExt, net::TcpSocket, time::timeout};

both_engines!(
    absent_subject_is_looked_up_once_per_version,
    absent_slug_is_looked_up_again_after_a_change,
    network_that_asks_for_much_that_is_absent_is_limited,
    connections_of_one_network_are_limited,
);

/// An id that nothing has.
const ABSENT: &str = "aaaaaaaaaaaa";

/// What does not exist costs one statement, and none until the organization changes.
async fn absent_subject_is_looked_up_once_per_version(server: TestServer) {
    let owner = server.owner("northwind").await;
    let api = owner.create_service("northwind", "API", "").await;
    let visitor = server.browser();
    let addresses = [
        format!("/status/northwind/services/{ABSENT}"),
        format!("/status/northwind/feed.atom?service={ABSENT}"),
        format!("/status/northwind/badge.svg?service={ABSENT}"),
        format!("/status/northwind/calendar.ics?service={ABSENT}"),
        format!("/api/v1/status/northwind/services/{ABSENT}"),
    ];
    for address in &addresses {
        assert_eq!(visitor.get(address).await.status, 404, "{address}");
    }
    // It appears without anybody hearing of it.
    server
        .execute(&format!(
            "insert into services (id, organization_id, name, name_key, own_status, position, created_at, updated_at)
             select '{ABSENT}', organization_id, 'Web', 'web', own_status, position + 1, created_at, updated_at
             from services where id = '{api}'"
        ))
        .await;
    server
        .execute(&format!(
            "insert into status_history (id, organization_id, service_id, status, started_at, cause)
             select 'bbbbbbbbbbbb', organization_id, '{ABSENT}', status, started_at, cause
             from status_history where service_id = '{api}'"
        ))
        .await;
    for address in &addresses {
        assert_eq!(visitor.get(address).await.status, 404, "remembered: {address}");
    }
    owner.set_status("northwind", &[&api], "degraded_performance").await;
    for address in &addresses {
        assert_eq!(visitor.get(address).await.status, 200, "looked up anew: {address}");
    }
}

/// A name that was nobody's is found as soon as somebody has it.
async fn absent_slug_is_looked_up_again_after_a_change(server: TestServer) {
    let visitor = server.browser();
    for address in ["/status/northwind", "/status/northwind/feed.rss", "/api/v1/status/northwind"] {
        assert_eq!(visitor.get(address).await.status, 404, "{address}");
    }
    server.owner("northwind").await;
    for address in ["/status/northwind", "/status/northwind/feed.rss", "/api/v1/status/northwind"] {
        assert_eq!(visitor.get(address).await.status, 200, "{address}");
    }
}

/// Guessing addresses ends in 429; what exists and is in memory goes on being served, and so does what
/// has been found before.
async fn network_that_asks_for_much_that_is_absent_is_limited(server: TestServer) {
    let owner = server.owner("northwind").await;
    let visitor = server.browser();
    assert_eq!(visitor.get("/status/northwind").await.status, 200);
    assert_eq!(visitor.get("/status/northwind/history").await.status, 200);
    let mut asked = 0;
    let limited = loop {
        let answer = visitor.get(&format!("/status/northwind/incidents/a{asked:011}")).await;
        if answer.status != 404 {
            break answer;
        }
        asked += 1;
        assert!(asked < 2_000, "it is never limited");
    };
    assert_eq!(limited.status, 429, "{}", limited.text());
    assert!(asked >= 200, "limited after {asked}");
    assert!((1..=2).contains(&limited.header("retry-after").parse::<u32>().unwrap()));
    for address in ["/status/northwind", "/status/northwind/history"] {
        assert_eq!(visitor.get(address).await.status, 200, "{address}");
    }
    owner.create_service("northwind", "API", "").await;
    for address in ["/status/northwind", "/status/northwind/history"] {
        assert_eq!(visitor.get(address).await.status, 200, "not in memory any more: {address}");
    }
    // It passes.
    eventually("a new address is looked up again", || async {
        let answer = visitor.get("/status/northwind/feed.json").await;
        (answer.status == 200).then_some(())
    })
    .await;
}

/// A network that holds a thousand connections open gets no more, others do.
async fn connections_of_one_network_are_limited(server: TestServer) {
    let address: SocketAddr = server.url.trim_start_matches("http://").parse().unwrap();
    let connect = async |source: Ipv4Addr| {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::from((source, 0))).unwrap();
        socket.connect(address).await.unwrap()
    };
    // A connection that is refused is closed at once; one that is served waits for a request.
    let is_served = async |source: Ipv4Addr| {
        let mut stream = connect(source).await;
        timeout(Duration::from_millis(500), stream.read(&mut [0])).await.is_err()
    };
    let (crowded, other) = (Ipv4Addr::new(127, 0, 0, 7), Ipv4Addr::new(127, 0, 0, 8));
    let mut held = Vec::new();
    for _ in 0..1_000 {
        held.push(connect(crowded).await);
    }
    assert!(!is_served(crowded).await);
    assert!(is_served(other).await);
    drop(held);
    eventually("connections that ended are not counted", || async { is_served(crowded).await.then_some(()) }).await;
}
