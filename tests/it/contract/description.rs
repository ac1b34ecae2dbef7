//! The description for machines: the same at every door, and of what is really there.

use std::process::Command;

use reqwest::Method;

use crate::client::{Client, Ports};
use crate::server::{Kind, Server, program};

on_both_stores!(every_port_describes_the_interface, what_is_described_is_there);

async fn every_port_describes_the_interface(kind: Kind) {
    let server = Server::start(kind).await;
    let printed = Command::output(program().arg("openapi")).unwrap();
    assert!(printed.status.success());
    for port in server.ports.all() {
        let ports = Ports { dashboard: port, events: port, commands: port, queries: port, projections: port };
        let client = Client::new(ports);
        let openapi = client.get("/openapi.json").await;
        assert_eq!(openapi.header("Content-Type"), Some("application/json"));
        assert_eq!(openapi.text.as_bytes(), printed.stdout);
        assert!(openapi.json()["openapi"].as_str().unwrap().starts_with("3.1"));
        let asyncapi = client.json("/asyncapi.json").await;
        assert!(asyncapi["asyncapi"].as_str().unwrap().starts_with("3.0"));
    }
}

/// Each GET with one answer that is described; each with the problem that another method gets.
async fn what_is_described_is_there(kind: Kind) {
    let server = Server::start(kind).await;
    server
        .keyed("k-1", "/commands/create-account", &serde_json::json!({"accountId": "acc-1"}))
        .await
        .accepted();
    let document = server.json("/openapi.json").await;
    for (path, methods) in document["paths"].as_object().unwrap() {
        let real = path
            .replace("{accountId}", "acc-1")
            .replace("{commandId}", "k-1")
            .replace("{name}", "accounts")
            .replace("{code}", "not-found")
            .replace("{sequence}", "1")
            .replace("{replayId}", "0198f6c2-7d1e-7cc3-b1f0-2a4d1c5e9b10");
        if let Some(get) = methods.get("get") {
            // A head comes to its end, also where the answer has none.
            let reply = server.send(server.request(Method::HEAD, &real)).await;
            let answers = get["responses"].as_object().unwrap();
            assert!(answers.contains_key(&reply.status.to_string()), "{} {path}", reply.status);
            assert!(reply.status == 200 || path.starts_with("/replays"), "{} {path}", reply.status);
        }
        server.send(server.request(Method::DELETE, &real)).await.refused(405, "method-not-allowed");
    }
}
