//! A subscriber to the live feed.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

use crate::client::Client;

/// How long the next message may take.
const SPEAKS_WITHIN: Duration = Duration::from_secs(30);

/// A WebSocket to the events facade.
pub struct Socket {
    stream: WebSocketStream<TcpStream>,
    /// Our end, by which the kernel names the connection.
    pub local: SocketAddr,
}

impl Socket {
    /// Connects with those query parameters (`/?fromSequence=0`).
    pub async fn connect(client: &Client, path: &str) -> Self {
        Self::try_connect(client, path, None).await.unwrap()
    }

    /// Connects as a page of that origin, or says why not.
    pub async fn try_connect(client: &Client, path: &str, origin: Option<&str>) -> Result<Self, Error> {
        let stream = TcpStream::connect(("127.0.0.1", client.ports.events)).await?;
        Self::upgrade(stream, client, path, origin).await
    }

    /// Connects with the smallest buffer that the kernel gives, so that what is not read stays with the server.
    pub async fn connect_narrow(client: &Client, path: &str) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        let stream = socket.connect(([127, 0, 0, 1], client.ports.events).into()).await.unwrap();
        Self::upgrade(stream, client, path, None).await.unwrap()
    }

    async fn upgrade(
        stream: TcpStream,
        client: &Client,
        path: &str,
        origin: Option<&str>,
    ) -> Result<Self, Error> {
        let local = stream.local_addr()?;
        let mut request = format!("ws://127.0.0.1:{}{path}", client.ports.events).into_client_request()?;
        if let Some(origin) = origin {
            request.headers_mut().insert("Origin", origin.parse().unwrap());
        }
        let (stream, _) = tokio_tungstenite::client_async(request, stream).await?;
        Ok(Self { stream, local })
    }

    /// The next message.
    #[track_caller]
    pub fn next(&mut self) -> impl Future<Output = Value> {
        let caller = std::panic::Location::caller();
        async move {
            let next = tokio::time::timeout(SPEAKS_WITHIN, self.try_next()).await;
            next.unwrap_or_else(|_| panic!("the feed is silent, at {caller}"))
                .unwrap_or_else(|| panic!("the feed is closed, at {caller}"))
        }
    }

    /// The next message, `None` when the feed is closed.
    pub async fn try_next(&mut self) -> Option<Value> {
        self.try_text().await.map(|text| serde_json::from_str(&text).unwrap())
    }

    /// The next message as it came, `None` when the feed is closed.
    pub async fn try_text(&mut self) -> Option<Utf8Bytes> {
        loop {
            match self.stream.next().await? {
                Ok(Message::Text(text)) => return Some(text),
                Ok(Message::Ping(_) | Message::Pong(_)) => {}
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(other) => panic!("unexpected: {other:?}"),
            }
        }
    }

    /// The sequence numbers of the events in a message, one or many, without reading the rest of it.
    pub fn numbers_in(message: &str) -> impl Iterator<Item = u64> {
        let events = message.split(r#"{"sequenceNumber":"#).skip(1);
        events.map(|event| event[..event.find(',').unwrap()].parse().unwrap())
    }

    /// With which code the server closes the feed; `None` where it just goes away.
    pub async fn close_code(&mut self) -> Option<u16> {
        loop {
            match self.stream.next().await? {
                Ok(Message::Close(frame)) => return frame.map(|frame| frame.code.into()),
                Ok(_) => {}
                Err(_) => return None,
            }
        }
    }

    /// The next message's event.
    pub async fn event(&mut self) -> Value {
        let mut message = self.next().await;
        assert_eq!(message["type"], "NEW_EVENT", "{message}");
        message["event"].take()
    }

    /// The next so many events' sequence numbers; every message must be an event.
    pub async fn sequences(&mut self, count: usize) -> Vec<u64> {
        let mut sequences = Vec::with_capacity(count);
        for _ in 0..count {
            sequences.push(self.event().await["sequenceNumber"].as_u64().unwrap());
        }
        sequences
    }

    /// Says something to the server.
    pub async fn say(&mut self, message: &Value) {
        self.stream.send(Message::text(message.to_string())).await.unwrap();
    }

    /// Says something in two parts.
    pub async fn say_in_parts(&mut self, message: &Value) {
        let text = message.to_string();
        let (first, last) = text.split_at(text.len() / 2);
        let part = |part: &str, data, is_last| {
            Message::Frame(Frame::message(part.to_owned(), OpCode::Data(data), is_last))
        };
        self.stream.send(part(first, Data::Text, false)).await.unwrap();
        self.stream.send(part(last, Data::Continue, true)).await.unwrap();
    }

    /// Goes over to other events.
    pub async fn subscribe(&mut self, members: &Value) {
        let mut message = json!({"type": "SUBSCRIBE"});
        message.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        self.say(&message).await;
    }
}
