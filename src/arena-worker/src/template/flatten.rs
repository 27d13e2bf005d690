//! Keeps what a template stores in a namespace flat.
//!
//! `{% set ns.a = ns %}` makes a namespace that holds itself: printing it never ends, comparing it
//! waits for its own lock, and it is never freed. `{% set ns.a = [ns.a] %}` in a loop nests as deep
//! as the fuel lasts. Neither costs fuel, and minijinja 3.1 stops neither. So every value that goes
//! into a namespace is passed through a filter that copies it, up to some levels. The places are
//! found with minijinja's own tokenizer, so that text, comments and strings are what they are to it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use minijinja::machinery::{Token, tokenize};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::ValueKind;
use minijinja::{Error, ErrorKind, Value};

/// The name of the filter. Templates do not know it; one that uses it gets what it does.
pub(super) const FILTER: &str = "kept_in_namespace";
/// Lists within lists that a namespace may hold.
const LEVELS: u32 = 8;
/// Elements of all lists that one rendering may store, each time counted again.
const ELEMENTS: usize = 100_000;

/// Puts the filter behind every value that is assigned to an attribute.
pub(super) fn rewrite(template: &str, syntax: &SyntaxConfig) -> Result<String, Error> {
    let mut out = String::with_capacity(template.len() + 256);
    let mut copied = 0;
    let mut place = Place::Elsewhere;
    for token in tokenize(template, false, syntax.clone()) {
        let (token, span) = token?;
        let (start, end) = (span.start_offset as usize, span.end_offset as usize);
        place = match (place, token) {
            (_, Token::BlockStart) => Place::Block,
            (Place::Block, Token::Ident("set")) => Place::Target { dotted: false },
            (Place::Target { .. }, Token::Dot) => Place::Target { dotted: true },
            (Place::Target { dotted: true }, Token::Assign) => {
                out.push_str(template.get(copied..end).unwrap_or_default());
                out.push('(');
                copied = end;
                Place::Value { open: 0 }
            }
            (Place::Target { dotted: true }, Token::Pipe) => return Err(filtered_block()),
            (Place::Target { dotted }, Token::Ident(_) | Token::Comma) => Place::Target { dotted },
            (Place::Target { dotted }, Token::ParenOpen | Token::ParenClose) => {
                Place::Target { dotted }
            }
            (Place::Value { open }, Token::ParenOpen) => Place::Value { open: open + 1 },
            // One that closes our own would leave a part of the value outside.
            (Place::Value { open: 0 }, Token::ParenClose) => return Err(unopened()),
            (Place::Value { open }, Token::ParenClose) => Place::Value { open: open - 1 },
            (Place::Value { .. }, Token::BlockEnd) => {
                out.push_str(template.get(copied..start).unwrap_or_default());
                out.push_str(")|");
                out.push_str(FILTER);
                out.push(' ');
                copied = start;
                Place::Elsewhere
            }
            (Place::Value { open }, _) => Place::Value { open },
            _ => Place::Elsewhere,
        };
    }
    out.push_str(template.get(copied..).unwrap_or_default());
    Ok(out)
}

/// Where the tokenizer is.
#[derive(Clone, Copy)]
enum Place {
    /// Right behind the start of a block.
    Block,
    /// In the names of `set`.
    Target { dotted: bool },
    /// In the value for an attribute, within so many parentheses.
    Value { open: u32 },
    /// Where nothing is assigned to an attribute.
    Elsewhere,
}

fn filtered_block() -> Error {
    Error::new(ErrorKind::SyntaxError, "a filtered block cannot be assigned to an attribute")
}

fn unopened() -> Error {
    Error::new(ErrorKind::SyntaxError, "a parenthesis is closed that was not opened")
}

/// What one rendering may still store.
#[derive(Clone, Debug, Default)]
pub(super) struct Allowance(Arc<AtomicUsize>);

impl Allowance {
    /// Begins a rendering.
    pub(super) fn refill(&self) {
        self.0.store(ELEMENTS, Ordering::Relaxed);
    }

    /// Copies a value with all that it holds, or refuses what is no data, too deep or too large.
    pub(super) fn flatten(&self, value: &Value) -> Result<Value, Error> {
        let mut left = self.0.load(Ordering::Relaxed);
        let copied = copy(value, LEVELS, &mut left);
        self.0.store(left, Ordering::Relaxed);
        copied
    }
}

fn copy(value: &Value, levels: u32, elements: &mut usize) -> Result<Value, Error> {
    match value.kind() {
        ValueKind::Seq | ValueKind::Iterable => {
            let levels = one_less(levels)?;
            let mut list = Vec::new();
            for each in value.try_iter()? {
                count(elements)?;
                list.push(copy(&each, levels, elements)?);
            }
            Ok(Value::from(list))
        }
        ValueKind::Map => {
            let levels = one_less(levels)?;
            let mut map = BTreeMap::new();
            for key in value.try_iter()? {
                count(elements)?;
                let found = value.get_item(&key)?;
                map.insert(copy(&key, levels, elements)?, copy(&found, levels, elements)?);
            }
            Ok(Value::from(map))
        }
        ValueKind::Undefined
        | ValueKind::None
        | ValueKind::Bool
        | ValueKind::Number
        | ValueKind::String
        | ValueKind::Bytes => Ok(value.clone()),
        other => Err(refused(format!("a namespace holds data, and no {other}"))),
    }
}

fn one_less(levels: u32) -> Result<u32, Error> {
    let message = || refused(format!("a namespace holds at most {LEVELS} lists within lists"));
    levels.checked_sub(1).ok_or_else(message)
}

fn count(elements: &mut usize) -> Result<(), Error> {
    let message = || refused(format!("a namespace is given at most {ELEMENTS} elements"));
    *elements = elements.checked_sub(1).ok_or_else(message)?;
    Ok(())
}

fn refused(message: String) -> Error {
    Error::new(ErrorKind::InvalidOperation, message)
}
