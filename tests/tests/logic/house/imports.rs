//! The imports of a crate: for each file the files that define the names it uses.

use super::source::{Crate, Source, closing_brace};

/// A name that one file imports from another.
pub(super) struct Import {
    /// Index of the importing file among the crate's sources.
    pub(super) from: usize,
    /// Index of the file that defines the name.
    pub(super) to: usize,
    /// The path as written.
    pub(super) path: String,
    pub(super) line: usize,
}

/// A path in a source file.
struct Path {
    segments: Vec<String>,
    /// The name that a `use` declaration introduces.
    name: Option<String>,
    offset: usize,
}

/// All imports between the files of a crate.
pub(super) fn imports(package: &Crate) -> Vec<Import> {
    let paths: Vec<Vec<Path>> = package.sources.iter().map(paths).collect();
    let mut imports = Vec::new();
    for (from, source) in package.sources.iter().enumerate() {
        for path in paths.get(from).into_iter().flatten() {
            let target = resolve(package, &paths, &source.module, &path.segments, 0);
            if let Some(to) = target.filter(|to| *to != from) {
                let line = source.line(path.offset);
                imports.push(Import { from, to, path: path.segments.join("::"), line });
            }
        }
    }
    imports
}

/// The file that defines the item at a path, as seen from a module. `None` outside of the crate.
fn resolve(
    package: &Crate,
    paths: &[Vec<Path>],
    module: &[String],
    segments: &[String],
    depth: usize,
) -> Option<usize> {
    let (first, rest) = segments.split_first()?;
    let mut current = module.to_vec();
    let mut rest = rest;
    match first.as_str() {
        "crate" => current.clear(),
        "self" => {}
        "super" => {
            current.pop()?;
        }
        _ => {
            file(package, &[module, std::slice::from_ref(first)].concat())?;
            rest = segments;
        }
    }
    loop {
        let here = file(package, &current)?;
        let Some((name, after)) = rest.split_first() else { return Some(here) };
        match name.as_str() {
            "super" => {
                current.pop()?;
            }
            "self" | "*" => {}
            name => {
                let inner = [current.as_slice(), &[name.to_owned()]].concat();
                if file(package, &inner).is_some() {
                    current = inner;
                } else {
                    let imported = paths
                        .get(here)?
                        .iter()
                        .find(|path| path.name.as_deref() == Some(name) && depth < MAX_REEXPORTS);
                    return match imported {
                        Some(path) => resolve(package, paths, &current, &path.segments, depth + 1),
                        None => Some(here),
                    };
                }
            }
        }
        rest = after;
    }
}

/// Maximum length of a chain of re-exports.
const MAX_REEXPORTS: usize = 8;

fn file(package: &Crate, module: &[String]) -> Option<usize> {
    package.sources.iter().position(|source| source.module == module)
}

/// All paths of a file outside of its test modules.
fn paths(source: &Source) -> Vec<Path> {
    let code = without_test_modules(&source.code);
    let mut paths = Vec::new();
    let mut uses = Vec::new();
    for (offset, _) in words(&code, "use") {
        let end = code.get(offset..).and_then(|rest| rest.find(';')).unwrap_or(0) + offset;
        let tree = code.get(offset + "use".len()..end).unwrap_or_default();
        expand(&squeeze(tree), &[], offset, &mut paths);
        uses.push(offset..end);
    }
    for root in ["crate", "super", "self"] {
        for (offset, after) in words(&code, root) {
            let is_macro = code.get(..offset).is_some_and(|before| before.ends_with('$'));
            let is_use = uses.iter().any(|range| range.contains(&offset));
            if after.starts_with("::") && !is_macro && !is_use {
                let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
                let end = after.find(|c| !is_path(c)).unwrap_or(after.len());
                let tail = after.get(..end).unwrap_or_default().split("::").skip(1);
                let segments = std::iter::once(root).chain(tail).map(str::to_owned).collect();
                paths.push(Path { segments, name: None, offset });
            }
        }
    }
    paths
}

/// The occurrences of a word, with the code behind each.
fn words<'c>(code: &'c str, word: &'c str) -> impl Iterator<Item = (usize, &'c str)> {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).filter_map(move |(offset, _)| {
        let (before, after) = (code.get(..offset)?, code.get(offset + word.len()..)?);
        let is_word = !before.ends_with(is_name) && !after.starts_with(is_name);
        is_word.then_some((offset, after))
    })
}

/// Removes white space, except around `as`.
fn squeeze(tree: &str) -> String {
    tree.split_whitespace().map(|word| if word == "as" { " as " } else { word }).collect::<String>()
}

/// Expands a `use` tree such as `a::{b, c::{self, d as e}}`.
fn expand(tree: &str, prefix: &[String], offset: usize, paths: &mut Vec<Path>) {
    if let Some((head, group)) = tree.split_once('{') {
        let head: Vec<String> =
            head.split("::").filter(|s| !s.is_empty()).map(str::to_owned).collect();
        let prefix = [prefix, &head].concat();
        let group = group.strip_suffix('}').unwrap_or(group);
        split_group(group).into_iter().for_each(|item| expand(item, &prefix, offset, paths));
        return;
    }
    let (path, alias) = tree.split_once(" as ").map_or((tree, None), |(p, a)| (p, Some(a)));
    if path.is_empty() {
        return;
    }
    let mut segments = prefix.to_vec();
    segments.extend(path.split("::").filter(|s| !s.is_empty()).map(str::to_owned));
    if !prefix.is_empty() && path == "self" {
        segments.pop();
    }
    let name = alias.map(str::to_owned).or_else(|| segments.last().cloned());
    paths.push(Path { segments, name, offset });
}

/// Splits at the commas outside of inner groups.
fn split_group(group: &str) -> Vec<&str> {
    let mut depth = 0_i32;
    group
        .split(|c: char| {
            depth += i32::from(c == '{') - i32::from(c == '}');
            c == ',' && depth == 0
        })
        .collect()
}

/// Blanks inline modules with `#[cfg(test)]`.
fn without_test_modules(code: &str) -> String {
    let mut code = code.to_owned();
    let mut from = 0;
    while let Some(start) = code.get(from..).and_then(|rest| rest.find("#[cfg(test)]")) {
        let start = from + start;
        from = start + 1;
        let after = code.get(start..).unwrap_or_default();
        let (Some(open), end) = (after.find('{'), after.find(';')) else { continue };
        let is_module = after.get(..open).is_some_and(|head| head.contains("mod "));
        if is_module && end.is_none_or(|end| open < end) {
            let end = closing_brace(&code, start + open);
            let blank: String = code
                .get(start..end)
                .unwrap_or_default()
                .chars()
                .map(|c| if c == '\n' { '\n' } else { ' ' })
                .collect();
            code.replace_range(start..end, &blank);
        }
    }
    code
}

#[test]
fn expands_use_trees() {
    let mut paths = Vec::new();
    expand(&squeeze(" crate::{a::{self, B as C}, d::E, f::* }"), &[], 0, &mut paths);
    let found: Vec<(String, Option<&str>)> =
        paths.iter().map(|p| (p.segments.join("::"), p.name.as_deref())).collect();
    let expected =
        [("crate::a", "a"), ("crate::a::B", "C"), ("crate::d::E", "E"), ("crate::f::*", "*")];
    assert_eq!(found, expected.map(|(path, name)| (path.to_owned(), Some(name))));
}
