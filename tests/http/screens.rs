//! Screens of the dashboard, as the server renders them.

use crate::support::{TestServer, both_engines};
use std::{collections::BTreeMap, time::Duration};
use tokio::time::timeout;

both_engines!(a_screen_is_the_same_however_many_ask);

/// Requests are rendered on threads that others use as well: nothing of one may show in another, and
/// none may fail.
async fn a_screen_is_the_same_however_many_ask(server: TestServer) {
    let owner = server.owner("northwind").await;
    let other = server.owner("southwind").await;
    let service = owner.create_service("northwind", "API", "").await;
    let mut paths = vec!["/dashboard/southwind".to_owned(), "/dashboard/southwind/settings".to_owned()];
    for rest in ["", "/services", &format!("/services/{service}"), "/services/new", "/team", "/settings", "/nowhere"] {
        paths.push(format!("/dashboard/northwind{rest}"));
    }
    let titles = async |times: usize| {
        let mut asked = Vec::new();
        for path in paths.iter().cycle().take(paths.len() * times) {
            let browser = if path.contains("southwind") { other.clone() } else { owner.clone() };
            let path = path.clone();
            asked.push(tokio::spawn(async move {
                let answer = timeout(Duration::from_secs(30), browser.get(&path)).await;
                let answer = answer.unwrap_or_else(|_| panic!("{path} does not end"));
                let text = answer.text();
                let title = text.split("<title>").nth(1).and_then(|rest| rest.split('<').next()).unwrap().to_owned();
                (path, answer.status, title, text.matches("<svg").count(), text.matches("<a ").count())
            }));
        }
        let mut seen: BTreeMap<String, Vec<(u16, String, usize, usize)>> = BTreeMap::new();
        for answer in asked {
            let (path, status, title, icons, links) = answer.await.unwrap();
            let all = seen.entry(path).or_default();
            if !all.contains(&(status, title.clone(), icons, links)) {
                all.push((status, title, icons, links));
            }
        }
        seen
    };
    let alone = titles(1).await;
    assert!(alone.values().all(|all| all.len() == 1));
    assert_eq!(titles(12).await, alone, "what many get at once is what one gets");
}
