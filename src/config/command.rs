//! What the command line asks for beside running the server.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// What there is to do beside running the server.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Sets the password, or puts another in its place: asks for it, or reads a line from standard input.
    SetPassword,
    /// Makes a backup, also while a server runs.
    Backup(BackupArguments),
    /// Puts a backup back: looks it through, unpacks it, and moves what was there aside. Only while no server runs.
    Restore(RestoreArguments),
    /// Imports a bundle, a backup, or the data folder of an older app. Only while no server runs, but for a dry run.
    Import(ImportArguments),
    /// Says everything that is wrong with the data folder, and what to do. Changes nothing.
    Doctor(ReportArguments),
    /// Says how this server is set up, and whether what it needs can be reached. Changes nothing.
    Check(ReportArguments),
}

/// How a backup is to be made.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct BackupArguments {
    /// Leave out pictures, datasets and trainings.
    #[arg(long, conflicts_with = "everything")]
    pub records_only: bool,

    /// Take along what trainings have made: LoRAs, saved states, the pictures they learned from.
    #[arg(long)]
    pub everything: bool,

    /// The file to write [default: one in the folder of backups].
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
}

/// What is put back, and where.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct RestoreArguments {
    /// The backup.
    #[arg(value_name = "ZIP")]
    pub zip: PathBuf,

    /// The folder it becomes [default: the data folder].
    #[arg(long, value_name = "DIR")]
    pub into: Option<PathBuf>,

    /// Do not ask before what is there is moved aside.
    #[arg(long)]
    pub yes: bool,
}

/// What is imported.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct ImportArguments {
    /// A folder, a zip, or JSON.
    #[arg(value_name = "FOLDER-OR-ZIP")]
    pub from: PathBuf,

    /// Only say what would come, and change nothing.
    #[arg(long)]
    pub dry_run: bool,

    /// Say it as JSON, for programs.
    #[arg(long)]
    pub json: bool,
}

/// How it is said.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct ReportArguments {
    /// As JSON, for programs.
    #[arg(long)]
    pub json: bool,
}
