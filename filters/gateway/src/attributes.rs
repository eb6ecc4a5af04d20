//! What the filters of one chain tell each other.

use std::cell::RefCell;

use novasphere_core::Attributes;

/// The attributes of one request: told to the host as well, for the access log, but not asked of it
/// again.
pub(crate) struct Told<'a> {
    outer: &'a dyn Attributes,
    told: RefCell<Vec<(String, Vec<u8>)>>,
}

impl<'a> Told<'a> {
    pub(crate) fn new(outer: &'a dyn Attributes) -> Self {
        Self { outer, told: RefCell::default() }
    }
}

impl Attributes for Told<'_> {
    fn set(&self, name: &str, value: &[u8]) {
        self.told.borrow_mut().push((name.to_owned(), value.to_vec()));
        self.outer.set(name, value);
    }

    fn get(&self, name: &str) -> Option<Vec<u8>> {
        let told = self.told.borrow();
        let last = told.iter().rev().find(|(known, _)| known == name);
        last.map(|(_, value)| value.clone()).or_else(|| self.outer.get(name))
    }
}
