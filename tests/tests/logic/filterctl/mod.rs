//! filterctl gives the verdicts of the filters.

mod verdicts;
