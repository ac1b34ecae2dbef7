//! Every setting: its name, what it means, its default, and where its value came from (flag, environment, file).

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches};
use store::{PostgresSettings, RedisSettings};
use web::{Facade, Patience};

/// The exit code for a setting that is unknown or wrong (EX_CONFIG of sysexits.h).
pub const EXIT_CONFIG: u8 = 78;

/// The facades and their names, in the order of [`Settings::ports`].
pub const FACADES: [(Facade, &str); 5] = [
    (Facade::Dashboard, "dashboard"),
    (Facade::Events, "events"),
    (Facade::Commands, "commands"),
    (Facade::Queries, "queries"),
    (Facade::Projections, "projections"),
];

/// The longest that a setting in seconds may be: a day.
const SECONDS_MAX: usize = 86_400;
/// The most threads of a kind: the HTTP server has no room for more (`MAX_WORKERS` of actix-server).
const THREADS_MAX: usize = 512;
/// The place of the first setting in a manual page's synopsis: behind what a subcommand takes itself.
const SETTINGS_SHOWN_FROM: usize = 100;
/// Environment variables of the project's own tests; not settings.
const TEST_PREFIX: &str = "BURSAR_TEST_";

/// By how much the kernel is more patient than the hub, which says and counts whom it closes.
const KERNEL_WAITS_LONGER: Duration = Duration::from_secs(2);

struct Setting {
    name: &'static str,
    default: &'static str,
    help: &'static str,
    /// A variable beside `BURSAR_…`, as other programs know it.
    variable: Option<&'static str>,
    /// Whether it is true by being named.
    switch: bool,
}

const fn setting(name: &'static str, default: &'static str, help: &'static str) -> Setting {
    Setting { name, default, help, variable: None, switch: false }
}

const SETTINGS: [Setting; 27] = [
    setting("host", "localhost", "Address to listen on; localhost for both of loopback"),
    setting(
        "dashboard-port",
        "3000",
        "Port of the dashboard, with every route beside it; 0 for any free one",
    ),
    setting("events-port", "3001", "Port of the events and the live feed"),
    setting("commands-port", "3002", "Port of the commands"),
    setting("queries-port", "3003", "Port of the queries"),
    setting("projections-port", "3004", "Port of the projections"),
    setting(
        "facades",
        "dashboard,events,commands,queries,projections",
        "What to serve, comma-separated; fewer than all five needs database-url",
    ),
    setting("data-dir", "./bursar-data", "Folder of the embedded store and of ports.json"),
    Setting {
        variable: Some("DATABASE_URL"),
        ..setting("database-url", "", "Postgres URL of the log; without it the log is embedded")
    },
    setting("migrate-url", "", "Postgres URL of the owner, where database-url may only append and read"),
    Setting {
        variable: Some("REDIS_URL"),
        ..setting("redis-url", "", "Redis URL of the read models; without it they are embedded")
    },
    setting("redis-prefix", "bursar", "What the names of the keys in Redis start with"),
    setting("allowed-hosts", "", "Names that this server goes by, comma-separated, beside those of loopback"),
    setting(
        "allowed-origins",
        "",
        "Origins of web pages that may call, comma-separated, in place of loopback's",
    ),
    Setting {
        switch: true,
        ..setting("insecure-no-auth", "false", "Listen beyond loopback although nobody is authenticated")
    },
    setting("workers", "0", "HTTP threads; 0 for one per core"),
    setting("shards", "0", "Threads for account actors; 0 for one per two cores"),
    setting("commands-in-flight", "4096", "Commands under way at once; more are answered 503"),
    setting("resident-accounts", "100000", "Accounts in memory at once"),
    setting(
        "feed-timeout-seconds",
        "30",
        "How long a client may leave unread, or unanswered, what it was sent",
    ),
    setting("request-timeout-seconds", "10", "How long a request may take to arrive, head and body"),
    setting("idle-timeout-seconds", "75", "How long a connection may idle between requests"),
    setting("audit", "true", "Whether the log is audited behind its head (/audit): true or false"),
    setting("checkpoint-key", "", "File with the Ed25519 key (PKCS#8 in PEM) that signs checkpoints"),
    // The parser's part reports what clients send that is no HTTP.
    setting(
        "log",
        "info,actix_server=warn,actix_http::h1=off",
        "What is logged: a level, or filters like actors=debug",
    ),
    setting("log-format", "text", "text or json"),
    Setting {
        variable: Some("OTEL_EXPORTER_OTLP_ENDPOINT"),
        ..setting(
            "otlp-endpoint",
            "",
            "Where spans of commands go (OTLP over HTTP), in a build with the feature otlp",
        )
    },
];

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Nobody set it.
    Default,
    /// The file given by `--config`.
    File(PathBuf),
    /// An environment variable.
    Environment(String),
    /// The command line.
    Flag,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Environment(name) => write!(f, "${name}"),
            Self::Flag => f.write_str("flag"),
        }
    }
}

/// A setting that is unknown or wrong.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("setting {name}: {reason}")]
pub struct WrongSetting {
    /// Its name.
    pub name: String,
    /// What is wrong.
    pub reason: String,
}

fn wrong(name: &str, reason: impl fmt::Display) -> WrongSetting {
    WrongSetting { name: name.to_owned(), reason: reason.to_string() }
}

/// Every value in force, as text.
#[derive(Debug)]
pub struct Values(BTreeMap<&'static str, (String, Source)>);

/// The settings, read.
#[derive(Debug)]
pub struct Settings {
    /// Where to listen, at least one: what the first one's protocol is, the machine has to have.
    pub hosts: Vec<IpAddr>,
    /// The port of each of [`FACADES`], served or not; 0 for any free one.
    pub ports: [u16; 5],
    /// Which facades are served, at least one.
    pub facades: Vec<Facade>,
    /// Where the embedded store lives.
    pub data_dir: PathBuf,
    /// The log's Postgres.
    pub database_url: Option<String>,
    /// Its owner.
    pub migrate_url: Option<String>,
    /// The read models' Redis.
    pub redis_url: Option<String>,
    /// What keys in Redis start with.
    pub redis_prefix: String,
    /// Further names of this server.
    pub allowed_hosts: Vec<String>,
    /// Further origins.
    pub allowed_origins: Vec<String>,
    /// HTTP threads.
    pub workers: usize,
    /// How much time clients have.
    pub patience: Patience,
    /// Where the key is that signs checkpoints.
    pub checkpoint_key: Option<PathBuf>,
    /// What the actors need.
    pub ledger: actors::Settings,
    /// What is logged.
    pub log: String,
    /// As JSON lines.
    pub log_json: bool,
    /// The collector of spans; none in a build that can't export any.
    #[cfg_attr(not(feature = "otlp"), allow(dead_code))]
    pub otlp_endpoint: Option<String>,
}

/// The command-line flags, one per setting.
pub fn flags() -> impl Iterator<Item = Arg> {
    let config = Arg::new("config").long("config").value_name("FILE").help("TOML file with settings");
    let settings = SETTINGS.iter().map(|setting| {
        let arg = Arg::new(setting.name).long(setting.name);
        if setting.switch {
            return arg.action(ArgAction::SetTrue).help(setting.help);
        }
        let default =
            if setting.default.is_empty() { String::new() } else { format!(" [{}]", setting.default) };
        arg.value_name("VALUE").help(format!("{}{default}", setting.help))
    });
    // Below a heading of their own, so that what a subcommand takes itself comes first.
    let settings = std::iter::once(config).chain(settings).zip(SETTINGS_SHOWN_FROM..);
    settings.map(|(arg, place)| arg.global(true).help_heading("Settings").display_order(place))
}

impl Values {
    /// Gathers the values: a flag wins over the environment, that over the file, that over the default.
    pub fn gather(
        matches: &ArgMatches,
        environment: impl Iterator<Item = (OsString, OsString)>,
    ) -> Result<Self, WrongSetting> {
        let mut texts = BTreeMap::new();
        // What others mean by theirs is no concern of this program.
        for (name, value) in environment.filter_map(|(name, value)| Some((name.into_string().ok()?, value))) {
            let known = SETTINGS.iter().any(|setting| setting.variable == Some(&*name));
            match value.into_string() {
                Ok(value) => drop(texts.insert(name, value)),
                Err(_) if known || name.starts_with("BURSAR_") => return Err(wrong(&name, "is not UTF-8")),
                Err(_) => {}
            }
        }
        let environment = texts;
        let variable =
            |setting: &Setting| format!("BURSAR_{}", setting.name.replace('-', "_").to_uppercase());
        let known =
            |name: &str| name == "BURSAR_CONFIG" || SETTINGS.iter().any(|setting| variable(setting) == name);
        let unknown =
            |name: &&String| name.starts_with("BURSAR_") && !name.starts_with(TEST_PREFIX) && !known(name);
        if let Some(name) = environment.keys().find(unknown) {
            return Err(wrong(name, "there is no such setting"));
        }
        let config = matches.get_one::<String>("config").or_else(|| environment.get("BURSAR_CONFIG"));
        let file = config.map(|path| read_file(Path::new(path))).transpose()?.unwrap_or_default();
        let mut values = BTreeMap::new();
        for setting in &SETTINGS {
            let flag = if setting.switch {
                matches.get_flag(setting.name).then(|| "true".to_owned())
            } else {
                matches.get_one::<String>(setting.name).cloned()
            };
            let names = [Some(variable(setting)), setting.variable.map(str::to_owned)];
            let from_environment = names.into_iter().flatten().find_map(|name| {
                environment.get(&name).map(|value| (value.clone(), Source::Environment(name)))
            });
            let from_file = || {
                let path = config.map(PathBuf::from).unwrap_or_default();
                file.get(setting.name).map(|value| (value.clone(), Source::File(path)))
            };
            let value = flag
                .map(|value| (value, Source::Flag))
                .or(from_environment)
                .or_else(from_file)
                .unwrap_or_else(|| (setting.default.to_owned(), Source::Default));
            values.insert(setting.name, value);
        }
        Ok(Self(values))
    }

    fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", |(value, _)| value)
    }

    fn optional(&self, name: &str) -> Option<String> {
        let text = self.text(name);
        (!text.is_empty()).then(|| text.to_owned())
    }

    fn list(&self, name: &str) -> Vec<String> {
        self.text(name).split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
    }

    fn hosts(&self, name: &str) -> Result<Vec<String>, WrongSetting> {
        let hosts = self.list(name);
        match hosts.iter().find(|text| text.contains(['/', '?', '#', '@', ' ', '*'])) {
            Some(text) => Err(wrong(name, format_args!("{text:?} is not a name such as bursar.example.org"))),
            None => Ok(hosts),
        }
    }

    /// A word alone is a level; as the name of a target, for which the filters would take it, it is a typing error.
    fn check_log(&self) -> Result<(), WrongSetting> {
        let text = self.text("log");
        // Fields of a span have commas between them.
        let parts = if text.contains('[') { Vec::new() } else { self.list("log") };
        for part in parts {
            if !part.contains('=') && part.parse::<tracing_subscriber::filter::LevelFilter>().is_err() {
                return Err(wrong(
                    "log",
                    format_args!("{part:?} is no level: off, error, warn, info, debug, trace"),
                ));
            }
        }
        tracing_subscriber::EnvFilter::try_new(self.text("log")).map_err(|error| wrong("log", error))?;
        Ok(())
    }

    fn origins(&self, name: &str) -> Result<Vec<String>, WrongSetting> {
        let origins = self.list(name);
        let is_origin = |text: &String| {
            let authority = text.split_once("://").map_or("", |(_, rest)| rest.trim_end_matches('/'));
            text == "null" || !authority.is_empty() && !authority.contains(['/', '?', '#'])
        };
        match origins.iter().find(|text| !is_origin(text)) {
            Some(text) => {
                Err(wrong(name, format_args!("{text:?} is not an origin such as https://example.org")))
            }
            // As browsers send them, without the port that goes without saying.
            None => Ok(origins.iter().map(|text| as_sent(text)).collect()),
        }
    }

    fn parse<T: std::str::FromStr>(&self, name: &str, expected: &str) -> Result<T, WrongSetting> {
        let text = self.text(name);
        text.parse().map_err(|_| wrong(name, format_args!("{text:?} is not {expected}")))
    }

    fn count(&self, name: &str) -> Result<usize, WrongSetting> {
        match self.parse(name, "a whole number above 0")? {
            0 => Err(wrong(name, "must be above 0")),
            count => Ok(count),
        }
    }

    /// A number of threads; 0 is for one that the machine says.
    fn threads(&self, name: &str, of_machine: usize) -> Result<usize, WrongSetting> {
        match self.parse(name, "a whole number")? {
            0 => Ok(of_machine.min(THREADS_MAX)),
            count if count > THREADS_MAX => {
                Err(wrong(name, format_args!("must be {THREADS_MAX} at the most")))
            }
            count => Ok(count),
        }
    }

    fn facades(&self) -> Result<Vec<Facade>, WrongSetting> {
        let facade = |part: String| {
            let known = FACADES.iter().find(|(_, name)| *name == part);
            known.map(|(facade, _)| *facade).ok_or_else(|| {
                let names = FACADES.map(|(_, name)| name).join(", ");
                wrong("facades", format_args!("{part:?} is none of {names}"))
            })
        };
        let named: Vec<Facade> = self.list("facades").into_iter().map(facade).collect::<Result<_, _>>()?;
        let all = FACADES.map(|(facade, _)| facade);
        let served: Vec<Facade> = all.into_iter().filter(|facade| named.contains(facade)).collect();
        if served.is_empty() {
            return Err(wrong("facades", "names none"));
        }
        // The rest would be missed: no other process can serve it.
        if served.len() < all.len() && self.optional("database-url").is_none() {
            let reason = "fewer than all five needs database-url: an embedded log belongs to one process";
            return Err(wrong("facades", reason));
        }
        Ok(served)
    }

    fn otlp_endpoint(&self) -> Result<Option<String>, WrongSetting> {
        const NAME: &str = "otlp-endpoint";
        let Some(url) = self.optional(NAME) else { return Ok(None) };
        if !cfg!(feature = "otlp") {
            return Err(wrong(
                NAME,
                "this program was built without the feature otlp (cargo build --features otlp)",
            ));
        }
        if !url.starts_with("http://") {
            let reason = "must be an http:// URL: TLS is for a collector on this machine, or a proxy, to add";
            return Err(wrong(NAME, reason));
        }
        Ok(Some(url))
    }

    /// The settings that these values mean; for a server, or for what is done beside one and is none the wiser for where it
    /// listens, or exports to.
    pub fn read(&self, serves: bool) -> Result<Settings, WrongSetting> {
        self.understood(serves).map_err(|WrongSetting { name, reason }| match self.0.get(&*name) {
            Some((_, source)) if *source != Source::Default => {
                WrongSetting { name, reason: format!("{reason} ({source})") }
            }
            Some(_) | None => WrongSetting { name, reason },
        })
    }

    fn understood(&self, serves: bool) -> Result<Settings, WrongSetting> {
        let hosts: Vec<IpAddr> = match self.text("host") {
            // Browsers and Node look for it on IPv6 first; not all of them look on.
            "localhost" => vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
            _ => vec![self.parse("host", "localhost or an IP address")?],
        };
        let open: bool = self.parse("insecure-no-auth", "true or false")?;
        if serves && !hosts.iter().all(IpAddr::is_loopback) && !open {
            let reason = "listening beyond loopback without authentication needs --insecure-no-auth";
            return Err(wrong("host", reason));
        }
        let facades = self.facades()?;
        let mut ports = [0; 5];
        for (place, (facade, name)) in FACADES.into_iter().enumerate() {
            let name = format!("{name}-port");
            let port: u16 = self.parse(&name, "a port (0 to 65535)")?;
            let mut before = FACADES.iter().zip(ports).take(place);
            let taken = before.any(|((other, _), taken)| taken == port && facades.contains(other));
            if serves && port != 0 && taken && facades.contains(&facade) {
                return Err(wrong(&name, format_args!("port {port} is taken by another facade")));
            }
            ports[place] = port;
        }
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let log_json = match self.text("log-format") {
            "text" => false,
            "json" => true,
            other => return Err(wrong("log-format", format_args!("{other:?} is neither text nor json"))),
        };
        self.check_log()?;
        for (name, schemes) in [
            ("database-url", ["postgres://", "postgresql://"]),
            ("migrate-url", ["postgres://", "postgresql://"]),
            ("redis-url", ["redis://", "redis://"]),
        ] {
            let text = self.text(name);
            if !text.is_empty() && !schemes.iter().any(|scheme| text.starts_with(scheme)) {
                return Err(wrong(name, format_args!("is not a {} URL", schemes[0])));
            }
        }
        for name in ["database-url", "migrate-url"] {
            let Some(url) = self.optional(name) else { continue };
            let checked = PostgresSettings { url }.check();
            checked.map_err(|error| wrong(name, format_args!("{:#}", anyhow::Error::from(error))))?;
        }
        if let Some(url) = self.optional("redis-url") {
            let checked = RedisSettings { url, prefix: String::new() }.check();
            checked.map_err(|error| wrong("redis-url", format_args!("{:#}", anyhow::Error::from(error))))?;
        }
        if self.text("data-dir").is_empty() {
            return Err(wrong("data-dir", "must not be empty"));
        }
        if self.optional("migrate-url").is_some() && self.optional("database-url").is_none() {
            return Err(wrong("migrate-url", "needs database-url"));
        }
        let redis_prefix = self.text("redis-prefix").to_owned();
        if redis_prefix.is_empty()
            || !redis_prefix.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
        {
            return Err(wrong("redis-prefix", "must be letters, digits, . _ -"));
        }
        let seconds = |name| match self.count(name)? {
            count if count > SECONDS_MAX => {
                Err(wrong(name, format_args!("must be {SECONDS_MAX} at the most")))
            }
            count => Ok(Duration::from_secs(count as u64)),
        };
        let feed_timeout = seconds("feed-timeout-seconds")?;
        let request = seconds("request-timeout-seconds")?;
        let patience = Patience {
            head: Patience::default().head.min(request),
            request,
            idle: seconds("idle-timeout-seconds")?,
            unread: feed_timeout + KERNEL_WAITS_LONGER,
        };
        Ok(Settings {
            hosts,
            ports,
            facades,
            data_dir: PathBuf::from(self.text("data-dir")),
            database_url: self.optional("database-url"),
            migrate_url: self.optional("migrate-url"),
            redis_url: self.optional("redis-url"),
            redis_prefix,
            allowed_hosts: self.hosts("allowed-hosts")?,
            allowed_origins: self.origins("allowed-origins")?,
            workers: self.threads("workers", cores)?,
            ledger: actors::Settings {
                shards: self.threads("shards", cores.div_ceil(2))?,
                commands_in_flight_max: self.count("commands-in-flight")?,
                residents_max: self.count("resident-accounts")?,
                feed_timeout,
                audit: self.parse("audit", "true or false")?,
            },
            checkpoint_key: self.optional("checkpoint-key").map(PathBuf::from),
            patience,
            log: self.text("log").to_owned(),
            log_json,
            otlp_endpoint: if serves { self.otlp_endpoint()? } else { None },
        })
    }
}

impl Values {
    /// Every setting as it may be seen: with its secrets masked.
    pub fn shown(&self) -> Vec<web::Setting> {
        let shown = |(name, (value, source)): (&&'static str, &(String, Source))| web::Setting {
            name,
            value: masked(value),
            source: source.to_string(),
        };
        self.0.iter().map(shown).collect()
    }
}

impl fmt::Display for Values {
    /// A line per setting: name, value with its secrets masked, where it came from.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.shown();
        let width = shown.iter().map(|setting| setting.value.chars().count()).max().unwrap_or_default();
        for web::Setting { name, value, source } in shown {
            writeln!(f, "{name:<24} {value:<width$} {source}")?;
        }
        Ok(())
    }
}

/// A URL without its password, in whichever of the places that URLs have for one.
pub fn masked(value: &str) -> String {
    let Some((scheme, rest)) = value.split_once("://") else { return value.to_owned() };
    // First of all, since a password may hold what divides the rest.
    let (user, rest) = match rest.rsplit_once('@') {
        Some((user, rest)) => match user.split_once(':') {
            Some((user, _)) => (format!("{user}:***@"), rest),
            None => (format!("{user}@"), rest),
        },
        None => (String::new(), rest),
    };
    let shown = format!("{scheme}://{user}{rest}");
    let parts = shown.split_inclusive(['?', '&']).map(|part| match part.split_once('=') {
        Some((name, value)) if name.to_lowercase().contains("pass") => {
            let end = if value.ends_with('&') { "&" } else { "" };
            format!("{name}=***{end}")
        }
        Some(_) | None => part.to_owned(),
    });
    parts.collect()
}

fn read_file(path: &Path) -> Result<BTreeMap<String, String>, WrongSetting> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| wrong("config", format_args!("{}: {error}", path.display())))?;
    let table: toml::Table =
        text.parse().map_err(|error| wrong("config", format_args!("{}: {error}", path.display())))?;
    let mut values = BTreeMap::new();
    for (name, value) in table {
        if !SETTINGS.iter().any(|setting| setting.name == name) {
            return Err(wrong(&name, format_args!("there is no such setting ({})", path.display())));
        }
        let value = match value {
            toml::Value::String(text) => text,
            toml::Value::Integer(number) => number.to_string(),
            toml::Value::Boolean(truth) => truth.to_string(),
            toml::Value::Array(parts) => {
                let texts: Option<Vec<&str>> = parts.iter().map(toml::Value::as_str).collect();
                texts.ok_or_else(|| wrong(&name, "must be a list of texts"))?.join(",")
            }
            toml::Value::Float(_) | toml::Value::Datetime(_) | toml::Value::Table(_) => {
                return Err(wrong(&name, "must be a text, a whole number, true or false"));
            }
        };
        values.insert(name, value);
    }
    Ok(values)
}

fn as_sent(origin: &str) -> String {
    let origin = origin.trim_end_matches('/').to_ascii_lowercase();
    let without = |scheme: &str, port: &str| {
        origin.strip_suffix(port).filter(|rest| rest.starts_with(scheme)).map(str::to_owned)
    };
    without("https://", ":443").or_else(|| without("http://", ":80")).unwrap_or(origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(args: &[&str], environment: &[(&str, &str)]) -> Result<Values, WrongSetting> {
        let matches =
            clap::Command::new("bursar").args(flags()).get_matches_from([&["bursar"], args].concat());
        let environment =
            environment.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
        Values::gather(&matches, environment)
    }

    #[test]
    fn a_flag_wins_over_the_environment_and_that_over_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("bursar.toml");
        std::fs::write(
            &file,
            "events-port = 1\ncommands-port = 2\nqueries-port = 3\nallowed-hosts = ['a', 'b']",
        )
        .unwrap();
        let path = file.to_str().unwrap();
        let environment =
            [("BURSAR_COMMANDS_PORT", "20"), ("BURSAR_QUERIES_PORT", "30"), ("DATABASE_URL", "postgres://d")];
        let values = values(&["--config", path, "--queries-port", "300"], &environment).unwrap();
        let settings = values.read(true).unwrap();
        assert_eq!(settings.ports, [3000, 1, 20, 300, 3004]);
        assert_eq!(settings.allowed_hosts, ["a", "b"]);
        assert_eq!(settings.database_url.as_deref(), Some("postgres://d"));
        assert_eq!(values.0["queries-port"].1, Source::Flag);
        assert_eq!(values.0["commands-port"].1, Source::Environment("BURSAR_COMMANDS_PORT".to_owned()));
        assert_eq!(values.0["events-port"].1, Source::File(file.clone()));
    }

    #[test]
    fn a_setting_that_is_unknown_or_wrong_is_named() {
        for (args, environment, name) in [
            (vec!["--events-port", "70000"], vec![], "events-port"),
            (vec!["--events-port", "3000"], vec![], "events-port"),
            (vec!["--host", "0.0.0.0"], vec![], "host"),
            (vec!["--redis-url", "http://x"], vec![], "redis-url"),
            (vec!["--redis-url", "redis://"], vec![], "redis-url"),
            (vec!["--redis-url", "redis://h/abc"], vec![], "redis-url"),
            (vec!["--database-url", "postgres://"], vec![], "database-url"),
            (vec!["--database-url", "postgres://h:99999/d"], vec![], "database-url"),
            (vec!["--database-url", "postgres://h/d?foo=bar"], vec![], "database-url"),
            (vec![], vec![("DATABASE_URL", "postgres://h/d?sslmode=require")], "database-url"),
            (vec![], vec![("BURSAR_DATA_DIR", "")], "data-dir"),
            (vec!["--log-format", "xml"], vec![], "log-format"),
            (vec!["--log", "wran,actors=debug"], vec![], "log"),
            (vec!["--allowed-hosts", "a.example,http://b.example"], vec![], "allowed-hosts"),
            (vec!["--allowed-hosts", "*"], vec![], "allowed-hosts"),
            (vec!["--resident-accounts", "0"], vec![], "resident-accounts"),
            (vec!["--workers", "513"], vec![], "workers"),
            (vec![], vec![("BURSAR_SHARDS", "100000")], "shards"),
            (vec!["--idle-timeout-seconds", "18446744073709551615"], vec![], "idle-timeout-seconds"),
            (vec!["--allowed-origins", "https://a.example,b.example"], vec![], "allowed-origins"),
            (vec!["--audit", "maybe"], vec![], "audit"),
            (vec!["--facades", "commands"], vec![], "facades"),
            (vec!["--facades", ","], vec![("DATABASE_URL", "postgres://d")], "facades"),
            (vec!["--config", "/nonexistent"], vec![], "config"),
            // Without the feature, any; with it, one that it can't reach.
            (vec!["--otlp-endpoint", "https://collector"], vec![], "otlp-endpoint"),
            (vec![], vec![("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317")], "otlp-endpoint"),
            (vec![], vec![("BURSAR_EVENT_PORT", "1")], "BURSAR_EVENT_PORT"),
        ] {
            let error =
                values(&args, &environment).and_then(|values| values.read(true)).map(|_| ()).unwrap_err();
            assert_eq!(error.name, name, "{error}");
        }
        let said = values(&[], &[("BURSAR_COMMANDS_PORT", "x")]).unwrap().read(true).unwrap_err().to_string();
        assert!(said.ends_with("\"x\" is not a port (0 to 65535) ($BURSAR_COMMANDS_PORT)"), "{said}");
        assert!(values(&["--host", "0.0.0.0", "--insecure-no-auth"], &[]).unwrap().read(true).is_ok());
        let beside = [("BURSAR_HOST", "0.0.0.0"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317")];
        assert!(values(&[], &beside).unwrap().read(false).is_ok());
        let collector = values(&["--otlp-endpoint", "http://localhost:4318"], &[]).unwrap().read(true);
        assert_eq!(collector.is_ok(), cfg!(feature = "otlp"), "{collector:?}");
    }

    #[test]
    fn origins_are_compared_as_browsers_send_them() {
        let given = "HTTPS://App.example:443/,http://app.example:80,https://app.example:8443,null";
        let settings = values(&["--allowed-origins", given], &[]).unwrap().read(true).unwrap();
        let sent = ["https://app.example", "http://app.example", "https://app.example:8443", "null"];
        assert_eq!(settings.allowed_origins, sent);
    }

    /// Of those that are served, once each, in whatever order they are named.
    #[test]
    fn facades_are_chosen_and_only_their_ports_may_not_meet() {
        let args = ["--facades", "queries, commands,queries", "--commands-port", "3000"];
        let settings = values(&args, &[("DATABASE_URL", "postgres://d")]).unwrap().read(true).unwrap();
        assert_eq!(settings.facades, [Facade::Commands, Facade::Queries]);
        assert_eq!(settings.ports, [3000, 3001, 3000, 3003, 3004]);
    }

    #[test]
    fn only_what_is_meant_for_it_must_be_utf_8() {
        use std::os::unix::ffi::OsStringExt as _;
        let matches = clap::Command::new("bursar").args(flags()).get_matches_from(["bursar"]);
        let latin_1 = |name: &str| std::iter::once((name.into(), OsString::from_vec(vec![b'\xe9'])));
        assert!(Values::gather(&matches, latin_1("PLACE")).is_ok());
        for name in ["BURSAR_HOST", "DATABASE_URL"] {
            assert_eq!(Values::gather(&matches, latin_1(name)).map(|_| ()).unwrap_err().name, name);
        }
    }

    #[test]
    fn passwords_are_masked() {
        for (url, shown) in [
            ("postgres://u:secret@h/d", "postgres://u:***@h/d"),
            ("postgres://u:a@b@h/d", "postgres://u:***@h/d"),
            ("postgres://u:se?cr/et@h/d?sslmode=disable", "postgres://u:***@h/d?sslmode=disable"),
            ("redis://:secret@h:1/0", "redis://:***@h:1/0"),
            ("postgres://h/d?user=u&password=secret", "postgres://h/d?user=u&password=***"),
            ("postgres://h:1/d?user=u@s&password=secret&x=y", "postgres://h:***@s&password=***&x=y"),
            ("./data", "./data"),
        ] {
            assert_eq!(masked(url), shown);
        }
    }
}
