//! The subcommands that speak to a running server, over HTTP like any other client.

mod demo_data;
mod health;
mod replay;
mod tail;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use anyhow::Context as _;
use clap::{Arg, ArgMatches, Command};
use ureq::http::Response;
use web::Facade;

use crate::settings::{FACADES, Settings, WrongSetting};

/// How long an answer may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// What each of them takes.
pub fn subcommands() -> [Command; 4] {
    let url = Arg::new("url").long("url").value_name("URL");
    let url = url.help("Where the server is, such as http://localhost:3000; else as the settings say");
    [health::command(), tail::command(), replay::command(), demo_data::command()]
        .map(|command| command.arg(url.clone()))
}

/// Does the subcommand of that name.
pub fn run(name: &str, matches: &ArgMatches, settings: &Settings) -> anyhow::Result<()> {
    let (facade, body): (_, fn(&Server, &ArgMatches) -> anyhow::Result<()>) = match name {
        "health" => (settings.facades.first().copied().unwrap_or(Facade::Dashboard), health::run),
        "tail" => (Facade::Events, tail::run),
        "replay" => (Facade::Projections, replay::run),
        "demo-data" => (Facade::Commands, demo_data::run),
        _ => anyhow::bail!("there is no subcommand {name}"),
    };
    body(&Server::at(matches, settings, facade)?, matches)
}

/// A running server, on one of its ports.
struct Server {
    agent: ureq::Agent,
    /// Without a slash at its end.
    url: String,
}

impl Server {
    fn at(matches: &ArgMatches, settings: &Settings, facade: Facade) -> anyhow::Result<Self> {
        let url = match matches.get_one::<String>("url") {
            Some(url) if url.starts_with("http://") => url.trim_end_matches('/').to_owned(),
            Some(url) => {
                let reason = format!("{url:?} is not an http:// URL");
                return Err(WrongSetting { name: "url".to_owned(), reason }.into());
            }
            None => format!("http://{}", address(settings, facade)?),
        };
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .timeout_global(Some(ANSWER_WITHIN))
            .build();
        Ok(Self { agent: agent.into(), url })
    }

    /// The answer to a GET, if it is a success.
    fn get(&self, path: &str, query: &[(&str, String)]) -> anyhow::Result<Response<String>> {
        let request = self.agent.get(self.url(path));
        let request = query.iter().fold(request, |request, (name, value)| request.query(*name, value));
        self.answer(request.call())
    }

    /// The answer to a POST of JSON, if it is a success.
    fn post(&self, path: &str, key: Option<&str>, body: &str) -> anyhow::Result<Response<String>> {
        let request = self.agent.post(self.url(path)).header("Content-Type", "application/json");
        let request = key.into_iter().fold(request, |request, key| request.header("Idempotency-Key", key));
        self.answer(request.send(body))
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// Anything but a success is an error in the server's own words.
    fn answer(&self, sent: Result<Response<ureq::Body>, ureq::Error>) -> anyhow::Result<Response<String>> {
        let (head, mut body) = sent.with_context(|| self.url.clone())?.into_parts();
        let text = body.read_to_string().with_context(|| self.url.clone())?;
        if head.status.is_success() {
            return Ok(Response::from_parts(head, text));
        }
        let problem: Option<serde_json::Value> = serde_json::from_str(&text).ok();
        let words = problem.as_ref().and_then(|problem| problem["error"].as_str()).unwrap_or(&text);
        anyhow::bail!("{}: {} {words}", self.url, head.status.as_u16())
    }
}

/// Where a server with these settings listens; where it chose the port itself, it left it in its folder.
fn address(settings: &Settings, facade: Facade) -> anyhow::Result<SocketAddr> {
    let host = match settings.hosts.first().context("no host")? {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        host @ (IpAddr::V4(_) | IpAddr::V6(_)) => *host,
    };
    let known = FACADES.iter().zip(settings.ports).find(|((known, _), _)| *known == facade);
    let ((_, name), port) = known.context("every facade has a port")?;
    if port != 0 {
        return Ok(SocketAddr::new(host, port));
    }
    let path = settings.data_dir.join("ports.json");
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let ports: serde_json::Value = serde_json::from_str(&text)?;
    let port = ports[name].as_u64().and_then(|port| u16::try_from(port).ok());
    let port = port.with_context(|| format!("{} names no {name} port", path.display()))?;
    Ok(SocketAddr::new(host, port))
}

/// Lets time pass between two looks at something.
#[expect(clippy::disallowed_methods, reason = "there is no actor or connection that would be stopped")]
fn pause(time: Duration) {
    std::thread::sleep(time);
}
