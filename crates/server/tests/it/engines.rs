//! A test of the whole server, once on each database.

/// Each test once for each engine: `sqlite::name` and `postgres::name`.
macro_rules! for_each_engine {
    ($( async fn $name:ident($server:ident: TestServer) $body:block )+) => {
        for_each_engine!(@engine sqlite Sqlite $( $name $server $body )+);
        for_each_engine!(@engine postgres Postgres $( $name $server $body )+);
    };
    (@engine $module:ident $engine:ident $( $name:ident $server:ident $body:block )+) => {
        mod $module {
            use super::*;
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $name() {
                    let $server = TestServer::on(mapae_testkit::Engine::$engine).await;
                    $body
                }
            )+
        }
    };
}
pub(crate) use for_each_engine;
