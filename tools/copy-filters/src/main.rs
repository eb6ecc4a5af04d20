//! Copies the filters of an image into a volume: `copy-filters FROM TO`. An init container runs it on
//! clusters without image volumes, so it needs no shell and no C library.
//!
//! Copies `*.wasm`, `*.json`, `*.so` and `SHA256SUMS`, and the directories of Traefik's plugins. `FROM` is usually `/`, which
//! also has `/proc` and the mounted volume.

use std::{
    env,
    ffi::OsString,
    fs,
    io::{self, Write as _},
    path::Path,
    process::ExitCode,
};

/// The endings of modules and of Kong's schemas.
const MODULES: [&str; 3] = ["wasm", "json", "so"];

/// Traefik finds a plugin by these files in its directory.
const PLUGIN: [&str; 2] = ["plugin.wasm", ".traefik.yml"];

fn main() -> ExitCode {
    let arguments: Vec<OsString> = env::args_os().skip(1).collect();
    let [from, to] = arguments.as_slice() else {
        return fail("expected two directories: copy-filters FROM TO");
    };
    match copy(Path::new(from), Path::new(to)) {
        Ok(0) => fail(&format!("{}: contains no filter", from.display())),
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => fail(&error.to_string()),
    }
}

fn fail(message: &str) -> ExitCode {
    // Without stderr, the exit code has to suffice.
    let _ = writeln!(io::stderr(), "copy-filters: {message}");
    ExitCode::FAILURE
}

/// Copies the filters below `from` into the directory `to`, and returns the number of files.
///
/// # Errors
///
/// Fails if a directory cannot be read, or if a file cannot be written. The error names it.
fn copy(from: &Path, to: &Path) -> io::Result<usize> {
    let mut count = 0_usize;
    for entry in fs::read_dir(from).map_err(|error| at(from, &error))? {
        let path = entry?.path();
        let Some(name) = path.file_name() else { continue };
        if is_part(&path) && path.is_file() {
            count = count.saturating_add(copy_file(&path, &to.join(name))?);
        } else if path.join("plugin.wasm").is_file() {
            let directory = to.join(name);
            fs::create_dir_all(&directory).map_err(|error| at(&directory, &error))?;
            for file in PLUGIN {
                count = count.saturating_add(copy_file(&path.join(file), &directory.join(file))?);
            }
        }
    }
    Ok(count)
}

/// Whether a file's name is that of a module, a schema or a list of checksums.
fn is_part(path: &Path) -> bool {
    let has_ending =
        path.extension().is_some_and(|end| MODULES.iter().any(|module| end == *module));
    has_ending || path.file_name().is_some_and(|name| name == "SHA256SUMS")
}

fn copy_file(from: &Path, to: &Path) -> io::Result<usize> {
    fs::copy(from, to).map_err(|error| at(from, &error))?;
    Ok(1)
}

fn at(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::*;

    #[test]
    fn copies_filters_and_plugins_only() -> Result<(), Box<dyn Error>> {
        let (image, volume) = (tempfile::tempdir()?, tempfile::tempdir()?);
        for directory in ["jwt-auth", "proc"] {
            fs::create_dir(image.path().join(directory))?;
        }
        let filters = [
            "a.wasm",
            "a.meta.json",
            "liba_0_1_0.so",
            "SHA256SUMS",
            "jwt-auth/plugin.wasm",
            "jwt-auth/.traefik.yml",
        ];
        for name in filters.into_iter().chain(["copy-filters", "proc/cpuinfo"]) {
            fs::write(image.path().join(name), name)?;
        }
        assert_eq!(copy(image.path(), volume.path())?, filters.len());
        for name in filters {
            assert_eq!(fs::read_to_string(volume.path().join(name))?, name);
        }
        assert!(!volume.path().join("copy-filters").exists());
        assert!(!volume.path().join("proc").exists());
        Ok(())
    }

    #[test]
    fn second_copy_replaces_first() -> Result<(), Box<dyn Error>> {
        let (image, volume) = (tempfile::tempdir()?, tempfile::tempdir()?);
        for content in ["old", "new"] {
            fs::write(image.path().join("a.wasm"), content)?;
            copy(image.path(), volume.path())?;
        }
        assert_eq!(fs::read_to_string(volume.path().join("a.wasm"))?, "new");
        Ok(())
    }

    #[test]
    fn error_names_the_path() -> Result<(), Box<dyn Error>> {
        let (image, missing) = (tempfile::tempdir()?, Path::new("/nowhere"));
        let Err(error) = copy(missing, image.path()) else { return Err("no error".into()) };
        assert!(error.to_string().starts_with("/nowhere: "), "{error}");
        Ok(())
    }
}
