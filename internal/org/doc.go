// Package org owns the org and its people: users, the tree of teams, territories, who reports to whom and who covers
// which territory, and the ids that other systems gave to our records.
//
// Reporting lines and territory assignments are dated: [valid_from, valid_to), a move closes one row and opens the
// next, and nothing in the past is rewritten. team.manager_id is who manages the team now; a line's manager_id is whom
// the person reported to then.
//
// A change of people or teams takes the org's turn first (access.Lock) and reads the directory anew, so that a circle of
// teams or managers cannot come of two changes at once. What people hold in higher packages is handed over by them
// ([Succession]).
//
// Tables: org, org_lookup, app_user, team, reporting_line, territory, territory_assignment, external_id. All but
// org_lookup and external_id are small and held in memory as the [Directory].
package org
