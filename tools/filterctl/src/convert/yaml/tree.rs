//! [`Yaml`]: a value to write.

use serde_json::Value;

/// A value to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Yaml {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A text, in quotes where a reader could take it for something else.
    Text(String),
    /// A list.
    List(Vec<Yaml>),
    /// An object.
    Map(Map),
}

/// An object whose members keep their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Map {
    pub(super) members: Vec<Member>,
}

/// A member of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) comments: Vec<String>,
    pub(super) name: String,
    pub(super) value: Yaml,
}

impl Map {
    /// An empty object.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a member, with its place if it exists.
    pub fn set(&mut self, name: &str, value: impl Into<Yaml>) {
        let value = value.into();
        match self.members.iter_mut().find(|member| member.name == name) {
            Some(member) => member.value = value,
            None => {
                self.members.push(Member { comments: Vec::new(), name: name.to_owned(), value });
            }
        }
    }

    /// Sets a member if there is a value.
    pub fn set_some(&mut self, name: &str, value: Option<impl Into<Yaml>>) {
        if let Some(value) = value {
            self.set(name, value);
        }
    }

    /// Sets a member unless the list is empty.
    pub fn set_list(&mut self, name: &str, values: Vec<impl Into<Yaml>>) {
        if !values.is_empty() {
            self.set(name, values);
        }
    }

    /// Sets all members of another object.
    pub fn extend(&mut self, other: &Self) {
        for member in &other.members {
            self.set(&member.name, member.value.clone());
        }
    }

    /// Like [`set`](Self::set), for chains.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Yaml>) -> Self {
        self.set(name, value);
        self
    }

    /// Adds a comment line above a member that exists.
    pub fn comment(&mut self, name: &str, text: &str) {
        if let Some(member) = self.members.iter_mut().find(|member| member.name == name)
            && !member.comments.iter().any(|comment| comment == text)
        {
            member.comments.push(text.to_owned());
        }
    }

    /// The value of a member.
    pub fn get(&self, name: &str) -> Option<&Yaml> {
        self.members.iter().find(|member| member.name == name).map(|member| &member.value)
    }

    /// The value of a member, to change.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Yaml> {
        self.members.iter_mut().find(|member| member.name == name).map(|member| &mut member.value)
    }

    /// Changes the object of a member, which is added if it does not exist.
    pub fn edit(&mut self, name: &str, change: impl FnOnce(&mut Self)) {
        let mut object = self.map(name).cloned().unwrap_or_default();
        change(&mut object);
        self.set(name, object);
    }

    /// Adds an item to the list of a member.
    pub fn push(&mut self, name: &str, item: impl Into<Yaml>) {
        match self.get_mut(name) {
            Some(Yaml::List(items)) => items.push(item.into()),
            _ => self.set(name, vec![item.into()]),
        }
    }

    /// Removes a member.
    pub fn remove(&mut self, name: &str) -> Option<Yaml> {
        let index = self.members.iter().position(|member| member.name == name)?;
        Some(self.members.remove(index).value)
    }

    /// Whether the object has no member.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The names of the members.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.members.iter().map(|member| member.name.as_str())
    }

    /// The text of a member.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(Yaml::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The whole number of a member.
    pub fn int(&self, name: &str) -> Option<i64> {
        match self.get(name) {
            Some(Yaml::Int(number)) => Some(*number),
            _ => None,
        }
    }

    /// Whether a member is `true`.
    pub fn is_true(&self, name: &str) -> bool {
        self.get(name) == Some(&Yaml::Bool(true))
    }

    /// The items of the list of a member. Empty for other values.
    pub fn items(&self, name: &str) -> &[Yaml] {
        match self.get(name) {
            Some(Yaml::List(items)) => items,
            _ => &[],
        }
    }

    /// The texts in the list of a member.
    pub fn texts(&self, name: &str) -> Vec<String> {
        let text = |item: &Yaml| match item {
            Yaml::Text(text) => Some(text.clone()),
            _ => None,
        };
        self.items(name).iter().filter_map(text).collect()
    }

    /// The object of a member.
    pub fn map(&self, name: &str) -> Option<&Map> {
        match self.get(name) {
            Some(Yaml::Map(map)) => Some(map),
            _ => None,
        }
    }

    /// The value as JSON.
    pub fn to_json(&self) -> Value {
        let members = self.members.iter();
        Value::Object(members.map(|m| (m.name.clone(), m.value.to_json())).collect())
    }
}

impl Yaml {
    /// The value as JSON.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Bool(value) => Value::Bool(*value),
            Self::Int(value) => (*value).into(),
            Self::Text(text) => Value::String(text.clone()),
            Self::List(items) => items.iter().map(Self::to_json).collect(),
            Self::Map(map) => map.to_json(),
        }
    }

    /// The scalar of JSON. `None` for null and fractions, and for lists and objects.
    pub fn from_json(value: &Value) -> Option<Self> {
        Some(match value {
            Value::Bool(value) => Self::Bool(*value),
            Value::Number(number) => Self::Int(number.as_i64()?),
            Value::String(text) => Self::Text(text.clone()),
            Value::Null | Value::Array(_) | Value::Object(_) => return None,
        })
    }

    /// The object.
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }
}

impl From<bool> for Yaml {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Yaml {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<&str> for Yaml {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Yaml {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Map> for Yaml {
    fn from(map: Map) -> Self {
        Self::Map(map)
    }
}

impl<T: Into<Yaml>> From<Vec<T>> for Yaml {
    fn from(items: Vec<T>) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}
