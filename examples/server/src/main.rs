//! The program around the server: command line, logs, signals.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use server::{Application, Config, Listener, Problem};
#[cfg(unix)]
use tokio::signal::unix::{SignalKind, signal};

const USAGE: &str = "\
usage: server [--config FILE | --check FILE]

SIGHUP: read the files of secrets and of signing keys again; a new secret from
the environment needs a restart. SIGTERM, SIGINT: finish the requests in flight, and end.";

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        [] => run(Config::default()).await,
        ["--config", file] => match read(file) {
            Ok(config) => run(config).await,
            Err(problems) => Err(problems),
        },
        ["--check", file] => match check(file) {
            Ok(()) => Ok(()),
            Err(problems) => {
                say(&problems);
                return ExitCode::FAILURE;
            }
        },
        ["--help" | "-h"] => {
            say(USAGE);
            Ok(())
        }
        _ => Err(USAGE.to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

/// Says what is wrong with `file`: its text, then the files that it names.
fn check(file: &str) -> Result<(), String> {
    let config = read(file)?;
    config.check_files().map_err(|problems| lines(&problems))
}

/// The configuration in `file`, or everything that is wrong with it, one
/// problem a line.
fn read(file: &str) -> Result<Config, String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
    Config::from_json(&text).map_err(|problems| lines(&problems))
}

fn lines(problems: &[Problem]) -> String {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

async fn run(config: Config) -> Result<(), String> {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_max_level(tracing::Level::INFO)
        .init();
    let shutdown = shutdown().map_err(|error| format!("signals: {error}"))?;
    let reload_at_hangup = reload_at_hangup().map_err(|error| format!("signals: {error}"))?;
    let introduction = introduction(&config);
    let application = Application::new(config).await.map_err(|error| error.to_string())?;
    reload_at_hangup(application.clone());
    let issuer = application.server().issuer().clone();
    let listener = Listener::bind(application).await.map_err(|error| error.to_string())?;
    say(&introduction);
    complain(&format!("listening on {issuer}"));
    listener.serve(shutdown).await.map_err(|error| error.to_string())
}

/// Who can sign in and who may ask, for the demonstration only: a real
/// configuration's passwords are printed nowhere.
fn introduction(config: &Config) -> String {
    let demo = Config::default();
    let mut lines = Vec::new();
    if config.users == demo.users {
        let user =
            |user: &server::User| format!("user {}, password {}", user.username, user.password);
        lines.extend(demo.users.iter().map(user));
    }
    if config.clients == demo.clients {
        let client = |client: &server::Client| match &client.client_secret {
            Some(secret) => format!("client {}, secret {secret}", client.client_id),
            None => format!("client {}, without a secret", client.client_id),
        };
        lines.extend(demo.clients.iter().map(client));
    }
    lines.join("\n")
}

/// Ready when the program is asked to stop, from now on and not only once
/// somebody waits for it.
#[cfg(unix)]
fn shutdown() -> std::io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn shutdown() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}

/// What has an application read its secrets again each time that the program is
/// told so, from now on: one SIGHUP that nobody listens for would end it.
#[cfg(unix)]
fn reload_at_hangup() -> std::io::Result<impl FnOnce(Application)> {
    let mut hangups = signal(SignalKind::hangup())?;
    Ok(move |application: Application| {
        tokio::spawn(async move {
            while hangups.recv().await.is_some() {
                match application.reload_secrets() {
                    Ok(()) => tracing::info!("the secrets were read again"),
                    Err(problem) => tracing::error!(%problem, "the secrets stay as they were"),
                }
            }
        });
    })
}

#[cfg(not(unix))]
fn reload_at_hangup() -> std::io::Result<impl FnOnce(Application)> {
    Ok(drop)
}

/// A line on standard output. Nobody may be reading; that stops nothing.
fn say(text: &str) {
    if !text.is_empty() {
        let _ = writeln!(std::io::stdout(), "{text}");
    }
}

/// A line on standard error.
fn complain(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
