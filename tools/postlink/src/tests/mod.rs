mod exports;
mod label;
mod lower;
