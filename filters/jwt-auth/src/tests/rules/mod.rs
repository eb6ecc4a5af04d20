mod claims;
mod exemption;
mod grants;
mod path_reader;
mod readings;
mod requests;
mod skip;
