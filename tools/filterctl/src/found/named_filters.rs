//! [`NamedFilters`]: the filters that a route names.

/// The filters that a route names, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct NamedFilters {
    /// Indices in [`Project::filters`](super::Project).
    pub(super) filters: Vec<usize>,
    /// See [`Route::left_out`](super::Route).
    pub(super) left_out: Vec<String>,
}

impl NamedFilters {
    /// Adds the filters that come next.
    pub(super) fn add(&mut self, next: Self) {
        self.filters.extend(next.filters);
        for text in next.left_out {
            if !self.left_out.contains(&text) {
                self.left_out.push(text);
            }
        }
    }
}
