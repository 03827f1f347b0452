//! The command line.

/// The dashboard's port, if none is asked for; the two after it are for the
/// other servers.
const DEFAULT_PORT: u16 = 4000;

/// What the command line asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arguments {
    Run { port: u16 },
    Help,
}

pub(crate) const HELP: &str = "\
Runs all five parties of the authorization-code flow on this machine, with a
page that shows what they say to each other.

    cargo run -p dashboard [-- --port N]

    --port N    listen on N (dashboard), N+1 (authorization server) and
                N+2 (reports API); 0 takes free ports; 4000 if not given
    --help      this text";

/// Why the command line cannot be followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}\n\n{HELP}")]
pub(crate) struct ArgumentError(String);

impl Arguments {
    pub(crate) fn parse(
        arguments: impl IntoIterator<Item = String>,
    ) -> Result<Self, ArgumentError> {
        let mut arguments = arguments.into_iter();
        let mut port = DEFAULT_PORT;
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--help" | "-h" => return Ok(Self::Help),
                "--port" => port = parse_port(arguments.next())?,
                other => return Err(ArgumentError(format!("{other:?} is not an option"))),
            }
        }
        Ok(Self::Run { port })
    }
}

/// A port that leaves room for the two after it.
fn parse_port(argument: Option<String>) -> Result<u16, ArgumentError> {
    let argument = argument.ok_or_else(|| ArgumentError("--port needs a number".to_owned()))?;
    let port = argument.parse().ok().filter(|port| *port <= u16::MAX.saturating_sub(2));
    port.ok_or_else(|| ArgumentError(format!("{argument:?} is not a port from 0 to 65533")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Arguments, ArgumentError> {
        Arguments::parse(arguments.iter().map(|&argument| argument.to_owned()))
    }

    #[test]
    fn the_port_can_be_chosen() {
        assert_eq!(parse(&[]), Ok(Arguments::Run { port: 4000 }));
        assert_eq!(parse(&["--port", "0"]), Ok(Arguments::Run { port: 0 }));
        assert_eq!(parse(&["--port", "65533"]), Ok(Arguments::Run { port: 65533 }));
        assert_eq!(parse(&["--help"]), Ok(Arguments::Help));
    }

    #[test]
    fn what_cannot_be_followed_is_named() {
        for (arguments, named) in [
            (&["--prot"][..], "--prot"),
            (&["--port"], "needs a number"),
            (&["--port", "65534"], "65534"),
            (&["--port", "-1"], "-1"),
        ] {
            let error = parse(arguments).unwrap_err().to_string();
            assert!(error.contains(named), "{error}");
        }
    }
}
