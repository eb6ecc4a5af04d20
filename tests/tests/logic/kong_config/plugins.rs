//! Filters as plugins. Kong 3.9 runs them in the order of their ids.

use anyhow::{Context, Result, ensure};
use novasphere_tests::shipped::{self, Configured};
use serde_json::{Value, json};

use super::{DIR, bare, services};

/// A single header-transform has both the security headers and the other rules.
const ORDER: [&str; 4] = ["header-transform", "cors", "jwt-auth", "rate-limit"];

fn file(name: &str) -> Result<Value> {
    shipped::yaml(&format!("{DIR}/{name}"))
}

fn ensure_ordered(service: &Value) -> Result<()> {
    let filters = shipped::plugins_in_kong(service)?;
    let names: Vec<_> = filters.iter().map(|c| c.filter.as_str()).collect();
    ensure!(names == ORDER, "{}: {names:?}", service["name"]);
    Ok(())
}

#[test]
fn plugins_file_equals_the_gateway_file() -> Result<()> {
    let (chains, plugins) = (file("gateway.yml")?, file("plugins.yml")?);
    ensure!(services(&chains).len() == services(&plugins).len(), "the services differ");
    for (chain, plugin) in services(&chains).iter().zip(&services(&plugins)) {
        ensure!(bare(chain) == bare(plugin), "{} and {}", bare(chain), bare(plugin));
        ensure!(chain["routes"] == plugin["routes"], "{}", chain["name"]);
        let filters = shipped::plugins_in_kong(plugin)?;
        ensure!(filters == shipped::in_kong(&chain["filter_chains"])?, "{}", chain["name"]);
    }
    Ok(())
}

#[test]
fn separate_plugins_equal_the_chain_combined() -> Result<()> {
    let (chains, plugins) = (super::kong()?, file("separate-plugins.yml")?);
    ensure!(services(&chains).len() == services(&plugins).len(), "the services differ");
    for (chain, plugin) in services(&chains).iter().zip(&services(&plugins)) {
        ensure!(bare(chain) == bare(plugin), "{} and {}", bare(chain), bare(plugin));
        ensure!(chain["routes"] == plugin["routes"], "{}", chain["name"]);
        let filters = shipped::plugins_in_kong(plugin)?;
        filters.iter().try_for_each(Configured::check)?;
        let expected = shipped::as_gateway(&shipped::in_kong(&chain["filter_chains"])?)?;
        ensure!(shipped::as_gateway(&filters)? == expected, "{}", chain["name"]);
    }
    Ok(())
}

#[test]
fn ids_put_jwt_auth_in_front_of_rate_limit() -> Result<()> {
    services(&file("separate-plugins.yml")?).iter().try_for_each(ensure_ordered)
}

#[test]
fn order_check_rejects_swapped_ids() -> Result<()> {
    let mut service = services(&file("separate-plugins.yml")?).first().context("service")?.clone();
    let plugins = service["plugins"].as_array_mut().context("plugins")?;
    let ids: Vec<Value> = plugins.iter().rev().map(|plugin| plugin["id"].clone()).collect();
    for (plugin, id) in plugins.iter_mut().zip(ids) {
        plugin["id"] = json!(id);
    }
    ensure!(ensure_ordered(&service).is_err(), "the order of the file counts");
    Ok(())
}
