//! Checks that Debian's packages are installed.

use std::{fs, path::Path};

use anyhow::{Result, ensure};

/// The path of nginx, which is not in every user's PATH.
pub(super) const NGINX: &str = "/usr/sbin/nginx";

const NEEDED: &[(&str, &str)] = &[
    ("/usr/bin/redis-server", "redis-server"),
    ("/usr/bin/redis-cli", "redis-tools"),
    (NGINX, "nginx"),
    ("/usr/lib/nginx/modules/ngx_http_lua_module.so", "libnginx-mod-http-lua"),
    ("/usr/share/lua/5.1/nginx/redis.lua", "lua-nginx-redis"),
    ("/usr/lib/*/lua/5.1/cjson.so", "lua-cjson"),
];

/// # Errors
/// If packages are missing. The message names all of them.
pub(super) fn ensure_installed() -> Result<()> {
    let missing = NEEDED.iter().filter(|(file, _)| !exists(file)).map(|(_, package)| *package);
    let missing: Vec<_> = missing.collect();
    ensure!(missing.is_empty(), "install the packages {} (Debian's names)", missing.join(", "));
    Ok(())
}

/// A `*` matches a directory: the machine's architecture.
fn exists(file: &str) -> bool {
    let Some((folder, rest)) = file.split_once("/*/") else {
        return Path::new(file).is_file();
    };
    let folders = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    folders.map(|entry| entry.path()).any(|path| path.join(rest).is_file())
}
