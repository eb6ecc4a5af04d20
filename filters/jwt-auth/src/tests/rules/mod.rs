mod claims;
mod exemption;
mod grants;
mod skip;
