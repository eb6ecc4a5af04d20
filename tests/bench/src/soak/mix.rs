//! A mix of requests: millions of clients, tokens that are cached, new, forged or missing, preflights,
//! heads of 8 KB, and clients over their limit.

use std::fmt::Write;

/// Tokens below this number are frequent, so that the caches have them.
const FREQUENT: usize = 100;

const HOST: &str = "Host: api.novasphere.io\r\n";
const APP: &str = "Origin: https://app.novasphere.io\r\n";
const FOREIGN: &str = "Origin: https://foreign.example\r\n";

/// Requests in an order that depends on the seed only.
pub(crate) struct Mix {
    tokens: Vec<String>,
    long: String,
    random: Random,
    turn: u64,
}

impl Mix {
    pub(crate) fn new(tokens: Vec<String>, seed: u64) -> Self {
        let long = format!("X-Long: {}\r\n", "novasphere ".repeat(740));
        Self { tokens, long, random: Random(seed), turn: 0 }
    }

    /// Replaces `out` with the next request.
    pub(crate) fn write(&mut self, out: &mut String) {
        out.clear();
        self.turn += 1;
        let kind = self.random.below(98);
        // Writing to a string cannot fail.
        let _ = match kind {
            0..50 => write!(out, "{}{APP}{}", get("?limit=20"), bearer(self.frequent())),
            50..65 => write!(out, "{}{}", get(""), bearer(self.any())),
            65..70 => write!(out, "{}", get(&format!("?token={}", self.any()))),
            70..75 => write!(out, "{}{}", get(""), bearer(&format!("{}x", self.any()))),
            75..80 => write!(out, "{}{APP}", get("")),
            80..85 => write!(out, "{}", preflight(APP)),
            85..90 => write!(out, "{}", preflight(FOREIGN)),
            90..95 => write!(out, "{}{FOREIGN}{}", get(""), bearer(self.frequent())),
            _ => {
                let token = bearer(self.frequent());
                write!(out, "{}{}{token}", get(""), self.long)
            }
        };
        let _ = write!(out, "X-Forwarded-For: {}\r\n\r\n", self.client());
    }

    fn any(&mut self) -> &str {
        let index = self.random.below(self.tokens.len());
        self.tokens.get(index).map_or("", String::as_str)
    }

    fn frequent(&mut self) -> &str {
        let index = self.random.below(FREQUENT);
        self.tokens.get(index).map_or("", String::as_str)
    }

    /// An address. One client sends so often that it exceeds its limit.
    fn client(&mut self) -> String {
        if self.turn.is_multiple_of(50) {
            return "192.0.2.1".to_owned();
        }
        let [first, second, third, fourth] =
            [223, 256, 256, 256].map(|count| self.random.below(count));
        format!("{}.{second}.{third}.{fourth}", first + 1)
    }
}

fn get(query: &str) -> String {
    format!("GET /api/v1/wukongs{query} HTTP/1.1\r\n{HOST}")
}

fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}\r\n")
}

fn preflight(origin: &str) -> String {
    format!(
        "OPTIONS /api/v1/wukongs HTTP/1.1\r\n{HOST}{origin}Access-Control-Request-Method: PUT\r\n\
         Access-Control-Request-Headers: authorization,content-type\r\n"
    )
}

/// `SplitMix64`.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) >> 1).unwrap_or_default() % end
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn mix_has_all_kinds_and_many_clients() {
        let tokens = (0..200).map(|n| format!("t{n}")).collect();
        let mut mix = Mix::new(tokens, 1);
        let mut request = String::new();
        let mut requests = Vec::new();
        for _ in 0..2_000 {
            mix.write(&mut request);
            assert!(request.ends_with("\r\n\r\n"), "{request}");
            assert_eq!(request.matches("\r\n\r\n").count(), 1, "{request}");
            requests.push(request.clone());
        }
        let count = |part: &str| requests.iter().filter(|r| r.contains(part)).count();
        assert_eq!(count("X-Forwarded-For: 192.0.2.1\r\n"), 40);
        for part in ["?token=", "x\r\n", "OPTIONS", "foreign.example", "X-Long: ", "?limit=20"] {
            assert!(count(part) > 40, "{part}");
        }
        assert!(count("Bearer") < 1_900);
        assert!(requests.iter().collect::<BTreeSet<_>>().len() > 1_900);
    }
}
