//! `#[derive(ConfigObject)]`: decodes an object of a configuration.
//!
//! The derive of serde expands every object to a function that holds all of its fields as local
//! variables and drops each of them on each error. A host compiles a module before it is ready, so
//! these functions, which no request runs, took a fifth of the start-up. This derive assigns each
//! member to its field of a default value.

use std::collections::BTreeMap;

use proc_macro::{Delimiter, TokenStream, TokenTree};

/// Implements `Deserialize` for a struct with the attribute `#[serde(default,
/// deny_unknown_fields)]`. A field can have the attribute `#[serde(rename = "…")]`.
#[proc_macro_derive(ConfigObject, attributes(serde))]
pub fn config_object(item: TokenStream) -> TokenStream {
    let implementation = match Object::parse(item) {
        Ok(object) => object.implementation(),
        Err(message) => format!("::core::compile_error!({message:?});"),
    };
    implementation.parse().unwrap_or_default()
}

/// A struct.
struct Object {
    name: String,
    fields: Vec<Field>,
}

/// A field: its name and type in the struct, and the name of its member in the configuration.
struct Field {
    name: String,
    type_name: String,
    member: String,
}

impl Object {
    fn parse(item: TokenStream) -> Result<Self, &'static str> {
        let mut tokens = item.into_iter();
        let attributes = attributes(&mut tokens);
        let denies = |attribute: &String| attribute.contains("deny_unknown_fields");
        if !attributes.iter().any(|a| denies(a) && a.contains("default")) {
            return Err("needs #[serde(default, deny_unknown_fields)]");
        }
        let is_struct = |token: &TokenTree| token.to_string() == "struct";
        tokens.by_ref().find(is_struct).ok_or("can be derived for structs only")?;
        let name = tokens.next().ok_or("needs a name")?.to_string();
        match tokens.next() {
            Some(TokenTree::Group(body)) if body.delimiter() == Delimiter::Brace => {
                Ok(Self { name, fields: fields(body.stream())? })
            }
            _ => Err("can be derived for structs with named fields and without parameters only"),
        }
    }

    fn implementation(&self) -> String {
        let Self { name, fields } = self;
        let members: Vec<_> = fields.iter().map(|field| format!("{:?}", field.member)).collect();
        let members = members.join(", ");
        let arms = self.arms();
        format!(
            "impl ::novasphere_core::object::Object for {name} {{
                const FIELDS: &'static [&'static str] = &[{members}];

                fn set<'de, A: ::novasphere_core::object::MapAccess<'de>>(
                    &mut self,
                    field: usize,
                    object: &mut A,
                ) -> ::core::result::Result<(), A::Error> {{
                    match field {{
                        {arms}
                        _ => {{}}
                    }}
                    ::core::result::Result::Ok(())
                }}
            }}

            impl<'de> ::novasphere_core::object::Deserialize<'de> for {name} {{
                fn deserialize<D: ::novasphere_core::object::Deserializer<'de>>(
                    deserializer: D,
                ) -> ::core::result::Result<Self, D::Error> {{
                    ::novasphere_core::object::deserialize(deserializer)
                }}
            }}"
        )
    }
}

/// Numbers of the fields of one type, and for each of them an arm that returns the field.
type FieldsOfType = (Vec<String>, String);

impl Object {
    /// The arms of `set`, one for each type, so that the code of an assignment appears once.
    fn arms(&self) -> String {
        let mut types: BTreeMap<&str, FieldsOfType> = BTreeMap::new();
        for (number, Field { name, type_name, .. }) in self.fields.iter().enumerate() {
            let (numbers, places) = types.entry(type_name).or_default();
            numbers.push(number.to_string());
            places.push_str(&format!("{number} => &mut self.{name},"));
        }
        let arm = |(numbers, places): &FieldsOfType| {
            let numbers = numbers.join(" | ");
            format!(
                "{numbers} => {{
                    let value = object.next_value()?;
                    let place = match field {{
                        {places}
                        _ => return ::core::result::Result::Ok(()),
                    }};
                    *place = value;
                }}"
            )
        };
        types.values().map(arm).collect()
    }
}

fn fields(body: TokenStream) -> Result<Vec<Field>, &'static str> {
    let mut tokens = body.into_iter().peekable();
    let mut fields = Vec::new();
    while tokens.peek().is_some() {
        let attributes = attributes(&mut tokens);
        let before_colon = tokens.by_ref().take_while(|token| token.to_string() != ":");
        let Some(name) = before_colon.last() else { return Err("a field needs a name") };
        let name = name.to_string();
        let member = attributes.iter().find_map(|attribute| renamed(attribute));
        let member = member.unwrap_or_else(|| name.trim_start_matches("r#").to_owned());
        fields.push(Field { name, type_name: type_name(&mut tokens), member });
    }
    Ok(fields)
}

/// Takes the tokens of a type, which ends at a comma outside of angle brackets.
fn type_name(tokens: &mut impl Iterator<Item = TokenTree>) -> String {
    let mut depth = 0_usize;
    let mut name = String::new();
    for token in tokens {
        let token = token.to_string();
        match token.as_str() {
            "<" => depth = depth.saturating_add(1),
            ">" => depth = depth.saturating_sub(1),
            "," if depth == 0 => break,
            _ => {}
        }
        name.push_str(&token);
    }
    name
}

/// Takes the attributes from the start of an item. Returns the content of each serde attribute.
fn attributes(tokens: &mut (impl Iterator<Item = TokenTree> + Clone)) -> Vec<String> {
    let mut all = Vec::new();
    loop {
        let mut ahead = tokens.clone();
        match (ahead.next(), ahead.next()) {
            (Some(TokenTree::Punct(hash)), Some(TokenTree::Group(content)))
                if hash.as_char() == '#' =>
            {
                let content = content.stream().to_string();
                if content.starts_with("serde") {
                    all.push(content);
                }
                *tokens = ahead;
            }
            _ => return all,
        }
    }
}

/// The name in `serde(rename = "name")`.
fn renamed(attribute: &str) -> Option<String> {
    let (_, value) = attribute.split_once("rename")?;
    value.split('"').nth(1).map(str::to_owned)
}
