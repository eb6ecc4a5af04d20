//! Attributes the filters of one chain pass to each other.

use std::cell::RefCell;

use novasphere_core::Attributes;

/// The attributes of one request. Those for the access log go to the host too. Reads look here
/// first, which saves a host call.
pub(crate) struct AttributeCache<'a> {
    host: &'a dyn Attributes,
    values: RefCell<Values>,
}

/// Names and values, in the order they were set.
pub(crate) type Values = Vec<(String, Vec<u8>)>;

impl<'a> AttributeCache<'a> {
    /// Starts with the `values` of the earlier filters.
    pub(crate) fn new(host: &'a dyn Attributes, values: Values) -> Self {
        Self { host, values: RefCell::new(values) }
    }

    pub(crate) fn into_values(self) -> Values {
        self.values.into_inner()
    }
}

impl Attributes for AttributeCache<'_> {
    fn set(&self, name: &str, value: &[u8]) {
        self.set_in_chain(name, value);
        self.host.set(name, value);
    }

    fn set_in_chain(&self, name: &str, value: &[u8]) {
        self.values.borrow_mut().push((name.to_owned(), value.to_vec()));
    }

    fn get(&self, name: &str) -> Option<Vec<u8>> {
        let values = self.values.borrow();
        let last = values.iter().rev().find(|(known, _)| known == name);
        last.map(|(_, value)| value.clone()).or_else(|| self.host.get(name))
    }
}
