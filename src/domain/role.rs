//! Who may do what: the one table that verbs and screens both ask.

use super::{ids::TeamId, status::words};

words! {
    /// The role of a member in an organization, least first.
    Role {
        /// Reads.
        Viewer = "viewer",
        /// Reports what is wrong.
        StatusReporter = "status_reporter",
        /// Also shapes the list of services.
        ServiceManager = "service_manager",
        /// Also runs the organization and its people.
        Admin = "admin",
        /// Also may end it.
        Owner = "owner",
    }
}

impl Role {
    /// As it is written on screens.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Viewer => "Viewer",
            Self::StatusReporter => "Status reporter",
            Self::ServiceManager => "Service manager",
            Self::Admin => "Admin",
            Self::Owner => "Owner",
        }
    }

    /// What it means, in one sentence.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Viewer => "Can view everything except tokens and the audit log.",
            Self::StatusReporter => "Can also set statuses and post incidents and maintenance.",
            Self::ServiceManager => "Can also create and edit services and groups.",
            Self::Admin => "Can also manage the organization, its members and teams, and delete services.",
            Self::Owner => "Can also appoint owners and delete the organization.",
        }
    }

    /// Whether this role may do it everywhere in the organization.
    pub const fn may(self, action: Action) -> bool {
        self as u8 >= action.min_role() as u8
    }
}

words! {
    /// The role of a member in a team, least first. It counts for what belongs to the team.
    TeamRole {
        /// Acts as a status reporter there.
        TeamMember = "team_member",
        /// Acts as a service manager there, and runs the team.
        TeamAdmin = "team_admin",
    }
}

impl TeamRole {
    /// As it is written on screens.
    pub const fn label(self) -> &'static str {
        match self {
            Self::TeamMember => "Team member",
            Self::TeamAdmin => "Team admin",
        }
    }

    /// Whether this role may do it to what belongs to its own team.
    pub const fn may(self, action: Action) -> bool {
        match action.min_team_role() {
            Some(min_role) => self as u8 >= min_role as u8,
            None => false,
        }
    }
}

/// Declares the actions, and for each a type that stands for "this was allowed": a verb that takes
/// a scope of that type cannot be called without the check.
macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident, $min_role:ident $(or $team:ident)?, $words:literal;)+) => {
        /// What somebody may want to do in an organization.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Action { $($(#[$doc])* $name),+ }

        impl Action {
            /// Every action.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];
            /// The least role that may do it everywhere.
            pub const fn min_role(self) -> Role {
                match self { $(Self::$name => Role::$min_role),+ }
            }
            /// The least role in a team that may do it to what belongs to that team.
            pub const fn min_team_role(self) -> Option<TeamRole> {
                #[allow(unused_mut, unused_assignments, reason = "most actions have none")]
                match self { $(Self::$name => { let mut team = None; $(team = Some(TeamRole::$team);)? team }),+ }
            }
            /// Completes "Your role doesn’t allow you to …".
            pub const fn words(self) -> &'static str {
                match self { $(Self::$name => $words),+ }
            }
        }

        /// One type for each action.
        pub mod allowed {
            $($(#[$doc])* #[derive(Debug, Clone, Copy)] pub struct $name;
            impl super::Allowed for $name {
                const ACTION: super::Action = super::Action::$name;
            })+
        }
    };
}

/// A type that stands for one action of the table.
pub trait Allowed: Send + Sync + 'static {
    /// The action.
    const ACTION: Action;
}

actions! {
    /// Read everything of the organization but tokens and audit.
    Read, Viewer, "view this organization";
    /// Change the organization, its branding, tokens and sign-in; read its audit.
    EditOrganization, Admin, "manage this organization";
    /// Delete the organization, make or unmake an owner.
    OwnOrganization, Owner, "delete the organization, or add or remove an owner";
    /// Invite, change and remove members; create and delete teams.
    ManageMembers, Admin, "manage members or teams";
    /// Rename a team, add, change and remove its members.
    EditTeam, Admin or TeamAdmin, "edit this team";
    /// Create and edit services and groups.
    EditServices, ServiceManager or TeamAdmin, "create or edit services";
    /// Delete services; deleting a group loses nothing and is editing.
    DeleteServices, Admin, "delete services";
    /// Set a service's status.
    SetStatus, StatusReporter or TeamMember, "set a service’s status";
    /// Create, update and resolve incidents and maintenance.
    ReportIncidents, StatusReporter or TeamMember, "post incidents or maintenance for these services";
    /// Delete incidents and maintenance.
    DeleteIncidents, ServiceManager or TeamAdmin, "delete incidents or maintenance";
}

/// Where in an organization somebody may do what they were allowed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum PermissionScope {
    /// Everywhere.
    Everything,
    /// To what belongs to these teams.
    Teams(Vec<TeamId>),
}

impl PermissionScope {
    /// How far the roles of somebody reach for this action, if they allow it at all.
    pub fn of(action: Action, role: Role, teams: &[(TeamId, TeamRole)]) -> Option<Self> {
        if role.may(action) {
            return Some(Self::Everything);
        }
        let teams: Vec<TeamId> = teams.iter().filter(|(_, role)| role.may(action)).map(|(id, _)| id.clone()).collect();
        (!teams.is_empty()).then_some(Self::Teams(teams))
    }

    /// Whether it reaches what belongs to this team, or to none.
    pub fn includes(&self, team: Option<&TeamId>) -> bool {
        match self {
            Self::Everything => true,
            Self::Teams(teams) => team.is_some_and(|team| teams.contains(team)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of the product description, written out by hand.
    #[test]
    fn the_table_is_the_contract() {
        use Action::*;
        let table = [
            //                   Owner Admin Manager Reporter Viewer Team admin, Team member (own team)
            (Read, [true, true, true, true, true, true, true]),
            (EditOrganization, [true, true, false, false, false, false, false]),
            (OwnOrganization, [true, false, false, false, false, false, false]),
            (ManageMembers, [true, true, false, false, false, false, false]),
            (EditTeam, [true, true, false, false, false, true, false]),
            (EditServices, [true, true, true, false, false, true, false]),
            (DeleteServices, [true, true, false, false, false, false, false]),
            (SetStatus, [true, true, true, true, false, true, true]),
            (ReportIncidents, [true, true, true, true, false, true, true]),
            (DeleteIncidents, [true, true, true, false, false, true, false]),
        ];
        let (own, other) = (TeamId::from_random([1; 12]), TeamId::from_random([2; 12]));
        let people = [
            (Role::Owner, None),
            (Role::Admin, None),
            (Role::ServiceManager, None),
            (Role::StatusReporter, None),
            (Role::Viewer, None),
            (Role::Viewer, Some(TeamRole::TeamAdmin)),
            (Role::Viewer, Some(TeamRole::TeamMember)),
        ];
        for (action, expected) in table {
            for ((role, team), expected) in people.into_iter().zip(expected) {
                let teams: Vec<_> = team.map(|role| (own.clone(), role)).into_iter().collect();
                let reach = PermissionScope::of(action, role, &teams);
                assert_eq!(reach.is_some(), expected, "{role:?} {team:?} {action:?}");
                let beyond = reach.is_some_and(|reach| reach.includes(Some(&other)) || reach.includes(None));
                assert_eq!(beyond, expected && role.may(action), "{role:?} {team:?} {action:?} beyond the own team");
            }
        }
        assert_eq!(table.len(), Action::ALL.len());
    }
}
