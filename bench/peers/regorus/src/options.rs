//! The command line and workload.json.

use anyhow::{bail, ensure, Context, Result};
use serde::Deserialize;
use std::path::Path;

#[derive(Default)]
pub struct Options {
    pub folder: String,
    pub json: bool,
    pub seconds: f64,
    pub check: bool,
    pub answers: Option<String>,
    pub interpreter: bool,
}

impl Options {
    pub fn parse() -> Result<Options> {
        let mut options = Options { seconds: 1.0, ..Options::default() };
        let mut args = std::env::args().skip(1);
        while let Some(arg) = args.next() {
            let mut value = || args.next().with_context(|| format!("{arg} needs a value"));
            match arg.as_str() {
                "--mode" => {
                    options.json = match value()?.as_str() {
                        "json" => true,
                        "parsed" => false,
                        other => bail!("unknown mode {other:?}"),
                    }
                }
                "--seconds" => {
                    options.seconds = value()?.parse().context("--seconds")?;
                    ensure!(options.seconds >= 0.0, "--seconds must not be negative");
                }
                "--check" => options.check = true,
                "--answers" => options.answers = Some(value()?),
                "--interpreter" => options.interpreter = true,
                _ if arg.starts_with('-') || !options.folder.is_empty() => bail!("unexpected argument {arg:?}"),
                _ => options.folder = arg,
            }
        }
        ensure!(!options.folder.is_empty(), "a folder is needed");
        Ok(options)
    }
}

#[derive(Deserialize)]
pub struct Workload {
    pub name: String,
    pub entrypoint: String,
    pub modules: Vec<String>,
    pub data: String,
    pub inputs: String,
}

impl Workload {
    pub fn read(folder: &str) -> Result<Workload> {
        let text = std::fs::read_to_string(Path::new(folder).join("workload.json")).context("workload.json")?;
        serde_json::from_str(&text).context("workload.json")
    }
}
