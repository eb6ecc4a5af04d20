//! The commands in docs/filterctl print what the pages show. `TRYCMD=overwrite` rewrites the pages.

#[test]
fn commands_print_what_the_pages_show() {
    trycmd::TestCases::new().case("../../docs/filterctl/*.md");
}
