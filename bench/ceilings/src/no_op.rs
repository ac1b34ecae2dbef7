//! The least that a server of this kind does per request.

use actix_web::{App, HttpResponse, HttpServer, web};
use serde::Deserialize;

#[derive(Deserialize)]
struct Deposit {
    #[serde(rename = "accountId")]
    account_id: String,
    amount: serde_json::Number,
}

pub(crate) fn serve(port: u16) -> anyhow::Result<()> {
    let app = || {
        App::new()
            .route(
                "/livez",
                web::get().to(async || HttpResponse::Ok().json(serde_json::json!({"status": "alive"}))),
            )
            .route("/commands/deposit", web::post().to(deposit))
    };
    actix_web::rt::System::new().block_on(HttpServer::new(app).bind(("127.0.0.1", port))?.run())?;
    Ok(())
}

async fn deposit(body: web::Json<Deposit>) -> HttpResponse {
    HttpResponse::Ok().json(serde_json::json!({"accountId": body.account_id, "amount": body.amount}))
}
