use crate::label::label;

const MODULE: [u8; 18] = [0, b'a', b's', b'm', 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0];

#[test]
fn label_is_a_section_at_the_end() {
    let labelled = label(&MODULE, "jwt-auth", "envoy").unwrap();
    let (module, section) = labelled.split_at(MODULE.len());
    assert_eq!(module, MODULE);
    let text = format!("filter=jwt-auth\nversion={}\nhost=envoy\n", env!("CARGO_PKG_VERSION"));
    let size = 11 + text.len();
    assert_eq!(section, [&[0, size as u8, 10], b"novasphere".as_slice(), text.as_bytes()].concat());
}

#[test]
fn module_has_one_label() {
    let labelled = label(&MODULE, "cors", "kong").unwrap();
    assert_eq!(
        label(&labelled, "cors", "envoy").unwrap_err().to_string(),
        "the module has a label"
    );
    assert!(label(b"text", "cors", "kong").is_err());
}
