//! A browser down to the wire: it keeps every byte that the server sends, headers and chunks included.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::checker::percent_encoded;
use crate::arena::LIMIT;

/// One response as it came.
#[derive(Clone, Debug)]
pub(super) struct Recorded {
    /// What was asked for; responses of one kind must look alike.
    pub(super) kind: &'static str,
    /// The battle it is about, if there is one.
    pub(super) battle: Option<String>,
    pub(super) raw: Vec<u8>,
}

/// A response taken apart.
pub(super) struct Parsed {
    pub(super) status: u16,
    /// In the order of arrival, names as sent.
    pub(super) headers: Vec<(String, String)>,
    /// Sizes of the chunks, where the body came in chunks.
    pub(super) chunks: Vec<usize>,
    pub(super) body: Vec<u8>,
}

impl Recorded {
    pub(super) fn parsed(&self) -> Parsed {
        let at = self.raw.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        let head = std::str::from_utf8(&self.raw[..at]).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers: Vec<_> = lines
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let rest = &self.raw[at + 4..];
        let chunked =
            headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("transfer-encoding"));
        let (chunks, body) = if chunked { unchunked(rest) } else { (Vec::new(), rest.to_vec()) };
        Parsed { status, headers, chunks, body }
    }

    /// The text of both sides, put together from the frames of a stream.
    pub(super) fn frames(&self) -> [String; 2] {
        let body = String::from_utf8_lossy(&self.parsed().body).into_owned();
        let frames = body.lines().filter_map(|line| line.strip_prefix("data: "));
        let mut sides = [String::new(), String::new()];
        for frame in frames.filter_map(|data| serde_json::from_str::<serde_json::Value>(data).ok())
        {
            for (side, name) in sides.iter_mut().zip(["a", "b"]) {
                side.push_str(frame[name].as_str().unwrap_or_default());
            }
        }
        sides
    }
}

/// Whole chunks only: a stream may have been left in the middle of one.
fn unchunked(mut rest: &[u8]) -> (Vec<usize>, Vec<u8>) {
    let (mut sizes, mut body) = (Vec::new(), Vec::new());
    while let Some(end) = rest.windows(2).position(|pair| pair == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
        let Some(chunk) = rest.get(end + 2..end + 2 + size) else { break };
        if size == 0 {
            break;
        }
        sizes.push(size);
        body.extend_from_slice(chunk);
        rest = rest.get(end + 4 + size..).unwrap_or_default();
    }
    (sizes, body)
}

/// One browser that keeps what it gets.
pub(super) struct Recorder {
    address: String,
    cookie: Mutex<Option<String>>,
    log: Arc<Mutex<Vec<Recorded>>>,
}

impl Recorder {
    pub(super) fn new(address: String, log: &Arc<Mutex<Vec<Recorded>>>) -> Self {
        Self { address, cookie: Mutex::default(), log: Arc::clone(log) }
    }

    /// The same browser, whose responses go into another log from here on.
    pub(super) fn continued(&self, log: &Arc<Mutex<Vec<Recorded>>>) -> Self {
        let cookie = Mutex::new(self.cookie.lock().unwrap().clone());
        Self { address: self.address.clone(), cookie, log: Arc::clone(log) }
    }

    pub(super) async fn get(
        &self,
        kind: &'static str,
        battle: Option<&str>,
        path: &str,
    ) -> Recorded {
        self.exchange(kind, battle, self.request("GET", path, "", ""), usize::MAX).await
    }

    /// Reads the first bytes only and closes the connection then.
    pub(super) async fn glance(
        &self,
        kind: &'static str,
        battle: Option<&str>,
        path: &str,
        bytes: usize,
    ) -> Recorded {
        self.exchange(kind, battle, self.request("GET", path, "", ""), bytes).await
    }

    pub(super) async fn post(
        &self,
        kind: &'static str,
        battle: Option<&str>,
        path: &str,
        form: &[(&str, &str)],
    ) -> Recorded {
        self.post_with("", kind, battle, path, form).await
    }

    /// As [`Recorder::post`], with further header lines.
    pub(super) async fn post_with(
        &self,
        headers: &str,
        kind: &'static str,
        battle: Option<&str>,
        path: &str,
        form: &[(&str, &str)],
    ) -> Recorded {
        let fields: Vec<_> =
            form.iter().map(|(name, value)| format!("{name}={}", percent_encoded(value))).collect();
        let form = fields.join("&");
        self.exchange(kind, battle, self.request("POST", path, headers, &form), usize::MAX).await
    }

    fn request(&self, method: &str, path: &str, headers: &str, form: &str) -> String {
        let cookie = self.cookie.lock().unwrap().clone();
        let cookie = cookie.map_or_else(String::new, |cookie| format!("Cookie: {cookie}\r\n"));
        format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nAccept: text/html\r\nConnection: close\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\
             {cookie}{headers}\r\n{form}",
            self.address,
            form.len()
        )
    }

    async fn exchange(
        &self,
        kind: &'static str,
        battle: Option<&str>,
        request: String,
        most: usize,
    ) -> Recorded {
        let mut raw = Vec::new();
        let work = async {
            let mut wire = TcpStream::connect(&self.address).await.unwrap();
            wire.write_all(request.as_bytes()).await.unwrap();
            while raw.len() < most && wire.read_buf(&mut raw).await.unwrap() > 0 {}
        };
        tokio::time::timeout(LIMIT, work).await.unwrap_or_else(|_| panic!("{kind} takes too long"));
        let recorded = Recorded { kind, battle: battle.map(str::to_owned), raw };
        self.keep_cookie(&recorded);
        self.log.lock().unwrap().push(recorded.clone());
        recorded
    }

    fn keep_cookie(&self, recorded: &Recorded) {
        for (name, value) in recorded.parsed().headers {
            if name.eq_ignore_ascii_case("set-cookie") {
                let pair = value.split(';').next().unwrap().to_owned();
                *self.cookie.lock().unwrap() = Some(pair);
            }
        }
    }
}

impl Parsed {
    /// The value of a header.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}
