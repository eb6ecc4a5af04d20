//! Values of another shape: the fault shows the right form.

use super::*;

#[test]
fn faults_show_the_right_form() {
    for (config, fault) in [
        (r#"{"names": "a"}"#, r#"names: expected a list, got "a"; write ["a"]"#),
        (r#"{"names": "a, b"}"#, r#"names: expected a list, got "a, b"; write ["a", "b"]"#),
        (r#"{"names": {"a": 1}}"#, r#"names: expected a list, got an object; write ["…"]"#),
        (r#"{"names": 5}"#, r#"names: expected a list, got 5; write ["5"]"#),
        (r#"{"names": true}"#, r#"names: expected a list, got true; write ["…"]"#),
        (
            r#"{"names": [{"a": 1}]}"#,
            r#"names[0]: expected a string, got an object; write a single string, such as "…""#,
        ),
        (
            r#"{"names": [true]}"#,
            "names[0]: expected a string, got true; write the string in quotes, because YAML reads yes \
             and on as true",
        ),
        (
            r#"{"names": [false]}"#,
            "names[0]: expected a string, got false; write the string in quotes, because YAML reads no \
             and off as false",
        ),
        (
            r#"{"names": [1.5]}"#,
            r#"names[0]: expected a string, got 1.5; write it in quotes: "1.5""#,
        ),
        (
            r#"{"names": [["a"]]}"#,
            r#"names[0]: expected a string, got a list; write a single string, such as "…""#,
        ),
        (
            r#"{"flag": "true"}"#,
            r#"flag: expected true or false, got "true"; write true without quotes"#,
        ),
        (
            r#"{"minute": "5"}"#,
            r#"minute: expected a whole number from 0 to 4,294,967,295, got "5"; write 5 without quotes"#,
        ),
        (
            r#"{"minute": "5m"}"#,
            r#"minute: expected a whole number from 0 to 4,294,967,295, got "5m""#,
        ),
        // A sensitive value is not quoted.
        (r#"{"keys": "s3cret"}"#, r#"keys: expected a list, got a string; write ["…"]"#),
        (r#"{"keys": 53}"#, r#"keys: expected a list, got a number; write ["…"]"#),
        (
            r#"{"keys": ["s3cret"]}"#,
            "keys[0]: expected an object, got a string; write {\"name\": …}",
        ),
    ] {
        assert_eq!(read(config).1, fault, "{config}");
    }
    let long = "a".repeat(61);
    let (_, fault) = read(&format!(r#"{{"names": "{long}"}}"#));
    assert!(fault.ends_with(r#"…; write ["…"]"#), "{fault}");
}
