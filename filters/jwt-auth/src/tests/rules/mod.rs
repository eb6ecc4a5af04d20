mod claims;
mod exemption;
mod grants;
mod methods;
mod path_reader;
mod path_variants;
mod requests;
mod skip;
