//! The statements of one change, word for word those of the server, one after the other and without
//! anything around them: on one connection, with the durability of the server's writer.

use crate::large::Organization;
use Value::{Nothing, Number, Text};
use candor::{domain::ids::id_text, server::clock};
use sqlx::{Connection, Row, Sqlite, SqliteConnection, Transaction, sqlite::SqliteRow};

/// As the server's writer.
const PRAGMAS: &str =
    "pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on; pragma busy_timeout = 5000;";

/// A connection as the server's writer has it.
pub async fn open(url: &str) -> SqliteConnection {
    let mut database = SqliteConnection::connect(url).await.unwrap();
    sqlx::raw_sql(PRAGMAS).execute(&mut database).await.unwrap();
    database
}

/// What stands for `$1`, `$2` and so on.
#[derive(Clone, Copy)]
enum Value<'a> {
    Number(i64),
    Text(&'a str),
    Nothing,
}

/// One change under way: the moment it is of, and whose rows it writes.
struct Change<'a> {
    write: Transaction<'a, Sqlite>,
    organization: &'a str,
    at: i64,
}

impl<'a> Change<'a> {
    async fn begin(database: &'a mut SqliteConnection, organization: &'a str) -> Self {
        let write = database.begin_with("begin immediate").await.unwrap();
        let mut change = Self { write, organization, at: clock::now().micros() };
        let now = [Number(change.at), Text(organization)];
        let raised = change.run(RAISE_VERSION, &now).await;
        change.at = raised[0].get(1);
        change
    }

    async fn run(&mut self, statement: &'static str, values: &[Value<'_>]) -> Vec<SqliteRow> {
        let mut query = sqlx::query::<Sqlite>(statement);
        for value in values {
            query = match *value {
                Number(number) => query.bind(number),
                Text(text) => query.bind(text),
                Nothing => query.bind(None::<i64>),
            };
        }
        query.fetch_all(&mut *self.write).await.unwrap()
    }

    async fn commit(mut self, action: &str, id: &str, subject: &str, [before, after]: [Value<'_>; 2]) {
        let (at, organization) = (Number(self.at), Text(self.organization));
        let who = [Nothing, Text("bench"), Text("command_line"), Nothing];
        let what = [Text(action), Text(id), Text(subject), before, after];
        self.run(AUDIT, &[&[Text(&new_id()), organization, at][..], &who, &what].concat()).await;
        self.write.commit().await.unwrap();
    }
}

fn new_id() -> String {
    id_text(rand::random())
}

/// One service says another status of itself.
pub async fn set_status(database: &mut SqliteConnection, of: &Organization, number: usize) {
    let service = of.services[number % of.services.len()].as_str();
    // Other statuses than the server sets, so that its next change finds something to change.
    let status = if (number / of.services.len()).is_multiple_of(2) { "major_outage" } else { "partial_outage" };
    let mut change = Change::begin(database, of.page.id().as_str()).await;
    let (organization, at) = (Text(change.organization), Number(change.at));
    let found = change.run(SERVICE, &[organization, Text(service)]).await;
    let (name, before): (String, String) = (found[0].get(3), found[0].get(5));
    change.run(SET_OWN_STATUS, &[Text(status), at, organization, Text(service)]).await;
    change.run(END_OWN_CLAIM, &[at, Nothing, Text("bench"), organization, Text(service)]).await;
    let said = [Text(status), at, Nothing, Text("manual"), Nothing, Text("bench")];
    let id = new_id();
    let own = [Text(&id), organization, Text(service), Nothing, Nothing];
    change.run(INSERT_CLAIM, &[&own[..], &said, &[Nothing, Nothing]].concat()).await;
    change.run(FIRST_OWN_CLAIM, &[organization, Text(service)]).await;
    let prior = change.run(INTERVAL_BEFORE, &[Text(service), organization, at]).await;
    let (prior, since): (String, i64) = (prior[0].get(0), prior[0].get(2));
    change.run(CLAIMS_SINCE, &[Text(service), organization, Number(since)]).await;
    change.run(TAKE_INTERVALS, &[Text(service), organization, at]).await;
    change.run(END_INTERVAL, &[at, organization, Text(&prior)]).await;
    let id = new_id();
    change.run(INSERT_INTERVAL, &[&[Text(&id), organization, Text(service)][..], &said].concat()).await;
    change.commit("service.status_set", service, &name, [Text(&before), Text(status)]).await;
}

/// One message on an incident that has been resolved; it says nothing more of services.
pub async fn post(database: &mut SqliteConnection, organization: &str, incident: &str, body: &str) {
    let mut change = Change::begin(database, organization).await;
    let (of, incident_id, at) = (Text(organization), Text(incident), Number(change.at));
    let update = new_id();
    let written = [Text("resolved"), Text(body), Text("markdown"), at, Nothing, Text("bench"), Nothing, at];
    change.run(INSERT_UPDATE, &[&[Text(&update), of, incident_id][..], &written].concat()).await;
    change.run(TAKE_STATEMENTS, &[of, Text(&update)]).await;
    let steps = change.run(STEPS, &[of, incident_id]).await;
    let said = change.run(STATEMENTS, &[of, incident_id]).await;
    let resolved = steps.iter().find(|step| step.get::<&str, _>(1) == "resolved").unwrap();
    let (began, resolved): (i64, i64) = (steps[0].get(2), resolved.get(2));
    let course = [Text("resolved"), Text("major"), Number(began), Number(resolved), at, of, incident_id];
    change.run(SET_COURSE, &course).await;
    change.run(TAKE_SERVICES, &[of, incident_id]).await;
    for statement in &said {
        let (service, status): (&str, &str) = (statement.get(1), statement.get(2));
        change.run(INSERT_SERVICE, &[of, incident_id, Text(service), Text(status)]).await;
    }
    let texts = change.run(TEXTS, &[of, incident_id]).await;
    let search = texts.iter().map(|text| text.get::<&str, _>(0).to_lowercase()).collect::<Vec<_>>().join("\n");
    change.run(SET_SEARCH, &[Text(&search), of, incident_id]).await;
    change.run(CLAIMS_OF, &[of, incident_id]).await;
    change.commit("incident.updated", incident, "Requests fail", [Nothing, Nothing]).await;
}

const RAISE_VERSION: &str =
    "update organizations set version = version + 1, changed_at = case when changed_at >= $1 then changed_at + 1 else $1 end
     where id = $2 returning version, changed_at";

const AUDIT: &str =
    "insert into audit_entries (id, organization_id, at, user_id, actor, door, address, action, subject_id, subject, before_value, after_value)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";

const SERVICE: &str =
    "select s.id, s.group_id, s.team_id, s.name, s.description, s.own_status, h.status, h.started_at, s.position, s.created_at, s.updated_at
     from services s join status_history h on h.service_id = s.id and h.ended_at is null
     where s.organization_id = $1 and s.id = $2 and s.deleted_at is null";

const SET_OWN_STATUS: &str =
    "update services set own_status = $1, updated_at = $2 where organization_id = $3 and id = $4";

const END_OWN_CLAIM: &str =
    "update status_claims set ended_at = case when started_at > $1 then started_at else $1 end,
                              ended_user_id = $2, ended_user_name = $3
     where organization_id = $4 and service_id = $5 and incident_id is null and maintenance_id is null and ended_at is null
     returning ended_at";

const INSERT_CLAIM: &str =
    "insert into status_claims (id, organization_id, service_id, incident_id, maintenance_id, status, started_at, ended_at,
                                cause, user_id, user_name, ended_user_id, ended_user_name)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";

const FIRST_OWN_CLAIM: &str = "select min(started_at) from status_claims
     where organization_id = $1 and service_id = $2 and incident_id is null and maintenance_id is null";

const INTERVAL_BEFORE: &str = "select id, status, started_at, ended_at from status_history
     where service_id = $1 and organization_id = $2 and started_at < $3 and (ended_at is null or ended_at > started_at)
     order by started_at desc, id desc limit 1";

const CLAIMS_SINCE: &str =
    "select service_id, status, started_at, ended_at, cause, user_id, user_name, ended_user_id, ended_user_name, id
     from status_claims where service_id = $1 and organization_id = $2 and ended_at is null
     union all
     select service_id, status, started_at, ended_at, cause, user_id, user_name, ended_user_id, ended_user_name, id
     from status_claims where service_id = $1 and organization_id = $2 and ended_at >= $3
     order by 3, 10";

const TAKE_INTERVALS: &str =
    "delete from status_history where service_id = $1 and organization_id = $2 and started_at >= $3
     returning id, status, started_at, ended_at";

const END_INTERVAL: &str = "update status_history set ended_at = $1 where organization_id = $2 and id = $3";

const INSERT_INTERVAL: &str =
    "insert into status_history (id, organization_id, service_id, status, started_at, ended_at, cause, user_id, user_name)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

const INSERT_UPDATE: &str =
    "insert into incident_updates (id, organization_id, incident_id, status, body, format, at, user_id, user_name, source_id, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";

const TAKE_STATEMENTS: &str =
    "delete from incident_update_services where organization_id = $1 and update_id = $2 returning service_id, status";

const STEPS: &str = "select id, status, at, user_id, user_name from incident_updates
     where organization_id = $1 and incident_id = $2 order by at, created_at, id";

const STATEMENTS: &str = "select s.update_id, s.service_id, s.status from incident_update_services s
     join incident_updates u on u.id = s.update_id
     where u.organization_id = $1 and u.incident_id = $2 order by s.service_id";

const SET_COURSE: &str =
    "update incidents set status = $1, impact = coalesce(impact_set, $2), started_at = $3, resolved_at = $4,
                          revision = revision + 1, updated_at = $5
     where organization_id = $6 and id = $7";

const TAKE_SERVICES: &str = "delete from incident_services where organization_id = $1 and incident_id = $2";

const INSERT_SERVICE: &str =
    "insert into incident_services (organization_id, incident_id, service_id, status) values ($1, $2, $3, $4)";

const TEXTS: &str = "select title from incidents where organization_id = $1 and id = $2
     union all
     select body from incident_updates where organization_id = $1 and incident_id = $2";

const SET_SEARCH: &str = "update incidents set search = $1 where organization_id = $2 and id = $3";

const CLAIMS_OF: &str =
    "select id, service_id, status, started_at, ended_at, cause, user_id, user_name, ended_user_id, ended_user_name
     from status_claims where organization_id = $1 and incident_id = $2 order by started_at, id";
