//! `lowcloud simulate`: hours or days of a cloud, in a moment.

use super::Failure;
use ::simulate::{Amount, Load, PaceWord, Progress, Report, Scenario, Shape, Span};
use clap::Args;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The exit code if the scenario or the command is wrong, as opposed to what does not hold.
const WRONG: u8 = 2;

/// Arguments of `lowcloud simulate`.
#[derive(Args, Debug)]
pub(crate) struct SimulateOptions {
    /// The scenario.
    #[arg(value_name = "SCENARIO.yaml", required_unless_present = "template")]
    scenario: Option<PathBuf>,
    /// A CloudFormation template, in place of the scenario's.
    #[arg(long, value_name = "FILE")]
    template: Option<PathBuf>,
    /// A parameter of the template (repeatable).
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = pair)]
    parameters: Vec<(String, String)>,
    /// The demand of the only group, as lines `seconds,requests per second`.
    #[arg(long, value_name = "TRACE.csv")]
    load: Option<PathBuf>,
    /// How long it lasts: 90s, 15m, 24h, 2d.
    #[arg(long = "for", value_name = "DURATION")]
    lasts: Option<Span>,
    /// The region.
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    /// All ids and choices follow from it.
    #[arg(long)]
    seed: Option<u64>,
    /// How long AWS's waits take: instant, brisk or realistic [default: realistic].
    #[arg(long)]
    pace: Option<PaceWord>,
    /// Write a report to look at: one HTML file.
    #[arg(long, value_name = "OUT.html")]
    report: Option<PathBuf>,
    /// Write everything as JSON.
    #[arg(long, value_name = "OUT.json")]
    json: Option<PathBuf>,
    /// Write the series as CSV.
    #[arg(long, value_name = "OUT.csv")]
    csv: Option<PathBuf>,
    /// Reckon what the instances cost, by lines `type,usd per hour`.
    #[arg(long, value_name = "FILE.csv")]
    prices: Option<PathBuf>,
    /// Print nothing but what went wrong.
    #[arg(long, short)]
    quiet: bool,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    pair.ok_or_else(|| format!("'{text}' is no parameter: say NAME=VALUE"))
}

impl SimulateOptions {
    /// The scenario, with what the command line says in place of what it says.
    fn completed(&self) -> Result<Scenario, ::simulate::Failure> {
        let mut scenario = match &self.scenario {
            Some(path) => Scenario::read(path)?,
            None => Scenario::default(),
        };
        let folder = self.scenario.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
        let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        if let Some(template) = &self.template {
            let name = template.file_stem().map(|stem| stem.to_string_lossy().into_owned());
            scenario.title = scenario.title.or(name);
            scenario.template = Some(absolute(template).to_string_lossy().into_owned());
            scenario.stack = None;
        }
        for (name, value) in &self.parameters {
            scenario.parameters.insert(name.into(), value.as_str().into());
        }
        if let Some(trace) = &self.load {
            let trace = Some(absolute(trace).to_string_lossy().into_owned());
            let shape = Shape { trace, ..Default::default() };
            let demand = Some(Amount::Shape(Box::new(shape)));
            scenario.load.push(Load { demand, ..Default::default() });
        }
        scenario.lasts = self.lasts.or(scenario.lasts);
        scenario.region = self.region.as_deref().map(Into::into).or(scenario.region);
        scenario.seed = self.seed.or(scenario.seed);
        scenario.pace = self.pace.or(scenario.pace);
        scenario.complete(folder)?;
        Ok(scenario)
    }

    fn play(&self) -> Result<Report, ::simulate::Failure> {
        let scenario = self.completed()?;
        let prices = self.prices.as_deref().map(::simulate::read_prices).transpose()?;
        let mut progress = Bar { shown: !self.quiet && std::io::stderr().is_terminal(), last: -1 };
        let played =
            ::simulate::play(&scenario, &lowcloud::wiring(), &mut |done| progress.tell(done));
        progress.clear();
        let mut report = played?;
        if let Some(prices) = &prices {
            report.price(prices);
        }
        Ok(report)
    }
}

/// How far it is, on a terminal.
struct Bar {
    shown: bool,
    last: i64,
}

impl Bar {
    fn tell(&mut self, progress: Progress) {
        let percent = progress.done.0 * 100 / progress.of.0.max(1);
        if self.shown && percent != self.last {
            self.last = percent;
            eprint!("\r\x1b[K{percent:>3} %  {} of {}", progress.done, progress.of);
            let _ = std::io::stderr().flush();
        }
    }

    fn clear(&self) {
        if self.shown {
            eprint!("\r\x1b[K");
        }
    }
}

/// Carries out `lowcloud simulate`.
pub(super) fn simulate(options: &SimulateOptions) -> Result<ExitCode, Failure> {
    let code = run(options).unwrap_or_else(|error| {
        eprintln!("lowcloud: {error}");
        WRONG
    });
    Ok(ExitCode::from(code))
}

/// The exit code: 1 if an assertion fails.
fn run(options: &SimulateOptions) -> Result<u8, Failure> {
    let report = options.play()?;
    type Form = fn(&Report) -> String;
    let files: [(&Option<PathBuf>, Form); 3] = [
        (&options.report, ::simulate::html),
        (&options.json, ::simulate::json),
        (&options.csv, simulate::csv),
    ];
    for (path, form) in files {
        let Some(path) = path else { continue };
        std::fs::write(path, form(&report))
            .map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
    }
    if !options.quiet {
        print!("{}", ::simulate::summary(&report));
    }
    for verdict in report.assertions.iter().filter(|verdict| options.quiet && !verdict.holds) {
        eprintln!("lowcloud: '{}' does not hold: {}", verdict.text, verdict.found());
    }
    Ok(u8::from(!report.holds()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        options: SimulateOptions,
    }

    const TEMPLATE: &str = "Resources:
  Config:
    Type: AWS::AutoScaling::LaunchConfiguration
    Properties: { ImageId: ami-09d2fb69, InstanceType: t2.micro }
  Group:
    Type: AWS::AutoScaling::AutoScalingGroup
    Properties:
      LaunchConfigurationName: !Ref Config
      AvailabilityZones: !GetAZs ''
      MinSize: 1
      MaxSize: 1
";

    /// Runs `simulate -q` with these arguments in a folder with these files.
    fn run_in(folder: &Path, files: &[(&str, &str)], arguments: &[&str]) -> u8 {
        for (name, text) in files {
            std::fs::write(folder.join(name), text).expect("a temporary file");
        }
        let inside = |argument: &&str| match argument.contains('.') {
            true => folder.join(argument).to_string_lossy().into_owned(),
            false => (*argument).to_owned(),
        };
        let line = ["simulate".to_owned(), "-q".to_owned()];
        let line = line.into_iter().chain(arguments.iter().map(inside));
        run(&Line::parse_from(line).options).unwrap_or(WRONG)
    }

    #[test]
    fn exit_codes_tell_assertions_from_mistakes() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let files = [
            ("t.yaml", TEMPLATE),
            ("holds.yaml", "{ for: 10m, template: t.yaml, assert: [final(desired) == 1] }"),
            ("fails.yaml", "{ for: 10m, template: t.yaml, assert: [final(desired) == 2] }"),
            ("wrong.yaml", "{ for: 10m, template: t.yaml, asert: [] }"),
        ];
        for (scenario, code) in
            [("holds.yaml", 0), ("fails.yaml", 1), ("wrong.yaml", 2), ("none.yaml", 2)]
        {
            assert_eq!(run_in(folder.path(), &files, &[scenario]), code, "{scenario}");
        }
        let nowhere = ["holds.yaml", "--json", "no/such/folder/o.json"];
        assert_eq!(run_in(folder.path(), &files, &nowhere), WRONG);
    }

    #[test]
    fn a_template_and_a_trace_are_enough() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let files = [
            ("t.yaml", TEMPLATE),
            ("trace.csv", "seconds,demand\n0,20\n300,80\n"),
            ("prices.csv", "t2.micro,0.0138\n"),
        ];
        let arguments = [
            "--template",
            "t.yaml",
            "--load",
            "trace.csv",
            "--for",
            "20m",
            "--region",
            "us-west-1",
            "--prices",
            "prices.csv",
            "--report",
            "o.html",
            "--json",
            "o.json",
            "--csv",
            "o.csv",
        ];
        assert_eq!(run_in(folder.path(), &files, &arguments), 0);
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).expect(name);
        assert!(read("o.html").contains("<h1>t</h1>") && read("o.html").contains("USD"));
        assert!(read("o.csv").contains(",80,80,1,1,1,1,0,0,"), "{}", read("o.csv"));
        let report: serde_json::Value = serde_json::from_str(&read("o.json")).expect("JSON");
        assert_eq!(report["stack"]["status"], "CREATE_COMPLETE");
    }
}
