// Package crm owns accounts, pipelines with their stages, and deals with every version of them.
//
// Invariants: a deal is in one stage of its pipeline and carries that stage's kind; closed_at is set exactly while the
// stage is WON or LOST; the newest deal_version is open-ended and equals the deal; a deal's stage visits are the runs of
// equal stages in its versions (see [VisitsOf]). A deal's team and territory are its owner's at the moment the owner was
// set: a person's later move rewrites neither.
//
// Dates: created_at, the moment the deal began (an import brings it from the source); updated_at, of the newest
// version; close_date, the day on which it is expected to close, and once it has, the day of closing in the org's time
// zone; closed_at, the moment of closing; valid_from and valid_to of a version, when the deal was so.
//
// Tables: account, pipeline, stage, deal, deal_version, stage_visit.
package crm
