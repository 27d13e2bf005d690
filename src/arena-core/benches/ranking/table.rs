//! The printed table: what was measured, beside its floor and a peer, and whether the goal was met.

/// What a task should reach.
#[derive(Clone, Copy)]
pub(crate) enum Goal {
    /// At most so many times its floor.
    Floor(f64),
    /// At least so many times as fast as the peer.
    Peer(f64),
    /// At most so many seconds.
    Seconds(f64),
}

/// One line.
pub(crate) struct Row {
    pub(crate) task: String,
    pub(crate) ours: f64,
    pub(crate) floor: Option<f64>,
    pub(crate) peer: Option<(&'static str, f64)>,
    pub(crate) goals: Vec<Goal>,
}

impl Row {
    pub(crate) fn new(task: impl Into<String>, ours: f64, floor: Option<f64>) -> Row {
        Row { task: task.into(), ours, floor, peer: None, goals: Vec::new() }
    }

    pub(crate) fn against(mut self, name: &'static str, seconds: Option<f64>) -> Row {
        self.peer = seconds.map(|seconds| (name, seconds));
        self
    }

    pub(crate) fn goal(mut self, goal: Goal) -> Row {
        self.goals.push(goal);
        self
    }

    /// Whether a goal was met; `None` if what it compares with was not measured.
    fn met(&self, goal: Goal) -> Option<bool> {
        match goal {
            Goal::Floor(times) => self.floor.map(|floor| self.ours <= times * floor),
            Goal::Peer(times) => self.peer.map(|(_, peer)| self.ours * times <= peer),
            Goal::Seconds(most) => Some(self.ours <= most),
        }
    }

    fn line(&self) -> [String; 8] {
        let ratio = |a: f64, b: f64| format!("{:.*}", if a / b < 100.0 { 2 } else { 0 }, a / b);
        let none = || "-".to_owned();
        let goal = |goal: &Goal| match goal {
            Goal::Floor(times) => format!("<= {times}x floor"),
            Goal::Peer(times) => format!(">= {times}x peer"),
            Goal::Seconds(most) => format!("<= {most} s"),
        };
        let met = |&goal: &Goal| match self.met(goal) {
            Some(true) => "yes",
            Some(false) => "no",
            None => "not measured",
        };
        let list = |words: Vec<String>| if words.is_empty() { none() } else { words.join(", ") };
        [
            self.task.clone(),
            format!("{:.4}", self.ours),
            self.floor.map_or_else(none, |floor| format!("{floor:.4}")),
            self.floor.map_or_else(none, |floor| ratio(self.ours, floor)),
            self.peer.map_or_else(none, |(name, seconds)| format!("{seconds:.3} {name}")),
            self.peer.map_or_else(none, |(_, seconds)| ratio(seconds, self.ours)),
            list(self.goals.iter().map(goal).collect()),
            list(self.goals.iter().map(met).map(str::to_owned).collect()),
        ]
    }
}

/// Prints lines in columns as wide as they need.
#[expect(clippy::print_stdout, reason = "the table is what the program is for")]
pub(crate) fn print(rows: &[Row]) {
    let head = ["task", "ours s", "floor s", "ours/floor", "peer s", "peer/ours", "goal", "met"];
    let mut lines = vec![head.map(str::to_owned)];
    lines.extend(rows.iter().map(Row::line));
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max();
    let widths: Vec<usize> = (0..head.len()).map(|column| width(column).unwrap_or(0)).collect();
    for line in &lines {
        let cells = line.iter().zip(&widths).map(|(cell, &width)| format!("{cell:<width$}"));
        println!("{}", cells.collect::<Vec<_>>().join("  ").trim_end());
    }
}
