//! A connection that sends many requests and costs little processor time.
//!
//! It sends a prepared text and reads only the status and the length of the response.

use std::io;

use reqwest::{StatusCode, Url};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

/// A connection to the API, kept open between two requests.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
    host: String,
    line: String,
}

impl Connection {
    /// Connects to the host and the port of a URL.
    pub(crate) async fn open(url: &Url) -> io::Result<Self> {
        let host = url.authority();
        let stream = TcpStream::connect(host).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream), host: host.to_owned(), line: String::new() })
    }

    /// Gets a path without a token. Returns the status of the response, and skips its body.
    pub(crate) async fn get(&mut self, path: &str) -> io::Result<StatusCode> {
        let request = format!("GET {path} HTTP/1.1\r\nhost: {}\r\n\r\n", self.host);
        self.stream.write_all(request.as_bytes()).await?;
        let status = self.read_line().await?.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status = status.ok_or_else(|| invalid("a response without a status"))?;
        let mut length = None;
        loop {
            let line = self.read_line().await?;
            let Some((name, value)) = line.split_once(':') else { break };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().ok();
            }
        }
        let length: u64 = length.ok_or_else(|| invalid("a response without content-length"))?;
        let body = &mut (&mut self.stream).take(length);
        tokio::io::copy_buf(body, &mut tokio::io::sink()).await?;
        Ok(status)
    }

    async fn read_line(&mut self) -> io::Result<&str> {
        self.line.clear();
        self.stream.read_line(&mut self.line).await?;
        Ok(self.line.trim_end())
    }
}

fn invalid(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}
