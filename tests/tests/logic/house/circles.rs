//! Files of a crate must not import each other in a circle, except a module and its submodules.

use super::{
    crates,
    imports::{Import, imports},
    none,
    source::{Crate, Source},
};
use anyhow::Result;

#[test]
fn no_import_circles() -> Result<()> {
    let mut violations = Vec::new();
    for package in crates("filters")? {
        violations.extend(circles(&package));
    }
    none(violations, "import circles")
}

/// Descriptions of the circles in a crate.
fn circles(package: &Crate) -> Vec<String> {
    let imports = imports(package);
    let files: Vec<usize> = (0..package.sources.len()).collect();
    components(&files, &imports)
        .iter()
        .filter(|circle| !is_family(circle, package, &imports))
        .map(|circle| describe(circle, package, &imports))
        .collect()
}

/// The groups of two or more files that reach each other.
fn components(files: &[usize], imports: &[Import]) -> Vec<Vec<usize>> {
    let reached: Vec<Vec<usize>> =
        files.iter().map(|file| reachable(*file, files, imports)).collect();
    let reaches = |from: usize, to: usize| {
        let index = files.iter().position(|file| *file == from);
        index.and_then(|index| reached.get(index)).is_some_and(|found| found.contains(&to))
    };
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for file in files {
        if groups.iter().any(|group| group.contains(file)) {
            continue;
        }
        let mutual = |other: &&usize| {
            **other == *file || (reaches(*file, **other) && reaches(**other, *file))
        };
        let group: Vec<usize> = files.iter().filter(mutual).copied().collect();
        if group.len() > 1 {
            groups.push(group);
        }
    }
    groups
}

fn reachable(start: usize, files: &[usize], imports: &[Import]) -> Vec<usize> {
    let mut found = Vec::new();
    let mut next = vec![start];
    while let Some(file) = next.pop() {
        for import in imports.iter().filter(|import| import.from == file) {
            if files.contains(&import.to) && !found.contains(&import.to) {
                found.push(import.to);
                next.push(import.to);
            }
        }
    }
    found
}

/// Whether the circle consists of a module and its submodules. Without the module, its submodules
/// must not form another circle.
fn is_family(circle: &[usize], package: &Crate, imports: &[Import]) -> bool {
    let module = |file: usize| package.sources.get(file).map_or(&[][..], |source| &source.module);
    let is_parent =
        |parent: &usize| circle.iter().all(|file| module(*file).starts_with(module(*parent)));
    let Some(parent) = circle.iter().find(|file| is_parent(file)) else { return false };
    let others: Vec<usize> = circle.iter().filter(|file| *file != parent).copied().collect();
    components(&others, imports).iter().all(|inner| is_family(inner, package, imports))
}

fn describe(circle: &[usize], package: &Crate, imports: &[Import]) -> String {
    let path = |file: usize| package.sources.get(file).map_or("", |source| &source.path);
    let mut lines = vec![format!("{}: {} files", package.path, circle.len())];
    for import in imports {
        if circle.contains(&import.from) && circle.contains(&import.to) {
            let (from, to) = (path(import.from), path(import.to));
            lines.push(format!("  {from}:{} imports {} from {to}", import.line, import.path));
        }
    }
    lines.join("\n")
}

/// A crate with these files below `src`.
fn package(files: &[(&str, &str)]) -> Crate {
    let source = |(path, text): &(&str, &str)| Source::new(format!("x/src/{path}"), text);
    let sources = files.iter().map(source).collect();
    Crate { path: "x".to_owned(), manifest: String::new(), sources }
}

#[test]
fn finds_circle_through_reexport() {
    let found = circles(&package(&[
        ("lib.rs", "mod a; mod b; pub use a::A;"),
        ("a.rs", "use crate::b::B; pub struct A(B);"),
        ("b.rs", "\npub struct B(Box<crate::A>);"),
    ]));
    let expected = "x: 2 files\n  x/src/a.rs:1 imports crate::b::B from x/src/b.rs\n  \
                    x/src/b.rs:2 imports crate::A from x/src/a.rs";
    assert_eq!(found, [expected]);
}

#[test]
fn allows_module_and_submodules() {
    let family = [
        ("lib.rs", "mod a; mod other;"),
        ("a/mod.rs", "mod b; pub use self::b::B; pub struct A;"),
        ("a/b.rs", "use super::A; pub struct B(A);"),
    ];
    let other = |text| circles(&package(&[&family[..], &[("other.rs", text)]].concat()));
    assert_eq!(other("use crate::a::{A, B};"), [""; 0]);
    // A third file in between is a circle.
    let family = [
        ("lib.rs", "mod a; mod other;"),
        ("a/mod.rs", "mod b; pub use self::b::B; pub struct A;"),
        ("a/b.rs", "use crate::other::Other; pub struct B(Other);"),
        ("other.rs", "use crate::a::A; pub struct Other(A);"),
    ];
    assert_eq!(circles(&package(&family)).len(), 1);
}
