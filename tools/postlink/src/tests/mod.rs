mod exports;
mod lower;
