//! Checks of the site's pages.
//!
//! - `page`: blocks, links and headings of a Markdown file;
//! - `site`: all files, and the pages of the book;
//! - `console`: the commands in a block, and the output that it shows;
//! - `picture`: a picture of commands and their output;
//! - `stage`: the programs and servers that the commands use;
//! - `session`: runs the commands of a page.

pub mod console;
pub mod page;
pub mod picture;
pub mod session;
pub mod site;
pub mod stage;
