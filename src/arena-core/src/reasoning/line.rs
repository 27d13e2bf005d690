//! What a line of Markdown looks like up to a character: its start, and whether it is code.

/// What the current line of visible text looks like so far.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// Blanks at its start; none once something else came.
    indent: Option<usize>,
    /// Backticks or tildes at its start.
    fence: String,
    /// Whether an inline code span is open.
    code: bool,
    /// The open fenced block: its character and length.
    block: Option<(char, usize)>,
    /// The character before.
    pub(super) before: Option<char>,
}

impl Line {
    pub(super) fn fresh() -> Self {
        Self { indent: Some(0), ..Self::default() }
    }

    /// Whether a tag here stands at the start of a line and outside fenced code.
    pub(super) fn takes_tag(&self) -> bool {
        self.block.is_none() && self.starts()
    }

    /// Whether a tag here stands at the start of a line.
    pub(super) fn starts(&self) -> bool {
        self.indent.is_some_and(|blanks| blanks <= 3)
    }

    /// Whether a tag here is outside code.
    pub(super) fn takes_end(&self) -> bool {
        self.block.is_none() && !self.code
    }

    pub(super) fn push(&mut self, letter: char) {
        self.before = Some(letter);
        if letter == '\n' {
            let block = self.block;
            *self = Self { block, before: Some(letter), ..Self::fresh() };
            return;
        }
        let runs_on = self.fence.chars().next().is_none_or(|first| first == letter);
        match self.indent {
            Some(blanks) if letter.is_whitespace() => self.indent = Some(blanks + 1),
            Some(0..=3) if matches!(letter, '`' | '~') => {
                self.indent = None;
                self.fence.push(letter);
            }
            Some(_) => self.indent = None,
            None if !self.fence.is_empty() && runs_on => self.fence.push(letter),
            None => self.fence.clear(),
        }
        if letter == '`' {
            self.code = !self.code;
        }
        if self.fence.len() >= 3 {
            self.meet_fence(letter);
        }
    }

    /// Opens a block at the third character of a fence, and closes one at its length.
    fn meet_fence(&mut self, letter: char) {
        self.code = false;
        match self.block {
            None => self.block = Some((letter, 3)),
            Some((open, length)) if open == letter && self.fence.len() == length => {
                self.block = None;
                // What follows on this line is no new fence.
                self.fence.clear();
            }
            Some(_) => {}
        }
    }
}
