//! The doctor, at the command line.

use std::process::ExitCode;

use chrono::Utc;

use crate::{
    config::{Config, ReportArguments},
    service::doctor::{self, Finding, Report, Severity},
    store::OpenOptions,
};

/// Says everything that is wrong with the data folder. The process fails when something is.
pub async fn doctor(config: Config, how: ReportArguments) -> Result<ExitCode, String> {
    let options = OpenOptions { dir: config.data_dir(), key: config.secret_key()? };
    let report = tokio::task::spawn_blocking(move || doctor::look(&options, Utc::now())).await;
    let report = report.map_err(|_| "looking at the folder broke down".to_owned())?;
    if how.json {
        println!("{}", serde_json::to_string_pretty(&report).map_err(|error| error.to_string())?);
    } else {
        print!("{}", words(&report));
    }
    Ok(if report.healthy { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn words(report: &Report) -> String {
    let mut text = format!("Looked at {}\n\n", report.folder);
    for finding in &report.findings {
        text += &one(finding);
    }
    let wrong = report.findings.iter().filter(|finding| finding.severity == Severity::Wrong).count();
    text += &match wrong {
        0 => "Nothing is wrong.\n".to_owned(),
        1 => "1 thing is wrong.\n".to_owned(),
        many => format!("{many} things are wrong.\n"),
    };
    text
}

fn one(finding: &Finding) -> String {
    let mark = match finding.severity {
        Severity::Wrong => "WRONG",
        Severity::Note => "note ",
    };
    let place = match (&finding.file, finding.line, finding.column) {
        (Some(file), Some(line), Some(column)) => format!("{file}, line {line}, column {column}: "),
        (Some(file), _, _) => format!("{file}: "),
        (None, _, _) => String::new(),
    };
    format!("{mark}  {place}{}\n       {}\n\n", finding.what, finding.advice)
}
