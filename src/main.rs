//! The `doubleblind` program: one binary with subcommands.

fn main() -> std::process::ExitCode {
    doubleblind::cli::run()
}
