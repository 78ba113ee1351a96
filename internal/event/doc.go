// Package event is what happened: the outbox of changes, from which subscriptions and later webhooks are fed, and the
// audit log with its chain of hashes.
//
// A change writes its outbox row and its audit row in its own transaction: [Beside] within the domain's statement,
// [Write] with one of its own, [Record] for what changes no record. Everything else happens outside of transactions:
// after the commit one coalesced NOTIFY per 20 ms wakes the servers, each of which reads new events once and hands them
// to its subscribers ([Service.Subscribe]); a sealer chains audit rows within a second or two; refused attempts are
// queued ([Service.Deny]).
//
// Sequence order is not commit order: a reader that remembers the last number it saw loses what commits late. So feeds
// and the sealer take only rows of transactions below the oldest one still running (pg_snapshot_xmin), in the order of
// (xid, seq). The price is that a long write transaction anywhere in the PostgreSQL server delays events and seals, and
// loses none.
//
// Tables: event (kept for 30 days), audit_log, audit_personal, audit_seal, audit_head. occurred_at is when the change was
// made by the server's clock.
//
// The package knows no roles: what a subscriber may see, and whether they may still listen, is asked of functions that
// the caller hands over.
package event
