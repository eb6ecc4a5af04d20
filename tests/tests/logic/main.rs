//! Tests that start no proxy. `imports` and `schema` read the built modules (`make wasm`).

mod explained;
mod filterctl;
mod foreign_names;
mod function_sizes;
mod guides;
mod house;
mod imports;
mod invalid;
mod kong_config;
mod manifests;
mod native;
mod schema;
mod urls;
