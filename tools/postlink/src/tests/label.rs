use crate::label::label;

const MODULE: [u8; 18] = [0, b'a', b's', b'm', 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0];

#[test]
fn label_is_a_section_at_the_end() {
    for (commit, line) in [(None, ""), (Some("1a2b3c"), "commit=1a2b3c\n")] {
        let labelled = label(&MODULE, "jwt-auth", "envoy", commit).unwrap();
        let (module, section) = labelled.split_at(MODULE.len());
        assert_eq!(module, MODULE);
        let version = env!("CARGO_PKG_VERSION");
        let text = format!("filter=jwt-auth\nversion={version}\nhost=envoy\n{line}");
        let head = [&[0, 11 + text.len() as u8, 10], b"novasphere".as_slice()].concat();
        assert_eq!(section, [&head, text.as_bytes()].concat());
    }
}

#[test]
fn module_has_one_label() {
    let labelled = label(&MODULE, "cors", "kong", None).unwrap();
    assert_eq!(
        label(&labelled, "cors", "envoy", None).unwrap_err().to_string(),
        "the module has a label"
    );
    assert!(label(b"text", "cors", "kong", None).is_err());
}
