//! What a client sends on a socket, frame by frame: actix-web-actors keeps whatever has come until a frame is whole, however
//! long the frame says that it is, and reads on while one is taken out.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use actix_web::error::PayloadError;
use actix_web::web::Bytes;
use futures_util::{Stream, StreamExt as _};

/// The longest head of a frame: two bytes, a length of eight, a mask of four (RFC 6455 §5.2).
const HEAD_BYTES_MAX: usize = 14;

/// A client's bytes, one frame at a time, up to the first one that is too long.
pub(super) struct Frames<S> {
    received: S,
    frame_bytes_max: u64,
    /// Came, and is not handed on.
    rest: Bytes,
    head: Head,
    /// Of the frame whose head was seen.
    left: u64,
    /// The end of a frame was handed on: whoever reads takes it out before there is more.
    whole: bool,
    too_long: Rc<Cell<bool>>,
}

#[derive(Default)]
struct Head {
    bytes: [u8; HEAD_BYTES_MAX],
    seen: usize,
}

impl<S> Frames<S> {
    pub(super) fn new(received: S, frame_bytes_max: usize, too_long: Rc<Cell<bool>>) -> Self {
        let frame_bytes_max = frame_bytes_max as u64;
        let (rest, head) = (Bytes::new(), Head::default());
        Self { received, frame_bytes_max, rest, head, left: 0, whole: false, too_long }
    }

    /// How much of the rest belongs to the frame at its beginning.
    fn measure(&mut self) -> usize {
        let mut bytes = 0;
        while self.left == 0 {
            let Some(byte) = self.rest.get(bytes) else { return bytes };
            bytes += 1;
            if let Some(length) = self.head.push(*byte) {
                (self.left, self.whole) = (length, length == 0);
                self.too_long.set(length > self.frame_bytes_max);
                if self.whole || self.too_long.get() {
                    return bytes;
                }
            }
        }
        let body = usize::try_from(self.left).unwrap_or(usize::MAX).min(self.rest.len() - bytes);
        self.left -= body as u64;
        self.whole = self.left == 0;
        bytes + body
    }
}

impl Head {
    /// Takes another byte; the length of the frame's content with the last one.
    fn push(&mut self, byte: u8) -> Option<u64> {
        let seen = self.seen;
        *self.bytes.get_mut(seen)? = byte;
        self.seen += 1;
        let [_, second, ..] = self.bytes;
        let length_bytes = match second & 0x7f {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let mask_bytes = if second & 0x80 == 0 { 0 } else { 4 };
        if self.seen < 2 || self.seen < 2 + length_bytes + mask_bytes {
            return None;
        }
        self.seen = 0;
        let length = self.bytes.iter().skip(2).take(length_bytes);
        let short = || u64::from(second & 0x7f);
        Some(length.copied().map(u64::from).reduce(|length, byte| length << 8 | byte).unwrap_or_else(short))
    }
}

impl<S: Stream<Item = Result<Bytes, PayloadError>> + Unpin> Stream for Frames<S> {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.too_long.get() {
            return Poll::Ready(None);
        }
        if std::mem::take(&mut self.whole) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.rest.is_empty() {
            match ready!(self.received.poll_next_unpin(context)) {
                Some(Ok(bytes)) => self.rest = bytes,
                end => return Poll::Ready(end),
            }
        }
        let bytes = self.measure();
        if self.too_long.get() {
            return Poll::Ready(Some(Err(PayloadError::Overflow)));
        }
        Poll::Ready(Some(Ok(self.rest.split_to(bytes))))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    /// What is handed on of bytes that come in parts of a length, and whether it ended as too long.
    fn handed_on(bytes: &[u8], part: usize) -> (Vec<u8>, bool) {
        let too_long = Rc::new(Cell::new(false));
        let parts = bytes.chunks(part).map(|part| Ok(Bytes::copy_from_slice(part)));
        let mut frames = Frames::new(stream::iter(parts), 300, Rc::clone(&too_long));
        let mut context = Context::from_waker(std::task::Waker::noop());
        let mut handed_on = Vec::new();
        loop {
            match frames.poll_next_unpin(&mut context) {
                Poll::Ready(Some(Ok(bytes))) => handed_on.extend(bytes),
                Poll::Ready(Some(Err(_)) | None) => return (handed_on, too_long.get()),
                Poll::Pending => handed_on.push(b'|'),
            }
        }
    }

    #[test]
    fn a_frame_is_handed_on_whole_before_the_next_and_none_that_is_too_long() {
        let short = |text: &[u8]| [&[0x81, 0x80 | text.len() as u8, 0, 0, 0, 0], text].concat();
        let longest = [&[0x81, 0xfe, 1, 44, 9, 9, 9, 9][..], &[b'x'; 300]].concat();
        let bare = vec![0x89, 0];
        let frames = [short(b"a"), longest, short(b""), bare];
        let expected: Vec<u8> = frames.iter().flat_map(|frame| [&frame[..], b"|"].concat()).collect();
        for part in [1, 2, 7, 1000] {
            let whole = frames.concat();
            assert_eq!(handed_on(&whole, part), (expected.clone(), false), "{part}");
            for head in
                [&[0x81, 0xfe, 1, 45, 0, 0, 0, 0][..], &[0x81, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]]
            {
                let (handed_on, too_long) = handed_on(&[&whole, head, &[0; 5000]].concat(), part);
                assert!(too_long, "{part}");
                assert!(handed_on.len() < expected.len() + HEAD_BYTES_MAX, "{part}");
            }
        }
    }
}
