//! Local responses for gRPC and gRPC-Web clients: HTTP status 200, and the result as a gRPC status.

use percent_encoding::{AsciiSet, CONTROLS, percent_encode};

/// A header line: name and value.
type Line<'r> = (&'r [u8], &'r [u8]);

/// The protocol of a request, by its `Content-Type`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GrpcKind {
    /// gRPC over HTTP/2.
    Native,
    /// gRPC-Web with this media type, such as `application/grpc-web+proto`.
    Web(String),
}

const NATIVE: &str = "application/grpc";
const WEB: &str = "application/grpc-web";
const WEB_TEXT: &str = "application/grpc-web-text";

/// The response repeats the media type, so longer ones are ignored.
const MAX_TYPE_BYTES: usize = 64;

impl GrpcKind {
    /// The protocol of a request with this `Content-Type`. `None` if it is neither of the two.
    pub fn of(content_type: &[u8]) -> Option<Self> {
        let media_type = content_type.split(|b| *b == b';').next()?.trim_ascii();
        // This test comes first, because most responses are not for gRPC clients.
        if !media_type.get(..NATIVE.len())?.eq_ignore_ascii_case(NATIVE.as_bytes()) {
            return None;
        }
        let media_type = str::from_utf8(media_type).ok()?.to_ascii_lowercase();
        let (name, format) = media_type.split_once('+').unwrap_or((&media_type, ""));
        let is_format = format.bytes().all(|b| b.is_ascii_alphanumeric() || b".-".contains(&b));
        match name {
            NATIVE => Some(Self::Native),
            WEB | WEB_TEXT if is_format && media_type.len() <= MAX_TYPE_BYTES => {
                Some(Self::Web(media_type))
            }
            _ => None,
        }
    }

    fn content_type(&self) -> &str {
        match self {
            Self::Native => NATIVE,
            Self::Web(media_type) => media_type,
        }
    }
}

/// The header lines and the body of a response for a gRPC client.
pub struct GrpcParts<'r> {
    content_type: &'r str,
    status: String,
    message: String,
    /// Empty if the status is in the header lines.
    pub body: Vec<u8>,
    headers: Vec<Line<'r>>,
}

impl<'r> GrpcParts<'r> {
    /// A response with these header lines.
    ///
    /// A response without a message may have its status in the header lines ("Trailers-Only"). A
    /// page of another origin cannot read these, unless CORS exposes them. So gRPC-Web clients get
    /// a body with a trailers frame, if the host sends bodies as they are.
    pub fn new(
        kind: &'r GrpcKind,
        status: u8,
        message: &str,
        headers: &[Line<'r>],
        exact_bodies: bool,
    ) -> Self {
        let is_kept =
            |(name, _): &&Line<'r>| *name != b"content-type" && *name != b"content-length";
        let headers = headers.iter().filter(is_kept).copied().collect();
        let (status, message) = (status.to_string(), encoded(message));
        let body = match kind {
            GrpcKind::Web(media_type) if exact_bodies => {
                let frame = trailers_frame(&status, &message);
                if media_type.starts_with(WEB_TEXT) { base64(&frame) } else { frame }
            }
            _ => Vec::new(),
        };
        Self { content_type: kind.content_type(), status, message, body, headers }
    }

    /// The header lines.
    pub fn headers(&self) -> Vec<Line<'_>> {
        let mut headers: Vec<Line<'_>> = self.headers.clone();
        headers.push((b"content-type", self.content_type.as_bytes()));
        if self.body.is_empty() {
            headers.push((b"grpc-status", self.status.as_bytes()));
            if !self.message.is_empty() {
                headers.push((b"grpc-message", self.message.as_bytes()));
            }
        }
        headers
    }
}

/// The gRPC status for an HTTP status ("HTTP to gRPC Status Code Mapping"). Two deviations: 429 is
/// RESOURCE_EXHAUSTED, because clients retry UNAVAILABLE, and 500 is INTERNAL instead of UNKNOWN.
pub fn code(status: u16) -> u8 {
    match status {
        400 | 431 | 500 => 13,
        401 => 16,
        403 => 7,
        404 => 12,
        429 => 8,
        502..=504 => 14,
        _ => 2,
    }
}

/// The value of `grpc-message`: percent-encoded except visible ASCII and spaces.
fn encoded(text: &str) -> String {
    const ENCODED: &AsciiSet = &CONTROLS.add(b'%');
    percent_encode(text.as_bytes(), ENCODED).to_string()
}

/// The frame of gRPC-Web that ends a response.
fn trailers_frame(status: &str, message: &str) -> Vec<u8> {
    const TRAILERS: u8 = 0x80;
    let mut trailers = format!("grpc-status:{status}\r\n");
    if !message.is_empty() {
        trailers.push_str(&format!("grpc-message:{message}\r\n"));
    }
    let length = u32::try_from(trailers.len()).unwrap_or(u32::MAX);
    let mut frame = vec![TRAILERS];
    frame.extend(length.to_be_bytes());
    frame.extend(trailers.into_bytes());
    frame
}

/// Base64 with padding (RFC 4648 section 4).
fn base64(bytes: &[u8]) -> Vec<u8> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = Vec::with_capacity(bytes.len().div_ceil(3).saturating_mul(4));
    for group in bytes.chunks(3) {
        let bits =
            (0..3).fold(0_u32, |bits, i| bits << 8 | group.get(i).copied().map_or(0, u32::from));
        text.extend((0..4_usize).map(|i| {
            let index = bits >> (18 - 6 * i) & 63;
            let digit = usize::try_from(index).ok().and_then(|index| ALPHABET.get(index));
            digit.copied().filter(|_| i <= group.len()).unwrap_or(b'=')
        }));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_type_identifies_the_protocol() {
        for native in ["application/grpc", "application/grpc+proto", "Application/gRPC; x=y"] {
            assert_eq!(GrpcKind::of(native.as_bytes()), Some(GrpcKind::Native), "{native}");
        }
        for (web, media_type) in [
            ("application/grpc-web", "application/grpc-web"),
            ("application/gRPC-Web+proto; charset=utf-8", "application/grpc-web+proto"),
            ("application/grpc-web-text+proto", "application/grpc-web-text+proto"),
        ] {
            let kind = Some(GrpcKind::Web(media_type.to_owned()));
            assert_eq!(GrpcKind::of(web.as_bytes()), kind, "{web}");
        }
        let long = format!("application/grpc-web+{}", "a".repeat(MAX_TYPE_BYTES));
        for no in ["", "application/json", "application/grpc-webx", "text/application/grpc", &long]
        {
            assert_eq!(GrpcKind::of(no.as_bytes()), None, "{no}");
        }
        assert_eq!(GrpcKind::of(b"application/grpc-web+\xe9"), None);
        assert_eq!(GrpcKind::of(b"application/grpc-web+a\"b"), None);
    }

    #[test]
    fn codes_follow_the_http_status() {
        let codes = [401, 403, 429, 500, 503, 400, 418].map(code);
        assert_eq!(codes, [16, 7, 8, 13, 14, 13, 2]);
    }

    #[test]
    fn messages_are_percent_encoded() {
        assert_eq!(encoded("100% {\"a\"}\n\u{e9}"), "100%25 {\"a\"}%0A%C3%A9");
    }

    #[test]
    fn native_response_has_its_status_in_the_headers() {
        let lines: &[Line] = &[(b"retry-after", b"5"), (b"content-type", b"application/json")];
        let response = GrpcParts::new(&GrpcKind::Native, 8, "slow down", lines, true);
        let expected: &[Line] = &[
            (b"retry-after", b"5"),
            (b"content-type", b"application/grpc"),
            (b"grpc-status", b"8"),
            (b"grpc-message", b"slow down"),
        ];
        assert_eq!((response.headers(), &*response.body), (expected.to_vec(), &b""[..]));
    }

    #[test]
    fn web_response_has_its_status_in_a_trailers_frame() {
        let web = GrpcKind::Web(WEB.to_owned());
        let frame = b"\x80\0\0\0\x20grpc-status:8\r\ngrpc-message:no\r\n";
        let response = GrpcParts::new(&web, 8, "no", &[], true);
        assert_eq!(response.body, frame);
        assert_eq!(response.headers(), [(&b"content-type"[..], WEB.as_bytes())]);
        let response = GrpcParts::new(&web, 8, "no", &[], false);
        assert_eq!((&*response.body, response.headers().len()), (&b""[..], 3));
        let text = GrpcKind::Web(WEB_TEXT.to_owned());
        let response = GrpcParts::new(&text, 8, "no", &[], true);
        assert_eq!(response.body, b"gAAAACBncnBjLXN0YXR1czo4DQpncnBjLW1lc3NhZ2U6bm8NCg==");
    }

    /// RFC 4648 section 10.
    #[test]
    fn base64_has_padding() {
        for (bytes, text) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(bytes.as_bytes()), text.as_bytes());
        }
        assert_eq!(base64(&[0xfb, 0xff]), b"+/8=");
    }
}
