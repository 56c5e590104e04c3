//! Serving a cloud, for ever or for one command.

use crate::cli::Failure;
use crate::config::ServeOptions;
use crate::environment;
use gateway::{Gateway, Guard, Options};
use kernel::{Clock, Cloud, MemoryJournal, Settings};
use std::future::Future;
use std::io::IsTerminal;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use store::FileStore;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

const DEFAULT_LISTEN: ([u8; 4], u16) = ([127, 0, 0, 1], 4566);

/// A cloud with a door, and where it keeps itself.
fn open(options: &ServeOptions, endpoint: &str) -> Result<Arc<Gateway>, Failure> {
    let log = options.log.as_deref().unwrap_or("warn");
    start_log(log);
    let settings = Settings { endpoint: endpoint.into(), ..options.settings()? };
    let clock = Clock::new(options.clock_mode(), gateway::wall());
    let wiring = lowcloud::wiring();
    let cloud = match &options.data_dir {
        None => Cloud::new(&wiring, settings, clock, Box::new(MemoryJournal))?,
        Some(dir) => {
            let (store, records) = FileStore::open(dir)?;
            if records.is_empty() {
                Cloud::new(&wiring, settings, clock, Box::new(store))?
            } else {
                let cloud = Cloud::restore(&wiring, settings, clock, records, Box::new(store))?;
                if options.clock.is_some() {
                    cloud.set_clock_mode(gateway::wall(), options.clock_mode())?;
                }
                cloud
            }
        }
    };
    let guard = Guard {
        allowed_hosts: options.allow_host.iter().map(|h| h.to_ascii_lowercase()).collect(),
    };
    let access_log = matches!(log, "info" | "debug" | "trace");
    let blob_dir = options.data_dir.as_ref().map(|dir| dir.join("blobs"));
    let version = env!("CARGO_PKG_VERSION");
    Ok(Gateway::new(cloud, Options { guard, version, access_log, blob_dir }))
}

fn start_log(level: &str) {
    let filter = EnvFilter::try_new(level).unwrap_or_else(|_| EnvFilter::new("warn"));
    // A second cloud in the same process keeps the first one's log.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .try_init();
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}

async fn bind(address: SocketAddr) -> Result<(TcpListener, String), Failure> {
    let listener = TcpListener::bind(address).await.map_err(|error| {
        format!("cannot listen on {address}: {error}. Choose another address with --listen")
    })?;
    let endpoint = format!("http://{}", listener.local_addr()?);
    Ok((listener, endpoint))
}

/// Serves until interrupted.
pub(crate) fn serve(options: ServeOptions) -> Result<(), Failure> {
    let options = options.completed()?;
    runtime()?.block_on(async {
        let address = options.listen.unwrap_or_else(|| DEFAULT_LISTEN.into());
        let (listener, endpoint) = bind(address).await?;
        let gateway = open(&options, &endpoint)?;
        announce(&endpoint, &options);
        gateway.serve(listener, interrupted()?).await?;
        Ok(())
    })
}

fn announce(endpoint: &str, options: &ServeOptions) {
    println!("lowcloud {} is up at {endpoint}", env!("CARGO_PKG_VERSION"));
    if let Some(dir) = &options.data_dir {
        println!("State is kept in {}.", dir.display());
    }
    if std::io::stdout().is_terminal() {
        let command = std::env::args().next().unwrap_or_else(|| "lowcloud".to_owned());
        println!("\nIn another terminal:\n");
        println!("  eval \"$({command} env --endpoint {endpoint})\"");
        println!("  aws ec2 describe-availability-zones --query 'AvailabilityZones[].ZoneName'");
        println!("\nCtrl-C ends it.");
    }
}

/// Ready when the user or the system asks the process to end.
fn interrupted() -> Result<impl Future<Output = ()>, Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Serves a private cloud for as long as a command runs, and returns its exit code.
pub(crate) fn run(options: ServeOptions, command: &[String]) -> Result<ExitCode, Failure> {
    let options = options.completed()?;
    let [program, arguments @ ..] = command else {
        return Err("say which command to run, after --".into());
    };
    runtime()?.block_on(async {
        let address = options.listen.unwrap_or_else(|| ([127, 0, 0, 1], 0).into());
        let (listener, endpoint) = bind(address).await?;
        let gateway = open(&options, &endpoint)?;
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let serving = tokio::spawn(gateway.serve(listener, async {
            let _ = stopped.await;
        }));
        // The terminal sends Ctrl-C to the command as well; this process waits for its end.
        let ignoring = tokio::spawn(async { while tokio::signal::ctrl_c().await.is_ok() {} });
        let status = tokio::process::Command::new(program)
            .args(arguments)
            .envs(environment::variables(&endpoint))
            .status()
            .await
            .map_err(|error| format!("cannot run '{program}': {error}"))?;
        ignoring.abort();
        let _ = stop.send(());
        let _ = serving.await;
        Ok(exit_code(status))
    })
}

/// The command's code; for one that a signal ended, 128 plus the signal, as shells do.
fn exit_code(status: std::process::ExitStatus) -> ExitCode {
    use std::os::unix::process::ExitStatusExt;
    let code = status.code().or_else(|| status.signal().map(|s| 128 + s)).unwrap_or(1);
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}
