mod attributes;
mod headers;
