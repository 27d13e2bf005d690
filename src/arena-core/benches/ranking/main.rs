//! baseline (temporary)
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a program")]
mod synthetic;
use std::hint::black_box;
use std::time::Instant;
use arena_core::ranking::*;
use synthetic::{Size, Votes};
fn cpu() -> f64 { let s = std::fs::read_to_string("/proc/self/stat").unwrap(); let f: Vec<&str> = s.rsplit(')').next().unwrap().split_whitespace().collect(); (f[11].parse::<f64>().unwrap() + f[12].parse::<f64>().unwrap()) * 10.0 }
fn time<T>(name: &str, n: usize, mut f: impl FnMut() -> T) -> T {
    let mut best = f64::INFINITY;
    let mut last = None; let c = cpu();
    for _ in 0..n { let t = Instant::now(); last = Some(black_box(f())); best = best.min(t.elapsed().as_secs_f64()); }
    println!("{name:40} {:.3} ms wall min, {:.1} ms cpu mean", best * 1e3, (cpu() - c) / n as f64);
    last.unwrap()
}
fn main() {
    let which = std::env::args().nth(1).unwrap_or_default();
    if which == "style" {
        let size = Size { votes: 4_000_000, models: 100 };
        let mut sv = StyleVotes::with_capacity(Denominator::PlusOne, size.votes);
        for f in Votes::new(size) { sv.push(f.vote, f.styles[0], f.styles[1]).unwrap(); }
        let members: Vec<usize> = (0..size.models).collect();
        let c = time("style 4M", 5, || control_compact(&sv, &members, &StyleSettings::default()).unwrap());
        println!("steps {} {:?}", c.adjusted.steps(), c.adjusted.effects());
        let st = std::fs::read_to_string("/proc/self/status").unwrap();
        println!("{}", st.lines().find(|l| l.starts_with("VmHWM")).unwrap());
        return;
    }
    for size in [Size { votes: 1_000_000, models: 100 }, Size { votes: 4_000_000, models: 300 }] {
        let votes: Vec<Vote> = Votes::new(size).map(|f| f.vote).collect();
        let members: Vec<usize> = (0..size.models).collect();
        let m = size.models;
        let bare = time("bare count", 7, || { let mut t = vec![[0u32;4]; m*m]; for v in &votes { t[v.left*m+v.right][v.outcome as usize] += 1; } t });
        black_box(bare);
        let counts = time("Counts::from_votes", 7, || Counts::from_votes(m, votes.iter().copied()).unwrap());
        let fit = time("fit", 7, || arena_core::ranking::fit(&counts, &members, Method::BradleyTerry, Coding::default()).unwrap());
        println!("steps {}", fit.steps());
        let cov = time("covariance", 7, || fit.covariance(SmallSample::default()).unwrap());
        if which == "loop" && m == 300 { for _ in 0..300 { black_box(critical_value(&cov, 4000, 1).unwrap()); } return; } if which == "loop2" && m == 300 { for _ in 0..200 { black_box(arena_core::ranking::fit(&counts, &members, Method::BradleyTerry, Coding::default()).unwrap()); black_box(fit.covariance(SmallSample::default()).unwrap());} return; }
        time("critical", 3, || critical_value(&cov, 4000, 1).unwrap());
        let h = nalgebra::DMatrix::from_fn(m, m, |i, j| if i == j { m as f64 } else { -0.5 / (1.0 + (i as f64 - j as f64).abs()) });
        time("cholesky", 7, || h.clone().cholesky().unwrap());
        time("inverse", 7, || h.clone().cholesky().unwrap().inverse());
        time("gemm", 7, || &h * &h);
        time("board", 3, || compute(&counts, &Settings::new(1)).unwrap());
        if which == "boot" && m == 100 {
            let all: Vec<AttributedVote> = Votes::new(size).map(|f| f.attributed()).collect();
            time("bootstrap 1000 voter", 1, || fit.bootstrap(&all, Resample::Voter, 1000, 1).unwrap());
            time("bootstrap 1000 vote", 1, || fit.bootstrap(&all, Resample::Vote, 1000, 1).unwrap());
        }
    }
}
