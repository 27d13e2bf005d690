//! A person with a browser: one method per thing that person does.

use std::sync::Arc;

use reqwest::cookie::{CookieStore, Jar};
use reqwest::header::{self, HeaderMap, HeaderValue};
use reqwest::{Client, ClientBuilder, RequestBuilder, Response, redirect};

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};

use super::LIMIT;

/// The start of a client. It wants to know its ciphers, although nothing is encrypted here.
pub(crate) fn client() -> ClientBuilder {
    // An error means that they are known already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
}

/// One browser with its cookies.
pub(crate) struct Voter {
    client: Client,
    jar: Arc<Jar>,
    base: String,
}

/// A whole response.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Reply {
    async fn of(request: RequestBuilder) -> Self {
        let response = tokio::time::timeout(LIMIT, request.send()).await.unwrap().unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = tokio::time::timeout(LIMIT, response.text()).await.unwrap().unwrap();
        Self { status, headers, body }
    }

    /// Where a 303 leads.
    pub(crate) fn location(&self) -> &str {
        assert_eq!(self.status, 303, "{}", self.body);
        self.headers[header::LOCATION].to_str().unwrap()
    }
}

impl Voter {
    pub(super) fn new(address: String) -> Self {
        let accept = HeaderValue::from_static("text/html,application/xhtml+xml");
        let jar = Arc::<Jar>::default();
        let client = client()
            .cookie_provider(Arc::clone(&jar))
            .redirect(redirect::Policy::none())
            .default_headers(HeaderMap::from_iter([(header::ACCEPT, accept)]))
            .build()
            .unwrap();
        Self { client, jar, base: format!("http://{address}") }
    }

    /// The same browser after the server has moved to another port; cookies know no ports.
    pub(crate) fn at(&self, address: String) -> Self {
        Self {
            client: self.client.clone(),
            jar: Arc::clone(&self.jar),
            base: format!("http://{address}"),
        }
    }

    /// A browser into which somebody has put a cookie.
    pub(crate) fn with_cookie(address: String, cookie: &str) -> Self {
        let voter = Self::new(address);
        voter.jar.add_cookie_str(cookie, &voter.base.parse().unwrap());
        voter
    }

    /// The session cookie, as name and value; none before there is a session.
    pub(crate) fn cookie(&self) -> Option<String> {
        let cookies = self.jar.cookies(&self.base.parse().unwrap())?;
        Some(cookies.to_str().unwrap().to_owned())
    }

    /// Makes an account.
    pub(crate) async fn joins(&self, name: &str, password: &str) -> Reply {
        self.posts("/join", &[("name", name), ("password", password)]).await
    }

    /// Makes an account with a code.
    pub(crate) async fn joins_with(&self, name: &str, password: &str, code: &str) -> Reply {
        self.posts("/join", &[("name", name), ("password", password), ("code", code)]).await
    }

    /// Signs in.
    pub(crate) async fn signs_in(&self, name: &str, password: &str) -> Reply {
        self.posts("/sign-in", &[("name", name), ("password", password)]).await
    }

    /// Opens a page.
    pub(crate) async fn gets(&self, path: &str) -> Reply {
        Reply::of(self.client.get(format!("{}{path}", self.base))).await
    }

    /// Opens a page that must be there.
    pub(crate) async fn sees(&self, path: &str) -> String {
        let reply = self.gets(path).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.body);
        reply.body
    }

    /// Reads a file that is no text.
    pub(crate) async fn bytes(&self, path: &str) -> Vec<u8> {
        let response = self.client.get(format!("{}{path}", self.base)).send().await.unwrap();
        assert_eq!(response.status().as_u16(), 200, "{path}");
        response.bytes().await.unwrap().to_vec()
    }

    /// Sends a form.
    pub(crate) async fn posts(&self, path: &str, form: &[(&str, &str)]) -> Reply {
        Reply::of(self.client.post(format!("{}{path}", self.base)).form(form)).await
    }

    /// Sends a form with one header more.
    pub(crate) async fn posts_with(
        &self,
        (name, value): (&str, &str),
        path: &str,
        form: &[(&str, &str)],
    ) -> Reply {
        let request = self.client.post(format!("{}{path}", self.base)).form(form);
        Reply::of(request.header(name, value)).await
    }

    /// Asks a question of one's own; returns the battle.
    pub(crate) async fn asks(&self, prompt: &str) -> String {
        self.opens(&[("prompt", prompt)]).await
    }

    /// Opens a battle with the given form; returns the battle.
    pub(crate) async fn opens(&self, form: &[(&str, &str)]) -> String {
        let reply = self.posts("/battles", form).await;
        reply.location().strip_prefix("/battles/").unwrap().to_owned()
    }

    /// Asks a further question.
    pub(crate) async fn asks_on(&self, battle: &str, prompt: &str) -> Reply {
        self.posts(&format!("/battles/{battle}/turns"), &[("prompt", prompt)]).await
    }

    /// Has the same pair try again.
    pub(crate) async fn retries(&self, battle: &str) -> Reply {
        self.posts(&format!("/battles/{battle}/retry"), &[]).await
    }

    /// Passes over a battle.
    pub(crate) async fn skips(&self, battle: &str, reason: &str) -> Reply {
        self.posts(&format!("/battles/{battle}/skip"), &[("reason", reason)]).await
    }

    /// Decides.
    pub(crate) async fn votes(&self, battle: &str, verdict: &str) -> Reply {
        self.posts(&format!("/battles/{battle}/vote"), &[("verdict", verdict)]).await
    }

    /// Looks at a battle.
    pub(crate) async fn looks_at(&self, battle: &str) -> String {
        self.sees(&format!("/battles/{battle}")).await
    }

    /// Follows the first turn live, from its start.
    pub(crate) async fn watches(&self, battle: &str) -> Stream {
        self.watches_from(battle, "turn=0&attempt=0&from=0", None).await
    }

    /// Follows the first turn over a connection with hardly any room, and reads nothing of it.
    pub(crate) async fn stares_at(&self, battle: &str) -> TcpStream {
        let wire = TcpSocket::new_v4().unwrap();
        wire.set_recv_buffer_size(2_048).unwrap();
        let host = self.base.strip_prefix("http://").unwrap();
        let mut wire = wire.connect(host.parse().unwrap()).await.unwrap();
        let cookie = self.jar.cookies(&self.base.parse().unwrap()).unwrap();
        let request = format!(
            "GET /battles/{battle}/events?turn=0&attempt=0&from=0 HTTP/1.1\r\nHost: {host}\r\n\
             Cookie: {}\r\n\r\n",
            cookie.to_str().unwrap()
        );
        wire.write_all(request.as_bytes()).await.unwrap();
        wire
    }

    /// Follows a turn live as the page or, after a lost connection, the browser asks for it.
    pub(crate) async fn watches_from(
        &self,
        battle: &str,
        place: &str,
        last_event_id: Option<&str>,
    ) -> Stream {
        let mut request = self.client.get(format!("{}/battles/{battle}/events?{place}", self.base));
        if let Some(last) = last_event_id {
            request = request.header("Last-Event-ID", last);
        }
        let response = tokio::time::timeout(LIMIT, request.send()).await.unwrap().unwrap();
        assert_eq!(response.status(), 200);
        Stream { response, buffer: Vec::new(), bytes: 0 }
    }
}

/// A live connection; dropping it is closing the tab.
pub(crate) struct Stream {
    response: Response,
    buffer: Vec<u8>,
    /// How many bytes have come.
    pub(crate) bytes: usize,
}

/// One event of a live connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// Both sides advance.
    Frame { id: String, left: String, right: String },
    /// Where the battle is in line, or that it has begun.
    Place(String),
    /// Nothing new, but still there.
    Wait,
    /// There will be no more.
    End,
}

/// What a reader has seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Frames {
    pub(crate) left: String,
    pub(crate) right: String,
    /// Id of the last frame.
    pub(crate) last_id: String,
    /// Characters of both sides, frame by frame.
    pub(crate) steps: Vec<(usize, usize)>,
}

impl Frames {
    pub(crate) fn take(&mut self, event: &Event) {
        if let Event::Frame { id, left, right } = event {
            self.left.push_str(left);
            self.right.push_str(right);
            self.last_id.clone_from(id);
            self.steps.push((left.chars().count(), right.chars().count()));
        }
    }
}

impl Stream {
    /// The next event; none when the connection is over.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(end) = self.buffer.windows(2).position(|pair| pair == b"\n\n") {
                let block: Vec<u8> = self.buffer.drain(..end + 2).collect();
                return Some(parse(&String::from_utf8(block).unwrap()));
            }
            let chunk = tokio::time::timeout(LIMIT, self.response.chunk()).await;
            let chunk = chunk.expect("the stream is silent").unwrap()?;
            self.bytes += chunk.len();
            self.buffer.extend(chunk);
        }
    }

    /// The next frame; there must be one.
    pub(crate) async fn next_frame(&mut self) -> Event {
        loop {
            match self.next().await {
                Some(Event::Wait) => {}
                Some(event @ Event::Frame { .. }) => return event,
                other => panic!("no frame but {other:?}"),
            }
        }
    }

    /// Everything up to the end.
    pub(crate) async fn read_to_end(mut self) -> Frames {
        let mut frames = Frames::default();
        while let Some(event) = self.next().await {
            frames.take(&event);
            if event == Event::End {
                return frames;
            }
        }
        panic!("the stream broke off after {frames:?}");
    }
}

fn parse(block: &str) -> Event {
    let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
    if field("event: ") == Some("end") {
        return Event::End;
    }
    let Some(data) = field("data: ") else { return Event::Wait };
    let data: serde_json::Value = serde_json::from_str(data).unwrap();
    if let Some(words) = data["words"].as_str() {
        return Event::Place(words.to_owned());
    }
    let text = |side: &str| data[side].as_str().unwrap().to_owned();
    Event::Frame { id: field("id: ").unwrap().to_owned(), left: text("a"), right: text("b") }
}
