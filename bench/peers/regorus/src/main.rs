//! bench-regorus runs one workload on the regorus crate and prints one JSON line.
//!
//!     bench-regorus FOLDER [--mode parsed|json] [--seconds S] [--check] [--answers FILE] [--interpreter]
//!
//! It follows the protocol of bench/README.md. The engine is regorus' register VM, used as fast as the crate
//! allows: the program is compiled once, the VM is kept, there are no limits on instructions or time, and the
//! crate's own allocator is linked in. With `--interpreter` the crate's tree walking interpreter runs instead, for
//! what the VM cannot compile. Either drops what it knows of the last evaluation before the next.

mod options;
mod report;

use anyhow::{anyhow, Context, Result};
use options::{Options, Workload};
use regorus::languages::rego::compiler::Compiler;
use regorus::rvm::RegoVM;
use regorus::{Engine, Value};
use report::{cpu_ns, status_kb, Figures, Report};
use sha2::{Digest, Sha256};
use std::io::Write;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::Path;
use std::time::Instant;

/// Time between two looks at the clock.
const BATCH_NS: u64 = 5_000_000;

// One of them lives as long as the process: their different sizes cost nothing.
#[allow(clippy::large_enum_variant)]
enum Machine {
    Vm(RegoVM),
    Interpreter(Engine, String),
}

impl Machine {
    fn eval(&mut self, input: Value) -> Result<Value> {
        match self {
            Machine::Vm(vm) => {
                vm.set_input(input);
                vm.execute().map_err(|e| anyhow!("{e}"))
            }
            Machine::Interpreter(engine, rule) => {
                engine.set_input(input);
                engine.eval_rule(rule.clone())
            }
        }
    }
}

fn load(options: &Options, work: &Workload) -> Result<Machine> {
    let folder = Path::new(&options.folder);
    let mut engine = Engine::new();
    // Generated policies are longer than the crate's default limits.
    engine.set_policy_length_config(regorus::PolicyLengthConfig {
        max_col: NonZeroU32::MAX,
        max_file_bytes: NonZeroUsize::MAX,
        max_lines: NonZeroUsize::MAX,
    });
    for module in &work.modules {
        let text = std::fs::read_to_string(folder.join(module)).with_context(|| module.clone())?;
        engine.add_policy(module.clone(), text)?;
    }
    let data = if work.data.is_empty() {
        Value::new_object()
    } else {
        let text = std::fs::read_to_string(folder.join(&work.data)).with_context(|| work.data.clone())?;
        Value::from_json_str(&text)?
    };
    if options.interpreter {
        engine.add_data(data)?;
        return Ok(Machine::Interpreter(engine, work.entrypoint.clone()));
    }
    let entrypoint = regorus::Rc::from(work.entrypoint.as_str());
    let policy = engine.compile_with_entrypoint(&entrypoint)?;
    let program = Compiler::compile_from_policy(&policy, &[work.entrypoint.as_str()])
        .map_err(|e| anyhow!("the VM's compiler: {e}"))?;
    let mut vm = RegoVM::new();
    vm.set_max_instructions(usize::MAX);
    vm.load_program(program);
    vm.set_data(data).map_err(|e| anyhow!("{e}"))?;
    Ok(Machine::Vm(vm))
}

fn text_of(answer: &Value) -> Result<String> {
    if *answer == Value::Undefined {
        return Ok("undefined".to_string());
    }
    Ok(serde_json::to_string(answer)?)
}

fn check(machine: &mut Machine, texts: &[&str], file: Option<&str>) -> Result<String> {
    let mut digest = Sha256::new();
    let mut out = match file {
        Some(name) => Some(std::io::BufWriter::new(std::fs::File::create(name).context("the file of the answers")?)),
        None => None,
    };
    for (i, text) in texts.iter().enumerate() {
        let answer = machine
            .eval(Value::from_json_str(text)?)
            .and_then(|value| text_of(&value))
            .with_context(|| format!("input {}", i + 1))?;
        digest.update(answer.as_bytes());
        digest.update(b"\n");
        if let Some(out) = &mut out {
            writeln!(out, "{answer}")?;
        }
    }
    if let Some(out) = &mut out {
        out.flush()?;
    }
    Ok(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The inputs in order, round and round; the batch grows until it takes about five milliseconds.
struct Rounds<'a> {
    one: &'a mut dyn FnMut(usize) -> Result<()>,
    count: usize,
    next: usize,
    batch: u64,
}

impl Rounds<'_> {
    fn during(&mut self, limit_ns: u64) -> Result<Figures> {
        let (wall, begun) = (Instant::now(), cpu_ns());
        let (mut used, mut evals) = (0, 0);
        while used < limit_ns {
            let before = used;
            for _ in 0..self.batch {
                (self.one)(self.next).with_context(|| format!("input {}", self.next + 1))?;
                self.next = (self.next + 1) % self.count;
            }
            evals += self.batch;
            used = cpu_ns() - begun;
            if used - before < BATCH_NS {
                self.batch *= 2;
            }
        }
        Ok(Figures::new(used, wall.elapsed().as_nanos(), evals))
    }
}

fn measure(machine: &mut Machine, options: &Options, texts: &[&str], parsed: &[Value]) -> Result<Figures> {
    let mut from_value = |i: usize| -> Result<()> {
        std::hint::black_box(machine.eval(parsed[i].clone())?);
        Ok(())
    };
    if !options.json {
        return timed(&mut from_value, texts.len(), options.seconds);
    }
    let mut from_text = |i: usize| -> Result<()> {
        let answer = machine.eval(Value::from_json_str(texts[i])?)?;
        std::hint::black_box(text_of(&answer)?);
        Ok(())
    };
    timed(&mut from_text, texts.len(), options.seconds)
}

/// Warms up for a quarter of the time.
fn timed(one: &mut dyn FnMut(usize) -> Result<()>, count: usize, seconds: f64) -> Result<Figures> {
    let mut rounds = Rounds { one, count, next: 0, batch: 1 };
    rounds.during((seconds * 1e9 / 4.0) as u64)?;
    rounds.during((seconds * 1e9) as u64)
}

fn run(options: &Options) -> Result<()> {
    let before = cpu_ns();
    let work = Workload::read(&options.folder)?;
    let mut machine = load(options, &work)?;
    let prepare_ms = (cpu_ns() - before) as f64 / 1e6;
    let ready_rss_kb = status_kb("VmRSS")?;

    let inputs = std::fs::read_to_string(Path::new(&options.folder).join(&work.inputs))?;
    let texts: Vec<&str> = inputs.lines().filter(|line| !line.is_empty()).collect();
    let parsed = if options.json {
        Vec::new()
    } else {
        texts.iter().map(|text| Value::from_json_str(text)).collect::<Result<Vec<_>>>()?
    };
    let digest = if options.check { check(&mut machine, &texts, options.answers.as_deref())? } else { String::new() };
    let figures = if options.seconds > 0.0 {
        measure(&mut machine, options, &texts, &parsed)?
    } else {
        Figures::default()
    };
    let report = Report {
        engine: if options.interpreter { "regorus-interp" } else { "regorus" },
        version: "0.14.1",
        workload: &work.name,
        mode: if options.json { "json" } else { "parsed" },
        ns_per_eval: figures.ns,
        wall_ns_per_eval: figures.wall_ns,
        evals: figures.evals,
        inputs: texts.len(),
        digest,
        prepare_ms,
        ready_rss_kb,
        rss_kb: status_kb("VmHWM")?,
    };
    println!("{}", serde_json::to_string(&report)?);
    Ok(())
}

fn main() {
    let done = Options::parse().and_then(|options| run(&options));
    if let Err(error) = done {
        eprintln!("bench-regorus: {error:#}");
        std::process::exit(1);
    }
}
