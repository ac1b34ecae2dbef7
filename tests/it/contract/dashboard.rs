//! What the dashboard's port has beside the routes of the others: its files, and the settings in force.

use reqwest::header::ACCEPT_ENCODING;
use serde_json::Value;

use crate::client::Client;
use crate::server::{Kind, Server, program};

on_both_stores!(the_settings_in_force_are_told_without_their_secrets, what_browsers_load_is_compressed);

async fn the_settings_in_force_are_told_without_their_secrets(kind: Kind) {
    let url = "https://key:hunter2@app.example";
    let server = Server::start_with(kind, &["--allowed-origins", url]).await;
    let told = server.json("/config").await;
    let setting = |name: &str| -> Value {
        let settings = told.as_array().unwrap();
        settings.iter().find(|setting| setting["name"] == name).cloned().unwrap_or_default()
    };
    assert_eq!(setting("allowed-origins")["value"], "https://key:***@app.example");
    assert_eq!(setting("allowed-origins")["source"], "flag");
    assert_eq!(setting("log-format")["source"], "default");
    assert_eq!(setting("data-dir")["value"], server.data().to_string_lossy().into_owned());
    // The same as the program prints beside it.
    let printed = program().arg("config").args(server.flags()).output().unwrap();
    let printed = String::from_utf8(printed.stdout).unwrap();
    assert_eq!(printed.lines().count(), told.as_array().unwrap().len());
    for setting in told
        .as_array()
        .unwrap()
        .iter()
        .filter(|setting| !setting["name"].as_str().unwrap().ends_with("-port"))
    {
        let (name, value) = (setting["name"].as_str().unwrap(), setting["value"].as_str().unwrap());
        assert!(printed.lines().any(|line| line.starts_with(name) && line.contains(value)), "{setting}");
    }
    // On the dashboard's port, and on no other.
    let ports = server.ports.all();
    for port in &ports[1..] {
        assert_eq!(server.try_get_at(*port, "/config").await.unwrap().status, 404);
    }
    assert_eq!(server.try_get_at(ports[0], "/config?x=1").await.unwrap().status, 400);
}

async fn what_browsers_load_is_compressed(kind: Kind) {
    let server = Server::start(kind).await;
    let dashboard = server.on_one_port();
    for path in ["/vendor.js", "/style.css", "/openapi.json", "/asyncapi.json"] {
        let plain = dashboard.get(path).await;
        assert_eq!((plain.status, plain.header("Content-Encoding")), (200, None), "{path}");
        let request = dashboard.request(reqwest::Method::GET, path).header(ACCEPT_ENCODING, "gzip");
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()["Content-Encoding"], "gzip", "{path}");
        let vary: Vec<_> =
            response.headers().get_all("Vary").iter().map(|value| value.to_str().unwrap()).collect();
        assert!(vary.contains(&"Accept-Encoding") && vary.contains(&"Origin"), "{path}: {vary:?}");
        let tag = response.headers()["ETag"].to_str().unwrap().to_owned();
        assert!(response.bytes().await.unwrap().len() < plain.text.len(), "{path}");
        let again = dashboard.request(reqwest::Method::GET, path).header("If-None-Match", tag);
        assert_eq!(Client::try_send(again).await.unwrap().status, 304, "{path}");
    }
}
