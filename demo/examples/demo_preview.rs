//! Every page and a rehearsed diagram, without an authorization server:
//! `cargo run -p mapae-demo --example demo_preview -- FOLDER [PORT]` writes the pages into a folder, then serves the diagram on
//! `http://localhost:PORT/flow` until it is interrupted.

use std::{env, error::Error, fs, path::PathBuf};

use mapae_demo::{ApiSettings, Doors, OtherClients, Settings, Stage, preview, start};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("usage: demo_preview FOLDER [PORT]")?);
    write_pages(&folder)?;
    let Some(port) = arguments.next() else { return Ok(()) };
    let doors = Doors::open(port.parse()?, 0).await?;
    let settings = Settings {
        issuer: "http://localhost:9000".to_owned(),
        client_id: "preview".to_owned(),
        client_secret: "preview".to_owned().into(),
        api: ApiSettings {
            identifier: "http://localhost:4000".to_owned(),
            client_id: "preview".to_owned(),
            client_secret: "preview".to_owned().into(),
        },
        others: OtherClients {
            browser_app_id: "app_browser".to_owned(),
            native_app_id: "app_native".to_owned(),
            back_end_id: "app_back_end".to_owned(),
            back_end_secret: "no-secret".to_owned().into(),
        },
        providers: Vec::new(),
        data: folder.join("data"),
        stage: Stage::new(),
    };
    let running = start(doors, settings)?;
    preview::rehearse(running.stage()).await;
    println!("{}", running.flow_url);
    std::future::pending::<()>().await;
    Ok(())
}

fn write_pages(folder: &std::path::Path) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(folder.join("assets"))?;
    for (address, body) in preview::assets() {
        fs::write(folder.join(address.trim_start_matches('/')), body)?;
    }
    for sample in preview::pages() {
        fs::write(
            folder.join(format!("{}.html", sample.name)),
            sample.html.replace("=\"/assets/", "=\"assets/"),
        )?;
    }
    Ok(())
}
