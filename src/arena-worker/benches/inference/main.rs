//! `make bench`, part inference: tokens a second of the worker, as ratios to floors and peers.
//!
//! Other work on the machine changes speeds from second to second. So what is compared is measured
//! in turns, in short rounds, and the middle of the rounds' ratios is printed.
#![expect(clippy::print_stdout, reason = "the table is what the program is for")]

mod bare;
mod pipe;
mod server;
mod stream;

use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use bare::Bare;
use pipe::{SPINS, Worker};
use server::Server;
use stream::{Arrivals, common_rates, median};

/// Whatever went wrong.
pub(crate) type Failed = Box<dyn std::error::Error + Send + Sync>;

/// A question with a long answer.
pub(crate) const QUESTION: &str = "Write a very long and detailed story about the keeper of a \
     lighthouse, the sea, the storms, the ships and the village, in many chapters.";

struct Settings {
    folder: PathBuf,
    rounds: usize,
    server: Option<String>,
    spins: bool,
    cores: u32,
}

fn main() -> Result<(), Failed> {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|word| word != "--bench").collect();
    if let [word, model, threads] = &arguments[..]
        && word == "--bare"
    {
        return bare::run(model, threads);
    }
    let settings = settings(&arguments)?;
    let models = models(&settings.folder)?;
    report_machine(settings.cores);
    for model in &models {
        println!("{}", name(model));
        one_model(&settings, model)?;
    }
    for pair in models.windows(2) {
        println!("battle of {} and {}", name(&pair[0]), name(&pair[1]));
        battle(&settings, &pair[0], &pair[1])?;
    }
    report_machine(settings.cores);
    Ok(())
}

fn settings(arguments: &[String]) -> Result<Settings, Failed> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let server = std::env::var("LLAMA_SERVER").ok().filter(|path| !path.is_empty());
    let mut settings = Settings {
        folder: PathBuf::new(),
        rounds: 5,
        server,
        spins: false,
        cores: u32::try_from(cores)?,
    };
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--models" => settings.folder = words.next().ok_or("--models FOLDER")?.into(),
            "--rounds" => settings.rounds = words.next().ok_or("--rounds N")?.parse()?,
            "--spins" => settings.spins = true,
            _ => return Err(format!("unknown option {word}").into()),
        }
    }
    Ok(settings)
}

fn models(folder: &Path) -> Result<Vec<PathBuf>, Failed> {
    let mut models = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "gguf") {
            models.push(path);
        }
    }
    models.sort_by_key(|path| path.metadata().map_or(0, |metadata| metadata.len()));
    if models.is_empty() {
        Err("no .gguf file in the folder of --models".into())
    } else {
        Ok(models)
    }
}

fn name(model: &Path) -> String {
    model.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// Load and what a plain loop gets of each core; below 0.9 other work distorts the figures.
fn report_machine(cores: u32) {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("?").to_owned();
    let got = Busy::start(cores).map_or(0.0, |busy| busy.share(Duration::from_millis(500)));
    let mark = if got < 0.9 { "  BUSY MACHINE: read ratios, not rates" } else { "" };
    println!("{cores} cores, load {load}, a plain loop gets {got:.2} of a core{mark}");
}

fn one_model(settings: &Settings, model: &Path) -> Result<(), Failed> {
    let cores = settings.cores.to_string();
    let mut worker = Worker::start(model, &["--threads", &cores, "--sequences", "8"], SPINS)?;
    let mut bare = Bare::start(model, settings.cores)?;
    let (mut rates, mut ratios, mut firsts) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..settings.rounds {
        let floor = bare.rate()?;
        let ours = worker.write()?;
        let floor_again = bare.rate()?;
        rates.push(ours.rate());
        firsts.push(ours.first_ms());
        ratios.push(ours.rate() / f64::midpoint(floor, floor_again));
    }
    println!(
        "  one answer          {:6.1} tokens/s, {:.2} of the bare loop (goal 0.97)",
        median(rates),
        median(ratios)
    );
    println!("  first token         {:6.0} ms", median(firsts));
    drop(bare);
    for count in [1, 2, 4, 8] {
        let mut totals = Vec::new();
        for _ in 0..settings.rounds.div_ceil(2) {
            totals.push(common_rates(&worker.write_many(count)?).iter().sum());
        }
        println!("  {count} at once           {:6.1} tokens/s in all", median(totals));
    }
    let (tokens, gap) = worker.longest_gap(2800)?;
    println!(
        "  beside a question of {tokens} tokens the longest pause is {} ms (goal 100)",
        gap.as_millis()
    );
    let (rss, pss) = worker.memory_mib();
    println!("  memory              {rss} MiB resident, {pss} MiB of it its own share");
    drop(worker);
    beside_busy_cores(settings, model)?;
    beside_a_server(settings, model)
}

/// Speed with a busy process on every core, compared with what plain loops get in the same place.
fn beside_busy_cores(settings: &Settings, model: &Path) -> Result<(), Failed> {
    let all: &[&str] = if settings.spins { &["0", "30", "100", "300", "1000"] } else { &[SPINS] };
    for spins in all {
        let cores = settings.cores.to_string();
        let mut worker = Worker::start(model, &["--threads", &cores, "--sequences", "1"], spins)?;
        let (mut alone, mut beside, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..settings.rounds {
            let idle = worker.write()?.rate();
            let free = Busy::start(settings.cores)?.share(Duration::from_millis(500));
            let busy = Busy::start(settings.cores)?;
            let rate = worker.write()?.rate();
            let fair = Busy::start(settings.cores)?.share(Duration::from_millis(800));
            drop(busy);
            alone.push(idle);
            beside.push(rate);
            ratios.push(rate / (idle * fair / free));
        }
        println!(
            "  beside busy cores   {:6.1} tokens/s after {:.1}, {:.2} of its fair share (goal 0.75), \
             {spins} spins",
            median(beside),
            median(alone),
            median(ratios)
        );
    }
    Ok(())
}

fn beside_a_server(settings: &Settings, model: &Path) -> Result<(), Failed> {
    let Some(program) = &settings.server else { return Ok(()) };
    let cores = settings.cores.to_string();
    let mut worker = Worker::start(model, &["--threads", &cores, "--sequences", "1"], SPINS)?;
    let server = Server::start(program, model, None)?;
    let (mut rates, mut ratios, mut firsts) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..settings.rounds {
        let ours = worker.write()?;
        let theirs = server.write()?;
        rates.push(theirs.rate());
        firsts.push(theirs.first_ms());
        ratios.push(ours.rate() / theirs.rate());
    }
    println!(
        "  llama-server        {:6.1} tokens/s, first token {:.0} ms; ours is {:.2} of it (goal 1.0)",
        median(rates),
        median(firsts),
        median(ratios)
    );
    Ok(())
}

/// Two models at once with half the cores each, as the app deals them out.
fn battle(settings: &Settings, left: &Path, right: &Path) -> Result<(), Failed> {
    let half = (settings.cores / 2).max(1);
    let threads = half.to_string();
    let options = ["--threads", threads.as_str(), "--sequences", "1"];
    let mut workers =
        [Worker::start(left, &options, SPINS)?, Worker::start(right, &options, SPINS)?];
    let defaults = servers(settings, [left, right], None)?;
    let halves = servers(settings, [left, right], Some(half))?;
    let (mut ratios, mut rates) = (Vec::new(), [Vec::new(), Vec::new()]);
    let mut theirs = [Vec::new(), Vec::new()];
    for _ in 0..settings.rounds {
        let [first, second] = &mut workers;
        let alone = first.write()?.rate() + second.write()?.rate();
        let together = common_rates(&at_once([&mut || first.write(), &mut || second.write()])?);
        let total: f64 = together.iter().sum();
        ratios.push(total / alone);
        for (all, rate) in rates.iter_mut().zip(&together) {
            all.push(*rate);
        }
        for (all, pair) in theirs.iter_mut().zip([&defaults, &halves]) {
            if let Some([left, right]) = pair {
                let both = at_once([&mut || left.write(), &mut || right.write()])?;
                all.push(total / common_rates(&both).iter().sum::<f64>());
            }
        }
    }
    let [left, right] = rates.map(median);
    println!(
        "  {left:.1} and {right:.1} tokens/s, together {:.2} of both alone with {half} thread(s) each \
         (goal 0.95)",
        median(ratios)
    );
    let [defaults, halves] = theirs;
    if !defaults.is_empty() {
        println!(
            "  {:.2} of two llama-servers with default threads (goal 2.0), {:.2} of two with {half} \
             each (goal 1.0)",
            median(defaults),
            median(halves)
        );
    }
    Ok(())
}

fn servers(
    settings: &Settings,
    models: [&Path; 2],
    threads: Option<u32>,
) -> Result<Option<[Server; 2]>, Failed> {
    let Some(program) = &settings.server else { return Ok(None) };
    let [left, right] = models;
    Ok(Some([Server::start(program, left, threads)?, Server::start(program, right, threads)?]))
}

/// Runs two streams at the same time.
fn at_once(
    streams: [&mut (dyn FnMut() -> Result<Arrivals, Failed> + Send); 2],
) -> Result<[Arrivals; 2], Failed> {
    let [left, right] = streams;
    std::thread::scope(|scope| {
        let other = scope.spawn(right);
        let first = left()?;
        let second = other.join().map_err(|_| "a stream broke off")??;
        Ok([first, second])
    })
}

/// Processes that do nothing but run.
struct Busy(Vec<Child>);

impl Busy {
    fn start(count: u32) -> Result<Self, Failed> {
        let spin = || Command::new("sh").args(["-c", "while :; do :; done"]).spawn();
        Ok(Self((0..count).map(|_| spin()).collect::<Result<_, _>>()?))
    }

    /// Processor time that each of them gets, as a part of a core.
    fn share(&self, time: Duration) -> f64 {
        let ticks = || -> f64 { self.0.iter().map(|child| cpu_s(child.id())).sum() };
        let (before, started) = (ticks(), Instant::now());
        std::thread::sleep(time);
        (ticks() - before) / started.elapsed().as_secs_f64() / self.0.len() as f64
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Processor seconds of a process: `schedstat` counts nanoseconds.
fn cpu_s(process: u32) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{process}/schedstat")).unwrap_or_default();
    text.split(' ').next().and_then(|word| word.parse::<f64>().ok()).unwrap_or(0.0) / 1e9
}
