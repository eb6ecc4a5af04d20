//! An empty filter on the Rust SDK: the minimum cost of a filter there.

#[cfg(target_arch = "wasm32")]
mod module {
    use proxy_wasm::{
        traits::{Context, HttpContext, RootContext},
        types::ContextType,
    };

    struct Nothing;

    impl Context for Nothing {}

    impl HttpContext for Nothing {}

    impl RootContext for Nothing {
        fn get_type(&self) -> Option<ContextType> {
            Some(ContextType::HttpContext)
        }

        fn create_http_context(&self, _: u32) -> Option<Box<dyn HttpContext>> {
            Some(Box::new(Nothing))
        }
    }

    proxy_wasm::main! {{
        proxy_wasm::set_root_context(|_| Box::new(Nothing));
    }}
}
