//! Plain scalars as each host reads them.
//!
//! The same YAML has other types on other hosts: `no` is a boolean for Envoy, Kong and Kubernetes,
//! but a string by YAML 1.2.

use serde_json::{Map, Number, Value};

use super::{Content, Node, Style};

/// The reader of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// Envoy (yaml-cpp): words of YAML 1.1 are booleans. Fractions, and integers of more than 32
    /// bits, are text in a Struct.
    Envoy,
    /// Kong (lyaml): words of YAML 1.1 are booleans.
    Kong,
    /// The Kubernetes API: words of YAML 1.1 are booleans.
    Kubernetes,
    /// Traefik's file provider: everything becomes text, nulls are dropped.
    Traefik,
    /// JSON and YAML 1.2.
    Yaml,
}

impl Reader {
    /// The value of a node. Of a repeated member, the last value.
    pub fn value(self, node: &Node) -> Value {
        match &node.content {
            Content::Scalar { text, style: Style::Plain } => self.plain(text),
            Content::Scalar { text, .. } => Value::String(text.clone()),
            Content::Sequence(items) => items.iter().map(|item| self.value(item)).collect(),
            Content::Mapping(members) => Value::Object(self.members(members)),
        }
    }

    fn members(self, members: &[(Node, Node)]) -> Map<String, Value> {
        let mut object = Map::new();
        for (key, value) in members {
            if key.text() == Some("<<") && self.merges() {
                self.merge(value, &mut object);
            }
        }
        for (key, value) in members {
            let name = key.text().unwrap_or_default();
            let is_merge = name == "<<" && self.merges();
            let is_dropped = self == Self::Traefik && value.is_null();
            if !is_merge && !is_dropped {
                object.insert(name.to_owned(), self.value(value));
            }
        }
        object
    }

    /// Adds the members of a merge key. Earlier sources win.
    fn merge(self, value: &Node, object: &mut Map<String, Value>) {
        for source in value.items().iter().chain(std::iter::once(value)) {
            for (name, value) in self.members(source.members()) {
                object.entry(name).or_insert(value);
            }
        }
    }

    const fn merges(self) -> bool {
        matches!(self, Self::Kubernetes | Self::Traefik | Self::Kong)
    }

    fn plain(self, text: &str) -> Value {
        let value = match text {
            "" | "~" | "null" | "Null" | "NULL" => Value::Null,
            "true" | "True" | "TRUE" => Value::Bool(true),
            "false" | "False" | "FALSE" => Value::Bool(false),
            _ => self.word(text).map_or_else(|| self.number(text), Value::Bool),
        };
        match (self, value) {
            (Self::Traefik, Value::Null) => Value::String(String::new()),
            (Self::Traefik, Value::Bool(value)) => Value::String(value.to_string()),
            (Self::Traefik, Value::Number(value)) => Value::String(traefik_number(&value)),
            (Self::Envoy, Value::Number(value)) if !is_32_bits(&value) => {
                // Envoy prints the integers that it parsed.
                Value::String(value.as_i64().map_or(text.to_owned(), |value| value.to_string()))
            }
            (_, value) => value,
        }
    }

    /// A number, or a string.
    fn number(self, text: &str) -> Value {
        let is_old = self != Self::Yaml;
        let separated = text.starts_with(|c: char| c.is_ascii_digit() || "+-".contains(c))
            && text.contains('_')
            && matches!(self, Self::Kong | Self::Kubernetes | Self::Traefik);
        let digits = if separated { text.replace('_', "") } else { text.to_owned() };
        let number = match integer(&digits, is_old) {
            Some(value) => whole(value),
            // yaml-cpp reads 08 as text: 8 is not an octal digit.
            None if is_old && digits.starts_with('0') && !digits.contains('.') => None,
            None => fraction(&digits),
        };
        number.map_or_else(|| Value::String(text.to_owned()), Value::Number)
    }

    /// The words that only YAML 1.1 reads as booleans.
    fn word(self, text: &str) -> Option<bool> {
        if matches!(self, Self::Yaml) {
            return None;
        }
        match text {
            // go-yaml reads these two letters as text.
            "y" | "Y" if matches!(self, Self::Envoy | Self::Kong) => Some(true),
            "n" | "N" if matches!(self, Self::Envoy | Self::Kong) => Some(false),
            "yes" | "Yes" | "YES" | "on" | "On" | "ON" => self.has_words().then_some(true),
            "no" | "No" | "NO" | "off" | "Off" | "OFF" => self.has_words().then_some(false),
            _ => None,
        }
    }

    /// go-yaml 3, which Traefik uses, reads these words as text where no boolean is expected.
    const fn has_words(self) -> bool {
        !matches!(self, Self::Traefik)
    }
}

fn is_32_bits(number: &Number) -> bool {
    number.as_i64().is_some_and(|value| i32::try_from(value).is_ok())
}

/// Traefik writes fractions with six digits.
fn traefik_number(number: &Number) -> String {
    match number.as_f64() {
        Some(value) if !number.is_i64() && !number.is_u64() => format!("{value:.6}"),
        _ => number.to_string(),
    }
}

/// An integer as YAML 1.2 writes it, or as YAML 1.1 does.
fn integer(text: &str, is_old: bool) -> Option<i128> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let hexadecimal =
        digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X").filter(|_| is_old));
    let value = if let Some(digits) = hexadecimal {
        i128::from_str_radix(digits, 16).ok()?
    } else if let Some(digits) = digits.strip_prefix("0o").filter(|_| !is_old) {
        i128::from_str_radix(digits, 8).ok()?
    } else if is_old && digits.len() > 1 && digits.starts_with('0') {
        i128::from_str_radix(digits, 8).ok()?
    } else {
        digits.parse::<i128>().ok()?
    };
    Some(if negative { value.checked_neg()? } else { value })
}

fn whole(value: i128) -> Option<Number> {
    let signed = i64::try_from(value).map(Number::from);
    signed.or_else(|_| u64::try_from(value).map(Number::from)).ok()
}

/// A fraction.
fn fraction(text: &str) -> Option<Number> {
    let is_decimal = text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
    let has_digit = text.bytes().any(|b| b.is_ascii_digit());
    let value = text.strip_prefix('+').unwrap_or(text).parse::<f64>().ok();
    Number::from_f64(value.filter(|_| is_decimal && has_digit)?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::source::parse;

    fn read(reader: Reader, text: &str) -> Value {
        reader.value(&parse(text).unwrap()[0])
    }

    #[test]
    fn words_are_booleans_on_some_hosts() {
        let text = "[yes, no, y, \"no\", true]";
        assert_eq!(read(Reader::Envoy, text), json!([true, false, true, "no", true]));
        assert_eq!(read(Reader::Kong, text), json!([true, false, true, "no", true]));
        assert_eq!(read(Reader::Kubernetes, text), json!([true, false, "y", "no", true]));
        assert_eq!(read(Reader::Traefik, text), json!(["yes", "no", "y", "no", "true"]));
    }

    #[test]
    fn numbers_are_text_on_some_hosts() {
        let text = "[5, 1.5, 0x10, 9007199254740993, 1.2.3.4, 1h, .5, 007]";
        let expected = json!([5, 1.5, 16, 9_007_199_254_740_993_u64, "1.2.3.4", "1h", 0.5, 7]);
        assert_eq!(read(Reader::Kong, text), expected);
        let expected = json!([5, "1.5", 16, "9007199254740993", "1.2.3.4", "1h", ".5", 7]);
        assert_eq!(read(Reader::Envoy, text), expected);
        assert_eq!(read(Reader::Traefik, "[5, 1.5]"), json!(["5", "1.500000"]));
    }

    #[test]
    fn traefik_drops_null() {
        assert_eq!(read(Reader::Traefik, "{a: null, b: 1}"), json!({"b": "1"}));
        assert_eq!(read(Reader::Kong, "{a: ~}"), json!({"a": null}));
    }

    #[test]
    fn merge_keys_where_the_host_knows_them() {
        let text = "base: &b {x: 1, y: 2}\nall: {<<: *b, y: 3}\n";
        assert_eq!(read(Reader::Kubernetes, text)["all"], json!({"x": 1, "y": 3}));
        assert_eq!(read(Reader::Envoy, text)["all"]["y"], json!(3));
        assert!(read(Reader::Envoy, text)["all"].get("x").is_none());
    }
}
