//! Settings: flags, then `LOWCLOUD_…` variables, then a configuration file, then defaults.

use crate::cli::Failure;
use clap::{Args, ValueEnum};
use kernel::{ClockMode, Pace, Settings};
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// How a cloud is to be served. Each flag is also a variable, and a key of the configuration file.
#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct ServeOptions {
    /// Address to listen on [default: 127.0.0.1:4566].
    #[arg(long, env = "LOWCLOUD_LISTEN")]
    pub(crate) listen: Option<SocketAddr>,
    /// How long AWS's waits take: instant, brisk or realistic [default: brisk].
    #[arg(long, env = "LOWCLOUD_PACE")]
    #[serde(deserialize_with = "parsed")]
    pub(crate) pace: Option<PaceArg>,
    /// How time runs: real, paused, or xN for N times as fast [default: real].
    #[arg(long, env = "LOWCLOUD_CLOCK")]
    #[serde(deserialize_with = "parsed")]
    pub(crate) clock: Option<ClockArg>,
    /// Seed of all ids and choices: the same seed and requests give the same cloud [default: 1].
    #[arg(long, env = "LOWCLOUD_SEED")]
    pub(crate) seed: Option<u64>,
    /// Keep the cloud in this directory, so that it outlives the process [default: in memory].
    #[arg(long, env = "LOWCLOUD_DATA_DIR", value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Account of callers whose access key is not an account id [default: 123456789012].
    #[arg(long, env = "LOWCLOUD_ACCOUNT")]
    pub(crate) account: Option<String>,
    /// Refuse AMI ids and public parameters that the catalogue lacks, as AWS would.
    #[arg(long, env = "LOWCLOUD_STRICT_IMAGES", num_args = 0..=1, default_missing_value = "true")]
    pub(crate) strict_images: Option<bool>,
    /// Whether simulated guests obey `cfn-signal` in their user data: boot or never
    /// [default: boot].
    #[arg(long, env = "LOWCLOUD_GUEST_SIGNALS", value_enum)]
    pub(crate) guest_signals: Option<GuestSignals>,
    /// Open a port of this machine for each HTTP listener of an application load balancer, and
    /// forward to real addresses (targets of the type ip).
    #[arg(
        long,
        env = "LOWCLOUD_SERVE_LOAD_BALANCERS",
        num_args = 0..=1,
        default_missing_value = "true"
    )]
    pub(crate) serve_load_balancers: Option<bool>,
    /// Accept requests for this host name too (repeatable; `*` for any).
    #[arg(
        long = "allow-host",
        env = "LOWCLOUD_ALLOW_HOST",
        value_name = "NAME",
        value_delimiter = ','
    )]
    pub(crate) allow_host: Vec<String>,
    /// What to log to standard error: error, warn, info (a line per request) or debug
    /// [default: warn].
    #[arg(long, env = "LOWCLOUD_LOG")]
    pub(crate) log: Option<String>,
    /// Read settings from this file [default: lowcloud.toml, if there is one].
    #[arg(long, env = "LOWCLOUD_CONFIG", value_name = "FILE")]
    #[serde(skip)]
    pub(crate) config: Option<PathBuf>,
}

/// Whether simulated guests signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum GuestSignals {
    /// Once they have booted.
    Boot,
    /// Only real calls count.
    Never,
}

/// A pace on the command line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PaceArg(pub(crate) Pace);

impl FromStr for PaceArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map(Self)
    }
}

/// A clock on the command line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClockArg(pub(crate) ClockMode);

impl FromStr for ClockArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let factor = text.strip_prefix('x').and_then(|n| n.parse::<f64>().ok());
        match (text, factor) {
            ("real", _) => Ok(Self(ClockMode::Real)),
            ("paused", _) => Ok(Self(ClockMode::Paused)),
            (_, Some(n)) if n > 0.0 && n <= 1e9 => Ok(Self(ClockMode::Scaled(n))),
            _ => Err(format!("'{text}' is no clock: say real, paused or x60")),
        }
    }
}

fn parsed<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: FromStr<Err = String>,
{
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(serde::de::Error::custom)
}

const DEFAULT_FILE: &str = "lowcloud.toml";

impl ServeOptions {
    /// These options, with what they leave open taken from the configuration file.
    pub(crate) fn completed(self) -> Result<Self, Failure> {
        let path = match &self.config {
            Some(path) => path.clone(),
            None if Path::new(DEFAULT_FILE).is_file() => PathBuf::from(DEFAULT_FILE),
            None => return Ok(self),
        };
        let text = std::fs::read_to_string(&path)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        let file: Self =
            toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self {
            listen: self.listen.or(file.listen),
            pace: self.pace.or(file.pace),
            clock: self.clock.or(file.clock),
            seed: self.seed.or(file.seed),
            data_dir: self.data_dir.or(file.data_dir),
            account: self.account.or(file.account),
            strict_images: self.strict_images.or(file.strict_images),
            guest_signals: self.guest_signals.or(file.guest_signals),
            serve_load_balancers: self.serve_load_balancers.or(file.serve_load_balancers),
            allow_host: if self.allow_host.is_empty() { file.allow_host } else { self.allow_host },
            log: self.log.or(file.log),
            config: self.config,
        })
    }

    /// The cloud's settings.
    pub(crate) fn settings(&self) -> Result<Settings, Failure> {
        let defaults = Settings::default();
        let account = self.account.as_deref().unwrap_or(&defaults.account);
        if account.len() != 12 || !account.bytes().all(|b| b.is_ascii_digit()) {
            return Err(format!("'{account}' is no account id: twelve digits").into());
        }
        Ok(Settings {
            seed: self.seed.unwrap_or(defaults.seed),
            pace: self.pace.map_or(defaults.pace, |PaceArg(pace)| pace),
            account: account.into(),
            strict_images: self.strict_images.unwrap_or(defaults.strict_images),
            guest_signals: self.guest_signals != Some(GuestSignals::Never),
            serve_load_balancers: self.serve_load_balancers.unwrap_or(false),
            ..defaults
        })
    }

    /// How time is to run.
    pub(crate) fn clock_mode(&self) -> ClockMode {
        self.clock.map_or(ClockMode::Real, |ClockArg(mode)| mode)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_fills_what_the_flags_leave_open() {
        let text = "pace = \"instant\"\nclock = \"x60\"\nseed = 7\nallow-host = [\"a.example\"]";
        let file: ServeOptions = toml::from_str(text).expect("a configuration");
        assert_eq!(file.settings().expect("settings").pace, Pace::Instant);
        assert_eq!(file.clock_mode(), ClockMode::Scaled(60.0));
        assert!(toml::from_str::<ServeOptions>("pase = \"instant\"").is_err());
        assert!(toml::from_str::<ServeOptions>("pace = \"fast\"").is_err());
    }

    #[test]
    fn an_account_is_twelve_digits() {
        let options =
            |account: &str| ServeOptions { account: Some(account.into()), ..Default::default() };
        assert!(options("000000000000").settings().is_ok());
        assert!(options("1234").settings().is_err());
        assert!(options("12345678901x").settings().is_err());
    }
}
