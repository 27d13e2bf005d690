//! A llama-server of another build, over HTTP, at the same work.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::stream::{Arrivals, WINDOW};
use crate::{Failed, QUESTION};

pub(crate) struct Server {
    child: Child,
    port: u16,
}

impl Server {
    /// Starts it with its own defaults for everything but places; `threads` where they are named.
    pub(crate) fn start(program: &str, model: &Path, threads: Option<u32>) -> Result<Self, Failed> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut command = Command::new(program);
        command.arg("-m").arg(model).args(["--host", "127.0.0.1", "-c", "2048", "-np", "1"]);
        command.args(["--port", &port.to_string()]);
        if let Some(threads) = threads {
            command.args(["-t", &threads.to_string(), "-tb", &threads.to_string()]);
        }
        let child =
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let mut server = Self { child, port };
        let give_up = Instant::now() + Duration::from_secs(120);
        while server.ask("GET", "/health", "").is_err() {
            if Instant::now() > give_up || server.child.try_wait()?.is_some() {
                return Err(format!("{program} does not serve {}", model.display()).into());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(server)
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> Result<BufReader<TcpStream>, Failed> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(Duration::from_secs(120)))?;
        let length = body.len();
        stream.write_all(
            format!(
                "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
                 Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
            )
            .as_bytes(),
        )?;
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line)?;
        if line.contains(" 200 ") { Ok(reader) } else { Err(line.into()) }
    }

    /// Writes one answer for the length of the window; closing the connection ends it.
    pub(crate) fn write(&self) -> Result<Arrivals, Failed> {
        let body = serde_json::json!({
            "prompt": QUESTION, "n_predict": 1000, "stream": true, "cache_prompt": false,
            "ignore_eos": true, "seed": 1, "temperature": 0.7, "top_k": 40, "top_p": 0.95,
            "min_p": 0.05,
        });
        let mut arrivals = Arrivals { asked_at: Some(Instant::now()), at: Vec::new() };
        let mut reader = self.ask("POST", "/completion", &body.to_string())?;
        let mut line = String::new();
        while reader.read_line(&mut line)? > 0 {
            if line.starts_with("data: ") {
                arrivals.at.push(Instant::now());
            }
            line.clear();
            if arrivals.at.first().is_some_and(|first| first.elapsed() > WINDOW) {
                break;
            }
        }
        Ok(arrivals)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
