//! The commands in docs/filterctl print the output that the pages show. `TRYCMD=overwrite` rewrites the pages.

#[test]
fn pages_show_the_output_of_the_commands() {
    trycmd::TestCases::new().case("../../docs/filterctl/*.md");
}
