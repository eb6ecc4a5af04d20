mod claims;
mod exemption;
mod grants;
mod path_reader;
mod path_variants;
mod requests;
mod skip;
