//! Unbuffered bodies: server-sent events, WebSocket, chunked uploads and gRPC.

use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};

use novasphere_harness::{
    chain,
    client::{Call, Connection, Console, EventStream, HOST, Outcome, Request},
};

/// Streams through a proxy that accepts the token of [`chain`].
#[derive(Clone, Copy, Debug)]
pub struct Streams {
    /// The address of the proxy.
    pub addr: SocketAddr,
}

impl Streams {
    /// Sends one stream of each kind.
    ///
    /// # Errors
    /// If a stream is buffered or fails.
    pub fn check(&self) -> Result<()> {
        self.events_arrive_separately().context("server-sent events")?;
        self.console_echoes().context("WebSocket")?;
        self.upload_is_unbuffered().context("chunked upload")?;
        self.grpc_unary().context("gRPC, unary")?;
        self.grpc_bidirectional().context("gRPC, bidirectional")
    }

    /// Like [`check`](Self::check), through a proxy that reads an HTTP/1.1 request to its end before it
    /// passes the response on.
    ///
    /// # Errors
    /// If a stream is buffered or fails.
    pub fn check_half_duplex(&self) -> Result<()> {
        self.check_web()?;
        self.grpc_unary().context("gRPC, unary")?;
        self.grpc_bidirectional().context("gRPC, bidirectional")
    }

    /// The streams that pages use.
    ///
    /// # Errors
    /// If a stream is buffered or fails.
    pub fn check_web(&self) -> Result<()> {
        self.events_arrive_separately().context("server-sent events")?;
        self.console_echoes().context("WebSocket")?;
        self.upload_arrives().context("chunked upload")
    }

    /// Each event arrives although nothing follows it, so no buffer holds it back.
    fn events_arrive_separately(&self) -> Result<()> {
        for count in [1, 2, 5] {
            self.events(count, "&open=1")?;
        }
        let end = self.events(2, "")?.next_event()?;
        ensure!(end.is_none(), "an event too many: {end:?}");
        Ok(())
    }

    /// Opens a stream and reads this number of events.
    fn events(&self, count: u32, option: &str) -> Result<EventStream> {
        let target = format!("/api/v1/wukongs/sun/events?count={count}{option}");
        let request = Request::get(target)
            .header("authorization", format!("Bearer {}", chain::good_token()?));
        let mut stream = EventStream::open(self.addr, &request)?;
        ensure!(stream.head.status == 200, "{:?}", stream.head);
        for n in 1..=count {
            let event = stream.next_event()?.with_context(|| format!("no event {n} of {count}"))?;
            ensure!(event.data == format!(r#"{{"n":{n}}}"#), "event {n} of {count}: {event:?}");
        }
        Ok(stream)
    }

    fn console_echoes(&self) -> Result<()> {
        let target = format!("/api/v1/wukongs/sun/console/ws?token={}", chain::good_token()?);
        let mut console = Console::open(self.addr, &target, &[("host", HOST)])?;
        for text in ["ls", "a longer line", "\u{65e5}\u{672c}"] {
            console.say(text)?;
            ensure!(console.hear()? == text);
        }
        console.close()
    }

    fn upload_is_unbuffered(&self) -> Result<()> {
        let request = Request::new("POST", "/api/v1/wukongs/sun/upload?echo=1")
            .header("authorization", format!("Bearer {}", chain::good_token()?))
            .header("transfer-encoding", "chunked");
        let mut connection = Connection::open(self.addr)?;
        connection.write(&request.to_bytes())?;
        connection.write_chunk(b"chunk 0")?;
        let head = connection.read_head()?;
        ensure!(head.status == 200, "{head:?}");
        let mut framing = head.framing(b"POST")?;
        ensure!(connection.next_piece(&mut framing)?.as_deref() == Some(&b"chunk 0"[..]));
        for n in 1..5 {
            // Each chunk is sent only after the previous one has returned.
            let chunk = format!("chunk {n}").into_bytes();
            connection.write_chunk(&chunk)?;
            ensure!(connection.next_piece(&mut framing)? == Some(chunk));
        }
        connection.write_chunk(b"")?;
        ensure!(connection.next_piece(&mut framing)?.is_none());
        Ok(())
    }

    fn upload_arrives(&self) -> Result<()> {
        let request = Request::new("POST", "/api/v1/wukongs/sun/upload")
            .header("authorization", format!("Bearer {}", chain::good_token()?))
            .header("transfer-encoding", "chunked");
        let mut connection = Connection::open(self.addr)?;
        connection.write(&request.to_bytes())?;
        for n in 0..5 {
            connection.write_chunk(format!("chunk {n}").as_bytes())?;
        }
        connection.write_chunk(b"")?;
        let head = connection.read_answer()?;
        ensure!(head.status == 200, "{head:?}");
        Ok(())
    }

    fn grpc_unary(&self) -> Result<()> {
        let mut call = self.call("/novasphere.v1.Wukongs/Get")?;
        call.send(b"sun")?;
        call.half_close()?;
        ensure!(call.receive()?.as_deref() == Some(&b"sun"[..]));
        ensure!(call.receive()?.is_none());
        ended_well(&call.outcome()?)
    }

    fn grpc_bidirectional(&self) -> Result<()> {
        let mut call = self.call("/novasphere.v1.Wukongs/Watch")?;
        for n in 0..5 {
            let message = format!("message {n}").into_bytes();
            call.send(&message)?;
            ensure!(call.receive()? == Some(message));
        }
        call.half_close()?;
        ensure!(call.receive()?.is_none());
        ended_well(&call.outcome()?)
    }

    fn call(&self, method: &str) -> Result<Call> {
        let token = format!("Bearer {}", chain::good_token()?);
        Call::open(self.addr, method, &[("authorization", &token)])
    }
}

fn ended_well(outcome: &Outcome) -> Result<()> {
    let (status, message) = ("0".to_owned(), String::new());
    ensure!(*outcome == Outcome { status, message, in_trailers: true }, "{outcome:?}");
    Ok(())
}
